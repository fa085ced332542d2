#include "harness/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace finwait {

using model::ACK;
using model::FIN;
using model::State;
using model::SYN;

namespace {

constexpr std::array seq_positions{SeqClass::outside_left, SeqClass::straddles_left, SeqClass::left_edge,
                                   SeqClass::inside,       SeqClass::right_edge,     SeqClass::outside_right};
constexpr std::array ack_positions{AckClass::old, AckClass::current, AckClass::part, AckClass::all,
                                   AckClass::unsent};
constexpr std::array<std::uint8_t, 2> no_yes{0, 1};

// The sixteen combinations of FIN, SYN, RST and ACK: the first three are the low bits, ACK is the fifth.
constexpr std::uint8_t controls(unsigned number) {
  return static_cast<std::uint8_t>((number & 7) | ((number & 8) << 1));
}
constexpr unsigned number_of_controls(std::uint8_t flags) {
  return (flags & 7u) | ((flags & ACK) ? 8u : 0u);
}
static_assert((FIN | SYN | model::RST) == 7 && ACK == 16);

// ---- all cells --------------------------------------------------------------------------------------

class AllCells {
 public:
  std::vector<Cell> operator()() {
    for (std::size_t state = 0; state < model::state_count; ++state) {
      for (std::size_t kind = 1; kind < event_kind_count; ++kind) {
        cells_.push_back({static_cast<State>(state), {static_cast<EventKind>(kind)}});
      }
      for (unsigned number = 0; number < 16; ++number) add(static_cast<State>(state), controls(number));
    }
    return std::move(cells_);
  }

 private:
  void add(State state, std::uint8_t flags) {
    for (const std::uint8_t text : no_yes) {
      for (const std::uint8_t bad : no_yes) {
        const EventClass event{EventKind::segment, flags, text != 0, bad != 0};
        if (state < State::syn_received) add_acks({state, event});
        for (const SeqClass seq : seq_positions) {
          Cell cell{state, event};
          cell.event.seq = seq;
          add_acks(cell);
        }
      }
    }
  }

  void add_acks(Cell cell) {
    if (!(cell.event.flags & ACK) || cell.state < State::established) cells_.push_back(cell);
    if (!(cell.event.flags & ACK)) return;
    for (const AckClass ack : ack_positions) {
      cell.event.ack = ack;
      cells_.push_back(cell);
    }
  }

  std::vector<Cell> cells_;
};

// ---- what cannot be met -----------------------------------------------------------------------------

bool has_tcb(const Cell& cell) {
  return cell.state >= State::syn_sent;
}

bool has_place(const Cell& cell) {
  return cell.event.seq != SeqClass::any;
}

int least_length(const Cell& cell) {
  return ((cell.event.flags & SYN) ? 1 : 0) + ((cell.event.flags & FIN) ? 1 : 0);
}

const std::array all_limits{
    Limit{Reach::unreachable, "3.3.1",
          "CLOSED, LISTEN and SYN-SENT have no RCV.NXT yet: a SEQ lies neither left nor right of it",
          [](const Cell& cell) { return cell.state < State::syn_received && has_place(cell); }},
    Limit{Reach::unreachable, "3.3.1",
          "CLOSED and LISTEN have no SND.UNA and no SND.NXT: an ACK lies nowhere",
          [](const Cell& cell) { return !has_tcb(cell) && cell.event.ack != AckClass::none; }},
    Limit{Reach::unreachable, "3.4",
          "an empty segment, and one that is a SYN or FIN and nothing else, has no two numbers to straddle "
          "RCV.NXT with",
          [](const Cell& cell) {
            return cell.event.seq == SeqClass::straddles_left && !cell.event.text && least_length(cell) < 2;
          }},
    Limit{Reach::unreachable, "3.10.7.4",
          "FIN-WAIT-2 and TIME-WAIT: all that was sent is acknowledged, the FIN too, so that SND.UNA is "
          "SND.NXT",
          [](const Cell& cell) {
            const bool all_acked = cell.state == State::fin_wait_2 || cell.state == State::time_wait;
            return all_acked && (cell.event.ack == AckClass::part || cell.event.ack == AckClass::all);
          }},
    Limit{Reach::left_open, "3.10.2",
          "SYN-SENT and SYN-RECEIVED: something between ISS and SND.NXT is only left to acknowledge where "
          "data or "
          "FIN rides on the SYN; SEND and CLOSE are queued until ESTABLISHED",
          [](const Cell& cell) {
            const bool opening = cell.state == State::syn_sent || cell.state == State::syn_received;
            return opening && cell.event.ack == AckClass::part;
          }},
    Limit{Reach::left_open, "3.5",
          "SYN-SENT and SYN-RECEIVED: the implementation has not sent its SYN yet, and nobody knows its ISS",
          [](const Cell& cell) {
            const bool opening = cell.state == State::syn_sent || cell.state == State::syn_received;
            return opening && (cell.event.flags & ACK) && cell.event.ack == AckClass::none;
          }},
};

constexpr std::array all_row_limits{
    RowLimit{
        State::listen, "Abort", "3.10.5",
        "a listener has nobody to reset: users have no ABORT of it beside its CLOSE, which does the same"},
};

}  // namespace

std::span<const Cell> cells() {
  static const std::vector<Cell> all = AllCells{}();
  return all;
}

std::span<const Limit> limits() {
  return all_limits;
}

const Limit* limit_of(const Cell& cell) {
  const auto limit =
      std::find_if(all_limits.begin(), all_limits.end(), [&](const Limit& l) { return l.holds(cell); });
  return limit == all_limits.end() ? nullptr : &*limit;
}

std::span<const RowLimit> row_limits() {
  return all_row_limits;
}

const RowLimit* limit_of(const model::Arrow& arrow) {
  const auto limit = std::find_if(all_row_limits.begin(), all_row_limits.end(), [&](const RowLimit& l) {
    return l.source == arrow.source && l.event == arrow.event;
  });
  return limit == all_row_limits.end() ? nullptr : &*limit;
}

std::vector<Cell> cells_to_meet(const Profile& profile) {
  std::vector<Cell> result;
  for (const Cell& cell : cells()) {
    if (limit_of(cell) == nullptr && supports(profile, cell.event.kind)) result.push_back(cell);
  }
  return result;
}

std::string to_text(const Cell& cell) {
  return fmt::format("{}, {}", name(cell.state), to_text(cell.event));
}

std::string to_text(const model::Arrow& arrow) {
  return fmt::format("{} {} -> {}", name(arrow.source), arrow.event, name(arrow.target));
}

std::size_t number_of(const Cell& cell) {
  const auto state = static_cast<std::size_t>(cell.state);
  const EventClass& event = cell.event;
  std::size_t number = state * (cell_numbers / model::state_count);
  if (event.kind != EventKind::segment) return number + static_cast<std::size_t>(event.kind) - 1;
  number += event_kind_count - 1;
  std::size_t segment = number_of_controls(event.flags);
  segment = segment * 2 + (event.text ? 1 : 0);
  segment = segment * 2 + (event.bad_checksum ? 1 : 0);
  segment = segment * 7 + static_cast<std::size_t>(event.seq);
  segment = segment * 6 + static_cast<std::size_t>(event.ack);
  return number + segment;
}

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += other.cells[i];
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += other.rows[i];
}

std::vector<Cell> Coverage::missing(std::span<const Cell> wanted) const {
  std::vector<Cell> result;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(result),
               [&](const Cell& cell) { return met.of(cell) == 0; });
  return result;
}

void Coverage::add(const Coverage& other) {
  met.add(other.met);
  behind.add(other.behind);
}

}  // namespace finwait
