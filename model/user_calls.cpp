#include "model/user_calls.h"

#include <algorithm>

#include "model/actions.h"
#include "model/machine.h"
#include "model/segment_arrives.h"
#include "model/stream.h"
#include "model/timeouts.h"

namespace finwait::model {

namespace {

bool is_error(Result result) {
  return result != Result::ok && result != Result::pending;
}

bool tells(Result result, Ending ending) {
  switch (ending) {
    case Ending::reset:
      return result == Result::refused || result == Result::reset || result == Result::error;
    case Ending::timed_out: return result == Result::timed_out || result == Result::error;
    default: return false;
  }
}

// The user holds no live connection: never opened, closed in full, or ended.
bool no_connection(const Hypothesis& h, const UserCall& call) {
  // In CLOSED a socket without an ending is one that should never have been given out: that was reported.
  return !call.on_connection || h.handle != Handle::open || h.ending != Ending::none ||
         h.state == State::closed;
}

// Any call that reports the connection's end serves as the signal of it (§3.9.1.8).
void note_error(Hypothesis& h, Result result) {
  if (!tells(result, h.ending)) return;
  h.discharge(Owed::failed);
  h.error_told = true;
}

// §3.10.1
Rule open_passive_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (is_error(call.result)) {
    const bool free = h.state == State::closed && !h.listening;
    const bool refusable = call.result == Result::no_resources || call.result == Result::exists;
    return free && !refusable ? Rule::open_is_answered : Rule::none;
  }
  if (h.listening) return Rule::second_open_fails;
  if (h.state == State::closed) {
    h.blame = h.silence = Rule::passive_open_is_silent;
    take(OpenPassive{}, step);
  } else {
    h.listening = true;  // beside a connection that exists (MUST-41)
  }
  return Rule::none;
}

Rule open_active_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  const bool unused = h.state == State::closed || h.state == State::listen;
  if (is_error(call.result)) {
    if (h.blame == Rule::none) h.blame = Rule::second_open_fails;
    const bool refusable =
        h.state == State::listen || call.result == Result::no_resources || call.result == Result::exists;
    return unused && !refusable ? Rule::open_is_answered : Rule::none;
  }
  if (!unused) return suspected_ack(h, Rule::second_open_fails);
  take(OpenActive{}, step);
  return Rule::none;
}

// accept: news of ESTABLISHED.
Rule accept_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (call.result == Result::ok) {
    if (h.ghosts > 0 && (h.handle != Handle::waiting || step.choose.otherwise(Choice::accept_ghost))) {
      --h.ghosts;
      h.stale = h.handle == Handle::waiting;
      if (h.stale) return Rule::none;
      h.handle = Handle::ghost;  // nobody asks any more after a connection held before
      h.discharge(Owed::opened);
      h.discharge(Owed::failed);
      return Rule::none;
    }
    if (h.handle != Handle::waiting) return Rule::good_ack_establishes;
    h.handle = Handle::open;
    h.stale = false;
    h.discharge(Owed::acceptable);
    return Rule::none;
  }
  if (call.result == Result::pending) {
    const bool owed = h.handle == Handle::waiting && !h.owes(Owed::acceptable);
    return owed ? Rule::good_ack_establishes : Rule::none;
  }
  if (h.ghosts > 0) {
    --h.ghosts;  // "aborted": the dead child was reported
    return Rule::none;
  }
  return h.listening ? Rule::good_ack_establishes : Rule::none;
}

// §3.10.2
Rule send_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (no_connection(h, call)) {
    // To a connection that the peer has reset the first SEND may still succeed; its octets are lost.
    const bool ended = call.on_connection && h.ending != Ending::none;
    if (call.result == Result::ok && !ended) return Rule::send_without_connection_fails;
    note_error(h, call.result);
    return Rule::none;
  }
  if (h.fin_queued) {
    if (call.result == Result::ok && call.asked > 0) return Rule::send_after_close_fails;
    return Rule::none;
  }
  const bool opening = h.state == State::syn_sent || h.state == State::syn_received;
  switch (call.result) {
    case Result::ok:
      if (call.count > call.asked) return Rule::send_is_accepted;
      take(Send{call.count}, step);
      return Rule::none;
    case Result::pending:
    case Result::no_resources: return Rule::none;
    case Result::no_connection: return opening ? Rule::none : Rule::send_is_accepted;
    default: return blamed(h, Rule::send_is_accepted);
  }
}

