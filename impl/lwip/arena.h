// The heap that lwIP is given. It can be put back, in one step, to what it was when a case began.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace finwait::lwip {

/// An allocator with one free list for each class of sizes, over a fixed region. Blocks freed are used again,
/// last one first, so that a long case lives in little memory; addresses and contents of fresh blocks depend
/// on nothing but the case. Under AddressSanitizer everything outside a live block is poisoned.
class Arena {
 public:
  /// A case that uses all of it leaks: no window or queue that lwIP permits comes near.
  static constexpr std::size_t capacity = std::size_t{16} << 20;

  /// `octets` octets, aligned to 16, or nullptr if the arena is used up. Their content is a fixed pattern,
  /// so that whoever reads them uninitialised reads the same in every run.
  void* allocate(std::size_t octets);
  /// Takes back what `allocate` gave; nullptr is fine. Anything else, or a block already free, is a fault of
  /// lwIP's: the process is aborted.
  void release(void* block);

  /// What is allocated now, contents included, is what `rewind` returns to.
  void keep();
  void rewind();

  /// What is allocated in the middle of a case. Not under AddressSanitizer, whose shadow it leaves out.
  class Copy;
  void save(Copy& copy) const;
  void restore(const Copy& copy);

  std::size_t live_blocks() const { return state_.live_blocks; }

 private:
  struct Header;
  static constexpr std::size_t class_count = 128;
  struct State {
    std::size_t top = 0;  // octets of the region handed out so far
    std::size_t live_blocks = 0;
    std::array<std::uint32_t, class_count> free = {};  // for each size class the latest free block + 1
  };

  Header* header_of(void* block);

  State state_;
  State kept_state_;
  std::vector<unsigned char> kept_;
  std::size_t high_water_ = 0;
  alignas(16) std::array<unsigned char, capacity> region_;  // static, so zero and untouched until used
};

class Arena::Copy {
  friend class Arena;
  State state_;
  std::vector<unsigned char> region_;
};

}  // namespace finwait::lwip
