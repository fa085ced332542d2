// Where a case stands as one number: the oracle's set and the implementation's own state, the same whatever
// the initial sequence numbers are and by whatever road it was reached.
#pragma once

#include <span>

#include "harness/adapter.h"
#include "model/hypothesis.h"

namespace finwait {

/// What the hypothesis says of the implementation, its sequence numbers as seen from the viewpoint. Left out
/// are what only names a finding, and time: how long ago things were, and when what is owed is due.
void add_hypothesis(const model::Hypothesis& h, const Viewpoint& from, Time now, StateHash& hash);

/// A set: the first one, by which events are resolved, counts apart from the others, whose order does not
/// count.
void add_set(std::span<const model::Hypothesis> set, const Viewpoint& from, Time now, StateHash& hash);

}  // namespace finwait
