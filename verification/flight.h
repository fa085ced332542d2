// A segment on its way between the two models, in a form of which there are finitely many.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "model/segment.h"
#include "model/sequence.h"

namespace finwait::verification {

/// The two endpoints.
enum class Side : std::uint8_t { a, b };
constexpr Side other(Side side) {
  return side == Side::a ? Side::b : Side::a;
}
constexpr std::size_t index(Side side) {
  return static_cast<std::size_t>(side);
}

/// A sequence number as "which initial sequence number, and how far from it": endpoint, incarnation of its
/// connection, offset. 0 stands for the number 0 (of <SEQ=0><CTL=RST,ACK>), and for none.
using Mark = std::uint8_t;

inline constexpr std::uint8_t most_incarnations = 8;
/// The incarnation of an ISS that is being chosen: later than all others (§3.4.1's clock).
inline constexpr std::uint8_t fresh_incarnation = most_incarnations - 1;
/// SYN, one octet and FIN: numbers 0 to 3 from the ISS.
inline constexpr std::uint8_t most_offset = 3;

constexpr Mark mark(std::uint8_t incarnation, std::uint8_t offset) {
  return static_cast<Mark>(0x20 | incarnation << 2 | offset);
}
constexpr std::uint8_t incarnation(Mark m) {
  return static_cast<std::uint8_t>(m >> 2 & 7);
}
constexpr std::uint8_t offset(Mark m) {
  return m & 3;
}

/// The number on the wire that a mark of this endpoint's numbers stands for.
model::Seq number(Side whose, Mark m);
/// The mark of a number. @throws std::logic_error for a number that no segment of the exploration can have.
Mark mark_of(Side whose, model::Seq seq);

/// The window in every segment: wide open.
inline constexpr std::uint16_t window = 4096;

/// Which octet of text a segment carries: none, the one that the sender's user gave to this incarnation, or
/// one that nobody gave.
using Octet = std::uint8_t;
inline constexpr Octet no_octet = 0;
inline constexpr Octet garbage = 0xff;
constexpr Octet octet_of(std::uint8_t incarnation) {
  return static_cast<Octet>(1 + incarnation);
}

/// One segment in flight.
struct Flight {
  std::uint8_t flags = 0;
  Mark seq = 0;  ///< in the sender's numbers
  Mark ack = 0;  ///< in the receiver's numbers
  Octet octet = no_octet;

  bool operator==(const Flight&) const = default;
  bool has(std::uint8_t mask) const { return (flags & mask) == mask; }
  /// Neither SYN, FIN, RST nor text: nothing that would be retransmitted.
  bool is_pure_ack() const { return flags == model::ACK && octet == no_octet; }
  std::uint32_t key() const {
    return static_cast<std::uint32_t>(flags) << 24 | static_cast<std::uint32_t>(seq) << 16 |
           static_cast<std::uint32_t>(ack) << 8 | octet;
  }
};

/// The segment as the model sees it; the octet of text lies in static storage.
model::Segment segment_of(const Flight& flight, Side sender);
/// As packetdrill writes it, numbers relative to each initial sequence number: "S. 0:0(0) ack 1".
std::string notation(const Flight& flight);

/// What becomes of the incarnations 0 to 7 of either endpoint when they are numbered anew.
struct Renaming {
  std::array<std::array<std::uint8_t, most_incarnations>, 2> to{};

  Mark of(Side whose, Mark m) const { return m == 0 ? m : mark(to[index(whose)][incarnation(m)], offset(m)); }
  Octet octet(Side whose, Octet o) const {
    return o == no_octet || o == garbage ? o : octet_of(to[index(whose)][static_cast<std::size_t>(o - 1)]);
  }
};

Flight renamed(const Flight& flight, Side sender, const Renaming& names);

}  // namespace finwait::verification
