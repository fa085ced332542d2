#include "impl/stacks.h"

#include <optional>

#include "impl/agent/agent_adapter.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#ifndef FINWAIT_LWIP_MISSING
#include "impl/lwip/lwip_adapter.h"
#endif

namespace finwait {

namespace {

std::optional<Stack>& added_agent() {
  static std::optional<Stack> added;
  return added;
}

}  // namespace

std::string add_agent(const agent::Command& command) {
  const AdapterFactory make = [command] { return make_agent(command); };
  const std::string name = make()->profile().name;
  added_agent() = Stack{name, "an agent: " + agent::to_text(command), make};
  return name;
}

std::vector<Stack> stacks() {
  std::vector<Stack> all;
  if (added_agent()) all.push_back(*added_agent());
#ifndef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", "lwIP through its raw API, in process, in virtual time", make_lwip});
#endif
#ifdef FINWAIT_GVISOR_AGENT
  all.push_back({"gvisor", "gVisor's netstack, an agent in Go, in virtual time",
                 [] { return make_agent({FINWAIT_GVISOR_AGENT}); }});
#endif
  all.push_back({"reference", "finwait's own model as a stack: nothing may ever be found", make_reference});
  for (const MutantText& mutant : mutants()) {
    const std::string_view name = mutant.name;
    all.push_back(
        {"mutant:" + std::string(name), std::string(mutant.fault), [name] { return make_mutant(name); }});
  }
  return all;
}

std::vector<MissingStack> missing_stacks() {
  std::vector<MissingStack> all;
#ifdef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", FINWAIT_LWIP_MISSING});
#endif
#ifdef FINWAIT_GVISOR_MISSING
  all.push_back({"gvisor", FINWAIT_GVISOR_MISSING});
#endif
  return all;
}

}  // namespace finwait
