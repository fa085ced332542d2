// What the IUT sends: allowed, owed, or against a rule.
#pragma once

#include "model/hypothesis.h"

namespace finwait::model {

/// The IUT has sent this segment. Returns the rule that forbids it under this hypothesis, or Rule::none.
Rule emits(Step& step, const Segment& segment);

}  // namespace finwait::model
