#include "model/emission.h"

#include <algorithm>

#include "model/actions.h"
#include "model/machine.h"
#include "model/stream.h"
#include "model/timeouts.h"

namespace finwait::model {

namespace {

Rule first_of(Rule a, Rule b) {
  return a != Rule::none ? a : b;
}

Rule unlicensed(Hypothesis& h, Rule otherwise) {
  const bool gone = h.state == State::closed || h.state == State::listen;
  if (gone && h.origin != Origin::fresh) {
    h.culprit = h.origin_cause;
    return h.origin_rule;
  }
  return blamed(h, otherwise);
}

// Header rules that hold in every state.
Rule check_flags(const Hypothesis& h, const Segment& o) {
  const bool syn = o.has(SYN), fin = o.has(FIN), rst = o.has(RST);
  // SYN and FIN may be repackaged into one segment where CLOSE came before the SYN's acknowledgment.
  if ((syn && fin && !h.fin_queued) || (syn && rst) || (rst && fin)) return Rule::legal_flags;
  if (!syn && !rst && !o.has(ACK)) {
    const bool early = h.state == State::syn_sent || h.state == State::syn_received;
    return early && !o.text.empty() ? Rule::send_waits_for_established : Rule::legal_flags;
  }
  if (o.mss && !syn) return Rule::mss_only_on_syn;
  if (o.other_options && !(syn && !o.has(ACK))) return Rule::options_only_if_offered;
  return Rule::none;
}

// ---- resets -----------------------------------------------------------------------------------------

bool matches(const Reset& reset, const Segment& o) {
  if ((reset.forms & at_snd_nxt) && le(reset.next_low, o.seq) && le(o.seq, reset.next_high)) return true;
  if ((reset.forms & at_seg_ack) && o.seq == reset.acked) return true;
  return (reset.forms & at_zero) && o.seq == 0 && o.has(ACK) && le(reset.end_low, o.ack) &&
         le(o.ack, reset.end);
}

void leave_by_reset(Step& step) {
  if (step.h.state == State::time_wait) {
    take(TimeWaitTimeout{}, step);
  } else if (step.h.synchronized() || step.h.state == State::syn_received) {
    take(GivenUp{}, step);
  }
}

// The reset that this one is: one that is owed, else one that is allowed and not long past.
Reset* find_reset(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  for (const bool owed : {true, false}) {
    for (std::uint8_t i = 0; i < h.reset_count; ++i) {
      Reset& reset = h.resets[i];
      if (reset.owed == owed && (owed || step.now <= reset.by) && matches(reset, o)) return &reset;
    }
  }
  return nullptr;
}

void discharge_reset(Hypothesis& h, Reset* reset) {
  const bool repeatable = (reset->forms & (reset->forms - 1)) != 0;  // reading A2: one or two of them
  if (repeatable && reset->owed) {
    reset->owed = false;
    return;
  }
  std::move(reset + 1, h.resets.data() + h.reset_count, reset);
  h.resets[--h.reset_count] = Reset{};
}

// SHLD-3: whoever has taken text that was refused resets for it when the user closes in full.
Rule suspected_by_closed_user(Hypothesis& h) {
  const Suspect& suspect = h.suspects[0];
  const bool by_call = h.blame_cause != h.event;
  if (!h.orphan() || !by_call || suspect.why == Rule::none) return Rule::none;
  h.culprit = suspect.cause;
  h.explained = true;
  return suspect.why;
}

Rule emits_reset(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  if (Reset* reset = find_reset(step, o); reset != nullptr) {
    const bool ends = reset->ends;
    const bool stray = reset->cause != h.origin_cause;
    discharge_reset(h, reset);
    if (ends) leave_by_reset(step);
    h.reset_itself = h.state == State::syn_sent || h.state == State::syn_received || h.state == State::listen;
    // It has shown that there is no connection any more.
    if (stray && (h.state == State::closed || h.state == State::listen)) h.origin = Origin::fresh;
    return Rule::none;
  }
  const bool believable = h.iss_known && le(h.snd_una, o.seq) && le(o.seq, h.snd_nxt);
  if (believable && may_give_up(step)) {  // even while another reset is owed
    if (h.handle == Handle::open || h.state == State::syn_sent) {
      take(UserTimeout{}, step);
    } else {
      take(GivenUp{}, step);
    }
    return Rule::none;
  }
  Rule owed = Rule::none;
  for (std::uint8_t i = 0; i < h.reset_count; ++i) {
    if (h.resets[i].owed) owed = first_of(owed, h.resets[i].why);
  }
  if (owed != Rule::none) {
    h.in_kind = true;
    return owed;
  }
  const bool opens = h.state == State::syn_sent || h.state == State::syn_received || h.owes(Owed::opened);
  if (h.reset_itself && opens) {
    h.culprit = h.blame_cause;
    return Rule::unsynchronized_state_stays;
  }
  if (h.owes(Owed::syn_ack)) {  // it has not shown yet that it took the SYN
    h.culprit = h.duty(Owed::syn_ack).cause;
    return h.duty(Owed::syn_ack).why;
  }
  if (const Rule rule = suspected_by_closed_user(h); rule != Rule::none) return rule;
  if (h.state == State::time_wait) return Rule::time_wait_lasts_2msl;
  const bool uncaused =
      h.blame == Rule::none && (h.silence == Rule::none || h.silence == Rule::reset_needs_a_cause);
  if (uncaused && h.shrunk()) return Rule::survives_shrunken_window;
  if (h.suspect_ack != Rule::none && h.fin_sent) return suspected_ack(h, h.silence);
  const bool gone = h.state == State::closed || h.state == State::listen;
  if (const Rule rule = gone ? gone_before(h, Rule::none) : Rule::none; rule != Rule::none) return rule;
  if (h.silence != Rule::none) {
    h.culprit = h.blame_cause;
    return h.silence;
  }
  return blamed(h, Rule::reset_needs_a_cause);
}

// ---- transmissions and retransmissions --------------------------------------------------------------

void first_transmission(Step& step) {
  Hypothesis& h = step.h;
  h.first_sent = h.last_sent = step.now;
  h.silent = h.never_answered = true;
  h.resent = 0;
  h.interval = Time{0};
  h.discharge(Owed::retransmission);
}

// The front of the retransmission queue was sent again (§3.10.8, RFC 6298).
void retransmission(Step& step) {
  Hypothesis& h = step.h;
  const Claims& claims = step.claims;
  const Time interval = step.now - h.last_sent;
  const bool syn = h.syn_unacknowledged();
  const bool closed_window = h.synchronized() && le(h.edge_high, h.snd_una);
  if (h.resent == 0 && h.silent) {
    if (interval < 1s - claims.tolerance()) h.advisories |= advisory_bit(Rule::rto_at_least_one_second);
    const bool short_rto = interval < 3s - claims.tolerance();
    if (!syn && h.syn_resent && !h.sampled && h.syn_interval < 3s - claims.tolerance() && short_rto) {
      h.advisories |= advisory_bit(Rule::three_seconds_after_lost_syn);
    }
  }
  if (h.silent && h.interval > Time{0}) {
    const Time least =
        2 * (h.interval - claims.lateness(h.interval)) - 3 * (claims.tick + claims.step) - 2 * claims.slack;
    const bool doubled = interval >= least || interval >= 60s - claims.tick;
    if (!doubled && !closed_window) h.advisories |= advisory_bit(Rule::rto_doubles);
    if (!doubled && closed_window && interval < h.interval - claims.tolerance())
      h.advisories |= advisory_bit(Rule::probe_timing);
  }
  if (syn && h.silent) {  // the timer has expired
    if (!h.syn_resent) h.syn_interval = interval;
    h.syn_resent = true;
  }
  h.interval = h.silent ? interval : Time{0};
  h.longest = std::max(h.longest, interval);
  h.last_sent = step.now;
  h.silent = true;
  if (h.resent < 255) ++h.resent;
  h.discharge(Owed::retransmission);
  h.discharge(Owed::probe);
  if (h.state != State::fin_wait_2) take(RetransmissionTimeout{}, step);
}

void learn_iss(Step& step, Seq iss) {
  Hypothesis& h = step.h;
  h.iss_known = true;
  h.iss = h.snd_una = h.snd_una_may = iss;
  h.snd_nxt = iss + 1;
  h.discharge(Owed::syn);  // a SYN that crossed the peer's goes out as SYN,ACK
  first_transmission(step);
}

void note_window(Hypothesis& h, const Segment& o) {
  const Seq edge = o.ack + o.wnd;
  if (h.window_known && lt(edge, h.advertised) && !h.fin_received) {
    h.advisories |= advisory_bit(Rule::right_edge_stays);
  }
  h.advertised = edge;
  h.advertised_max = h.window_known ? later(h.advertised_max, edge) : edge;
  h.window_known = true;
}

// ---- SYN and SYN,ACK --------------------------------------------------------------------------------

Rule check_octets(const Hypothesis& h, Seq seq, std::span<const std::uint8_t> octets);
Rule check_fin(const Hypothesis& h, Seq text_end);

// Data on the SYN is a feature; a FIN may ride on it after CLOSE.
Rule riding_on_syn(Hypothesis& h, const Segment& o) {
  if (Rule rule = check_octets(h, o.seq + 1, o.text); rule != Rule::none) return rule;
  if (o.has(FIN)) {
    const Seq text_end = o.seq + 1 + static_cast<Seq>(o.text.size());
    if (Rule rule = check_fin(h, text_end); rule != Rule::none) return rule;
    h.fin_sent = true;
  }
  h.snd_nxt = later(h.snd_nxt, o.end());
  return Rule::none;
}

Rule emits_bare_syn(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  const bool active = h.state == State::syn_sent || (h.opening() && !h.passive);
  if (!active) return unlicensed(h, Rule::legal_flags);
  if (!h.iss_known) {
    learn_iss(step, o.seq);
    // An offset until RCV.NXT is known; after the peer's SYN the SYN,ACK tells the window.
    if (h.state == State::syn_sent) h.advertised = o.wnd;
  } else if (o.seq != h.iss) {
    return Rule::syn_form;
  } else {
    retransmission(step);
    h.reset_itself = false;  // the state has stayed
  }
  return riding_on_syn(h, o);
}

Rule emits_syn_ack(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  if (!h.opening()) return unlicensed(h, Rule::legal_flags);
  const Rule form = h.passive ? Rule::listen_syn_gets_syn_ack : Rule::syn_leads_to_syn_received;
  if (!h.iss_known) {
    if (h.reopened && lt(o.seq, h.old_snd_nxt)) return Rule::reopening_iss_is_larger;
    learn_iss(step, o.seq);
  } else if (o.seq != h.iss) {
    return form;
  } else if (!h.owes(Owed::syn_ack) && !h.owes(Owed::ack) && h.ack_credit == 0) {
    retransmission(step);
  } else {  // an answer, or a retransmission that cannot be told from one: either way it has been sent again
    h.last_sent = step.now;
    h.interval = Time{0};
    if (h.resent < 255) ++h.resent;
    h.discharge(Owed::retransmission);
  }
  const Seq furthest = later(h.rcv_nxt, h.syn_text_end);
  if (lt(o.ack, h.irs + 1)) return form;
  if (lt(furthest, o.ack)) return Rule::ack_never_beyond_received;
  h.rcv_nxt = later(h.rcv_nxt, o.ack);  // text on the SYN that is kept may be acknowledged (reading A8)
  h.rcv_nxt_may = later(h.rcv_nxt_may, h.rcv_nxt);
  if (h.ack_credit > 0) --h.ack_credit;
  h.discharge(Owed::syn_ack);
  h.discharge(Owed::ack);
  h.origin = Origin::fresh;
  note_window(h, o);
  return riding_on_syn(h, o);
}

// ---- acknowledgments --------------------------------------------------------------------------------

// Who has counted a FIN of what was refused takes nothing behind it.
Rule suspected_fin(Hypothesis& h, Seq ack, Rule otherwise) {
  for (const Suspect& suspect : h.suspects) {
    if (suspect.why == Rule::none || !suspect.fin || suspect.end != ack) continue;
    h.culprit = suspect.cause;
    h.explained = true;
    return suspect.why;
  }
  return otherwise;
}

Rule check_ack_number(Step& step, const Segment& o, bool again) {
  Hypothesis& h = step.h;
  if (o.ack == h.rcv_nxt) {
    h.rcv_nxt_may = h.rcv_nxt;
    return Rule::none;
  }
  if (lt(h.rcv_nxt, o.ack)) {
    if (!le(o.ack, h.rcv_nxt_may)) return suspected(h, o.ack, blamed(h, Rule::ack_never_beyond_received));
    if (!h.fin_received) {
      if (h.user_nxt == h.rcv_nxt) h.text_since = step.now;
      h.rcv_nxt = o.ack;
    }
    return Rule::none;
  }
  if (h.ack_earlier_in == h.event && le(h.ack_earlier, o.ack)) return Rule::none;
  if (again && le(h.irs + 1, o.ack)) return Rule::none;  // an identical retransmission (reading A32)
  return suspected_fin(h, o.ack, first_of(h.taken, Rule::ack_is_current));
}

// Reading A44: one octet, or none, below SND.UNA asks for the peer's window.
void probe_sent(Step& step) {
  Hypothesis& h = step.h;
  h.longest = std::max(h.longest, step.now - h.last_sent);
  h.last_sent = step.now;
  h.silent = true;
  h.discharge(Owed::probe);
  h.discharge(Owed::retransmission);
}

Rule emits_pure_ack(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  const bool outstanding = lt(h.snd_una, h.snd_nxt);
  const bool somewhere = outstanding && le(h.snd_una, o.seq) && le(o.seq, h.snd_nxt);  // reading A31
  const bool probe = h.probing() && o.seq == h.snd_una - 1;                            // reading A44
  if (o.seq != h.snd_nxt && !somewhere && !probe) return Rule::pure_ack_at_snd_nxt;
  if (step.now > h.credit_until) h.ack_credit = 0;
  const bool updates = lt(h.advertised, o.ack + o.wnd);
  if (h.owes(Owed::ack) && le(h.rcv_nxt, o.ack)) {  // beyond it only by reading A35
    h.discharge(Owed::ack);
    if (h.ack_credit > 0) --h.ack_credit;
  } else if (h.ack_credit > 0) {
    --h.ack_credit;
  } else if (!updates && !probe) {
    const bool silence_due = h.blame != Rule::none && h.blame == h.silence;
    h.culprit = h.blame_cause;
    return silence_due ? h.blame : Rule::one_ack_per_segment;
  }
  if (probe) probe_sent(step);
  return Rule::none;
}

// ---- text and FIN -----------------------------------------------------------------------------------

Rule check_octets(const Hypothesis& h, Seq seq, std::span<const std::uint8_t> octets) {
  const std::uint32_t offset = seq - (h.iss + 1);
  if (offset > h.queued || octets.size() > h.queued - offset) return Rule::one_octet_per_number;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] != iut_octet(offset + static_cast<std::uint32_t>(i))) return Rule::one_octet_per_number;
  }
  return Rule::none;
}

