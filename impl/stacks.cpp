#include "impl/stacks.h"

#include <utility>

#include "impl/agent/agent_adapter.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#ifndef FINWAIT_LINUX_MISSING
#include "impl/linux/host.h"
#include "impl/linux/linux_adapter.h"
#endif
#ifndef FINWAIT_LIBSLIRP_MISSING
#include "impl/libslirp/libslirp_adapter.h"
#endif
#ifndef FINWAIT_LWIP_MISSING
#include "impl/lwip/lwip_adapter.h"
#endif

namespace finwait {

namespace {

std::vector<Stack>& added_stacks() {
  static std::vector<Stack> added;
  return added;
}

}  // namespace

void add_stack(Stack stack) {
  added_stacks().insert(added_stacks().begin(), std::move(stack));
}

std::string add_agent(const agent::Command& command) {
  const AdapterFactory make = [command] { return make_agent(command); };
  const std::string name = make()->profile().name;
  add_stack({name, "an agent: " + agent::to_text(command), make, nullptr});
  return name;
}

std::vector<Stack> stacks() {
  std::vector<Stack> all = added_stacks();
#ifndef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", "lwIP through its raw API, in process, in virtual time", make_lwip, nullptr});
#endif
#ifndef FINWAIT_LIBSLIRP_MISSING
  all.push_back({"libslirp", "libslirp between its guest and AF_UNIX sockets, in process, in virtual time",
                 make_libslirp, nullptr});
#endif
#ifndef FINWAIT_LINUX_MISSING
  all.push_back({"linux", "the running kernel, in a network namespace of its own, in real time", make_linux,
                 kernel::missing});
#endif
#ifdef FINWAIT_GVISOR_AGENT
  all.push_back({"gvisor", "gVisor's netstack, an agent in Go, in virtual time",
                 [] { return make_agent({FINWAIT_GVISOR_AGENT}); }, nullptr});
#endif
#ifdef FINWAIT_SMOLTCP_AGENT
  all.push_back({"smoltcp", "smoltcp, an agent in Rust, in virtual time",
                 [] { return make_agent({FINWAIT_SMOLTCP_AGENT}); }, nullptr});
#endif
  all.push_back(
      {"reference", "finwait's own model as a stack: nothing may ever be found", make_reference, nullptr});
  for (const MutantText& mutant : mutants()) {
    const std::string_view name = mutant.name;
    all.push_back({"mutant:" + std::string(name), std::string(mutant.fault),
                   [name] { return make_mutant(name); }, nullptr});
  }
  return all;
}

std::vector<MissingStack> missing_stacks() {
  std::vector<MissingStack> all;
#ifdef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", FINWAIT_LWIP_MISSING});
#endif
#ifdef FINWAIT_LIBSLIRP_MISSING
  all.push_back({"libslirp", FINWAIT_LIBSLIRP_MISSING});
#endif
#ifdef FINWAIT_LINUX_MISSING
  all.push_back({"linux", FINWAIT_LINUX_MISSING});
#endif
#ifdef FINWAIT_SMOLTCP_MISSING
  all.push_back({"smoltcp", FINWAIT_SMOLTCP_MISSING});
#endif
#ifdef FINWAIT_GVISOR_MISSING
  all.push_back({"gvisor", FINWAIT_GVISOR_MISSING});
#endif
  return all;
}

}  // namespace finwait
