// The writable memory of one loaded shared object, saved and put back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace finwait::lwip {

/// All data and bss of the shared object that contains a given address, its relocated read-only part
/// excepted.
class Snapshot {
 public:
  /// Saves the object that holds both addresses, a variable's and a function's of it.
  /// \throws std::runtime_error if they lie in different objects (then the variables were moved into the
  ///   executable by copy relocations, and a snapshot would miss them).
  Snapshot(const void* variable, const void* function);
  /// Saves it again.
  void save();
  void restore() const;
  std::size_t octets() const;

 private:
  struct Range {
    unsigned char* begin;
    std::vector<unsigned char> saved;
  };
  std::vector<Range> ranges_;
};

}  // namespace finwait::lwip