Rule check_state_for_text(const Hypothesis& h, const Segment& o) {
  if (h.opening()) {
    if (!o.text.empty()) return Rule::send_waits_for_established;
    return h.fin_queued ? Rule::none : Rule::one_fin;
  }
  const bool acked = h.iss_known && le(o.end(), h.snd_una);
  if (h.state == State::fin_wait_2 || h.state == State::time_wait) {
    return acked ? Rule::acked_data_is_not_resent : Rule::one_fin;
  }
  return Rule::none;
}

Rule check_fin(const Hypothesis& h, Seq text_end) {
  if (!h.fin_queued) return Rule::one_fin;
  // Whoever sends it has entered FIN-WAIT-1; else it waits for ESTABLISHED (§3.10.4).
  if (h.state == State::syn_received) return Rule::fin_follows_the_data;
  if (text_end == h.stream_end()) return Rule::none;
  return h.fin_sent ? Rule::one_fin : Rule::fin_follows_the_data;
}

// §3.8.6: the octets lie inside the peer's window, or are a probe of a closed one.
Rule check_window(Step& step, const Segment& o, Seq text_end) {
  Hypothesis& h = step.h;
  if (o.text.empty()) return Rule::none;
  const bool closed_window = le(h.edge_high, o.seq);
  const bool idle = h.snd_una == h.snd_nxt || lt(o.seq, h.snd_nxt);
  // "At least one octet of new data"; when the first probe goes out is only a SHOULD.
  if (closed_window && (o.text.size() == 1 || idle)) {
    const bool waited = step.now - h.last_sent >= 1s - step.claims.tolerance();
    if (!waited && o.text.size() > 1) h.advisories |= advisory_bit(Rule::probe_timing);
    return Rule::none;
  }
  if (lt(h.edge_max, text_end)) {
    if (h.suspect_window == Rule::none || lt(h.suspect_edge, text_end))
      return Rule::nothing_new_beyond_window;
    h.culprit = h.suspect_window_cause;
    h.explained = true;
    return h.suspect_window;
  }
  const bool news = lt(h.snd_nxt, text_end);
  if (news && lt(h.edge_high, text_end)) h.advisories |= advisory_bit(Rule::no_new_data_after_shrink);
  return Rule::none;
}

