#include "impl/stacks.h"

#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#ifndef FINWAIT_LIBSLIRP_MISSING
#include "impl/libslirp/libslirp_adapter.h"
#endif
#ifndef FINWAIT_LWIP_MISSING
#include "impl/lwip/lwip_adapter.h"
#endif

namespace finwait {

std::vector<Stack> stacks() {
  std::vector<Stack> all;
#ifndef FINWAIT_LWIP_MISSING
  all.push_back({"lwip", "lwIP through its raw API, in process, in virtual time", make_lwip});
#endif
#ifndef FINWAIT_LIBSLIRP_MISSING
  all.push_back({"libslirp", "libslirp between its guest and AF_UNIX sockets, in process, in virtual time",
                 make_libslirp});
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
#ifdef FINWAIT_LIBSLIRP_MISSING
  all.push_back({"libslirp", FINWAIT_LIBSLIRP_MISSING});
#endif
  return all;
}

}  // namespace finwait
