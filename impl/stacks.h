// The stacks that this build can check: the one list, because linkers drop objects that register themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/worker.h"

namespace finwait {

struct Stack {
  std::string name;     ///< as on the command line
  std::string meaning;  ///< in a line
  AdapterFactory make;
  /// What this machine lacks for it; empty: nothing. Without such a function it can be checked anywhere.
  std::string (*lacks)() = nullptr;
};

/// All stacks, in the order in which they are listed.
std::vector<Stack> stacks();

/// Stacks that this build leaves out, with the reason.
struct MissingStack {
  std::string name;
  std::string why;
};
std::vector<MissingStack> missing_stacks();

}  // namespace finwait