Rule check_size(Hypothesis& h, const Segment& o) {
  if (h.peer_mss < 64 || o.text.size() <= h.peer_mss) return Rule::none;  // reading A52
  h.culprit = h.mss_cause;
  return h.peer_mss_given ? Rule::effective_send_mss : Rule::default_send_mss;
}

Rule emits_text(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  const Seq text_end = o.seq + static_cast<Seq>(o.text.size());
  if (h.probing() && o.seq == h.snd_una - 1 && o.text.size() <= 1 && !o.has(FIN)) {  // reading A44
    probe_sent(step);
    return Rule::none;
  }
  if (Rule rule = check_state_for_text(h, o); rule != Rule::none) return rule;
  if (o.has(FIN)) {
    if (Rule rule = check_fin(h, text_end); rule != Rule::none) return rule;
  }
  if (lt(h.snd_nxt, o.seq)) return Rule::one_octet_per_number;
  if (Rule rule = check_octets(h, o.seq, o.text); rule != Rule::none) return rule;
  if (le(o.end(), h.snd_una) && lt(o.seq, h.front())) return h.acked_rule;
  if (Rule rule = check_window(step, o, text_end); rule != Rule::none) return rule;
  if (Rule rule = check_size(h, o); rule != Rule::none) return rule;
  const bool outstanding = lt(h.snd_una, h.snd_nxt);
  // What follows the front at once, as in go-back-N, is not the timer's doing.
  const bool follows = lt(h.snd_una, o.seq) && step.now == h.last_sent && h.resent > 0;
  if (outstanding && lt(o.seq, h.snd_nxt) && le(o.seq, h.snd_una_may) && !follows) {
    if (o.seq == h.snd_una_may) h.snd_una = o.seq;  // so the acknowledgment in doubt was processed
    retransmission(step);
  }
  if (lt(h.snd_nxt, o.end())) {
    const bool perhaps_idle = outstanding && h.snd_una_may == h.snd_nxt;
    if (!outstanding || perhaps_idle) first_transmission(step);
    if (perhaps_idle)
      h.silent = h.never_answered = false;  // or the timer runs on for what was not acknowledged
    if (h.sent_count < h.sent_from.size()) h.sent_from[h.sent_count++] = o.seq;
    h.snd_nxt = o.end();
    h.early = false;
  }
  if (o.has(FIN)) h.fin_sent = true;
  return Rule::none;
}

