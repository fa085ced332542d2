// §3.10.7.4, "Other States": the eight checks.
#pragma once

#include "model/hypothesis.h"

namespace finwait::model {

/// The eight checks of §3.10.7.4, for SYN-RECEIVED and all states after it.
void other_states(Step& step, const Segment& segment);

/// Steps seven and eight. `why` is the rule broken by a stack that does not take the text.
void process_text(Step& step, const Segment& segment, Rule why);

}  // namespace finwait::model
