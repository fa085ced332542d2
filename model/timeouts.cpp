#include "model/timeouts.h"

#include "model/actions.h"
#include "model/machine.h"

namespace finwait::model {

namespace {

constexpr Time r2_data_least = 100s;  // SHLD-11
constexpr Time r2_syn_least = 180s;   // MUST-23
constexpr Time half_open_least = 3s;  // reading A47

bool waits_for_peer(const Hypothesis& h) {
  return h.iss_known && (lt(h.snd_una, h.snd_nxt) || h.unsent() > 0);
}

void expire_time_wait(Step& step) {
  Hypothesis& h = step.h;
  const Time tolerance = step.claims.tolerance();
  const Time least = h.since + 2 * step.claims.msl - tolerance;
  const Time most = h.tw_latest + 2 * step.claims.msl + step.claims.lateness(2 * step.claims.msl) + tolerance;
  if (step.now < least) return;
  if (step.now > most || step.choose.otherwise(Choice::time_wait_over)) take(TimeWaitTimeout{}, step);
}

// No user can be told of the connection's end: half-open, closed in full, or its handle went to a dead child.
bool nobody_holds(const Hypothesis& h) {
  return h.orphan() || h.handle == Handle::ghost || (h.state == State::syn_received && h.passive);
}

// Connections that nobody holds may be given up without a word.
bool may_vanish(const Step& step) {
  const Hypothesis& h = step.h;
  if (!nobody_holds(h)) return false;
  if (h.state == State::syn_received) return step.now - h.since >= half_open_least;
  if (h.state == State::fin_wait_2) return step.now - h.since >= 1s;  // reading A48
  return h.synchronized() && h.state != State::time_wait && waits_for_peer(h) &&
         step.now - h.first_sent >= r2_data_least - step.claims.tolerance();
}

void give_up_unheld(Step& step) {
  if (step.h.state == State::syn_sent) {
    take(UserTimeout{}, step);
  } else {
    take(GivenUp{}, step);
  }
}

Rule overdue_retransmission(Step& step) {
  Hypothesis& h = step.h;
  if (h.resent > 0 && nobody_holds(h)) {
    give_up_unheld(step);
    return Rule::none;
  }
  if (const Rule rule = suspected_ack(h, Rule::none, true); rule != Rule::none) return rule;
  if (h.resent > 0 && step.now - h.first_sent >= r2_data_least) {
    return h.state == State::syn_sent ? Rule::syn_failure_is_told : Rule::user_timeout_is_told;
  }
  return Rule::retransmission;
}

// The R2 that the IUT claims (MUST-20, MUST-22): by then an unanswered connection is closed and its user
// told.
Rule overdue_r2(Step& step) {
  Hypothesis& h = step.h;
  if (!h.iss_known || !h.never_answered || h.snd_una_may == h.snd_nxt) return Rule::none;
  const bool syn = h.state == State::syn_sent;
  const Time claimed = syn ? step.claims.r2_syn : step.claims.r2_data;
  if (claimed == Time{0} || step.now <= h.first_sent + claimed + step.claims.tolerance()) return Rule::none;
  if (nobody_holds(h)) {
    give_up_unheld(step);
    return Rule::none;
  }
  return syn ? Rule::syn_failure_is_told : Rule::closed_at_r2;
}

}  // namespace

bool may_give_up(const Step& step) {
  const Hypothesis& h = step.h;
  if (may_vanish(step)) return true;
  if (h.state == State::syn_received) return step.now - h.since >= half_open_least;
  if (h.state == State::syn_sent) return step.now - h.first_sent >= r2_syn_least - step.claims.tolerance();
  const bool alive = h.synchronized() && h.state != State::time_wait && h.state != State::fin_wait_2;
  return alive && waits_for_peer(h) && step.now - h.first_sent >= r2_data_least - step.claims.tolerance();
}

void expire(Step& step) {
  if (step.h.state == State::time_wait) {
    expire_time_wait(step);
  } else if (may_vanish(step) && step.choose.otherwise(Choice::given_up)) {
    take(GivenUp{}, step);
  }
}

Rule overdue(Step& step, bool quiet) {
  Hypothesis& h = step.h;
  const auto late = [&](Time by) { return by < step.now || (quiet && by == step.now); };
  for (std::uint8_t i = 0; i < h.reset_count; ++i) {
    if (!h.resets[i].owed || !late(h.resets[i].by)) continue;
    h.culprit = h.resets[i].cause;
    return while_gone(h, h.resets[i].why);
  }
  for (std::size_t i = 0; i < owed_count; ++i) {
    const Duty& duty = h.owed[i];
    if (duty.why == Rule::none || !late(duty.by)) continue;
    if (static_cast<Owed>(i) == Owed::probe) return duty.why;
    if (static_cast<Owed>(i) != Owed::retransmission) {
      h.culprit = duty.cause;
      const bool by_suspect =
          static_cast<Owed>(i) == Owed::ack && h.suspect_ack_cause == duty.cause && h.fin_sent;
      if (by_suspect) return suspected_ack(h, duty.why);  // it obeyed the ACK and has gone
      if (static_cast<Owed>(i) == Owed::failed) {
        // Whoever was gone has nothing to tell now. And a reset at RCV.NXT is not obeyed: RCV.NXT is
        // elsewhere for who has taken what was refused.
        if (const Rule rule = gone_before(h, duty.why); rule != duty.why) return rule;
        return suspected(h, h.rcv_nxt + 1, duty.why);
      }
      return h.passive && static_cast<Owed>(i) == Owed::syn_ack ? while_gone(h, duty.why) : duty.why;
    }
    if (Rule rule = overdue_retransmission(step); rule != Rule::none) return rule;
  }
  return overdue_r2(step);
}

}  // namespace finwait::model
