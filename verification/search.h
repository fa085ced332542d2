// The search itself: worlds, their successors, the breadth-first walk, liveness and traces.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "verification/pairs.h"
#include "verification/two_models.h"

namespace finwait::verification {

/// Both endpoints and both channels; channel[side] holds what that side has sent.
struct World {
  PairId pair = 0;
  std::array<ChannelId, 2> channel{};
  std::uint64_t key() const {
    return static_cast<std::uint64_t>(pair) << 32 | static_cast<std::uint64_t>(channel[0]) << 16 | channel[1];
  }
  static World of(std::uint64_t key) {
    return {static_cast<PairId>(key >> 32), {static_cast<ChannelId>(key >> 16), static_cast<ChannelId>(key)}};
  }
};

/// How one world leads to the next, for the trace.
struct Move {
  const PairMove* pair = nullptr;  ///< null: a segment is lost
  Side side = Side::a;             ///< of a loss: whose segment
  FlightId flight = 0;
  bool just_sent = false;      ///< the segment delivered was sent for this step
  bool stays = false;          ///< a copy of it remains in flight
  std::vector<FlightId> left;  ///< sent before this step, and still in flight after it
};

/// The worlds met so far, in the order in which they were met: exact, 64 bits each.
class Worlds {
 public:
  Worlds() : slots_(1 << 16, none), recent_(1 << 13, ~std::uint64_t{0}) {}
  static constexpr std::uint32_t none = ~0u;

  /// True where it was not known.
  bool add(World world, std::uint32_t parent);
  /// Its number, or none.
  std::uint32_t find(World world) const;
  World at(std::uint32_t i) const { return World::of(keys_[i]); }
  std::uint32_t parent(std::uint32_t i) const { return parents_[i]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }
  std::size_t bytes() const {
    return keys_.capacity() * sizeof(std::uint64_t) +
           (parents_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  std::size_t slot(std::uint64_t key) const;
  void grow();

  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> parents_, slots_;
  std::vector<std::uint64_t>
      recent_;  ///< a few keys lately added or found: most successors are met again soon
};

class Search {
 public:
  Search(const Scenario& scenario, const Options& options);
  Report run();

 private:
  // search.cpp
  template <class Visit>
  void successors(World world, Visit&& visit);
  template <class Visit>
  void apply(World world, Move& move, const PairMove& pair, const Channel& in, Visit& visit);
  Channel remembered(const Channel& channel, Side side, PairId pair);
  World normalised(World world);
  bool walk();
  void check_spent();
  void collect_pairs();
  std::pair<model::State, model::State> states(std::uint32_t world) const;
  void violate(Property property, std::string why, std::uint32_t from, World to);
  // liveness.cpp
  template <class Visit>
  void protocol_steps(World world, Visit&& visit);
  using Condition = std::function<bool(const Endpoint&, const Endpoint&)>;
  bool narrow(std::vector<std::uint32_t>& open, std::vector<bool>& reaches);
  void check_goal(Property property, std::string_view why, const Condition& premise, const Condition& goal);
  void check_liveness();
  // trace.cpp
  std::string trace(std::uint32_t from, const World* to);
  std::string line(const Move& move);

  const Scenario& scenario_;
  Options options_;
  Pairs pairs_;
  Channels channels_;
  Worlds worlds_;
  Report report_;
};

}  // namespace finwait::verification
