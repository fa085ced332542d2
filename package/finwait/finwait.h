// finwait as a library: whoever has a class derived from finwait::Adapter gets finwait's command line for it.
// docs/add-your-stack.md shows how.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/adapter.h"
#include "impl/stacks.h"

namespace finwait {

namespace cli {

/// finwait's command line; `data` is the folder of what comes with finwait.
/// @return the exit status.
int main(int argc, char** argv, std::vector<Stack> own, const std::string& data);

}  // namespace cli

#ifdef FINWAIT_DATA_DIR  // whoever links finwait::finwait has it
/// finwait's command line with stacks of one's own before all others (one hides another of its name):
///
///   int main(int argc, char** argv) {
///     return finwait::main(argc, argv, {{"mystack", "My stack, in process", [] { return make_mystack();
///     }}});
///   }
///
/// @return the exit status: 0 as expected, 1 unexpected, 2 inconclusive, 3 usage, 4 the tester or an adapter
/// has failed.
inline int main(int argc, char** argv, std::vector<Stack> own) {
  return cli::main(argc, argv, std::move(own), FINWAIT_DATA_DIR);
}
#endif

}  // namespace finwait
