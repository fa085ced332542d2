// The events of the transition table. A segment is not one event: §3.10.7.4 checks it in eight steps, and
// each step that finds something becomes one of these, classified from the TCB that the last one left.
#pragma once

#include "model/hypothesis.h"
#include "model/rules.h"
#include "model/segment.h"

namespace finwait::model {

// User calls (§3.10.1 to §3.10.5), granted by the IUT.
struct OpenPassive {};
struct OpenActive {};
struct Send {
  std::uint32_t octets;
};
struct Close {};
struct CloseDeferred {};  ///< CLOSE in SYN-RECEIVED, queued until ESTABLISHED
struct Abort {};

// SEGMENT ARRIVES in CLOSED, LISTEN and SYN-SENT (§3.10.7.1 to §3.10.7.3).
struct Stray {
  Segment segment;
};
struct SynArrives {
  Segment segment;
};
struct SynAckArrives {
  Segment segment;
};
struct UnacceptableAck {  ///< also step 5 in SYN-RECEIVED
  Segment segment;
};
struct ResetArrives {  ///< step 2, and a SYN in the window by RFC 793's rule
  Rule why;            ///< what is broken if the user is not told
};
struct BackToListen {  ///< step 2 or 4 in SYN-RECEIVED after a passive OPEN
  Origin why;
};

// SEGMENT ARRIVES in the other states (§3.10.7.4).
struct UnacceptableSegment {  ///< step 1
  Segment segment;
  Rule why;
};
struct Challenge {  ///< an ACK that may be throttled: steps 1, 2, 4, 5
  Rule why;
};
struct AckOfSyn {  ///< step 5 in SYN-RECEIVED
  Segment segment;
};
struct AckArrives {  ///< step 5: SND.UNA =< SEG.ACK =< SND.NXT
  Segment segment;
  bool covers_fin;
};
struct Text {  ///< step 7: RCV.NXT moves to `end`
  Seq end;
  Rule rule;
};
struct Fin {};          ///< step 8, in order
struct LateSegment {};  ///< anything acceptable in TIME-WAIT
struct Reopened {       ///< SYN in TIME-WAIT handed to a listener (MAY-2)
  Segment segment;
};
struct OldDuplicate {};  ///< the SYN that reopened it turns out to be one (MAY-2)

// Time-outs (§3.10.8) and ends that the RFC leaves to resource management.
struct RetransmissionTimeout {};
struct UserTimeout {};
struct TimeWaitTimeout {};
struct GivenUp {};     ///< an orphan or half-open connection (RFC 6429 §4)
struct AfterReset {};  ///< §3.5.2: who sent a reset may enter TIME-WAIT instead of CLOSED

}  // namespace finwait::model
