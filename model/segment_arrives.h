// SEGMENT ARRIVES, RFC 9293 §3.10.7.
#pragma once

#include "model/hypothesis.h"

namespace finwait::model {

/// Processes a segment whose checksums are right. Never objects: what the IUT makes of it is judged later.
void segment_arrives(Step& step, const Segment& segment);

/// The furthest right edge that the IUT's window can have, told or not (reading A22).
Seq furthest_edge(const Hypothesis& h, const Claims& claims);

/// Where a segment lies by Table 6. `undecided`: it depends on a right edge that cannot be seen.
enum class Where : std::uint8_t { inside, outside, undecided };
Where acceptability(const Hypothesis& h, const Claims& claims, Seq seq, std::uint32_t len);

/// The connection was reset by the IUT: a reset is owed, and TIME-WAIT may follow (§3.5.2, reading A3).
void wait_after_reset(Step& step, const Hypothesis& before);

}  // namespace finwait::model
