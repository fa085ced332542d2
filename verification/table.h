// Endpoints, segments and channels by number, and the steps of each endpoint, found once.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "verification/endpoint.h"

namespace finwait::verification {

using EndpointId = std::uint16_t;
using FlightId = std::uint16_t;
using ChannelId = std::uint16_t;

inline constexpr std::size_t most_capacity = 3;

/// The segments in flight in one direction: a set, sorted.
class Channel {
 public:
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const FlightId* begin() const { return flights_.data(); }
  const FlightId* end() const { return flights_.data() + count_; }
  bool contains(FlightId id) const {
    for (const FlightId each : *this) {
      if (each == id) return true;
    }
    return false;
  }
  /// No change if it is there already. Not for a full channel.
  void insert(FlightId id) {
    if (contains(id)) return;
    std::size_t place = count_++;
    for (; place > 0 && flights_[place - 1] > id; --place) flights_[place] = flights_[place - 1];
    flights_[place] = id;
  }
  Channel without(FlightId id) const {
    Channel rest;
    for (const FlightId each : *this) {
      if (each != id) rest.flights_[rest.count_++] = each;
    }
    return rest;
  }
  std::uint64_t key() const {
    std::uint64_t key = 0;
    for (const FlightId each : *this) key = key << 16 | (each + 1u);
    return key;
  }

 private:
  std::array<FlightId, most_capacity> flights_{};
  std::uint8_t count_ = 0;
};

template <class Id>
Id next_id(std::size_t count, const char* what) {
  if (count > std::numeric_limits<Id>::max())
    throw std::length_error(std::string("the exploration meets more than 65536 ") + what);
  return static_cast<Id>(count);
}

inline constexpr std::size_t most_flights = 512;
using FlightSet = std::bitset<most_flights>;

class Flights {
 public:
  FlightId intern(const Flight& flight);
  const Flight& at(FlightId id) const { return flights_[id]; }
  /// Incarnations referred to by a segment of this sender: [whose].
  const std::array<std::uint8_t, 2>& incarnations(FlightId id, Side sender) const {
    return incarnations_[index(sender)][id];
  }
  FlightId renamed(FlightId id, Side sender, const Renaming& names);
  std::size_t size() const { return flights_.size(); }

 private:
  std::vector<Flight> flights_;
  std::array<std::vector<std::array<std::uint8_t, 2>>, 2> incarnations_;
  std::unordered_map<std::uint32_t, FlightId> ids_;
};

class Channels {
 public:
  Channels() : small_(low * low) { intern({}); }
  static constexpr FlightId low = 511;
  ChannelId intern(const Channel& channel);
  const Channel& at(ChannelId id) const { return channels_[id]; }
  std::size_t size() const { return channels_.size(); }

 private:
  std::vector<Channel> channels_;
  std::vector<std::uint32_t> small_;  ///< of up to two segments with low numbers: id + 1
  std::unordered_map<std::uint64_t, ChannelId> ids_;
};

/// A step of one endpoint.
struct LocalStep {
  EndpointId next = 0;
  bool answers = false;
  FlightId answer = 0;
  EndpointId answered = 0;  ///< `next`, after the answer was sent
  Told told;
  std::uint8_t read = 0;
  Property broken = Property::none;
  std::string why;
  std::vector<FlightId> sent;
  /// What could be sent before and cannot any more: it may still be in flight.
  std::vector<FlightId> left;
};

enum class Event : std::uint8_t { open, give, close, abort, user_timeout, time_wait_timeout };
inline constexpr std::size_t event_count = 6;

class Endpoints {
 public:
  Endpoints(Side side, bool opens_actively, const Fault* fault, bool plain, Flights& flights)
      : stepper_(side, fault, false, plain), opens_actively_(opens_actively), flights_(flights) {}

  EndpointId intern(const Endpoint& endpoint);
  const Endpoint& at(EndpointId id) const { return endpoints_[id].endpoint; }
  std::size_t size() const { return endpoints_.size(); }
  Side side() const { return stepper_.side(); }

  const std::vector<LocalStep>& delivered(EndpointId id, FlightId flight);
  const std::vector<LocalStep>& on(EndpointId id, Event event);
  /// Segments that change the endpoint by being sent.
  const std::vector<LocalStep>& sends(EndpointId id);
  /// Segments that it may send again and again.
  const std::vector<FlightId>& repeats(EndpointId id);
  /// The same as steps, which change nothing here.
  const std::vector<LocalStep>& repeat_steps(EndpointId id) {
    find_sends(id);
    return endpoints_[id].repeat_steps;
  }
  /// The highest ACK number of all that it may send.
  Mark most_ack(EndpointId id) {
    find_sends(id);
    return endpoints_[id].most_ack;
  }
  const FlightSet& repeat_set(EndpointId id) {
    find_sends(id);
    return endpoints_[id].repeat_set;
  }
  EndpointId renamed(EndpointId id, std::array<std::uint8_t, 2> alive);
  const std::array<std::uint8_t, 2>& incarnations(EndpointId id) const { return endpoints_[id].incarnations; }
  /// That of the record, as a bit.
  std::uint8_t record(EndpointId id) const { return endpoints_[id].record; }

 private:
  struct Entry {
    Endpoint endpoint;
    std::array<std::uint8_t, 2> incarnations{};
    std::uint8_t record = 0;
    bool sends_known = false;
    std::vector<LocalStep> sends;
    std::vector<FlightId> repeats;
    FlightSet repeat_set;
    std::vector<LocalStep> repeat_steps;
    Mark most_ack = 0;
    std::array<std::optional<std::vector<LocalStep>>, event_count> events;
    std::deque<std::optional<std::vector<LocalStep>>> delivered;  // by flight
  };
  std::vector<LocalStep> local(EndpointId from, const std::vector<Outcome>& outcomes);
  void find_sends(EndpointId id);

  struct HashEndpoint {
    std::size_t operator()(const Endpoint& endpoint) const { return hash_of(endpoint); }
  };
  Stepper stepper_;
  bool opens_actively_;
  Flights& flights_;
  std::deque<Entry> endpoints_;
  std::unordered_map<Endpoint, EndpointId, HashEndpoint> ids_;
  std::unordered_map<std::uint32_t, EndpointId> renamed_;
};

/// The incarnations that are alive, numbered anew from 0 in the order of their age.
Renaming compressed(std::array<std::uint8_t, 2> alive);

}  // namespace finwait::verification
