// What the arrows of the transition table do to the TCB. Each function is one action of §3.10.
#pragma once

#include "model/hypothesis.h"
#include "model/micro_events.h"

namespace finwait::model {

// Duties.
/// An ACK is owed at the latest after `delay`; an earlier duty stands.
void owe_ack(Step& step, Rule why, Time delay);
/// One more pure ACK may come, no later than a delayed one (§3.8.6.3).
void grant_ack(Step& step);
/// A duty with a deadline; an earlier duty of that kind stands.
void owe(Step& step, Owed what, Rule why, Time delay);
// Naming: which rule is reported, and which event it is reported of.
/// Until the IUT has shown once that a connection has ended, a wrong answer breaks the rule by which it
/// ended.
Rule while_gone(Hypothesis& h, Rule otherwise);
/// The connection was gone before the end that is reported: the rule by which what ended it was refused.
/// `otherwise` where nothing says so.
Rule gone_before(Hypothesis& h, Rule otherwise);
/// A connection whose end has not shown yet ends in another way too: the first end stays the likelier cause.
void keep_origin(Hypothesis& h, const Hypothesis& before);
/// What the last segment ought not to have done is the likelier cause.
Rule blamed(Hypothesis& h, Rule otherwise);
/// Text up to `end` was taken: the rule by which a segment with that text was refused.
Rule suspected(Hypothesis& h, Seq end, Rule otherwise);
/// All that is outstanding (or its front, `in_part`) was taken for acknowledged: the rule by which such an
/// acknowledgment was refused.
Rule suspected_ack(Hypothesis& h, Rule otherwise, bool in_part = false);
/// The window of this segment was refused by this rule.
void suspect_window(Hypothesis& h, const Segment& segment, Rule why);
/// Text, FIN, window and acknowledgment of this segment were refused by this rule.
void suspect(Hypothesis& h, const Segment& segment, Rule why);

/// A reset is owed (or, `owed` false, allowed).
void owe_reset(Step& step, Reset reset);
/// <SEQ=SEG.ACK><CTL=RST> or, without ACK, <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> (§3.10.7.1).
Reset reset_for(const Segment& segment, Rule why);
/// <SEQ=SND.NXT><CTL=RST> (§3.10.5).
Reset reset_at_snd_nxt(const Hypothesis& h, Rule why);
/// In any form that the peer would believe (reading A2).
Reset reset_in_any_form(const Hypothesis& h, const Segment& segment, Rule why);
/// What is waiting and may be sent is owed (§3.8.6.2.1); else nothing is. After every change of the send
/// variables.
void review_sending(Step& step);

/// SND.UNA < SEG.ACK =< SND.NXT: the segment acknowledges something that was not acknowledged before.
bool acks_news(const Hypothesis& h, const Segment& segment);
/// Before our SYN is acknowledged every other ACK is a bad one (§3.10.7.3, first; §3.5.2, group 2).
bool has_bad_ack(const Hypothesis& h, const Segment& segment);

// Actions of the table.
void register_syn(Step& step, const Segment& segment);
void open_active(Step& step);
void open_passive(Step& step);
void queue_send(Step& step, std::uint32_t octets);
void queue_fin(Step& step);
void abort_connection(Step& step);
void answer_stray(Step& step, const Segment& segment);
void reset_bad_ack(Step& step, const Segment& segment);
void establish_active(Step& step, const Segment& segment);
void establish(Step& step, const Segment& segment);
void answer_unacceptable(Step& step, const Segment& segment, Rule why);
void challenge(Step& step, Rule why);
void process_ack(Step& step, const Segment& segment);
void take_text(Step& step, const Text& text);
void take_fin(Step& step);
void start_time_wait(Step& step);
void restart_time_wait(Step& step);
void reset_by_peer(Step& step, Rule why);
void time_out(Step& step);
/// MAY-2, second condition: the reopening SYN was an old duplicate.
void return_to_time_wait(Step& step);
/// "Delete the TCB": send and receive variables go, what the user may still see stays.
void delete_tcb(Step& step, Origin origin);

/// The peer's window as of a segment whose ACK counts: obeyed, or possibly obeyed (readings A26, A27, A42).
void update_window(Hypothesis& h, const Segment& segment, bool surely);
/// An ACK that may have been processed: SND.UNA's upper bound and the window's bounds widen.
void maybe_process_ack(Hypothesis& h, const Segment& segment);

}  // namespace finwait::model
