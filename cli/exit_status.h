// How finwait ends.
#pragma once

#include <stdexcept>

namespace finwait::cli {

enum ExitStatus : int {
  as_expected = 0,
  unexpected = 1,    ///< a new deviation, or an expected one that is gone
  inconclusive = 2,  ///< nothing unexpected, but too much could not be told
  usage = 3,         ///< bad arguments, scripts, expectations or folders
  broken = 4,        ///< the tester or an adapter has failed
};

/// Bad input of the user's: the message says what was expected, the exit status is `usage`.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace finwait::cli
