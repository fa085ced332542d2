// What mutants are written with.
#pragma once

#include <span>

#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#include "model/segment_arrives.h"

namespace finwait::planting {

using model::ACK;
using model::Choice;
using model::Ending;
using model::FIN;
using model::Handle;
using model::Hypothesis;
using model::in;
using model::later;
using model::le;
using model::lt;
using model::Owed;
using model::RST;
using model::Rule;
using model::Segment;
using model::Seq;
using model::State;
using model::SYN;

struct Mutant {
  MutantText text;
  Fault fault;
};

// One table a file.
std::span<const Mutant> header_mutants();
std::span<const Mutant> opening_mutants();
std::span<const Mutant> arrival_mutants();
std::span<const Mutant> sending_mutants();
std::span<const Mutant> time_mutants();
std::span<const Mutant> call_mutants();

// ---- what segments and calls are --------------------------------------------------------------------

inline bool none_of(const Segment& s, std::uint8_t flags) {
  return (s.flags & flags) == 0;
}
inline bool is_pure_ack(const Segment& s) {
  return s.has(ACK) && s.len() == 0 && none_of(s, RST);
}
inline bool is_plain(const Segment& s) {
  return s.has(ACK) && none_of(s, SYN | RST);
}
inline bool is(const Request& request, Call call) {
  return request.call == call;
}

inline bool acks_something_new(const Hypothesis& h, const Segment& s) {
  return s.has(ACK) && lt(h.snd_una, s.ack) && le(s.ack, h.snd_nxt);
}
/// In-order text that begins at RCV.NXT inside the window.
inline bool is_next_text(const Hypothesis& h, const Segment& s) {
  return is_plain(s) && !s.text.empty() && s.seq == h.rcv_nxt &&
         le(s.seq + static_cast<Seq>(s.text.size()), h.advertised);
}
inline bool receives(const Hypothesis& h) {
  return (h.state == State::established || h.state == State::fin_wait_1 || h.state == State::fin_wait_2) &&
         !h.syn_unacknowledged() && h.handle != Handle::gone;
}
/// A RST or SYN surely inside the window and beyond RCV.NXT.
inline bool is_inside(const Hypothesis& h, const Segment& s) {
  return h.synchronized() && lt(h.rcv_nxt, s.seq) && lt(s.seq, h.advertised);
}
inline bool has_connection(const Hypothesis& h) {
  return h.handle == Handle::open && h.ending == Ending::none;
}

// ---- faults that several share ----------------------------------------------------------------------

/// A duty of one kind that is owed by one rule is forgotten.
template <Owed what, Rule why>
Time forgets(Reference& r, Timer timer, Time planned) {
  return timer == static_cast<Timer>(what) && r.tcb().duty(what).why == why ? never : planned;
}
/// A reset that is owed by one rule is forgotten.
template <Rule why>
Time forgets_reset(Reference& r, Timer timer, Time planned) {
  if (timer < Timer::reset_0 || Timer::reset_3 < timer) return planned;
  const auto slot = static_cast<std::size_t>(timer) - static_cast<std::size_t>(Timer::reset_0);
  return r.tcb().resets[slot].why == why ? never : planned;
}
/// One choice is always made in one way, where there is that way.
template <Choice which, int way>
int insists(Reference&, Choice choice, int ways, int drawn) {
  return choice == which && way < ways ? way : drawn;
}
/// A call is answered so, and not performed.
inline bool refuses(Reply& reply, Result result) {
  reply = Reply{};
  reply.result = result;
  return false;
}
/// An answer of §3.10.7.1 where none is due.
inline void answer_with_reset(Reference& r, const Segment& s) {
  Segment o;
  o.flags = RST;
  if (s.has(ACK)) {
    o.seq = s.ack;
  } else {
    o.flags = RST | ACK;
    o.ack = s.end();
  }
  r.send_unchecked(o);
}
/// <SEQ=SND.NXT><CTL=RST>, and the connection is gone.
inline void reset_and_forget(Reference& r) {
  Segment o;
  o.flags = RST;
  o.seq = r.tcb().snd_nxt;
  r.send_unchecked(o);
  r.forget_connection();
}
/// The user is told of a failure, and the connection is gone.
inline void fail_and_forget(Reference& r, Result why) {
  if (r.tcb().handle == Handle::open) r.tell_unchecked(Owed::failed, why);
  r.forget_connection();
}
/// The segment is refused with an ACK that does not count it.
inline bool refuse_with_ack(Reference& r) {
  r.ack_unchecked();
  return false;
}

}  // namespace finwait::planting
