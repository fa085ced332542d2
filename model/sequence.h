// Sequence number arithmetic, RFC 9293 §3.4: every comparison is modulo 2^32.
#pragma once

#include <cstdint>

namespace finwait::model {

/// A sequence or acknowledgment number as it stands on the wire.
using Seq = std::uint32_t;

/// a < b modulo 2^32 (RFC 9293 §3.4). Meaningful while the two are less than 2^31 apart.
constexpr bool lt(Seq a, Seq b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
/// a =< b modulo 2^32.
constexpr bool le(Seq a, Seq b) {
  return !lt(b, a);
}
/// low =< x < high modulo 2^32, the half-open interval that a window is.
constexpr bool in(Seq low, Seq x, Seq high) {
  return x - low < high - low;
}
/// The later of two numbers.
constexpr Seq later(Seq a, Seq b) {
  return lt(a, b) ? b : a;
}

}  // namespace finwait::model
