// Work that may end its process: done in a forked child, whose end is told.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace finwait {

struct ChildEnd {
  bool finished = false;  ///< the work has returned, and `text` is what it returned
  std::string text;
  std::string how;     ///< if not finished: "crash SIGABRT", "hang", "exit 1", or what was thrown
  std::string output;  ///< the last line that the child printed
};

/// Runs `work`, which returns some text, in a child; one that is not ready after `limit` is ended and counts
/// as "hang".
/// @throws std::system_error where no process is to be had.
ChildEnd run_in_child(const std::function<std::string()>& work, std::chrono::seconds limit);

}  // namespace finwait
