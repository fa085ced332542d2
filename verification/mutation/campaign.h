// Runs mutants: with each, the reference stack by the model's properties.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "verification/mutation/mutation.h"

namespace finwait::mutation {

/// All that are planted in this program, by number.
std::span<const Mutant> mutants();

/// How a mutant was caught, if it was.
enum class Fate : std::uint8_t {
  survived,
  stack_judged,  ///< the stack that acts by it is reported
  oracle_wrong,  ///< the oracle that judges by it reports a stack that does nothing wrong
  oracle_blind,  ///< or passes over what a stack with another fault does wrong
  refused,       ///< the model itself refuses to go on: no arrow, too many choices
  crashed,       ///< or does not come back
};
std::string_view name(Fate fate);

struct Campaign {
  std::uint64_t seed = 0x5eed;
  std::uint64_t cases = 20000;  ///< for each mutant and each of its two roles, at most
  unsigned workers = 1;
};

/// What became of these mutants; `done` is called with each as soon as it is known.
/// Number -1 is the model as it is, which has to survive.
void run(const Campaign& campaign, const std::vector<int>& numbers,
         const std::function<void(int, Fate)>& done);

}  // namespace finwait::mutation
