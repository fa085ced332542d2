#include "model/oracle.h"

#include <algorithm>

#include "model/actions.h"
#include "model/emission.h"
#include "model/segment_arrives.h"
#include "model/timeouts.h"

namespace finwait::model {

namespace {

// Whether some deadline has passed, without changing anything.
bool anything_due(const Hypothesis& h, const Claims& claims, Time now, bool quiet) {
  const auto late = [&](Time by) { return by < now || (quiet && by == now); };
  for (std::uint8_t i = 0; i < h.reset_count; ++i) {
    if (h.resets[i].owed && late(h.resets[i].by)) return true;
  }
  for (const Duty& duty : h.owed) {
    if (duty.why != Rule::none && late(duty.by)) return true;
  }
  const bool r2 = claims.r2_syn > Time{0} || claims.r2_data > Time{0};
  return r2 && h.iss_known && h.never_answered && lt(h.snd_una, h.snd_nxt);
}

// Whether the two are equal; what differs most often between hypotheses of one set is looked at first.
bool same(const Hypothesis& a, const Hypothesis& b) {
  return a.suspects == b.suspects && a.origin_cause == b.origin_cause && a.blame == b.blame &&
         a.ack_credit == b.ack_credit && a == b;
}

void forgive_overdue(Hypothesis& h, Time now) {
  for (Duty& duty : h.owed) {
    if (duty.by <= now) duty = {};
  }
  h.reset_count = 0;
  h.resets = {};
  h.never_answered = false;
}

// The connection is gone, whatever the rules say of it.
void adopt_end(Hypothesis& h) {
  if (h.handle == Handle::open && h.ending == Ending::none) h.ending = Ending::reset;
  h.error_told = true;
  h.owed = {};
  h.iss_known = false;
  h.origin = Origin::fresh;
  h.state = h.listening ? State::listen : State::closed;
}

void adopt_segment(Hypothesis& h, const Segment& o) {
  if (o.has(RST)) return adopt_end(h);
  if (!h.synchronized() || !o.has(ACK)) return;
  h.discharge(Owed::ack);
  h.taken = Rule::none;
  if (lt(h.snd_nxt, o.end()) && o.end() - h.snd_nxt < 65536) h.snd_nxt = o.end();
  const bool near = o.ack - h.rcv_nxt < 65536 || h.rcv_nxt - o.ack < 65536;
  if (near && lt(h.irs, o.ack) && !h.fin_received) {
    h.rcv_nxt = h.rcv_nxt_may = o.ack;
    h.user_nxt = lt(o.ack, h.user_nxt) ? o.ack : h.user_nxt;
  }
  h.advertised = h.advertised_max = o.ack + o.wnd;
}

// The first obituary names the finding, that of the hypothesis which took the RFC's main text at every
// choice. But one that knows an earlier cause goes before; else one under which such a thing was due, though
// in another form; and no SHOULD names a finding: who disregards that has another hypothesis, which a MUST
// has ended.
void bring_forward_who_names(std::vector<Obituary>& dead, std::uint16_t event) {
  const auto first_where = [&](auto condition) {
    const auto found = std::find_if(dead.begin(), dead.end(), condition);
    if (found == dead.end()) return false;
    std::rotate(dead.begin(), found, found + 1);
    return true;
  };
  const auto binding = [](const Obituary& o) {
    const RuleText& rule = text(o.rule);
    return rule.level != Level::should && !rule.requirement.starts_with("MAY");
  };
  first_where(binding);
  if (first_where([&](const Obituary& o) { return o.explained && o.culprit < event && binding(o); })) return;
  first_where([&](const Obituary& o) { return o.in_kind && binding(o); });
}

}  // namespace

Oracle::Oracle(const Claims& claims) : claims_(claims) {
  set_.reserve(2 * set_limit);
  next_.reserve(2 * set_limit);
  start();
}

void Oracle::start() {
  set_.clear();
  set_.emplace_back();
  dead_.clear();
  now_ = Time{0};
  event_ = 0;
  new_event_ = true;
}

void Oracle::keep(Place& place) const {
  place.set = set_;
  place.now = now_;
}

void Oracle::return_to(const Place& place) {
  set_ = place.set;
  now_ = place.now;
  dead_.clear();
  cause_ = Cause::none;
}

template <class Function>
Verdict Oracle::map(Time now, Function function) {
  now_ = now;
  next_.clear();
  dead_.clear();
  for (const Hypothesis& hypothesis : set_) {
    Chooser chooser;
    do {
      Hypothesis& changed = next_.emplace_back(hypothesis);
      changed.event = changed.culprit = event_;
      changed.explained = changed.in_kind = false;
      changed.past.states[event_ % changed.past.states.size()] =
          new_event_ ? hypothesis.state : hypothesis.past.states[event_ % changed.past.states.size()];
      Step step{changed, chooser, claims_, now, taken_};
      if (const Rule rule = function(step); rule != Rule::none) {
        const auto ago = static_cast<std::size_t>(event_ - changed.culprit);
        const State found = changed.past.states[changed.culprit % changed.past.states.size()];
        dead_.push_back({hypothesis, rule, changed.culprit, changed.explained, changed.in_kind,
                         ago < changed.past.states.size() ? std::optional(found) : std::nullopt});
        next_.pop_back();
      } else if (std::any_of(next_.begin(), next_.end() - 1,
                             [&](const Hypothesis& other) { return same(other, changed); })) {
        next_.pop_back();
      }
      if (next_.size() > set_limit) return Verdict::inconclusive;
    } while (chooser.next());
  }
  new_event_ = false;
  if (next_.empty()) {  // the set stays as it was, for the repair
    bring_forward_who_names(dead_, event_);
    return Verdict::fail;
  }
  set_.swap(next_);
  return Verdict::pass;
}

Verdict Oracle::time(Time now, bool quiet) {
  const bool due = std::any_of(set_.begin(), set_.end(),
                               [&](const Hypothesis& h) { return anything_due(h, claims_, now, quiet); });
  if (!due) return Verdict::pass;
  cause_ = Cause::time;
  return map(now, [&](Step& step) { return overdue(step, quiet); });
}

Verdict Oracle::segment(Time now, const Segment& segment) {
  cause_ = Cause::none;
  return map(now, [&](Step& step) {
    expire(step);
    step.h.past.states[event_ % step.h.past.states.size()] = step.h.state;
    segment_arrives(step, segment);
    return Rule::none;
  });
}

Verdict Oracle::call(Time now, const UserCall& call) {
  cause_ = Cause::call;
  called_ = call;
  return map(now, [&](Step& step) {
    expire(step);
    step.h.past.states[event_ % step.h.past.states.size()] = step.h.state;
    return user_calls(step, call);
  });
}

Verdict Oracle::sent(Time now, const Segment& segment) {
  cause_ = Cause::sent;
  seen_ = segment;
  return map(now, [&](Step& step) { return emits(step, segment); });
}

Verdict Oracle::told_open(Time now) {
  cause_ = Cause::none;
  return map(now, [](Step& step) { return user_is_told_open(step); });
}

Verdict Oracle::told_acceptable(Time now) {
  cause_ = Cause::none;
  return map(now, [](Step& step) { return user_is_told_acceptable(step); });
}

Verdict Oracle::told_failure(Time now, Result why) {
  cause_ = Cause::failure;
  return map(now, [&](Step& step) { return user_is_told_failure(step, why); });
}

Verdict Oracle::object(Time now, Rule rule) {
  cause_ = Cause::none;
  return map(now, [&](Step&) { return rule; });
}

void Oracle::note(Rule rule) {
  dead_.clear();
  for (const Hypothesis& h : set_)
    dead_.push_back({h, rule, event_, false, false, h.past.states[event_ % h.past.states.size()]});
}

void Oracle::repair() {
  for (Hypothesis& h : set_) {
    switch (cause_) {
      case Cause::time: forgive_overdue(h, now_); break;
      case Cause::sent: adopt_segment(h, seen_); break;
      case Cause::failure: adopt_end(h); break;
      case Cause::call:
        if (called_.call == Call::receive) h.user_nxt += static_cast<Seq>(called_.received.size());
        break;
      case Cause::none: break;
    }
    h.advisories = 0;
    Chooser chooser;
    Step step{h, chooser, claims_, now_};
    review_sending(step);
  }
  dead_.clear();
}

bool Oracle::contradicted() const {
  return std::any_of(set_.begin(), set_.end(), [](const Hypothesis& h) { return h.contradicted; });
}

std::uint64_t Oracle::advisories() const {
  std::uint64_t all = ~std::uint64_t{0};
  for (const Hypothesis& h : set_) all &= h.advisories;
  return all;
}

}  // namespace finwait::model