// §3.10.3: octets, in order, once.
Rule received_octets(Step& step, std::span<const std::uint8_t> octets) {
  Hypothesis& h = step.h;
  const auto count = static_cast<std::uint32_t>(octets.size());
  if (h.state == State::syn_sent || h.state == State::syn_received || h.syn_unacknowledged()) {
    if (h.ending == Ending::none) return Rule::no_delivery_before_established;
  }
  if (h.eof_told) return Rule::stream_is_intact;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (octets[i] != tester_octet(h.user_nxt + i)) return Rule::stream_is_intact;
  }
  const Seq may = h.fin_received ? h.text_end() : later(h.rcv_nxt, h.rcv_nxt_may);
  if (count > may - h.user_nxt) return suspected(h, h.user_nxt + count, blamed(h, Rule::stream_is_intact));
  h.user_nxt += count;
  if (lt(h.text_end(), h.user_nxt)) h.rcv_nxt = h.user_nxt;
  return Rule::none;
}

Rule end_of_stream(Hypothesis& h) {
  if (h.eof_told) return Rule::none;
  const bool unread = h.user_nxt != h.text_end();
  // §3.10.3 says "connection closing" at once in these states (reading A37).
  const bool literal = h.state == State::closing || h.state == State::last_ack || h.state == State::time_wait;
  if (!h.fin_received || (unread && !literal)) return Rule::eof_after_last_octet;
  h.eof_told = true;
  return Rule::none;
}

// Nothing was returned: right while nothing is there, or has come too recently to be seen.
Rule nothing_received(const Step& step) {
  const Hypothesis& h = step.h;
  if (!h.synchronized() || h.syn_unacknowledged()) return Rule::none;
  const bool recent = step.now <= h.text_since + step.claims.reaction;
  if (recent) return Rule::none;
  if (h.user_nxt != h.text_end()) return Rule::received_text_is_delivered;
  return h.fin_received ? Rule::fin_is_acked_and_told : Rule::none;
}

Rule receive_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (!call.on_connection || h.handle == Handle::none || h.handle == Handle::gone ||
      h.handle == Handle::waiting) {
    return call.result == Result::ok ? Rule::receive_without_connection_fails : Rule::none;
  }
  if (call.result == Result::ok) return received_octets(step, call.received);
  if (h.ending == Ending::reset || h.ending == Ending::timed_out) {
    // Unread octets first or not at all, never the end of the stream as the only news (readings A38, A39).
    if (call.result == Result::closing && !h.error_told && !h.fin_received) return Rule::normal_or_aborted;
    note_error(h, call.result);
    return Rule::none;
  }
  if (h.ending == Ending::closed) {
    if (call.result == Result::closing) return h.fin_received ? end_of_stream(h) : Rule::none;
    return call.result == Result::pending && h.fin_received ? nothing_received(step) : Rule::none;
  }
  switch (call.result) {
    case Result::closing: return end_of_stream(h);
    case Result::pending: return nothing_received(step);
    case Result::no_resources: return Rule::none;
    case Result::no_connection: return h.synchronized() ? blamed(h, Rule::normal_or_aborted) : Rule::none;
    default: return blamed(h, Rule::normal_or_aborted);
  }
}

// §3.10.4
Rule close_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (no_connection(h, call)) {
    const bool ended = call.on_connection && h.ending != Ending::none;
    if (call.result == Result::ok && !ended) return Rule::close_without_connection_fails;
    note_error(h, call.result);
    return Rule::none;
  }
  if (h.fin_queued) return Rule::none;  // "error: connection closing" or ok
  if (h.state == State::syn_sent) {
    if (call.result != Result::ok || step.choose.otherwise(Choice::close_syn_sent)) return Rule::none;
    h.blame = h.silence = Rule::close_before_established_is_quiet;
    take(Close{}, step);
    return Rule::none;
  }
  if (call.result != Result::ok) return blamed(h, Rule::close_is_accepted);
  if (h.state == State::syn_received) {
    const bool waits = h.unsent() > 0 || step.choose.otherwise(Choice::close_syn_received);
    if (waits) {
      take(CloseDeferred{}, step);
      return Rule::none;
    }
  }
  take(Close{}, step);
  return Rule::none;
}

