// Shrinking: RapidCheck's lazy tree over recorded events, driven here under "the same rule must fail".
#pragma once

#include <functional>

#include "harness/case.h"

namespace finwait {

/// Plays a candidate; given by whoever has the worker.
using PlayCase = std::function<Played(const Case&)>;

struct Shrunk {
  Case smallest;
  Deviation deviation;
  bool found = false;     ///< false: no untainted case was found that breaks the rule in that state
  std::size_t plays = 0;  ///< candidates played
};

/// The smallest case that the shrink tree of `found` holds in which the *first* deviation is from the same
/// rule in the same state. At most `most_plays` candidates are played.
Shrunk shrink(const Case& found, const Deviation& deviation, const PlayCase& play,
              std::size_t most_plays = 4000, bool any_state = false);

}  // namespace finwait
