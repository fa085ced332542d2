#include "impl/lwip/arena.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "impl/lwip/sanitizer.h"

namespace finwait::lwip {
namespace {

constexpr std::uint32_t live_mark = 0x6c697665;  // "live"
constexpr std::uint32_t free_mark = 0x66726565;  // "free"
constexpr int fresh_octet = 0xd5;
constexpr std::size_t granule = 16;
constexpr std::size_t small_limit =
    1024;  // up to here one class for each granule, above four for each doubling
constexpr std::size_t small_classes = small_limit / granule + 1;
constexpr std::size_t red_zone = address_sanitizer ? granule : 0;

struct SizeClass {
  std::size_t index;
  std::size_t octets;
};

SizeClass size_class(std::size_t octets) {
  octets = std::max(octets, granule);
  if (octets <= small_limit) {
    const std::size_t granules = (octets + granule - 1) / granule;
    return {granules, granules * granule};
  }
  const auto bits = static_cast<std::size_t>(std::bit_width(octets - 1));  // 2^(bits-1) < octets <= 2^bits
  const std::size_t quarter = ((octets - 1) >> (bits - 3)) & 3;
  const std::size_t first_bits = std::bit_width(small_limit);
  return {small_classes + (bits - first_bits) * 4 + quarter, (std::size_t{5} + quarter) << (bits - 3)};
}

[[noreturn]] void fault(const char* what) {
  std::fprintf(stderr, "lwIP heap: %s\n", what);
  std::abort();
}

}  // namespace

struct alignas(16) Arena::Header {
  std::uint32_t mark;
  std::uint32_t next_free;  // + 1
  std::uint32_t class_index;
  std::uint32_t class_octets;
};

FINWAIT_LWIP_UNCHECKED void* Arena::allocate(std::size_t octets) {
  if (octets > capacity / 2) return nullptr;
  const SizeClass fit = size_class(octets + red_zone);
  std::size_t at = 0;
  if (const std::uint32_t reusable = state_.free[fit.index]; reusable != 0) {
    at = reusable - 1;
    state_.free[fit.index] = reinterpret_cast<Header*>(&region_[at])->next_free;
  } else {
    const std::size_t whole = sizeof(Header) + fit.octets;
    if (capacity - state_.top < whole) return nullptr;
    at = state_.top;
    state_.top += whole;
    high_water_ = std::max(high_water_, state_.top);
  }
  auto* header = reinterpret_cast<Header*>(&region_[at]);
  header->mark = live_mark;
  header->next_free = 0;
  header->class_index = static_cast<std::uint32_t>(fit.index);
  header->class_octets = static_cast<std::uint32_t>(fit.octets);
  ++state_.live_blocks;
  unsigned char* block = &region_[at] + sizeof(Header);
  poison(header, sizeof(Header) + fit.octets);
  unpoison(block, octets);
  std::memset(block, fresh_octet, octets);
  return block;
}

FINWAIT_LWIP_UNCHECKED void Arena::release(void* block) {
  if (block == nullptr) return;
  Header* header = header_of(block);
  if (header->mark == free_mark) fault("a block is freed twice");
  if (header->mark != live_mark) fault("what is freed was not allocated, or its header is overwritten");
  header->mark = free_mark;
  header->next_free = state_.free[header->class_index];
  state_.free[header->class_index] =
      static_cast<std::uint32_t>(reinterpret_cast<unsigned char*>(header) - region_.data()) + 1;
  --state_.live_blocks;
  poison(block, header->class_octets);
}

Arena::Header* Arena::header_of(void* block) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const auto first = reinterpret_cast<std::uintptr_t>(region_.data()) + sizeof(Header);
  if (address < first || address >= first + state_.top || (address - first) % granule != 0) {
    fault("what is freed lies outside the heap");
  }
  return reinterpret_cast<Header*>(static_cast<unsigned char*>(block) - sizeof(Header));
}

void Arena::keep() {
  unpoison(region_.data(), state_.top);
  kept_.assign(region_.data(), region_.data() + state_.top);
  kept_state_ = state_;
}

void Arena::save(Copy& copy) const {
  copy.state_ = state_;
  copy.region_.assign(region_.data(), region_.data() + state_.top);
}

void Arena::restore(const Copy& copy) {
  state_ = copy.state_;
  std::memcpy(region_.data(), copy.region_.data(), copy.region_.size());
}

void Arena::rewind() {
  unpoison(region_.data(), kept_.size());
  std::memcpy(region_.data(), kept_.data(), kept_.size());
  state_ = kept_state_;
  poison(region_.data() + kept_.size(), high_water_ - kept_.size());
  high_water_ = state_.top;
}

}  // namespace finwait::lwip
