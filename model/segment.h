// One TCP segment in the words of RFC 9293 §3.1 and §3.3.1 (SEG.SEQ, SEG.ACK, SEG.LEN, SEG.WND).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/sequence.h"

namespace finwait::model {

/// The control bits of §3.1, as they lie in the thirteenth and fourteenth octet.
enum Flag : std::uint8_t {
  FIN = 0x01,
  SYN = 0x02,
  RST = 0x04,
  PSH = 0x08,
  ACK = 0x10,
  URG = 0x20,
  ECE = 0x40,
  CWR = 0x80,
};

/// A segment; the payload is borrowed from whoever holds the datagram.
struct Segment {
  std::uint8_t flags = 0;
  Seq seq = 0;
  Seq ack = 0;
  std::uint16_t wnd = 0;
  std::uint16_t urg = 0;
  std::optional<std::uint16_t> mss;  ///< the Maximum Segment Size option, if present
  bool other_options = false;        ///< an option other than MSS, NOP and EOL is present
  std::span<const std::uint8_t> text;

  bool has(std::uint8_t mask) const { return (flags & mask) == mask; }
  /// SEG.LEN: the octets of text, counting SYN and FIN (§3.3.1).
  std::uint32_t len() const {
    return static_cast<std::uint32_t>(text.size()) + ((flags & SYN) ? 1 : 0) + ((flags & FIN) ? 1 : 0);
  }
  /// The sequence number that follows the segment: SEG.SEQ+SEG.LEN.
  Seq end() const { return seq + len(); }
};

/// What follows the SYN of a segment that has one: text and the other control bits, from the next number on.
inline Segment without_syn(Segment segment) {
  segment.flags = static_cast<std::uint8_t>(segment.flags & ~SYN);
  segment.seq += 1;
  return segment;
}

}  // namespace finwait::model