// The listener is closed while it may have a child (reading A50).
Rule close_listener(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (!h.listening) return call.result == Result::ok ? Rule::close_without_connection_fails : Rule::none;
  if (call.result != Result::ok) return Rule::close_is_accepted;
  if (h.state == State::listen) {
    const Hypothesis before = h;
    h.listening = false;
    h.ghosts = 0;
    take(Close{}, step);
    keep_origin(h, before);
    return Rule::none;
  }
  h.listening = false;
  h.ghosts = 0;
  const bool waiting = h.handle == Handle::waiting || (h.state == State::syn_received && h.passive);
  if (!waiting) return Rule::none;
  h.discharge(Owed::acceptable);
  const int way = step.choose.pick(Choice::listener_closed);
  Reset reset = reset_at_snd_nxt(h, Rule::reset_needs_a_cause);
  if (way == 0) {  // it lives on until it is answered, and may be reset at any time
    h.handle = Handle::gone;
    reset.owed = false;
    reset.ends = true;
    owe_reset(step, reset);
    h.resets[h.reset_count - 1].by = Time::max();
    return Rule::none;
  }
  h.handle = Handle::none;
  if (h.state == State::time_wait) {
    take(TimeWaitTimeout{}, step);
  } else {
    take(GivenUp{}, step);
  }
  reset.owed = false;
  if (way == 2) owe_reset(step, reset);
  return Rule::none;
}

void close_with_unread_text(Step& step) {
  Hypothesis& h = step.h;
  const Hypothesis before = h;
  const Reset reset = reset_at_snd_nxt(h, Rule::close_with_unread_data_resets);
  take(Abort{}, step);
  h.reset_count = before.reset_count;
  h.resets = before.resets;
  owe_reset(step, reset);
  wait_after_reset(step, before);
}

// CLOSE and no more RECEIVE (MAY-1).
Rule close_full_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (call.on_listener) return close_listener(step, call);
  if (!call.on_connection || h.handle == Handle::none || h.handle == Handle::gone ||
      h.handle == Handle::waiting) {
    return call.result == Result::ok ? Rule::close_without_connection_fails : Rule::none;
  }
  const bool alive = h.handle == Handle::open && h.ending == Ending::none;
  h.discharge(Owed::failed);
  h.discharge(Owed::opened);
  h.handle = Handle::gone;
  if (!alive) return Rule::none;
  if (call.result != Result::ok) return blamed(h, Rule::close_is_accepted);
  if (h.state == State::syn_sent) {
    Reset reset = reset_at_snd_nxt(h, Rule::close_before_established_is_quiet);
    reset.owed = false;  // the user may reset "at any time" (§3.5.2)
    take(Close{}, step);
    owe_reset(step, reset);
    return Rule::none;
  }
  const bool unread = h.user_nxt != h.text_end();
  const bool closing = h.state == State::closing || h.state == State::last_ack || h.state == State::time_wait;
  if (unread && closing && step.choose.otherwise(Choice::close_unread)) {
    close_with_unread_text(step);
    return Rule::none;
  }
  if (unread && !closing && h.synchronized()) {
    if (!step.choose.otherwise(Choice::close_unread)) {
      close_with_unread_text(step);
      return Rule::none;
    }
    h.advisories |= advisory_bit(Rule::close_with_unread_data_resets);
  }
  if (h.fin_queued) return Rule::none;
  const bool waits =
      h.state == State::syn_received && (h.unsent() > 0 || step.choose.otherwise(Choice::close_syn_received));
  if (waits) {
    take(CloseDeferred{}, step);
  } else {
    take(Close{}, step);
  }
  return Rule::none;
}

// §3.10.5
Rule abort_call(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (!call.on_connection || h.handle == Handle::none || h.handle == Handle::gone ||
      h.handle == Handle::waiting) {
    return call.result == Result::ok ? Rule::abort_without_connection_fails : Rule::none;
  }
  const bool alive = h.handle == Handle::open && h.ending == Ending::none;
  h.discharge(Owed::failed);
  h.handle = Handle::gone;
  if (!alive) {
    // The user was told of an end, yet TIME-WAIT goes on (§3.5.2); ABORT may still delete its TCB (§3.10.5).
    const bool waits = h.state == State::time_wait && call.result == Result::ok;
    if (waits && step.choose.otherwise(Choice::after_reset)) take(Abort{}, step);
    return Rule::none;
  }
  if (call.result != Result::ok) return blamed(h, Rule::abort_sends_reset);
  const Hypothesis before = h;
  const bool ack_pending = h.owes(Owed::ack) || h.ack_credit > 0;
  const bool optional = h.state == State::syn_sent || h.state == State::closing || h.state == State::last_ack;
  if (optional) {
    Reset reset = reset_at_snd_nxt(h, Rule::nothing_after_abort);
    reset.owed = false;
    take(Abort{}, step);
    owe_reset(step, reset);
  } else {
    take(Abort{}, step);
  }
  h.parting_ack = ack_pending && before.synchronized();  // formed before the call
  if (h.origin == Origin::aborted && before.synchronized()) wait_after_reset(step, before);
  return Rule::none;
}

