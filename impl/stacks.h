// The stacks that this build can check: the one list, because linkers drop objects that register themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/worker.h"
#include "impl/agent/process.h"

namespace finwait {

struct Stack {
  std::string name;     ///< as on the command line
  std::string meaning;  ///< in a line
  AdapterFactory make;
  /// What this machine lacks for it; empty: nothing. Without such a function it can be checked anywhere.
  std::string (*lacks)() = nullptr;

  /// The same, asked.
  std::string lacking() const { return lacks != nullptr ? lacks() : std::string(); }
};

/// All stacks, in the order in which they are listed.
std::vector<Stack> stacks();

/// Adds a stack before all others: it hides another stack of this name.
void add_stack(Stack stack);

/// Adds an agent, under the name that it claims, before all others: it hides another stack of this name.
/// @return the name.
/// @throws agent::AgentError where it does not greet as it should.
std::string add_agent(const agent::Command& command);

/// Stacks that this build leaves out, with the reason.
struct MissingStack {
  std::string name;
  std::string why;
};
std::vector<MissingStack> missing_stacks();

}  // namespace finwait
