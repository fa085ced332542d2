// Alphabets for exhaustive search: the events of which every sequence is played.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "harness/event.h"

namespace finwait {

struct Letter {
  /// The event; where the letter aims at a class, only its window counts.
  Event event;
  std::optional<EventClass> aim;
  bool operator==(const Letter&) const = default;
};
using Alphabet = std::vector<Letter>;

/// The event that the letter means for an IUT in this hypothesis; nothing where there is none of its class.
std::optional<Event> event_of(const Letter& letter, const model::Hypothesis& h);

/// A few events that matter most: the user calls, the flag combinations at their interesting boundaries, the
/// time-outs.
const Alphabet& core_alphabet();
/// Every user call, every combination of flags at every boundary of SEQ and ACK with and without text, both
/// extremes of the window, a bad checksum, and the time-outs.
const Alphabet& full_alphabet();

/// The letters that mean something to a stack with these user calls.
Alphabet supported(const Alphabet& alphabet, std::span<const model::Call> calls);

}  // namespace finwait
