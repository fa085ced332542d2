// What finwait knows of the program that it is.
#pragma once

#include <filesystem>
#include <string>

namespace finwait::cli {

struct Program {
  std::string name = "finwait";  ///< as it is typed
  std::string agent;             ///< what stands behind "--", as it may be typed again; empty: none
  std::filesystem::path data;    ///< what comes with finwait: docs/readings.md, traces/, impl/
};

/// The one that runs.
Program& program();

}  // namespace finwait::cli
