// Faults in CLOSED, LISTEN, SYN-SENT and SYN-RECEIVED (§3.5, §3.10.7.1 to §3.10.7.3).
#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

const Mutant table[] = {
    {{"simultaneous-open", Rule::simultaneous_open, "never reports ESTABLISHED after crossing SYNs"},
     {.sets = forgets<Owed::opened, Rule::simultaneous_open>}},
    {{"origin-is-remembered", Rule::origin_is_remembered,
      "a reset in SYN-RECEIVED is told nobody, as if every OPEN had been passive"},
     {.sets = forgets<Owed::failed, Rule::origin_is_remembered>}},
    {{"no-delivery-before-established", Rule::no_delivery_before_established,
      "RECEIVE returns text of the SYN before ESTABLISHED"},
     {.called =
          [](Reference& r, const Request& request, Reply& reply) {
            const Hypothesis& h = r.tcb();
            const bool early = h.state == State::syn_received && h.handle == Handle::open && h.held_count > 0;
            if (!is(request, Call::receive) || !early || lt(h.held[0].end, h.held[0].begin + 1)) return true;
            reply.data = r.peek(h.held[0].begin, 1);
            reply.count = 1;
            return false;
          }}},
    {{"unsynchronized-state-stays", Rule::unsynchronized_state_stays,
      "SYN-SENT ends with the reset that answers a bad ACK"},
     {.leaves =
          [](Reference& r, Wire& wire, EncodeOptions&) {
            if (wire.segment.has(RST) && r.tcb().state == State::syn_sent) r.forget_connection();
            return true;
          }}},
    {{"closed-rst-is-discarded", Rule::closed_rst_is_discarded, "CLOSED answers a reset with a reset"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (before.state == State::closed && s.has(RST)) answer_with_reset(r, s);
          }}},
    {{"closed-reset-without-ack", Rule::closed_reset_without_ack,
      "CLOSED is silent about segments without ACK"},
     {.sets = forgets_reset<Rule::closed_reset_without_ack>}},
    {{"closed-reset-with-ack", Rule::closed_reset_with_ack, "CLOSED is silent about segments with ACK"},
     {.sets = forgets_reset<Rule::closed_reset_with_ack>}},
    {{"listen-rst-is-ignored", Rule::listen_rst_is_ignored, "LISTEN answers a reset with a reset"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (before.state == State::listen && s.has(RST)) answer_with_reset(r, s);
          }}},
    {{"listen-ack-is-reset", Rule::listen_ack_is_reset, "LISTEN is silent about segments with ACK"},
     {.sets = forgets_reset<Rule::listen_ack_is_reset>}},
    {{"listen-syn-gets-syn-ack", Rule::listen_syn_gets_syn_ack,
      "LISTEN drops a SYN that carries more than itself"},
     {.arrives =
          [](Reference& r, Segment& s) {
            return !(r.tcb().state == State::listen && s.has(SYN) && none_of(s, RST | ACK) && s.len() > 1);
          }}},
    {{"listen-neither-syn-nor-ack", Rule::listen_neither_syn_nor_ack,
      "LISTEN answers a segment without SYN and ACK with a reset"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (before.state == State::listen && none_of(s, SYN | ACK | RST)) answer_with_reset(r, s);
          }}},
    {{"syn-sent-unacceptable-ack-is-reset", Rule::syn_sent_unacceptable_ack_is_reset,
      "SYN-SENT is silent about an unacceptable ACK"},
     {.sets = forgets_reset<Rule::syn_sent_unacceptable_ack_is_reset>}},
    {{"syn-sent-rst-bad-ack", Rule::syn_sent_rst_bad_ack, "SYN-SENT obeys a reset with an unacceptable ACK"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            const bool syn_sent = before.state == State::syn_sent && r.tcb().state == State::syn_sent;
            if (syn_sent && s.has(RST | ACK) && !acks_something_new(before, s))
              fail_and_forget(r, Result::refused);
          }}},
    {{"syn-sent-rst-good-ack", Rule::syn_sent_rst_good_ack, "SYN-SENT ignores resets"},
     {.arrives = [](Reference& r, Segment& s) { return !(r.tcb().state == State::syn_sent && s.has(RST)); }}},
    {{"syn-sent-rst-without-ack", Rule::syn_sent_rst_without_ack, "SYN-SENT obeys a reset without ACK"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (before.state == State::syn_sent && s.has(RST) && none_of(s, ACK))
              fail_and_forget(r, Result::refused);
          }}},
    {{"syn-ack-establishes", Rule::syn_ack_establishes, "SYN-SENT drops a SYN,ACK"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            return !(h.state == State::syn_sent && s.has(SYN | ACK) && acks_something_new(h, s));
          }}},
    {{"syn-leads-to-syn-received", Rule::syn_leads_to_syn_received, "SYN-SENT drops a SYN without ACK"},
     {.arrives =
          [](Reference& r, Segment& s) {
            return !(r.tcb().state == State::syn_sent && s.has(SYN) && none_of(s, ACK | RST));
          }}},
    {{"syn-sent-no-syn-no-rst", Rule::syn_sent_no_syn_no_rst,
      "SYN-SENT takes an ACK without SYN for success"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (before.state == State::syn_sent && none_of(s, SYN | RST) && acks_something_new(before, s)) {
              r.tell_unchecked(Owed::opened);
            }
          }}},
    {{"syn-in-passive-syn-received", Rule::syn_in_passive_syn_received,
      "SYN-RECEIVED survives a SYN inside the window"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            return !(h.state == State::syn_received && h.passive && s.has(SYN) && none_of(s, RST) &&
                     in(h.rcv_nxt, s.seq, h.advertised));
          }}},
    {{"good-ack-establishes", Rule::good_ack_establishes, "never reports a child"},
     {.sets = forgets<Owed::acceptable, Rule::good_ack_establishes>}},
    {{"bad-ack-in-syn-received", Rule::bad_ack_in_syn_received, "SYN-RECEIVED is silent about a bad ACK"},
     {.chooses = insists<Choice::bad_ack_syn_received, 0>,
      .sets = forgets_reset<Rule::bad_ack_in_syn_received>}},
};

}  // namespace

std::span<const Mutant> opening_mutants() {
  return table;
}

}  // namespace finwait::planting
