// The program finwait: its command line with finwait's own list of stacks.
#include "package/finwait/finwait.h"

#include <filesystem>

namespace {

// Where finwait is installed its data lie beside it, wherever that is; else it is in its build tree.
std::string data_folder() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto installed = program.parent_path() / FINWAIT_DATA_FROM_PROGRAM;
  return std::filesystem::is_directory(installed, ignored) ? installed.lexically_normal().string()
                                                           : FINWAIT_SOURCE_DIR;
}

}  // namespace

int main(int argc, char** argv) {
  return finwait::cli::main(argc, argv, {}, data_folder());
}
