// The two endpoints together: what either may do next to the other, found once for each pair.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "verification/table.h"
#include "verification/two_models.h"

namespace finwait::verification {

using PairId = std::uint32_t;

/// A step of one side beside the other: what of it does not depend on the channels.
struct PairMove {
  enum class Kind : std::uint8_t { deliver, send, event };
  Kind kind = Kind::deliver;
  Side side = Side::a;        ///< who moves
  Event event = Event::open;  ///< of `event`
  FlightId flight = 0;        ///< of `deliver` and `send`
  PairId next = 0;
  const LocalStep* step = nullptr;
  Property broken = Property::none;
  std::string why;
  /// What the mover could send before and cannot any more, as far as it may still matter.
  std::vector<FlightId> left;
};

/// What the delivery of one segment may lead to.
struct Deliveries {
  std::vector<PairMove> moves;
  bool ignored = false;  ///< or to nothing at all
};

/// A delivery by the protocol alone: the mover's step and, where the answer comes at once, the other side's.
struct Reply {
  PairId next = 0;
  const LocalStep* step = nullptr;
  const LocalStep* second = nullptr;
};

class Pairs {
 public:
  Pairs(const Scenario& scenario, const Options& options);

  PairId intern(EndpointId a, EndpointId b);
  std::size_t size() const { return pairs_.size(); }
  const Endpoint& endpoint(PairId id, Side side) const {
    return endpoints_[index(side)].at(pairs_[id].endpoint[index(side)]);
  }
  /// What is wrong with the two, by what they believe of each other.
  Property broken(PairId id) const { return pairs_[id].broken; }
  const std::string& why(PairId id) const { return pairs_[id].why; }
  /// Incarnations that the two refer to, [whose], and those of their records.
  const std::array<std::uint8_t, 2>& incarnations(PairId id) const { return pairs_[id].incarnations; }
  const std::array<std::uint8_t, 2>& records(PairId id) const { return pairs_[id].records; }

  /// A segment that is in flight comes to `side`.
  const Deliveries& delivered(PairId id, Side side, FlightId flight);
  /// Segments that the other side can send now and at any time, sent and delivered to `side` at once.
  const std::vector<PairMove>& exchanges(PairId id, Side side);
  /// What `side` does of its own accord: sending what it sends but once, user calls, time-outs.
  const std::vector<PairMove>& own(PairId id, Side side);
  // For liveness.
  /// A segment in flight comes to `side`.
  const std::vector<Reply>& answered(PairId id, Side side, FlightId flight);
  /// What the other side owes or retransmits, sent and delivered to `side` at once.
  const std::vector<Reply>& retransmissions(PairId id, Side side);

  /// The segments from `side` that need not be remembered: they can be sent again, or make no difference.
  bool forgotten(PairId id, Side side, FlightId flight);
  PairId renamed(PairId id, std::array<std::uint8_t, 2> alive);

  // check.cpp
  /// @throws std::logic_error where a segment that is spent between these two makes a difference.
  void check_spent(PairId id);
  /// @throws std::logic_error where a segment that was spent is not so any more, after a step.
  void check_spent(PairId id, PairId next);

  Endpoints& endpoints(Side side) { return endpoints_[index(side)]; }
  EndpointId at(PairId id, Side side) const { return pairs_[id].endpoint[index(side)]; }
  Flights& flights() { return flights_; }
  const Flights& flights() const { return flights_; }

 private:
  struct Entry {
    std::array<EndpointId, 2> endpoint{};
    std::array<std::uint8_t, 2> incarnations{}, records{};
    Property broken = Property::none;
    std::string why;
    std::array<FlightSet, 2> forgotten, known;
    std::array<std::vector<PairMove>, 2> exchanges, own;
    std::array<bool, 2> exchanges_known{}, own_known{};
  };
  PairId beside(PairId id, Side side, EndpointId next);
  PairMove move(PairId id, Side side, const LocalStep& step);
  void append(std::vector<PairMove>& moves, PairMove move);
  void judge(Entry& entry);
  void judge(PairMove& move);
  bool is_spent(PairId id, Side sender, FlightId flight) const;
  bool can_be_drawn(PairId id, Side side, const LocalStep& step);

  const Scenario& scenario_;
  const Options& options_;
  Flights flights_;
  std::array<Endpoints, 2> endpoints_;
  std::deque<Entry> pairs_;
  std::unordered_map<std::uint32_t, PairId> ids_;
  std::unordered_map<std::uint64_t, Deliveries> delivered_;
  std::unordered_map<std::uint64_t, std::vector<Reply>> answered_, retransmissions_;
  std::unordered_set<std::uint64_t> checked_;
};

}  // namespace finwait::verification
