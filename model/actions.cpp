#include "model/actions.h"

#include <algorithm>

namespace finwait::model {

namespace {

// A connection begins: nothing is left of the TCB before but what the user and the host keep.
void new_tcb(Hypothesis& h) {
  Hypothesis fresh;
  fresh.state = h.state;
  fresh.listening = h.listening;
  fresh.handle = h.handle;
  fresh.ghosts = h.ghosts;
  fresh.stale = h.stale;
  fresh.ghost_signals = h.ghost_signals;
  fresh.event = h.event;
  fresh.past = h.past;
  fresh.culprit = h.culprit;
  fresh.blame_cause = h.blame_cause;
  fresh.since = h.since;
  fresh.provoked = h.provoked;
  fresh.blame = h.blame;
  fresh.silence = h.silence;
  fresh.reset_count = h.reset_count;
  fresh.resets = h.resets;
  fresh.advisories = h.advisories;
  fresh.old_snd_nxt = h.snd_nxt;
  fresh.old_rcv_nxt = h.rcv_nxt;
  h = fresh;
  for (Reset& reset : h.resets) reset.ends = false;
}

void begin_receiving(Hypothesis& h, const Segment& syn) {
  h.irs = syn.seq;
  h.rcv_nxt = h.rcv_nxt_may = h.user_nxt = syn.seq + 1;
  h.mss_cause = h.event;
  h.peer_mss_given = syn.mss.has_value();
  h.peer_mss = syn.mss.value_or(536);  // MUST-15
}

// The timers of the octet at SND.UNA start again; what the peer has answered ends a back-off chain.
void front_acknowledged(Hypothesis& h, Time now) {
  // Wholly acknowledged segments leave the queue.
  while (h.sent_count > 0 && le(h.sent_count > 1 ? h.sent_from[1] : h.snd_nxt, h.snd_una)) {
    std::move(h.sent_from.begin() + 1, h.sent_from.end(), h.sent_from.begin());
    h.sent_from[--h.sent_count] = 0;
  }
  if (h.resent == 0) h.sampled = true;
  h.resent = 0;
  h.interval = Time{0};
  h.last_sent = now;
  h.discharge(Owed::retransmission);
}

}  // namespace

Rule rule_of(Origin origin) {
  switch (origin) {
    case Origin::fresh: return Rule::none;
    case Origin::reset: return Rule::rst_exact_resets;
    case Origin::syn_received: return Rule::origin_is_remembered;
    case Origin::syn: return Rule::syn_in_passive_syn_received;
    case Origin::aborted: return Rule::nothing_after_abort;
    case Origin::closed: return Rule::close_before_established_is_quiet;
    case Origin::last_ack: return Rule::ack_of_fin;
    case Origin::time_wait: return Rule::time_wait_ends;
    case Origin::given_up: return Rule::closed_at_r2;
  }
  return Rule::none;
}

namespace {

// Ends that show only when the next segment comes.
bool shows_later(Origin origin) {
  return origin == Origin::reset || origin == Origin::syn || origin == Origin::syn_received ||
         origin == Origin::last_ack || origin == Origin::time_wait;
}

}  // namespace

Rule while_gone(Hypothesis& h, Rule otherwise) {
  if (!shows_later(h.origin)) return otherwise;
  h.culprit = h.origin_cause;
  return h.origin_rule;
}

Rule gone_before(Hypothesis& h, Rule otherwise) {
  const bool told_apart = h.origin_rule != Rule::none && h.origin_rule != rule_of(h.origin);
  if (!told_apart || h.origin_rule == otherwise) return otherwise;
  h.culprit = h.origin_cause;
  h.explained = true;
  return h.origin_rule;
}

void keep_origin(Hypothesis& h, const Hypothesis& before) {
  if (!shows_later(before.origin)) return;
  h.origin = before.origin;
  h.origin_rule = before.origin_rule;
  h.origin_cause = before.origin_cause;
}

Rule blamed(Hypothesis& h, Rule otherwise) {
  if (h.blame == Rule::none) return otherwise;
  h.culprit = h.blame_cause;
  return h.blame;
}

namespace {

// How far whoever has taken text up to here goes on, by what is held and what else was refused.
Seq taken_with(const Hypothesis& h, Seq reach) {
  for (bool further = true; further;) {
    const Seq before = reach;
    for (std::uint8_t i = 0; i < h.held_count; ++i) {
      const Held& held = h.held[i];
      if (le(held.begin, reach)) reach = later(reach, held.end + (held.fin ? 1 : 0));
    }
    for (const Suspect& other : h.suspects) {
      if (other.why != Rule::none && le(other.begin, reach)) reach = later(reach, other.end);
    }
    further = lt(before, reach);
  }
  return reach;
}

}  // namespace

Rule suspected(Hypothesis& h, Seq end, Rule otherwise) {
  // What begins at RCV.NXT comes before what lies behind it.
  for (const bool at_rcv_nxt : {true, false}) {
    for (const Suspect& suspect : h.suspects) {
      if (suspect.why == Rule::none || le(end, suspect.begin)) continue;
      const bool next = le(suspect.begin, h.rcv_nxt) && lt(h.rcv_nxt, suspect.end);
      if (next != at_rcv_nxt || lt(taken_with(h, suspect.end), end)) continue;
      h.culprit = suspect.cause;
      h.explained = true;
      return suspect.why;
    }
  }
  return otherwise;
}

Rule suspected_ack(Hypothesis& h, Rule otherwise, bool in_part) {
  // Whoever obeyed it believes that nothing, or less, is outstanding.
  const bool all = h.suspect_ack_number == h.snd_nxt;
  const bool fits = h.suspect_ack != Rule::none && lt(h.snd_una, h.snd_nxt) &&
                    (all || (in_part && lt(h.snd_una, h.suspect_ack_number)));
  if (!fits) return otherwise;
  h.culprit = h.suspect_ack_cause;
  h.explained = true;
  return h.suspect_ack;
}

void suspect_window(Hypothesis& h, const Segment& segment, Rule why) {
  if (!segment.has(ACK) || !h.iss_known) return;
  const Seq edge = later(segment.ack, h.snd_nxt) + segment.wnd;
  if (h.suspect_window != Rule::none && le(edge, h.suspect_edge)) return;  // the earlier one explains as much
  h.suspect_window = why;
  h.suspect_edge = edge;
  h.suspect_wl1 = segment.seq;
  h.suspect_window_cause = h.event;
}

void suspect(Hypothesis& h, const Segment& segment, Rule why) {
  if (acks_news(h, segment) && (h.suspect_ack == Rule::none || h.suspect_ack_number != segment.ack)) {
    h.suspect_ack = why;
    h.suspect_ack_number = segment.ack;
    h.suspect_ack_cause = h.event;
  }
  suspect_window(h, segment, why);
  if (segment.len() == 0 || le(segment.end(), h.rcv_nxt)) return;
  const Suspect suspect{why, segment.end(), h.event, segment.has(FIN), segment.seq};
  const Suspect& last = h.suspects[0];
  const bool covers = le(suspect.begin, last.begin) && le(last.end, suspect.end);
  if (last.why != Rule::none && !covers) {
    std::move_backward(h.suspects.begin(), h.suspects.end() - 1, h.suspects.end());
  }
  h.suspects[0] = suspect;
}

bool acks_news(const Hypothesis& h, const Segment& segment) {
  return segment.has(ACK) && h.iss_known && lt(h.snd_una, segment.ack) && le(segment.ack, h.snd_nxt);
}

bool has_bad_ack(const Hypothesis& h, const Segment& segment) {
  return segment.has(ACK) && !acks_news(h, segment);
}

void owe(Step& step, Owed what, Rule why, Time delay) {
  Duty& duty = step.h.duty(what);
  if (duty.why == Rule::none || step.now + delay < duty.by) duty = {step.now + delay, why, step.h.event};
}

void owe_ack(Step& step, Rule why, Time delay) {
  owe(step, Owed::ack, why, delay);
}

void grant_ack(Step& step) {
  Hypothesis& h = step.h;
  if (step.now > h.credit_until) h.ack_credit = 0;
  if (h.ack_credit < 255) ++h.ack_credit;
  h.credit_until = step.now + step.claims.acknowledgment();
}

void owe_reset(Step& step, Reset reset) {
  Hypothesis& h = step.h;
  reset.by = step.now + step.claims.reply();
  reset.cause = h.event;
  if (h.reset_count == h.resets.size()) {  // the oldest may have been answered by a later one
    std::move(h.resets.begin() + 1, h.resets.end(), h.resets.begin());
    --h.reset_count;
  }
  h.resets[h.reset_count++] = reset;
}

Reset reset_for(const Segment& segment, Rule why) {
  Reset reset;
  reset.owed = true;
  reset.why = why;
  reset.acked = segment.ack;
  reset.end = reset.end_low = segment.end();
  reset.forms = segment.has(ACK) ? at_seg_ack : at_zero;
  return reset;
}

Reset reset_at_snd_nxt(const Hypothesis& h, Rule why) {
  Reset reset;
  reset.owed = true;
  reset.why = why;
  // What SND.NXT is while data is outstanding depends on the retransmission in progress (reading A31).
  reset.next_low = h.snd_una;
  reset.next_high = h.snd_nxt;
  reset.forms = at_snd_nxt;
  return reset;
}

Reset reset_in_any_form(const Hypothesis& h, const Segment& segment, Rule why) {
  Reset reset = reset_at_snd_nxt(h, why);
  const Reset answer = reset_for(segment, why);
  reset.acked = answer.acked;
  reset.end = answer.end;
  reset.end_low = segment.seq + 1;  // any number that acknowledges part of the segment is believed
  reset.forms = static_cast<std::uint8_t>(reset.forms | answer.forms);
  return reset;
}

void review_sending(Step& step) {
  Hypothesis& h = step.h;
  const bool sends = h.synchronized() && h.state != State::fin_wait_2 && h.state != State::time_wait;
  const bool outstanding = h.iss_known && lt(h.snd_una, h.snd_nxt);
  const bool surely_outstanding = outstanding && h.snd_una_may != h.snd_nxt;
  if (surely_outstanding && (sends || h.state == State::syn_sent || h.state == State::syn_received)) {
    if (!h.owes(Owed::retransmission)) {
      // No RFC bounds a timer from above: only who abandons the segment is at fault.
      const Time wait = std::max(step.claims.patience, 32 * h.longest);
      h.duty(Owed::retransmission) = {h.last_sent + wait, Rule::retransmission, h.event};
    }
  } else {
    h.discharge(Owed::retransmission);
  }
  const bool idle = sends && !outstanding && !h.syn_unacknowledged();
  const std::uint32_t room = lt(h.snd_nxt, h.edge_low) ? h.edge_low - h.snd_nxt : 0;
  const std::uint32_t unsent = h.unsent();
  // §3.8.6.2.1: sent if all of it fits, or if half the largest window fits; no timer is binding, but MUST-60
  // forbids to hold it indefinitely.
  if (idle && unsent > 0 && room > 0 && (room >= unsent || room >= h.max_snd_wnd / 2)) {
    const Rule why = h.early         ? Rule::send_waits_for_established
                     : h.window_grew ? Rule::window_update
                     : h.fin_queued  ? Rule::data_before_close_arrives
                                     : Rule::held_data_leaves;
    owe(step, Owed::data, why, step.claims.patience);
  } else {
    h.discharge(Owed::data);
  }
  if (idle && h.fin_queued && !h.fin_sent && unsent == 0 && room > 0) {
    owe(step, Owed::fin, Rule::fin_follows_the_data, step.claims.reply());
  } else {
    h.discharge(Owed::fin);
  }
  if (idle && unsent > 0 && le(h.edge_high, h.snd_nxt)) {
    owe(step, Owed::probe, Rule::zero_window_is_probed, std::max(step.claims.patience, 32 * h.longest));
  } else {
    h.discharge(Owed::probe);
  }
}

void open_passive(Step& step) {
  step.h.listening = true;
}

void open_active(Step& step) {
  Hypothesis& h = step.h;
  new_tcb(h);
  h.handle = Handle::open;
  h.stale = false;
  // §3.4.3: a stack may keep quiet for an MSL after it has started (reading A53).
  const Time quiet = step.now < step.claims.msl ? step.claims.msl : Time{0};
  owe(step, Owed::syn, Rule::syn_form, quiet + step.claims.reply());
}

void register_syn(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  Rule why = Rule::syn_leads_to_syn_received;
  if (h.state != State::syn_sent) {
    const bool reopened = h.state == State::time_wait;
    const Origin origin = h.origin;
    const std::uint16_t origin_cause = h.origin_cause;
    const Rule origin_rule = h.origin_rule;
    new_tcb(h);
    h.stale = h.stale || h.handle == Handle::open || h.handle == Handle::ghost || h.handle == Handle::gone;
    h.handle = Handle::none;
    h.origin = origin;
    h.origin_rule = origin_rule;
    h.origin_cause = origin_cause;
    h.passive = true;
    h.reopened = reopened;
    if (!step.claims.listener_persists) h.listening = false;
    why = reopened ? Rule::reopening_iss_is_larger : Rule::listen_syn_gets_syn_ack;
  }
  begin_receiving(h, segment);
  h.advertised = h.advertised_max = h.rcv_nxt;
  h.syn_text_end = h.rcv_nxt;
  const bool controls = segment.len() > 1;  // text or FIN beside the SYN, "queued for processing later"
  if (controls && !step.choose.otherwise(Choice::syn_text)) {
    h.syn_text_end = h.rcv_nxt + static_cast<Seq>(segment.text.size());
    h.held[h.held_count++] = {h.rcv_nxt, h.syn_text_end, segment.has(FIN), false, true};
  }
  owe(step, Owed::syn_ack, why, step.claims.reply());
}

void queue_send(Step& step, std::uint32_t octets) {
  Hypothesis& h = step.h;
  h.queued += octets;
  if (octets > 0 && h.state < State::established) h.early = true;
  review_sending(step);
}

void queue_fin(Step& step) {
  step.h.fin_queued = true;
  // The state is still the one before the arrow; what is owed is reviewed by the caller.
}

void abort_connection(Step& step) {
  owe_reset(step, reset_at_snd_nxt(step.h, Rule::abort_sends_reset));
  delete_tcb(step, Origin::aborted);
}

void answer_stray(Step& step, const Segment& segment) {
  Rule why = segment.has(ACK) ? Rule::closed_reset_with_ack : Rule::closed_reset_without_ack;
  if (step.h.state == State::listen) why = Rule::listen_ack_is_reset;
  owe_reset(step, reset_for(segment, why));
}

void reset_bad_ack(Step& step, const Segment& segment) {
  const Rule why = step.h.state == State::syn_sent ? Rule::syn_sent_unacceptable_ack_is_reset
                                                   : Rule::bad_ack_in_syn_received;
  owe_reset(step, reset_for(segment, why));
}

void update_window(Hypothesis& h, const Segment& segment, bool surely) {
  const Seq edge = segment.ack + segment.wnd;
  const bool newer = lt(h.snd_wl1, segment.seq) || (h.snd_wl1 == segment.seq && le(h.snd_wl2, segment.ack));
  const bool advances = segment.seq != h.snd_wl1 || segment.ack != h.snd_wl2;
  h.max_snd_wnd = std::max<std::uint32_t>(h.max_snd_wnd, segment.wnd);
  h.edge_max = later(h.edge_max, edge);
  // A window taken back at equal SEQ and ACK may be ignored (reading A42); an older SEQ may count or not.
  const bool obeyed = surely && newer && (advances || lt(h.edge_high, edge));
  if (obeyed) {
    h.edge_low = h.edge_high = edge;
  } else {
    if (lt(edge, h.edge_low)) h.edge_low = edge;
    h.edge_high = later(h.edge_high, edge);
  }
  if (surely && newer) {
    // A window that counts has replaced the one that was refused, also for who has obeyed that.
    if (le(h.suspect_wl1, segment.seq)) h.suspect_window = Rule::none;
    h.snd_wl1 = segment.seq;
    h.snd_wl2 = segment.ack;
  }
}

void maybe_process_ack(Hypothesis& h, const Segment& segment) {
  if (!segment.has(ACK) || lt(segment.ack, h.snd_una) || lt(h.snd_nxt, segment.ack)) return;
  h.snd_una_may = later(h.snd_una_may, segment.ack);
  update_window(h, segment, false);
}

void establish_active(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  const Seq window = h.advertised;  // as told in the SYN, before RCV.NXT was known
  begin_receiving(h, segment);
  h.advertised = h.advertised_max = h.rcv_nxt + window;
  h.window_known = true;
  h.snd_una = h.snd_una_may = segment.ack;
  h.edge_low = h.edge_high = h.edge_max = segment.ack;
  h.snd_wl1 = segment.seq - 1;
  h.snd_wl2 = segment.ack;
  update_window(h, segment, true);
  front_acknowledged(h, step.now);
  if (h.handle == Handle::open) owe(step, Owed::opened, Rule::syn_ack_establishes, step.claims.reply());
  owe_ack(step, Rule::syn_ack_establishes, step.claims.acknowledgment());
  h.taken = Rule::syn_ack_establishes;
  h.text_since = step.now;
}

void establish(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  h.snd_una = segment.ack;
  h.snd_una_may = later(h.snd_una_may, segment.ack);
  h.edge_low = h.edge_high = h.edge_max = segment.ack;
  h.snd_wl1 = segment.seq - 1;
  h.snd_wl2 = segment.ack;
  update_window(h, segment, true);
  front_acknowledged(h, step.now);
  h.discharge(Owed::syn_ack);
  h.text_since = step.now;
  if (h.passive) {
    h.handle = Handle::waiting;
    owe(step, Owed::acceptable, Rule::good_ack_establishes, step.claims.reply());
  } else if (h.handle == Handle::open) {
    owe(step, Owed::opened, Rule::simultaneous_open, step.claims.reply());
  }
}

void answer_unacceptable(Step& step, const Segment& segment, Rule why) {
  if (step.h.syn_unacknowledged()) {  // only a lower-case should asks for an ACK before the states are
                                      // synchronized
    step.h.provoked = step.now;
    return;
  }
  // Only those without text or FIN may be throttled, and the challenge ACKs for a SYN (RFC 5961 §4.2, §7).
  if (segment.len() == 0 || segment.has(SYN)) {
    challenge(step, why);
    return;
  }
  owe_ack(step, why, step.claims.acknowledgment());
  step.h.provoked = step.now;
}

void challenge(Step& step, Rule why) {
  Hypothesis& h = step.h;
  // RFC 5961 §7: such ACKs may be throttled, for the whole host; only the first after a quiet time is owed.
  if (step.now - h.provoked >= step.claims.throttle) owe_ack(step, why, step.claims.acknowledgment());
  h.provoked = step.now;
}

void process_ack(Step& step, const Segment& segment) {
  Hypothesis& h = step.h;
  if (lt(h.snd_una, segment.ack)) {
    h.snd_una = segment.ack;
    h.snd_una_may = later(h.snd_una_may, segment.ack);
    h.acked_rule = h.rcv_wnd() == 0 ? Rule::zero_window_takes_acks : Rule::acked_data_is_not_resent;
    front_acknowledged(h, step.now);
  }
  const Seq edge = h.edge_low;
  if (le(h.snd_una, segment.ack)) update_window(h, segment, true);
  h.window_grew = lt(edge, h.edge_low);
}

void take_text(Step& step, const Text& text) {
  Hypothesis& h = step.h;
  if (h.user_nxt == h.text_end()) h.text_since = step.now;
  h.rcv_nxt = text.end;
  h.rcv_nxt_may = later(h.rcv_nxt_may, h.rcv_nxt);
  h.taken = text.rule;
  owe_ack(step, Rule::ack_within_half_a_second, step.claims.acknowledgment());
}

void take_fin(Step& step) {
  Hypothesis& h = step.h;
  if (h.user_nxt == h.text_end()) h.text_since = step.now;
  h.rcv_nxt += 1;
  h.rcv_nxt_may = h.rcv_nxt;
  h.fin_received = true;
  h.held = {};
  h.held_count = 0;
  h.taken = Rule::fin_is_acked_and_told;
  owe_ack(step, Rule::fin_is_acked_and_told, step.claims.acknowledgment());
  h.duty(Owed::ack).why = Rule::fin_is_acked_and_told;
  h.duty(Owed::ack).cause = h.event;
}

void start_time_wait(Step& step) {
  Hypothesis& h = step.h;
  h.tw_latest = step.now;
  for (Owed what : {Owed::data, Owed::fin, Owed::retransmission, Owed::probe}) h.discharge(what);
}

void restart_time_wait(Step& step) {
  Hypothesis& h = step.h;
  // Steps 5 and 8 restart 2MSL; step 1 would have dropped that segment before (readings A33, A34).
  h.tw_latest = step.now;
}

void delete_tcb(Step& step, Origin origin) {
  Hypothesis& h = step.h;
  if (h.handle == Handle::waiting) {  // accept may still return what has died in its queue
    ++h.ghosts;
    if (h.owes(Owed::acceptable)) ++h.ghost_signals;
    h.handle = Handle::none;
  }
  // "Return to LISTEN" (§3.10.7.4, steps 2 and 4) where the listener itself had become the connection.
  const bool returns = origin == Origin::syn_received || origin == Origin::syn;
  if (returns && !step.claims.listener_persists) h.listening = true;
  if (h.handle == Handle::open && h.ending == Ending::none) h.ending = Ending::closed;
  h.origin = origin;
  h.origin_cause = h.event;
  h.origin_rule = rule_of(origin);
  // It may have been gone before, or RCV.NXT, where the reset was, is elsewhere for who has taken what was
  // refused.
  Rule doubt = suspected_ack(h, Rule::none);
  if (doubt == Rule::none && origin == Origin::reset) doubt = suspected(h, h.rcv_nxt + 1, Rule::none);
  if (doubt != Rule::none) {
    h.origin_rule = doubt;
    h.origin_cause = h.culprit;
    h.culprit = h.event;
    h.explained = false;
  }
  h.owed = {};
  h.held = {};
  h.held_count = 0;
  h.ack_credit = 0;
  h.fin_queued = h.fin_sent = false;
  h.iss_known = false;
  h.window_known = false;
  h.snd_una_may = h.snd_una;
  h.parting_ack = false;
  for (Reset& reset : h.resets) reset.ends = false;  // nothing is left to end
}

void return_to_time_wait(Step& step) {
  Hypothesis& h = step.h;
  const Seq snd_nxt = h.old_snd_nxt, rcv_nxt = h.old_rcv_nxt;
  delete_tcb(step, Origin::time_wait);
  h.iss_known = h.fin_received = h.fin_sent = true;
  h.iss = h.snd_una = h.snd_una_may = h.snd_nxt = snd_nxt;
  h.rcv_nxt = h.rcv_nxt_may = h.user_nxt = h.advertised = h.advertised_max = rcv_nxt;
  h.tw_latest = step.now;
}

void reset_by_peer(Step& step, Rule why) {
  Hypothesis& h = step.h;
  const bool told = h.handle == Handle::open;
  delete_tcb(step, Origin::reset);
  if (why != Rule::normal_or_aborted) h.origin_rule = why;
  if (!told) return;
  h.ending = Ending::reset;
  owe(step, Owed::failed, why, step.claims.reply());
}

void time_out(Step& step) {
  Hypothesis& h = step.h;
  const Rule why = h.state == State::syn_sent ? Rule::syn_failure_is_told : Rule::user_timeout_is_told;
  const bool told = h.handle == Handle::open;
  delete_tcb(step, Origin::given_up);
  if (!told) return;
  h.ending = Ending::timed_out;
  owe(step, Owed::failed, why, step.claims.reply());
}

}  // namespace finwait::model
