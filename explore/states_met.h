// The states that a search has met, by their fingerprints.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/case.h"

namespace finwait {

/// A set that only grows, eight octets a state and as much again for speed.
class StatesMet {
 public:
  /// True where a search has to go on from here: the state is new, or was met only behind a deviation so far
  /// and now without one.
  bool insert(const CaseEnd& end);
  /// Different states, behind deviations or not.
  std::uint64_t count() const { return states_; }

  /// Everything in the set, and a set of it.
  const std::vector<std::uint64_t>& slots() const { return slots_; }
  static StatesMet of(std::vector<std::uint64_t> slots, std::uint64_t states);

 private:
  bool contains(std::uint64_t key) const;
  bool add(std::uint64_t key);
  std::size_t slot_of(std::uint64_t key) const;
  void grow();

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(1024);  ///< open addressing; 0: empty
  std::uint64_t used_ = 0, states_ = 0;
};

}  // namespace finwait
