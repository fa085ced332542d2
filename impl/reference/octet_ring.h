// The octets of one direction of a connection, by their offset in the stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace finwait {

/// Keeps the last `Size` octets of a stream; whoever reads further back or ahead gets whatever lies there.
template <std::size_t Size>
class OctetRing {
  static_assert((Size & (Size - 1)) == 0, "a power of two");

 public:
  void write(std::uint32_t offset, std::span<const std::uint8_t> octets) {
    for (const std::uint8_t octet : octets) octets_[offset++ % Size] = octet;
  }
  /// Appends `count` octets from `offset` to `target`.
  void read(std::uint32_t offset, std::uint32_t count, std::vector<std::uint8_t>& target) const {
    for (std::uint32_t i = 0; i < count; ++i) target.push_back(octets_[(offset + i) % Size]);
  }

 private:
  std::vector<std::uint8_t> octets_ = std::vector<std::uint8_t>(Size);
};

}  // namespace finwait
