// What one endpoint may do: each step is the model's own function, once for every way that its chooser has.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "model/actions.h"
#include "model/emission.h"
#include "model/segment_arrives.h"
#include "model/stream.h"
#include "model/timeouts.h"
#include "model/user_calls.h"
#include "verification/endpoint.h"

namespace finwait::verification {

using model::Call;
using model::Chooser;
using model::Claims;
using model::Ending;
using model::Handle;
using model::Hypothesis;
using model::le;
using model::lt;
using model::Owed;
using model::Reset;
using model::Result;
using model::Rule;
using model::Segment;
using model::Seq;
using model::State;
using model::Step;
using model::Time;
using model::UserCall;

namespace {

// The RFC's single TCB: a passive OPEN is used up by the connection that comes of it.
const Claims& claims() {
  static const Claims single_tcb = [] {
    Claims claims;
    claims.listener_persists = false;
    return claims;
  }();
  return single_tcb;
}

// There is no clock: everything happens at one time, and what has waited long enough at another.
constexpr Time now{0};
constexpr Time late = std::chrono::hours(10);

bool connecting(State state) {
  return state == State::syn_sent || state == State::syn_received;
}
bool has_tcb(const Hypothesis& h) {
  return h.state != State::closed && h.state != State::listen;
}
// Windows never close: the SYN has told one that is as wide as any, though the model waits for the SYN,ACK.
void tell_window(Hypothesis& h) {
  if (!has_tcb(h) || !h.iss_known || h.irs == 0 || h.window_known) return;
  h.window_known = true;
  h.advertised = h.advertised_max = h.rcv_nxt + window;
}
std::string_view id(Rule rule) {
  return rule == Rule::none ? "no rule" : model::text(rule).id;
}

}  // namespace

// A step under way.
struct Stepper::Draft {
  const Endpoint& before;
  const Flight* stimulus;  ///< the segment that came, if one did
  bool own_call;           ///< the user's CLOSE or ABORT
  Outcome out;

