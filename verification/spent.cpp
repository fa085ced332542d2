// Segments whose arrival can make no difference any more.
#include "verification/spent.h"

namespace finwait::verification {

using model::Hypothesis;
using model::le;
using model::lt;
using model::Seq;
using model::State;

namespace {

bool same_incarnation(Seq seq, Seq initial, Side whose) {
  return incarnation(mark_of(whose, seq)) == incarnation(mark_of(whose, initial));
}

bool gone_or_beyond_syn_sent(const Endpoint& e) {
  return e.opened && e.h.state != State::syn_sent;
}

bool reset_is_spent(const Flight& flight, Side sender, const Endpoint& to) {
  const Hypothesis& h = to.h;
  if (to.ended()) return true;
  if (flight.seq == 0) {  // it counts in SYN-SENT alone, and there by its ACK
    if (!flight.has(model::ACK)) return true;
    if (h.state != State::syn_sent) return to.opened;
    const Seq ack = number(other(sender), flight.ack);
    return h.iss_known && le(ack, h.snd_una);  // text may join the SYN: what is not sent may yet be
  }
  if (!to.established()) return false;
  const Seq seq = number(sender, flight.seq);
  return lt(seq, h.rcv_nxt);  // left of the window, for good
}

// An ACK for an endpoint that is gone is answered with <SEQ=SEG.ACK><CTL=RST>. That makes no difference to a
// sender who is gone too, or who can draw the same reset at any time, or one that hits harder.
bool answer_is_nothing_new(const Flight& flight, Side sender, const Endpoint& from) {
  if (from.ended()) return true;
  if (!from.established()) return false;
  return le(number(other(sender), flight.ack), from.h.rcv_nxt);
}

}  // namespace

bool spent(const Flight& flight, Side sender, const Endpoint& from, const Endpoint& to) {
  if (flight.has(model::RST)) return reset_is_spent(flight, sender, to);
  const Hypothesis& h = to.h;
  if (!flight.has(model::ACK)) {
    if (!gone_or_beyond_syn_sent(from)) return false;  // else nobody reads <SEQ=0><CTL=RST,ACK>
    if (to.ended()) return true;
    const Seq end = number(sender, flight.seq) + segment_of(flight, sender).len();
    return to.established() && le(end, h.rcv_nxt);
  }
  if (!answer_is_nothing_new(flight, sender, from)) return false;
  if (to.ended()) return true;
  if (!to.established()) return false;
  const Seq ack = number(other(sender), flight.ack);
  if (lt(h.snd_una, ack)) return false;
  const std::uint32_t len = segment_of(flight, sender).len();
  const Seq seq = number(sender, flight.seq);
  return len == 0 || le(seq + len, h.rcv_nxt) || !same_incarnation(seq, h.irs, sender);
}

}  // namespace finwait::verification
