// SEGMENT ARRIVES in CLOSED, LISTEN and SYN-SENT (§3.10.7.1 to §3.10.7.3); the other states are in
// other_states.cpp.
#include "model/segment_arrives.h"

#include "model/actions.h"
#include "model/machine.h"
#include "model/other_states.h"

namespace finwait::model {

namespace {

// §3.10.7.1
void closed(Step& step, const Segment& segment) {
  if (segment.has(RST)) {
    step.h.blame = step.h.silence = Rule::closed_rst_is_discarded;
    return;
  }
  take(Stray{segment}, step);
}

// §3.10.7.2
void listen(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (segment.has(RST)) {  // first
    h.blame = h.silence = Rule::listen_rst_is_ignored;
    return;
  }
  if (segment.has(ACK)) {  // second
    take(Stray{segment}, step);
    return;
  }
  if (segment.has(SYN)) {  // third
    const bool crowded = h.ghosts >= 4;
    if (crowded && step.choose.otherwise(Choice::backlog)) return;  // reading A50
    take(SynArrives{segment}, step);
    return;
  }
  h.blame = h.silence = Rule::listen_neither_syn_nor_ack;  // fourth
}

// §3.10.7.3, second: "If the RST bit is set"
void reset_in_syn_sent(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (!segment.has(ACK)) {
    h.blame = h.silence = Rule::syn_sent_rst_without_ack;
    return;
  }
  h.silence = Rule::syn_sent_rst_good_ack;
  // RFC 5961 compares SEQ with RCV.NXT, which has no value yet (reading A5).
  if (segment.seq != 0 && step.choose.otherwise(Choice::syn_sent_reset_sequence)) return;
  take(ResetArrives{Rule::syn_sent_rst_good_ack}, step);
}

// §3.10.7.3, fourth: "check the SYN bit"
void syn_in_syn_sent(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (!segment.has(ACK)) {
    take(SynArrives{segment}, step);
    return;
  }
  take(SynAckArrives{segment}, step);
  const bool more = segment.len() > 1;
  if (!more || step.choose.otherwise(Choice::syn_text)) return;  // reading A6, A7
  // "If there are other controls or text in the segment, then continue processing at the sixth step".
  // The ACK of the SYN may have been formed before.
  h.ack_earlier = h.rcv_nxt;
  h.ack_earlier_in = h.event;
  grant_ack(step);
  process_text(step, without_syn(segment), Rule::text_is_accepted);
  h.silence = Rule::none;
}

void syn_sent(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (has_bad_ack(h, segment)) {  // first
    if (segment.has(RST)) {
      h.blame = h.silence = Rule::syn_sent_rst_bad_ack;
      return;
    }
    h.blame = Rule::syn_sent_unacceptable_ack_is_reset;
    take(UnacceptableAck{segment}, step);
    return;
  }
  if (segment.has(RST)) return reset_in_syn_sent(step, segment);
  if (segment.has(SYN)) return syn_in_syn_sent(step, segment);
  h.blame = h.silence = Rule::syn_sent_no_syn_no_rst;  // fifth
}

}  // namespace

void segment_arrives(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  h.blame = h.silence = Rule::none;
  h.blame_cause = h.event;
  h.silent = h.never_answered = h.window_grew = false;
  // RFC 5681 §4.2: no more than one ACK for each segment (a reset draws none but a challenge).
  if (!segment.has(RST)) grant_ack(step);
  switch (h.state) {
    case State::closed: closed(step, segment); break;
    case State::listen: listen(step, segment); break;
    case State::syn_sent: syn_sent(step, segment); break;
    default: other_states(step, segment);
  }
  review_sending(step);
}

Seq furthest_edge(const Hypothesis& h, const Claims& claims) {
  // A FIN has a number and takes no buffer.
  const Seq buffered = h.user_nxt + claims.receive_buffer + (h.fin_received ? 1 : 0);
  return later(claims.receive_buffer > 0 ? buffered : h.rcv_nxt + 65535, h.advertised_max);
}

Where acceptability(const Hypothesis& h, const Claims& claims, Seq seq, std::uint32_t len) {
  const auto acceptable = [&](Seq edge) {  // Table 6
    const bool open = lt(h.rcv_nxt, edge);
    if (!open) return len == 0 && seq == h.rcv_nxt;
    return in(h.rcv_nxt, seq, edge) || (len > 0 && in(h.rcv_nxt, seq + len - 1, edge));
  };
  const bool told = acceptable(h.advertised);
  // A segment that covers the whole window has neither end in it, and yet overlaps (reading A21).
  const bool covers =
      len > 0 && lt(seq, h.rcv_nxt) && lt(h.rcv_nxt, seq + len) && le(h.advertised, seq + len - 1);
  if (covers) return Where::undecided;
  if (!told && seq == h.advertised && seq != h.rcv_nxt)
    return Where::undecided;  // exactly at the edge (reading A19)
  if (told != acceptable(h.advertised_max) || told != acceptable(furthest_edge(h, claims)))
    return Where::undecided;
  return told ? Where::inside : Where::outside;
}

void wait_after_reset(Step& step, const Hypothesis& before) {
  Hypothesis& h = step.h;
  if (!before.iss_known || !step.choose.otherwise(Choice::after_reset)) return;
  Hypothesis waiting = before;
  waiting.reset_count = h.reset_count;
  waiting.resets = h.resets;
  waiting.handle = h.handle;
  waiting.ending = h.ending;
  waiting.error_told = h.error_told;
  waiting.ghosts = h.ghosts;
  waiting.advisories = h.advisories;
  waiting.owed = h.owed;
  waiting.blame = h.blame;
  waiting.silence = h.silence;
  waiting.listening = h.listening;
  h = waiting;
  h.state = State::closed;
  h.fin_queued = h.fin_sent = false;
  h.snd_una = h.snd_una_may = h.snd_nxt;
  take(AfterReset{}, step);
  if (before.state == State::time_wait) h.since = before.since;  // its 2MSL may simply run on
}

}  // namespace finwait::model
