#include "model/other_states.h"

#include <algorithm>
#include <array>

#include "model/actions.h"
#include "model/machine.h"
#include "model/segment_arrives.h"

namespace finwait::model {

namespace {

bool closes(State state) {
  return state == State::fin_wait_1 || state == State::closing || state == State::last_ack;
}

// Steps 7 and 8: in the other states there is nothing more to come from the peer.
bool receives(State state) {
  return state == State::established || state == State::fin_wait_1 || state == State::fin_wait_2;
}

bool covers_fin(const Hypothesis& h, const Segment& segment) {
  return segment.has(ACK) && h.fin_sent && segment.ack == h.snd_nxt;
}

void establish_passive_or_crossed(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const bool deferred_close = h.fin_queued && h.state == State::syn_received;
  take(AckOfSyn{segment}, step);
  if (deferred_close)
    take(Close{}, step);  // §3.10.4: "queue for processing after entering ESTABLISHED state"
  if (covers_fin(h, segment) && h.state == State::fin_wait_1) take(AckArrives{segment, true}, step);
}

// Step 7 for text that was held: what came with the SYN, and what a filled gap sets free (SHLD-31).
void take_held(Step& step) {
  Hypothesis& h = step.h;
  if (!receives(h.state)) return;  // text behind the closed user's back has ended the connection
  for (std::uint8_t i = 0; i < h.held_count;) {
    const Held held = h.held[i];
    if (lt(h.rcv_nxt, held.begin)) {
      ++i;
      continue;
    }
    const bool news = lt(h.rcv_nxt, held.end) || (held.fin && held.end == h.rcv_nxt);
    if (news && !held.sure && step.choose.otherwise(Choice::held_text)) {
      h.advisories |= advisory_bit(Rule::out_of_order_is_held);
      h.rcv_nxt_may = later(h.rcv_nxt_may, held.end);  // or kept in part: what is left shows later
      ++i;
      continue;
    }
    h.held[i] = h.held[--h.held_count];
    h.held[h.held_count] = Held{};
    i = 0;
    if (!news) continue;
    if (lt(h.rcv_nxt, held.end)) take(Text{held.end, Rule::text_is_accepted}, step);
    if (held.acks_fin && closes(h.state) && lt(h.snd_una, h.snd_nxt) &&
        !step.choose.otherwise(Choice::unprocessed_ack)) {
      Segment ack;
      ack.flags = ACK;
      ack.seq = h.rcv_nxt;
      ack.ack = h.snd_nxt;
      ack.wnd = static_cast<std::uint16_t>(h.max_snd_wnd);
      take(AckArrives{ack, true}, step);
    }
    if (held.fin && held.end == h.rcv_nxt && h.state != State::closed && h.state != State::listen) {
      take(Fin{}, step);
      return;
    }
  }
}

// Text that new segments bring in CLOSE-WAIT and later: "This should not occur".
void text_after_fin(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  h.blame = Rule::nothing_after_fin;
  suspect(h, segment, Rule::nothing_after_fin);
  if (h.orphan() && !segment.text.empty()) {  // SHLD-3 allows the closed user's reset here too
    Reset reset = reset_in_any_form(h, segment, Rule::data_after_close_resets);
    reset.owed = false;
    reset.ends = true;
    owe_reset(step, reset);
  } else {
    h.silence = Rule::nothing_after_fin;
  }
  if (!h.fin_received) {  // TIME-WAIT after an own reset: a FIN in order is the first
    const bool in_order = segment.has(FIN) && segment.text.empty() && segment.seq == h.rcv_nxt;
    if (!in_order || !step.choose.otherwise(Choice::late_fin)) return;
    h.rcv_nxt += 1;
    h.rcv_nxt_may = h.rcv_nxt;
    h.fin_received = true;
    return;
  }
  // Step 8 advances RCV.NXT over a FIN once more, literally (reading A35).
  if (segment.has(FIN) && le(segment.seq, h.rcv_nxt) && step.choose.otherwise(Choice::late_fin)) {
    h.rcv_nxt_may = later(h.rcv_nxt_may, segment.end());
  }
}

// SHLD-3: the user has closed in full and cannot read what arrives. True if the connection was reset for it.
bool resets_for_closed_user(Step& step, const Segment& segment, bool in_order) {
  Hypothesis& h = step.h;
  if (step.choose.otherwise(Choice::orphan_text)) {
    if (in_order) h.advisories |= advisory_bit(Rule::data_after_close_resets);
    Reset reset = reset_in_any_form(h, segment, Rule::data_after_close_resets);
    reset.owed = false;  // what was taken cannot be delivered: a reset may still follow, at any time
    reset.ends = true;
    owe_reset(step, reset);
    h.resets[h.reset_count - 1].by = Time::max();
    return false;
  }
  const Hypothesis before = h;
  const Reset reset = reset_in_any_form(h, segment, Rule::data_after_close_resets);
  take(GivenUp{}, step);
  h.origin = Origin::aborted;
  owe_reset(step, reset);
  wait_after_reset(step, before);
  return true;
}

// Text beyond a FIN that waits above a gap, or a FIN below text that does: no sentence says which of the two
// counts.
bool contradicts(const Hypothesis& h, Seq end, bool fin) {
  for (std::uint8_t i = 0; i < h.held_count; ++i) {
    const Held& held = h.held[i];
    if (held.fin && (lt(held.end, end) || (fin && end != held.end))) return true;
    if (fin && lt(end, held.end)) return true;
  }
  return false;
}

bool touch(const Held& a, const Held& b) {
  return le(a.begin, b.end) && le(b.begin, a.end);
}

void hold(Hypothesis& h, Held held) {
  // Pieces that touch are one: what was kept of it only in part shows when the gap is filled.
  for (std::uint8_t i = 0; i < h.held_count;) {
    const Held& other = h.held[i];
    if (!touch(held, other) || (held.fin && other.fin && held.end != other.end)) {
      ++i;
      continue;
    }
    held.begin = lt(other.begin, held.begin) ? other.begin : held.begin;
    held.fin = held.fin || other.fin;
    held.end = later(held.end, other.end);
    held.acks_fin = held.acks_fin || other.acks_fin;
    held.sure = held.sure && other.sure;
    h.held[i] = h.held[--h.held_count];
    h.held[h.held_count] = Held{};
    i = 0;
  }
  if (h.held_count < h.held.size()) {
    h.held[h.held_count++] = held;
  } else {
    h.contradicted = true;  // more pieces than are followed
  }
}

}  // namespace

void process_text(Step& step, const Segment& segment, Rule why) {
  Hypothesis& h = step.h;
  if (segment.text.empty() && !segment.has(FIN)) return;
  if (!receives(h.state)) {
    text_after_fin(step, segment);
    return;
  }
  const Seq begin = later(segment.seq, h.rcv_nxt);
  Seq end = segment.seq + static_cast<Seq>(segment.text.size());
  const bool in_order = begin == h.rcv_nxt;
  bool fin = segment.has(FIN);
  if (contradicts(h, end, fin)) h.contradicted = true;
  if (h.orphan() && lt(begin, end) && resets_for_closed_user(step, segment, in_order)) return;
  if (lt(h.advertised, end)) {
    // Trimmed at an edge between the one told and the true one (A22, A23), taken whole, or refused whole.
    const int way = step.choose.pick(Choice::right_edge_text, fin ? 3 : 2);
    const bool refused = way == (fin ? 2 : 1);
    if (refused) {
      owe_ack(step, Rule::unacceptable_is_acked, step.claims.acknowledgment());
      return;
    }
    if (way == 0) {
      if (in_order) h.rcv_nxt_may = later(h.rcv_nxt_may, end);
      end = later(h.advertised, begin);
      fin = false;
    }
  }
  if (fin && le(h.advertised, end) && step.choose.otherwise(Choice::fin_at_edge)) fin = false;  // reading A24
  if (!in_order) {
    const bool acks = covers_fin(h, segment) && closes(h.state);
    if (lt(begin, end) || fin) hold(h, {begin, end, fin, acks, false});
    return;
  }
  if (lt(h.rcv_nxt, end)) take(Text{end, why}, step);
  if (fin && end == h.rcv_nxt) {
    take(Fin{}, step);
    return;
  }
  take_held(step);
}

namespace {

// ---- first: sequence number -------------------------------------------------------------------------

Rule rule_of_unacceptable(const Hypothesis& h, const Segment& segment) {
  if (segment.has(SYN)) return Rule::syn_outside_is_acked;
  if (h.state == State::time_wait && segment.has(FIN)) return Rule::time_wait_answers_fin;
  if (h.rcv_wnd() == 0 && segment.seq == h.rcv_nxt && !segment.text.empty()) return Rule::probe_is_answered;
  return Rule::unacceptable_is_acked;
}

// The ACK field of a segment that was not acceptable: free for old segments and at a zero window (reading
// A26).
void ack_of_unacceptable(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (!segment.has(ACK)) return;
  const bool old = le(segment.end(), h.rcv_nxt) && h.rcv_nxt - segment.seq <= 65535;
  const bool closed_window = h.rcv_wnd() == 0 && segment.seq == h.rcv_nxt;
  if (!old && !closed_window) return;
  if (h.opening()) {
    if (acks_news(h, segment) && step.choose.otherwise(Choice::unprocessed_ack)) {
      establish_passive_or_crossed(step, segment);
      take_held(step);
    }
  } else if (covers_fin(h, segment) && closes(h.state) && lt(h.snd_una, h.snd_nxt)) {
    if (!step.choose.otherwise(Choice::unprocessed_ack)) return;
    take(AckArrives{segment, true}, step);
    h.parting_ack = !h.synchronized();
  } else {
    maybe_process_ack(h, segment);
  }
}

// Before the IUT has shown its ISS, whether an ACK is good cannot be told: a reset is allowed, and nothing is
// owed.
void answer_blind_ack(Step& step, const Segment& segment) {
  Reset reset = reset_for(segment, Rule::bad_ack_in_syn_received);
  reset.owed = false;
  owe_reset(step, reset);
}

void unacceptable(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  h.blame = Rule::unacceptable_is_dropped;
  suspect(h, segment, Rule::unacceptable_is_dropped);
  h.silence = h.opening() ? Rule::reset_needs_a_cause : Rule::synchronized_answers_with_ack;
  const bool bad_ack = has_bad_ack(h, segment);
  // §3.5.2, group 2: in SYN-RECEIVED a reset answers the bad ACK.
  if (h.opening() && bad_ack && !h.iss_known) {
    answer_blind_ack(step, segment);
    return;
  }
  if (h.opening() && bad_ack && step.choose.otherwise(Choice::syn_received_answer)) {
    take(UnacceptableAck{segment}, step);
    return;
  }
  take(UnacceptableSegment{segment, rule_of_unacceptable(h, segment)}, step);
  if (h.state == State::time_wait) return;
  ack_of_unacceptable(step, segment);
}

// ---- second: RST ------------------------------------------------------------------------------------

Rule rule_of_reset(const Hypothesis& h) {
  if (h.state == State::syn_received) return Rule::origin_is_remembered;
  return h.rcv_wnd() == 0 && h.window_known ? Rule::rst_at_zero_window : Rule::normal_or_aborted;
}

void obey_reset(Step& step) {
  Hypothesis& h = step.h;
  if (h.state != State::syn_received || !h.passive) {
    take(ResetArrives{rule_of_reset(h)}, step);
  } else if (h.reopened && step.choose.otherwise(Choice::rst_reopened)) {
    take(OldDuplicate{}, step);
  } else {
    take(BackToListen{Origin::syn_received}, step);
  }
}

void challenge_reset(Step& step) {
  take(Challenge{Rule::rst_inside_resets_or_challenges}, step);
  step.h.blame = Rule::rst_challenge_ack;
  grant_ack(step);
}

void reset_at_rcv_nxt(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  h.silence = Rule::rst_exact_resets;
  if (h.state == State::time_wait) {  // RFC 1337 ignores it, and so may MUST-13
    if (step.choose.pick(Choice::rst_time_wait, 2) == 0) take(ResetArrives{Rule::normal_or_aborted}, step);
    return;
  }
  if (!segment.text.empty() && step.choose.otherwise(Choice::rst_text)) {
    h.advisories |= advisory_bit(Rule::rst_with_data_counts);
    return;
  }
  // RFC 5961 §5 may discard "any incoming segment" with an ACK out of range, even before this check (A17).
  const bool odd_ack =
      segment.has(ACK) && (lt(h.snd_nxt, segment.ack) || lt(segment.ack, h.snd_una - h.max_snd_wnd));
  if (odd_ack && step.choose.otherwise(Choice::rst_bad_ack)) {
    challenge_reset(step);
    return;
  }
  obey_reset(step);
}

void reset_arrives(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (segment.seq == h.rcv_nxt) return reset_at_rcv_nxt(step, segment);
  const Seq furthest = furthest_edge(h, step.claims);
  const bool inside = lt(h.rcv_nxt, segment.seq) && lt(segment.seq, h.advertised);
  const bool at_edge = lt(h.rcv_nxt, segment.seq) && le(segment.seq, furthest);       // readings A19, A22
  const bool straddles = lt(segment.seq, h.rcv_nxt) && lt(h.rcv_nxt, segment.end());  // reading A20
  if (!inside && !at_edge && !straddles) {
    h.blame = h.silence = Rule::rst_outside_is_silent;
    return;
  }
  h.silence = Rule::rst_inside_resets_or_challenges;
  int way = 0;
  if (h.state == State::time_wait) {
    constexpr std::array<int, 3> order{1, 0, 2};
    way = order[static_cast<std::size_t>(step.choose.pick(Choice::rst_time_wait))];
  } else if (inside) {
    way = 1 + step.choose.pick(Choice::rst_inside);
  } else {
    way = step.choose.pick(Choice::rst_edge);
  }
  if (way == 1) obey_reset(step);
  if (way == 2) challenge_reset(step);
}

// What is left of a segment whose SYN lies left of the window. While the connection opens, text and FIN that
// come with a SYN may still be dropped: the peer sends them again (reading A7).
Segment trimmed(Step& step, const Segment& segment) {
  Segment rest = without_syn(segment);
  if (!step.h.opening() || rest.len() == 0 || !step.choose.otherwise(Choice::syn_text)) return rest;
  rest.text = {};
  rest.flags = static_cast<std::uint8_t>(rest.flags & ~FIN);
  return rest;
}

void acceptable(Step& step, const Segment& segment);

// ---- fourth: SYN ------------------------------------------------------------------------------------

// RFC 793's way: "If the SYN is in the window it is an error: send a reset".
void reset_for_syn(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const Hypothesis before = h;
  const Reset reset = reset_in_any_form(h, segment, Rule::syn_inside_resets_or_challenges);
  take(ResetArrives{Rule::normal_or_aborted}, step);
  owe_reset(step, reset);
  wait_after_reset(step, before);
  if (h.ack_credit > 0) --h.ack_credit;  // a reset or a challenge ACK, never both
}

void challenge_syn(Step& step, const Segment& segment, Rule why) {
  take(Challenge{why}, step);
  step.h.blame = Rule::syn_challenge_ack;
  suspect(step.h, segment, Rule::syn_challenge_ack);
  step.h.silence = Rule::syn_challenge_ack;
}

void syn_in_passive_syn_received(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const Reset stranger = reset_in_any_form(h, segment, Rule::syn_in_passive_syn_received);
  // §3.5.2, group 2, against step 4: a bad ACK is reset and "the connection remains in the same state".
  const bool bad_ack = has_bad_ack(h, segment);
  const int way = step.choose.pick(Choice::syn_passive, bad_ack ? 4 : 3);  // reading A13
  if (way == 3) {
    take(UnacceptableAck{segment}, step);
    return;
  }
  take(BackToListen{Origin::syn}, step);
  h.blame = h.silence = Rule::syn_in_passive_syn_received;
  if (way == 1) owe_reset(step, stranger);
  if (way == 2 && h.listening && !segment.has(ACK)) take(SynArrives{segment}, step);
}

// Figure 7: crossing SYNs, the second of which also acknowledges ours (reading A10).
void crossing_syn_ack(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (step.choose.otherwise(Choice::simultaneous_syn_ack)) {
    owe_ack(step, Rule::simultaneous_open, step.claims.acknowledgment());
    h.blame = Rule::simultaneous_open;
    return;
  }
  establish_passive_or_crossed(step, segment);
  const Segment rest = without_syn(segment);
  if (rest.len() > 0 && !step.choose.otherwise(Choice::syn_text))
    process_text(step, rest, Rule::text_is_accepted);
  take_held(step);
}

void syn_in_time_wait(Step& step, const Segment& segment, Where where) {
  Hypothesis& h = step.h;
  std::array<int, 4> ways{0, 1};
  int count = 2;
  if (h.listening && !segment.has(ACK)) ways[static_cast<std::size_t>(count++)] = 2;
  if (where != Where::outside) ways[static_cast<std::size_t>(count++)] = 3;
  switch (ways[static_cast<std::size_t>(step.choose.pick(Choice::syn_time_wait, count))]) {
    case 0: challenge_syn(step, segment, Rule::syn_outside_is_acked); break;
    case 1: h.blame = h.silence = Rule::syn_challenge_ack; break;  // RFC 6191
    case 2: take(Reopened{segment}, step); break;                  // MAY-2
    default: reset_for_syn(step, segment);
  }
}

void syn_arrives(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (h.state == State::syn_received && segment.seq == h.irs) {  // the SYN again, perhaps with another MSS
    h.peer_mss = std::max(h.peer_mss, segment.mss.value_or(536));
    h.peer_mss_given = h.peer_mss_given || segment.mss.has_value();
  }
  const bool crossed = h.state == State::syn_received && !h.passive && segment.seq == h.irs;
  if (crossed && acks_news(h, segment)) return crossing_syn_ack(step, segment);
  Where where = acceptability(h, step.claims, segment.seq, segment.len());
  if (lt(segment.seq, h.rcv_nxt) && lt(h.rcv_nxt, segment.end())) {
    // Only what follows the SYN is new: "trimming off any portions that lie outside the window (including SYN
    // ...)".
    if (step.choose.otherwise(Choice::syn_straddles)) return acceptable(step, trimmed(step, segment));
    where = Where::undecided;
  }
  if (where == Where::outside && lt(h.rcv_nxt, segment.seq) &&
      le(segment.seq, furthest_edge(h, step.claims))) {
    where = Where::undecided;  // exactly at the right edge (reading A19)
  }
  if (h.state == State::time_wait) return syn_in_time_wait(step, segment, where);
  int way = 0;
  if (where == Where::inside) way = 1 + step.choose.pick(Choice::syn_inside);
  if (where == Where::undecided) way = step.choose.pick(Choice::syn_edge);
  if (way == 0) return unacceptable(step, segment);
  if (h.state == State::syn_received && h.passive) return syn_in_passive_syn_received(step, segment);
  // §3.5.2, group 2, as in the passive case: a bad ACK is reset and "the connection remains in the same
  // state".
  const bool bad_ack = h.opening() && h.iss_known && has_bad_ack(h, segment);
  if (bad_ack && step.choose.otherwise(Choice::syn_received_answer)) {
    take(UnacceptableAck{segment}, step);
    return;
  }
  if (way == 1) return challenge_syn(step, segment, Rule::syn_inside_resets_or_challenges);
  reset_for_syn(step, segment);
}

// ---- fifth: ACK -------------------------------------------------------------------------------------

// True where the segment goes on to steps six to eight.
bool ack_in_syn_received(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (acks_news(h, segment)) {
    const bool early = lt(h.rcv_nxt, segment.seq);
    if (early && step.choose.otherwise(Choice::unprocessed_ack)) return true;  // reading A27
    establish_passive_or_crossed(step, segment);
    take_held(step);
    return true;
  }
  if (!h.iss_known) {
    answer_blind_ack(step, segment);
    return false;
  }
  h.blame = Rule::bad_ack_in_syn_received;
  suspect(h, segment, Rule::bad_ack_in_syn_received);
  const bool in_range = h.iss_known && segment.ack == h.iss;
  const bool may_ack = !in_range || h.state == State::fin_wait_1;  // readings A14, A15
  if (may_ack && step.choose.otherwise(Choice::bad_ack_syn_received)) {
    take(Challenge{Rule::bad_ack_in_syn_received}, step);
  } else {
    take(UnacceptableAck{segment}, step);
  }
  return false;
}

void ack_of_unsent(Step& step, const Segment& segment, bool early) {
  Hypothesis& h = step.h;
  suspect(h, segment, Rule::ack_of_unsent);
  h.blame = Rule::ack_of_unsent;
  h.silence = Rule::synchronized_answers_with_ack;
  const bool late = h.state == State::last_ack || h.state == State::time_wait;
  if (early) {
    h.provoked = step.now;  // one that looks at the ACK first has challenged it, maybe
    return;                 // readings A27, A30
  }
  if (late && step.choose.otherwise(Choice::unsent_ack_late)) return;  // reading A34
  take(Challenge{Rule::ack_of_unsent}, step);
}

// RFC 5961 §5 (MAY-12): who keeps to the range rejects an ACK below it; strict only where every reading of
// MAX.SND.WND accepts the ACK (reading A29).
bool rejected_by_range(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const bool surely_in_range = lt(h.iss, segment.ack) && le(h.snd_una - h.max_snd_wnd, segment.ack);
  if (surely_in_range || !step.choose.otherwise(Choice::ack_range)) return false;
  take(Challenge{Rule::ack_range}, step);
  h.blame = Rule::ack_range;
  suspect(h, segment, Rule::ack_range);
  return true;
}

void early_ack(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (!covers_fin(h, segment) || !closes(h.state) || h.snd_una == h.snd_nxt) {
    maybe_process_ack(h, segment);
    return;
  }
  if (step.choose.otherwise(Choice::unprocessed_ack)) take(AckArrives{segment, true}, step);
}

// True where the segment goes on to steps six to eight.
bool ack_in_synchronized(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const bool early = lt(h.rcv_nxt, segment.seq);
  if (lt(h.snd_nxt, segment.ack)) {
    ack_of_unsent(step, segment, early);
    return false;
  }
  if (rejected_by_range(step, segment)) return false;
  if (h.state == State::time_wait) {
    h.blame = Rule::nothing_after_fin;
    h.silence = Rule::time_wait_lasts_2msl;
    return true;
  }
  if (early) {
    if (lt(segment.ack, h.snd_una)) suspect_window(h, segment, Rule::window_update);
    early_ack(step, segment);
  } else if (le(h.snd_una, segment.ack)) {
    take(AckArrives{segment, covers_fin(h, segment)}, step);
  } else {
    suspect_window(h, segment, Rule::window_update);
  }
  return h.synchronized();
}

Rule rule_of_text(const Hypothesis& h, const Segment& segment) {
  if (lt(segment.seq, h.rcv_nxt)) return Rule::only_the_new_part;
  if (lt(segment.ack, h.snd_una)) return Rule::old_ack_keeps_the_text;
  if (h.state == State::fin_wait_1 || h.state == State::fin_wait_2) return Rule::half_closed_still_receives;
  return Rule::text_is_accepted;
}

void acceptable(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (!segment.has(ACK)) {
    h.blame = h.silence = Rule::no_ack_bit_is_dropped;
    suspect(h, segment, Rule::no_ack_bit_is_dropped);
    return;
  }
  h.silence = Rule::reset_needs_a_cause;
  const bool goes_on = h.opening() ? ack_in_syn_received(step, segment) : ack_in_synchronized(step, segment);
  if (!goes_on || !h.synchronized()) return;
  process_text(step, segment, rule_of_text(h, segment));
}

}  // namespace

void other_states(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (segment.has(RST)) return reset_arrives(step, segment);
  if (h.state == State::time_wait)
    take(LateSegment{}, step);  // whatever comes may restart 2MSL, or not (reading A34)
  if (segment.has(SYN)) return syn_arrives(step, segment);
  Where where = acceptability(h, step.claims, segment.seq, segment.len());
  const bool lone_fin = segment.has(FIN) && segment.text.empty() && segment.seq == h.rcv_nxt;
  if (where == Where::outside && lone_fin && h.rcv_wnd() == 0) where = Where::undecided;  // reading A24
  if (where == Where::undecided) {
    where = step.choose.otherwise(Choice::window_edge) ? Where::outside : Where::inside;
  }
  if (where == Where::outside) return unacceptable(step, segment);
  acceptable(step, segment);
}

}  // namespace finwait::model