Rule emits_ack_or_text(Step& step, const Segment& o) {
  Hypothesis& h = step.h;
  if (h.state == State::closed || h.state == State::listen) {
    if (h.parting_ack && o.len() == 0 && o.seq == h.snd_nxt && o.ack == h.rcv_nxt) {
      h.parting_ack = false;
      return Rule::none;
    }
    if (lt(h.rcv_nxt, o.ack) && o.seq == h.snd_nxt && h.suspects[0].why != Rule::none) {
      return suspected(h, o.ack, unlicensed(h, Rule::reset_needs_a_cause));
    }
    return unlicensed(h, Rule::reset_needs_a_cause);
  }
  if (h.state == State::syn_sent) return unlicensed(h, Rule::syn_form);
  if (!h.iss_known) return Rule::listen_syn_gets_syn_ack;
  const bool again = o.len() > 0 && lt(o.seq, h.snd_nxt);
  if (Rule rule = check_ack_number(step, o, again); rule != Rule::none) return rule;
  const Rule rule = o.len() > 0 ? emits_text(step, o) : emits_pure_ack(step, o);
  if (rule != Rule::none) return rule;
  if (o.ack == h.rcv_nxt) {
    h.discharge(Owed::ack);
    h.taken = Rule::none;
    note_window(h, o);
  }
  return Rule::none;
}

}  // namespace

Rule emits(Step& step, const Segment& o) {
  if (Rule rule = check_flags(step.h, o); rule != Rule::none) return rule;
  Rule rule = Rule::none;
  if (o.has(RST)) {
    rule = emits_reset(step, o);
  } else if (o.has(SYN)) {
    rule = o.has(ACK) ? emits_syn_ack(step, o) : emits_bare_syn(step, o);
  } else {
    rule = emits_ack_or_text(step, o);
  }
  if (rule == Rule::none) review_sending(step);
  return rule;
}

}  // namespace finwait::model
