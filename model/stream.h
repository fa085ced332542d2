// The octets that both users send: a fixed pattern, so that every sequence number has one known octet.
#pragma once

#include <cstdint>

#include "model/sequence.h"

namespace finwait::model {

/// The octet that the tester sends under this sequence number: the number alone decides, so that hypotheses
/// which differ about where the stream began agree about what was sent.
constexpr std::uint8_t tester_octet(Seq seq) {
  return static_cast<std::uint8_t>(seq * 7u + (seq >> 8) * 31u + 0x41u);
}
/// The octet at `offset` of the stream that the IUT's user sends.
constexpr std::uint8_t iut_octet(std::uint32_t offset) {
  return static_cast<std::uint8_t>(offset * 11u + (offset >> 8) * 29u + 0x61u);
}

}  // namespace finwait::model
