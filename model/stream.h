// The octets that both users send: a fixed pattern, so that every sequence number has one known octet.
#pragma once

#include <cstdint>

namespace finwait::model {

/// The octet at `offset` of the stream that the tester sends to the IUT.
constexpr std::uint8_t tester_octet(std::uint32_t offset) {
  return static_cast<std::uint8_t>(offset * 7u + (offset >> 8) * 31u + 0x41u);
}
/// The octet at `offset` of the stream that the IUT's user sends.
constexpr std::uint8_t iut_octet(std::uint32_t offset) {
  return static_cast<std::uint8_t>(offset * 11u + (offset >> 8) * 29u + 0x61u);
}

}  // namespace finwait::model