// §3.10.6
Rule status_call(Step& step, const UserCall& call) {
  const Hypothesis& h = step.h;
  if (no_connection(h, call)) {
    const bool ended = call.on_connection && h.ending != Ending::none;
    const bool right = call.result != Result::ok || (ended && call.state == name(State::closed));
    return right || h.handle == Handle::ghost ? Rule::none : Rule::status_tells_the_state;
  }
  return call.result == Result::ok && call.state == name(h.state) ? Rule::none : Rule::status_tells_the_state;
}

}  // namespace

Rule user_calls(Step& step, const UserCall& call) {
  Hypothesis& h = step.h;
  if (call.result == Result::unsupported) return Rule::none;
  const bool opens =
      call.call == Call::open_passive || call.call == Call::open_active || call.call == Call::accept;
  if (h.stale && call.on_connection && !call.on_listener && !opens) return Rule::none;
  const bool ghost = h.handle == Handle::ghost && call.on_connection && !call.on_listener;
  if (ghost && (call.call == Call::close_full || call.call == Call::abort)) h.handle = Handle::gone;
  if (ghost && !opens) return Rule::none;
  Rule rule = Rule::none;
  switch (call.call) {
    case Call::open_passive: rule = open_passive_call(step, call); break;
    case Call::open_active: rule = open_active_call(step, call); break;
    case Call::accept: rule = accept_call(step, call); break;
    case Call::send: rule = send_call(step, call); break;
    case Call::receive: rule = receive_call(step, call); break;
    case Call::close: rule = close_call(step, call); break;
    case Call::close_full: rule = close_full_call(step, call); break;
    case Call::abort: rule = abort_call(step, call); break;
    case Call::status: rule = status_call(step, call); break;
  }
  if (rule == Rule::none) review_sending(step);
  return rule;
}

Rule user_is_told_open(Step& step) {
  Hypothesis& h = step.h;
  if (h.owes(Owed::opened)) {
    h.discharge(Owed::opened);
    return Rule::none;
  }
  if (h.handle != Handle::open) return Rule::none;
  return blamed(h, h.state == State::syn_received ? Rule::good_ack_establishes : Rule::syn_ack_establishes);
}

Rule user_is_told_acceptable(Step& step) {
  Hypothesis& h = step.h;
  if (h.owes(Owed::acceptable)) {
    h.discharge(Owed::acceptable);
    return Rule::none;
  }
  if (h.handle == Handle::waiting) return Rule::none;
  if (h.ghost_signals > 0) {
    --h.ghost_signals;
    return Rule::none;
  }
  return while_gone(h, blamed(h, Rule::good_ack_establishes));
}

Rule user_is_told_failure(Step& step, Result why) {
  Hypothesis& h = step.h;
  if (h.owes(Owed::failed)) {
    if (!tells(why, h.ending)) return h.duty(Owed::failed).why;
    note_error(h, why);
    return Rule::none;
  }
  if (h.handle != Handle::open || h.ending == Ending::reset || h.ending == Ending::timed_out)
    return Rule::none;
  const bool quiet_end = h.state == State::closed || h.state == State::listen ||
                         h.state == State::time_wait || h.state == State::closing ||
                         h.state == State::last_ack;
  if (quiet_end && h.ending == Ending::closed && h.origin == Origin::reset) return Rule::none;
  if (why == Result::timed_out && may_give_up(step)) {
    if (h.probing() && le(h.edge_high, h.snd_una) && !h.silent) return Rule::answered_probes_keep_it_open;
    take(UserTimeout{}, step);
    note_error(h, why);
    return Rule::none;
  }
  if (why == Result::timed_out) {
    if (h.state == State::syn_sent) return Rule::syn_r2_three_minutes;
    if (h.probing() && le(h.edge_high, h.snd_una) && !h.silent) return Rule::answered_probes_keep_it_open;
    if (h.iss_known && lt(h.snd_una, h.snd_nxt) && h.state != State::time_wait) {
      h.advisories |= advisory_bit(Rule::r2_hundred_seconds);
      take(UserTimeout{}, step);
      note_error(h, why);
      return Rule::none;
    }
  }
  if (h.shrunk() && h.blame == Rule::none) return Rule::survives_shrunken_window;
  return blamed(h, Rule::normal_or_aborted);
}

}  // namespace finwait::model
