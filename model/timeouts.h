// Time: what runs out (§3.10.8) and what is overdue.
#pragma once

#include "model/hypothesis.h"

namespace finwait::model {

/// What may have ended unseen by now: TIME-WAIT, half-open connections, orphans. Before every stimulus.
void expire(Step& step);

/// The rule whose deadline has passed, or Rule::none. `quiet`: the IUT has done all that it does at this
/// instant.
Rule overdue(Step& step, bool quiet);

/// Whether the IUT may give the connection up now, with or without a reset (R2, readings A47, A48, A54).
bool may_give_up(const Step& step);

}  // namespace finwait::model
