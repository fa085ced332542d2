#include "explore/states_met.h"

#include <algorithm>

namespace finwait {

namespace {

// The lowest bit says whether it was behind a deviation; no key is 0.
std::uint64_t key_of(std::uint64_t fingerprint, bool tainted) {
  const std::uint64_t key = (fingerprint & ~std::uint64_t{1}) | (tainted ? 1 : 0);
  return key == 0 ? 2 : key;
}

}  // namespace

std::size_t StatesMet::slot_of(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (key >> 1) & mask;
  while (slots_[slot] != 0 && slots_[slot] != key) slot = (slot + 1) & mask;
  return slot;
}

bool StatesMet::contains(std::uint64_t key) const {
  return slots_[slot_of(key)] != 0;
}

bool StatesMet::add(std::uint64_t key) {
  std::uint64_t& slot = slots_[slot_of(key)];
  if (slot != 0) return false;
  slot = key;
  if (++used_ * 2 > slots_.size()) grow();
  return true;
}

void StatesMet::grow() {
  std::vector<std::uint64_t> old(slots_.size() * 2);
  old.swap(slots_);
  for (const std::uint64_t key : old) {
    if (key != 0) slots_[slot_of(key)] = key;
  }
}

bool StatesMet::insert(const CaseEnd& end) {
  const std::uint64_t clean = key_of(end.fingerprint, false), tainted = key_of(end.fingerprint, true);
  if (contains(clean)) return false;
  const bool met_tainted = contains(tainted);
  if (end.tainted && met_tainted) return false;
  if (!met_tainted) ++states_;
  return add(end.tainted ? tainted : clean);
}

StatesMet StatesMet::of(std::vector<std::uint64_t> slots, std::uint64_t states) {
  StatesMet met;
  met.slots_ = std::move(slots);
  met.states_ = states;
  met.used_ = static_cast<std::uint64_t>(
      std::count_if(met.slots_.begin(), met.slots_.end(), [](std::uint64_t key) { return key != 0; }));
  return met;
}

}  // namespace finwait
