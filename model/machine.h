// The state machine of RFC 9293 §3.3.2 behind a small interface: the table itself is in transition_table.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/hypothesis.h"
#include "model/micro_events.h"

namespace finwait::model {

/// Takes one arrow of the table: runs its action on step.h and moves step.h.state.
/// @throws std::logic_error where the table has no arrow for the event: a defect of the model.
void take(const OpenPassive&, Step&);
void take(const OpenActive&, Step&);
void take(const Send&, Step&);
void take(const Close&, Step&);
void take(const CloseDeferred&, Step&);
void take(const Abort&, Step&);
void take(const Stray&, Step&);
void take(const SynArrives&, Step&);
void take(const SynAckArrives&, Step&);
void take(const UnacceptableAck&, Step&);
void take(const ResetArrives&, Step&);
void take(const BackToListen&, Step&);
void take(const UnacceptableSegment&, Step&);
void take(const Challenge&, Step&);
void take(const AckOfSyn&, Step&);
void take(const AckArrives&, Step&);
void take(const Text&, Step&);
void take(const Fin&, Step&);
void take(const LateSegment&, Step&);
void take(const Reopened&, Step&);
void take(const OldDuplicate&, Step&);
void take(const RetransmissionTimeout&, Step&);
void take(const UserTimeout&, Step&);
void take(const TimeWaitTimeout&, Step&);
void take(const GivenUp&, Step&);
void take(const AfterReset&, Step&);

/// An arrow of the table, for coverage and diagrams.
struct Arrow {
  State source;
  State target;  ///< equal to the source for an internal transition
  std::string_view event;
};
inline constexpr std::size_t arrow_count = 100;
/// All arrows in table order.
std::span<const Arrow> arrows();
/// How often each was taken, in the same order; see Step::taken.
using ArrowCounts = std::array<std::uint64_t, arrow_count>;

}  // namespace finwait::model
