#include "cli/program.h"

namespace finwait::cli {

Program& program() {
  static Program running;
  return running;
}

}  // namespace finwait::cli
