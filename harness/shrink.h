// Shrinking: RapidCheck's lazy sequences over recorded events, driven here under "the same rule must fail".
#pragma once

#include <functional>

#include "harness/case.h"

namespace finwait {

/// The first of some candidates that shows what is wanted.
struct Hit {
  std::size_t index = 0;
  Played played;
};

/// Plays candidates in their order up to the first that shows what is wanted; given by whoever has the
/// worker.
using FirstHit =
    std::function<std::optional<Hit>(const CaseSetup&, const std::vector<Events>&, const Wanted&)>;

struct Shrunk {
  Case smallest;
  Deviation deviation;
  bool found = false;     ///< false: no untainted case was found that shows what is wanted
  std::size_t plays = 0;  ///< candidates played
};

/// The smallest case that the shrink tree of `found` holds which shows what is wanted. At most `most_plays`
/// candidates are played, and `at_once` are handed over together: those behind a hit need not be played.
Shrunk shrink(const Case& found, const Wanted& wanted, const FirstHit& first_hit,
              std::size_t most_plays = 4000, std::size_t at_once = 16);

}  // namespace finwait
