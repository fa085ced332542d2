// Coverage: which cells (a state and a class of events) a run has met, and which rows of the transition table
// the oracle has taken in it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/session.h"
#include "model/machine.h"

namespace finwait {

/// A state and a class of events, with the boundary on which SEQ and ACK lie.
using Cell = Session::Met;

/// All cells: every event in every state, at every boundary that a segment with these control bits could have
/// if each state had every sequence variable. A segment without ACK has no ACK class, and from SYN-RECEIVED
/// on each SEQ lies somewhere.
std::span<const Cell> cells();

/// Whether a cell can be met.
enum class Reach : std::uint8_t {
  reachable,
  left_open,    ///< only where the implementation makes use of what the RFC leaves to it: not counted
  unreachable,  ///< never
};

/// Why a cell is not reachable, or not for every implementation.
struct Limit {
  Reach reach;
  std::string_view clause;  ///< of RFC 9293
  std::string_view why;
  bool (*holds)(const Cell& cell);
};
std::span<const Limit> limits();
/// The first limit that holds for the cell; nullptr where it is reachable.
const Limit* limit_of(const Cell& cell);

/// Why a row of the transition table cannot be taken.
struct RowLimit {
  model::State source;
  std::string_view event;
  std::string_view clause;
  std::string_view why;
};
std::span<const RowLimit> row_limits();
/// nullptr where the row is reachable.
const RowLimit* limit_of(const model::Arrow& arrow);

/// The reachable cells that an implementation of this profile can meet: its calls are what it may lack.
std::vector<Cell> cells_to_meet(const Profile& profile);

/// "SYN-SENT, SYN,ACK ack:all"
std::string to_text(const Cell& cell);
/// "SYN-SENT SynAckArrives -> ESTABLISHED"
std::string to_text(const model::Arrow& arrow);

/// A cell's place in an array of `cell_numbers`.
std::size_t number_of(const Cell& cell);
inline constexpr std::size_t cell_numbers = model::state_count * (event_kind_count - 1 + 16 * 2 * 2 * 7 * 6);

/// How often each cell was met and each row taken.
struct Tally {
  std::array<std::uint32_t, cell_numbers> cells{};
  model::ArrowCounts rows{};

  std::uint32_t& of(const Cell& cell) { return cells[number_of(cell)]; }
  std::uint32_t of(const Cell& cell) const { return cells[number_of(cell)]; }
  void add(const Tally& other);
};

/// What random cases have covered. It lies where a crashed worker leaves it.
struct Coverage {
  Tally met;
  /// Behind the first deviation of a case the state is only guessed: what is met there covers nothing, but
  /// says why something is missing.
  Tally behind;

  /// Those of `wanted` that were never met.
  std::vector<Cell> missing(std::span<const Cell> wanted) const;
  void add(const Coverage& other);
};
static_assert(std::is_trivially_copyable_v<Coverage>);

}  // namespace finwait
