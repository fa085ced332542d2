// Faults in the user's calls (§3.10.1 to §3.10.6).
#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

// A call that found no connection is answered with ok.
template <Call call>
void grants_without_connection(Reference&, const Request& request, Reply& reply, const Hypothesis& before) {
  static constexpr std::uint8_t octet = 0;
  if (request.call != call || reply.result == Result::ok || before.handle == Handle::open) return;
  reply.result = Result::ok;
  if (call == Call::send) reply.count = request.data.size();
  if (call == Call::receive) {
    reply.data = Octets(&octet, 1);
    reply.count = 1;
  }
}

// A call on a live connection is answered with an error, and not performed.
template <Call call>
bool refuses_live(Reference& r, const Request& request, Reply& reply) {
  const Hypothesis& h = r.tcb();
  if (request.call != call || !h.synchronized() || !has_connection(h) || h.fin_queued) return true;
  return refuses(reply, Result::invalid);
}

const Mutant table[] = {
    {{"passive-open-is-silent", Rule::passive_open_is_silent,
      "a passive OPEN greets the last peer with an ACK"},
     {.returns =
          [](Reference& r, const Request& request, Reply& reply, const Hypothesis& before) {
            if (is(request, Call::open_passive) && reply.result == Result::ok &&
                before.state == State::closed) {
              r.ack_unchecked();
            }
          }}},
    {{"open-is-answered", Rule::open_is_answered, "OPEN fails for no reason"},
     {.called =
          [](Reference& r, const Request& request, Reply& reply) {
            const bool opens = is(request, Call::open_active) || is(request, Call::open_passive);
            return opens && r.tcb().state == State::closed ? refuses(reply, Result::invalid) : true;
          }}},
    {{"second-open-fails", Rule::second_open_fails, "a second passive OPEN is granted"},
     {.called =
          [](Reference& r, const Request& request, Reply& reply) {
            return is(request, Call::open_passive) && r.tcb().listening ? refuses(reply, Result::ok) : true;
          }}},
    {{"send-without-connection-fails", Rule::send_without_connection_fails,
      "SEND without a connection is granted"},
     {.returns = grants_without_connection<Call::send>}},
    {{"send-is-accepted", Rule::send_is_accepted, "SEND fails in ESTABLISHED"},
     {.called = refuses_live<Call::send>}},
    {{"send-after-close-fails", Rule::send_after_close_fails, "SEND after CLOSE is granted"},
     {.called =
          [](Reference& r, const Request& request, Reply& reply) {
            if (!is(request, Call::send) || !has_connection(r.tcb()) || !r.tcb().fin_queued) return true;
            refuses(reply, Result::ok);
            reply.count = request.data.size();
            return false;
          }}},
    {{"receive-without-connection-fails", Rule::receive_without_connection_fails,
      "RECEIVE without a connection returns an octet"},
     {.returns = grants_without_connection<Call::receive>}},
    {{"stream-is-intact", Rule::stream_is_intact, "RECEIVE returns the same octets again"},
     {.returns =
          [](Reference& r, const Request& request, Reply&, const Hypothesis& before) {
            if (is(request, Call::receive)) r.tcb().user_nxt = before.user_nxt;
          }}},
    {{"received-text-is-delivered", Rule::received_text_is_delivered, "RECEIVE never returns text"},
     {.returns =
          [](Reference& r, const Request& request, Reply& reply, const Hypothesis& before) {
            if (!is(request, Call::receive) || reply.result != Result::ok) return;
            refuses(reply, Result::pending);
            r.tcb().user_nxt = before.user_nxt;
          }}},
    {{"eof-after-last-octet", Rule::eof_after_last_octet,
      "RECEIVE tells the end of the stream when nothing is there"},
     {.returns =
          [](Reference&, const Request& request, Reply& reply, const Hypothesis& before) {
            const bool waits = reply.result == Result::pending && before.synchronized();
            if (is(request, Call::receive) && waits && !before.fin_received) reply.result = Result::closing;
          }}},
    {{"close-without-connection-fails", Rule::close_without_connection_fails,
      "CLOSE without a connection is granted"},
     {.returns = grants_without_connection<Call::close>}},
    {{"close-is-accepted", Rule::close_is_accepted, "CLOSE fails in ESTABLISHED"},
     {.called = refuses_live<Call::close>}},
    {{"close-before-established-is-quiet", Rule::close_before_established_is_quiet,
      "close() in SYN-SENT does not stop the SYN"},
     {.returns =
          [](Reference& r, const Request& request, Reply&, const Hypothesis& before) {
            if (!is(request, Call::close_full) || before.state != State::syn_sent) return;
            if (r.tcb().state == State::syn_sent || r.tcb().handle != Handle::gone) return;
            r.tcb() = before;
            r.tcb().handle = Handle::gone;
          }}},
    {{"abort-without-connection-fails", Rule::abort_without_connection_fails,
      "ABORT without a connection is granted"},
     {.returns = grants_without_connection<Call::abort>}},
    {{"abort-sends-reset", Rule::abort_sends_reset, "ABORT is silent"},
     {.sets = forgets_reset<Rule::abort_sends_reset>}},
    {{"nothing-after-abort", Rule::nothing_after_abort, "ABORT sends a FIN behind the reset"},
     {.returns =
          [](Reference& r, const Request& request, Reply& reply, const Hypothesis& before) {
            const bool alive =
                before.synchronized() && before.state != State::time_wait && has_connection(before);
            if (!is(request, Call::abort) || reply.result != Result::ok || !alive) return;
            Segment o;
            o.flags = FIN | ACK;
            o.seq = before.snd_nxt;
            o.ack = before.rcv_nxt;
            r.send_unchecked(o);
          }}},
    {{"status-tells-the-state", Rule::status_tells_the_state, "STATUS takes ESTABLISHED for CLOSE-WAIT"},
     {.returns =
          [](Reference&, const Request& request, Reply& reply, const Hypothesis&) {
            if (is(request, Call::status) && reply.state == name(State::established)) {
              reply.state = name(State::close_wait);
            }
          }}},
};

}  // namespace

std::span<const Mutant> call_mutants() {
  return table;
}

}  // namespace finwait::planting
