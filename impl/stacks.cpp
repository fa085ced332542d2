#include "impl/stacks.h"

#include "impl/linux/host.h"
#include "impl/linux/linux_adapter.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#ifndef FINWAIT_LWIP_MISSING
#include "impl/lwip/lwip_adapter.h"
#endif

namespace finwait {

std::vector<Stack> stacks() {
  std::vector<Stack> all;
#ifndef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", "lwIP through its raw API, in process, in virtual time", make_lwip, nullptr});
#endif
  all.push_back({"linux", "the running kernel, in a network namespace of its own, in real time", make_linux,
                 kernel::missing});
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
  return all;
}

}  // namespace finwait