  Endpoint& e() { return out.next; }
  Hypothesis& h() { return out.next.h; }
  void object(Property property, std::string why) {
    if (out.broken != Property::none) return;
    out.broken = property;
    out.why = std::move(why);
  }
  void demand(Rule rule, std::string_view doing) {
    if (rule != Rule::none)
      object(Property::model_has_an_answer, fmt::format("{} is refused by {}", doing, id(rule)));
  }
};

template <class Function>
void Stepper::each_way(const Endpoint& before, Time time, Function function,
                       std::vector<Outcome>& out) const {
  Chooser chooser;
  do {
    Draft draft{before, nullptr, false, {}};
    draft.e() = before;
    Step step{draft.h(), chooser, claims(), time};
    try {
      if (!function(draft, step)) continue;
      finish(draft, out);
    } catch (const std::logic_error& error) {
      draft.object(Property::model_has_an_answer, error.what());
      draft.e() = before;
      out.push_back(std::move(draft.out));
    }
  } while (chooser.next());
}

bool Stepper::emits(Endpoint& e, const Flight& flight, Time time) const {
  Chooser chooser;
  Step step{e.h, chooser, claims(), time};
  return model::emits(step, segment_of(flight, side_)) == Rule::none;
}

// ---- what follows from a step -----------------------------------------------------------------------

// The octet under IRS+1 is kept where the model says that it was taken, held, or may have been.
void Stepper::keep(Endpoint& after, const Flight& flight) const {
  const Hypothesis& h = after.h;
  const Seq first = h.irs + 1;
  bool covered = lt(first, h.rcv_nxt) || lt(first, h.rcv_nxt_may);
  if (h.rcv_nxt == h.irs + 2 && h.fin_received) covered = false;  // that number is the FIN's
  for (std::uint8_t i = 0; i < h.held_count; ++i)
    covered = covered || (le(h.held[i].begin, first) && lt(first, h.held[i].end));
  if (!has_tcb(h) || !covered) {
    after.kept = no_octet;
    return;
  }
  const Segment segment = segment_of(flight, other(side_));
  const Seq carried = segment.seq + (segment.has(model::SYN) ? 1 : 0);
  if (flight.octet != no_octet && carried == first && after.kept == no_octet) after.kept = flight.octet;
}

// News reaches the user at once, and what can be read is read at once.
void Stepper::tell(Draft& draft) const {
  Hypothesis& h = draft.h();
  Chooser chooser;
  Step step{h, chooser, claims(), now};
  if (h.owes(Owed::opened)) {
    draft.demand(model::user_is_told_open(step), "telling that the connection is open");
    draft.out.told.opened = true;
  }
  if (h.owes(Owed::acceptable)) {
    draft.demand(model::user_is_told_acceptable(step), "telling that the connection is open");
    UserCall accept;
    accept.call = Call::accept;
    draft.demand(model::user_calls(step, accept), "handing the connection over");
    draft.out.told.opened = true;
  }
  if (h.owes(Owed::failed)) {
    const Result why = h.ending == Ending::timed_out ? Result::timed_out : Result::reset;
    draft.demand(model::user_is_told_failure(step, why), "telling the failure");
    draft.out.told.failed = true;
  }
}

void Stepper::read(Draft& draft) const {
  Hypothesis& h = draft.h();
  if (!has_tcb(h) || !draft.e().established() || h.handle != Handle::open || h.ending != Ending::none) return;
  Chooser chooser;
  Step step{h, chooser, claims(), now};
  UserCall receive;
  receive.call = Call::receive;
  receive.asked = 1;
  while (lt(h.user_nxt, h.text_end())) {
    const std::uint8_t octets[] = {model::tester_octet(h.user_nxt)};
    const bool first = h.user_nxt == h.irs + 1;
    const Octet right = octet_of(incarnation(mark_of(other(side_), h.irs)));
    const Octet found = first ? draft.e().kept : no_octet;
    if (found != right) {
      draft.object(Property::stream_is_intact,
                   found == no_octet ? "an octet is read that never arrived" : "a wrong octet is read");
      return;
    }
    receive.result = Result::ok;
    receive.received = octets;
    draft.demand(model::user_calls(step, receive), "reading an octet");
    draft.out.told.octet = true;
    if (draft.out.broken != Property::none) return;
  }
  if (!h.fin_received || h.eof_told) return;
  receive.result = Result::closing;
  receive.received = {};
  draft.demand(model::user_calls(step, receive), "reading the end of the stream");
  draft.out.told.eof = true;
  draft.out.read = static_cast<std::uint8_t>(h.user_nxt - h.irs - 1);
}

// The ACK that is owed may be sent at once, later or never come; here it is only made sure that it may.
void Stepper::answer(Draft& draft, std::vector<Outcome>& out) const {
  Hypothesis& h = draft.h();
  if (h.owes(Owed::ack) && has_tcb(h) && h.iss_known) {
    Flight ack{model::ACK, mark_of(side_, h.snd_nxt), mark_of(other(side_), h.rcv_nxt), no_octet};
    Endpoint sent = draft.e();
    if (!emits(sent, ack, now)) {
      draft.object(Property::owed_is_permitted, "the ACK that is owed is refused");
    }
    draft.out.answers = fault_ == nullptr || fault_->leaves == nullptr || fault_->leaves(draft.e(), ack);
    draft.out.answer = ack;
    draft.out.answered = canonical(sent, side_);
  }
  resets(draft, out);
}

// Every reset that waits is sent in each of its forms, or lost.
void Stepper::resets(Draft draft, std::vector<Outcome>& out) const {
  Hypothesis& h = draft.h();
  if (h.reset_count == 0) {
    if (!raw_) draft.e() = canonical(draft.e(), side_);
    const auto same = [&](const Outcome& o) {
      return o.next == draft.e() && o.sent == draft.out.sent && o.told == draft.out.told &&
             o.broken == draft.out.broken;
    };
    const auto found = std::find_if(out.begin(), out.end(), same);
    if (found == out.end()) {
      out.push_back(std::move(draft.out));
    } else if (draft.out.answers) {
      found->answers = true;
      found->answer = draft.out.answer;
      found->answered = draft.out.answered;
    }
    return;
  }
  const Reset reset = h.resets[0];
  std::vector<Flight> forms;
  if (reset.forms & model::at_snd_nxt) {
    for (Seq seq = reset.next_low; le(seq, reset.next_high); ++seq)
      forms.push_back({model::RST, mark_of(side_, seq), 0, no_octet});
  }
  if (reset.forms & model::at_seg_ack)
    forms.push_back({model::RST, mark_of(side_, reset.acked), 0, no_octet});
  if (reset.forms & model::at_zero) {
    for (Seq ack = reset.end_low; le(ack, reset.end); ++ack)
      forms.push_back({model::RST | model::ACK, 0, mark_of(other(side_), ack), no_octet});
  }
  bool permitted = false;
  for (Flight form : forms) {
    Draft sent = draft;
    if (!emits(sent.e(), form, now)) continue;
    permitted = true;
    if (fault_ != nullptr && fault_->leaves != nullptr && !fault_->leaves(draft.e(), form)) continue;
    std::vector<Flight>& list = sent.out.sent;
    if (std::find(list.begin(), list.end(), form) == list.end()) list.push_back(form);
    resets(std::move(sent), out);
  }
  if (!permitted && reset.owed)
    draft.object(Property::owed_is_permitted, "the reset that is owed is refused");
  std::move(h.resets.begin() + 1, h.resets.begin() + h.reset_count, h.resets.begin());
  h.resets[--h.reset_count] = Reset{};
  resets(std::move(draft), out);
}

void Stepper::finish(Draft& draft, std::vector<Outcome>& out) const {
  Endpoint& e = draft.e();
  Hypothesis& h = e.h;
  if (h.passive && h.state == State::syn_received && h.handle == Handle::none) {
    h.handle = Handle::open;  // the one that OPEN has returned: the user may SEND and CLOSE from now on
    h.stale = false;
  }
  if (draft.stimulus != nullptr) {
    if (fault_ != nullptr && fault_->processed != nullptr)
      fault_->processed(e, segment_of(*draft.stimulus, other(side_)), draft.before);
    keep(e, *draft.stimulus);
    if (draft.stimulus->has(model::RST) && h.reset_count > 0)
      draft.object(Property::no_reset_answers_a_reset, "a RST is answered with a RST");
  }
  tell_window(h);
  tell(draft);
  read(draft);
  if (fault_ != nullptr && fault_->tells != nullptr) fault_->tells(draft.out.told);
  if (h.contradicted)
    draft.object(Property::model_has_an_answer, "the model finds that its peer has contradicted itself");
  const State was = draft.before.h.state;
  const bool quiet_end = was == State::closing || was == State::last_ack || was == State::time_wait ||
                         was == State::listen || draft.own_call;
  if (e.ended() && !draft.before.ended() && !quiet_end && !draft.out.told.failed)
    draft.object(Property::every_end_is_told,
                 fmt::format("the connection ends in {} and the user is not told", model::name(was)));
  answer(draft, out);
}

// ---- segments ---------------------------------------------------------------------------------------

namespace {

// The letter of §3.10.7.4 lets who waits in TIME-WAIT after an own reset (reading A3) acknowledge the peer's
// FIN, whose sender then rests in FIN-WAIT-2 for good: nothing is left that could tell it of the reset. The
// oracle has to permit that; close_finishes cannot hold with it.
bool takes_fin_after_own_reset(const Endpoint& before, const Hypothesis& after) {
  return before.h.state == State::time_wait && after.state == State::time_wait && !before.h.fin_received &&
         after.fin_received;
}

// What a receiver trims off that takes no SYN left of the window for one inside.
void trim_syn(const Hypothesis& h, Segment& segment) {
  const bool straddles = lt(segment.seq, h.rcv_nxt) && lt(h.rcv_nxt, segment.end());
  if (!segment.has(model::SYN) || h.state < State::syn_received || !straddles) return;
  segment = model::without_syn(segment);
}

// What Options::plain leaves out of what may be sent.
bool is_plain(const Hypothesis& h, const Flight& flight, Side side) {
  const bool rides = flight.has(model::SYN) &&
                     (flight.has(model::FIN) || (flight.has(model::ACK) && flight.octet != no_octet));
  const bool current = !flight.has(model::ACK) || flight.ack == mark_of(other(side), h.rcv_nxt);
  return !rides && current;
}

}  // namespace

std::vector<Outcome> Stepper::delivered(const Endpoint& before, const Flight& flight) const {
  std::vector<Outcome> out;
  Segment segment = segment_of(flight, other(side_));
  if (fault_ != nullptr && fault_->arrives != nullptr && !fault_->arrives(before, segment)) return out;
  if (plain_) trim_syn(before.h, segment);
  each_way(
      before, now,
      [&](Draft& draft, Step& step) {
        draft.stimulus = &flight;
        model::segment_arrives(step, segment);
        return !takes_fin_after_own_reset(before, draft.h());
      },
      out);
  return out;
}

namespace {

// Every segment but a reset that could come from this endpoint at all.
std::vector<Flight> candidates(const Hypothesis& h, Side side) {
  std::vector<Flight> result;
  const Side peer = other(side);
  if (!has_tcb(h)) {
    if (h.parting_ack)
      result.push_back({model::ACK, mark_of(side, h.snd_nxt), mark_of(peer, h.rcv_nxt), no_octet});
    return result;
  }
  const std::uint8_t own = h.iss_known ? incarnation(mark_of(side, h.iss)) : fresh_incarnation;
  std::vector<Mark> acks;
  if (h.irs != 0) {
    for (std::uint8_t i = 1; i <= most_offset; ++i)
      acks.push_back(mark(incarnation(mark_of(peer, h.irs)), i));
  }
  for (const bool fin : {false, true}) {
    const std::uint8_t more = fin ? model::FIN : 0;
    for (const Octet octet : {no_octet, octet_of(own)}) {
      const auto syn = static_cast<std::uint8_t>(model::SYN | more);
      const auto ack = static_cast<std::uint8_t>(model::ACK | more);
      result.push_back({syn, mark(own, 0), 0, octet});
      for (const Mark acked : acks) {
        result.push_back({static_cast<std::uint8_t>(syn | ack), mark(own, 0), acked, octet});
        for (std::uint8_t i = 0; i <= most_offset; ++i) result.push_back({ack, mark(own, i), acked, octet});
      }
    }
  }
  return result;
}

}  // namespace

std::vector<Outcome> Stepper::sends(const Endpoint& before) const {
  std::vector<Outcome> out;
  for (Flight flight : candidates(before.h, side_)) {
    if (plain_ && !is_plain(before.h, flight, side_)) continue;
    Draft draft{before, nullptr, false, {}};
    draft.e() = before;
    if (!emits(draft.e(), flight, now)) continue;
    if (fault_ != nullptr && fault_->leaves != nullptr && !fault_->leaves(before, flight)) continue;
    draft.out.sent.push_back(flight);
    tell_window(draft.h());
    read(draft);  // an ACK may be the first to show that text was taken
    if (!raw_) draft.e() = canonical(draft.e(), side_);
    out.push_back(std::move(draft.out));
  }
  return out;
}

// ---- the user ---------------------------------------------------------------------------------------

std::vector<Outcome> Stepper::opens(const Endpoint& before, bool actively) const {
  std::vector<Outcome> out;
  if (before.opened) return out;
  each_way(
      before, now,
      [&](Draft& draft, Step& step) {
        UserCall open;
        open.call = actively ? Call::open_active : Call::open_passive;
        open.result = actively ? Result::pending : Result::ok;
        draft.e().opened = true;
        draft.demand(model::user_calls(step, open), "OPEN");
        return true;
      },
      out);
  return out;
}

std::vector<Outcome> Stepper::gives(const Endpoint& before) const {
  std::vector<Outcome> out;
  const State state = before.h.state;
  const bool served = connecting(state) || state == State::established || state == State::close_wait;
  const bool done = before.given || before.closed || before.aborted;
  if (done || !served || before.h.fin_queued || before.h.handle != Handle::open) return out;
  each_way(
      before, now,
      [&](Draft& draft, Step& step) {
        UserCall send;
        send.call = Call::send;
        send.asked = send.count = 1;
        draft.e().given = true;
        draft.demand(model::user_calls(step, send), "SEND");
        return true;
      },
      out);
  return out;
}

std::vector<Outcome> Stepper::closes(const Endpoint& before) const {
  std::vector<Outcome> out;
  const State state = before.h.state;
  const bool served = state == State::listen || connecting(state) || state == State::established ||
                      state == State::close_wait;
  if (before.closed || before.aborted || !served) return out;
  each_way(
      before, now,
      [&](Draft& draft, Step& step) {
        UserCall close;
        close.call = state == State::listen ? Call::close_full : Call::close;
        close.on_listener = state == State::listen;
        draft.own_call = true;
        draft.demand(model::user_calls(step, close), "CLOSE");
        draft.e().closed = draft.h().state != State::syn_sent;  // else it was without effect (§3.9.1)
        return true;
      },
      out);
  return out;
}

std::vector<Outcome> Stepper::aborts(const Endpoint& before) const {
  std::vector<Outcome> out;
  if (!before.opened || before.ended() || before.aborted) return out;
  each_way(
      before, now,
      [&](Draft& draft, Step& step) {
        UserCall abort;
        abort.on_listener = before.h.state == State::listen;
        abort.call = abort.on_listener ? Call::close_full : Call::abort;  // in LISTEN the two are one
        draft.own_call = draft.e().aborted = true;
        draft.demand(model::user_calls(step, abort), "ABORT");
        return true;
      },
      out);
  return out;
}

// ---- time-outs --------------------------------------------------------------------------------------

std::vector<Outcome> Stepper::user_timeout(const Endpoint& before) const {
  std::vector<Outcome> out;
  const Hypothesis& h = before.h;
  if (!has_tcb(h) || h.state == State::time_wait || !h.iss_known || !lt(h.snd_una, h.snd_nxt)) return out;
  each_way(
      before, late,
      [&](Draft& draft, Step& step) {
        draft.demand(model::user_is_told_failure(step, Result::timed_out), "the user time-out");
        draft.out.told.failed = true;
        return true;
      },
      out);
  for (Seq seq = h.snd_una; le(seq, h.snd_nxt); ++seq) {  // reading A54
    each_way(
        before, late,
        [&](Draft& draft, Step& step) {
          const Flight reset{model::RST, mark_of(side_, seq), 0, no_octet};
          draft.demand(model::emits(step, segment_of(reset, side_)), "the reset at the user time-out");
          draft.out.sent.push_back(reset);
          return true;
        },
        out);
  }
  return out;
}

std::vector<Outcome> Stepper::time_wait_timeout(const Endpoint& before) const {
  std::vector<Outcome> out;
  if (before.h.state != State::time_wait) return out;
  each_way(
      before, late,
      [&](Draft&, Step& step) {
        model::expire(step);
        return true;
      },
      out);
  return out;
}

}  // namespace finwait::verification
