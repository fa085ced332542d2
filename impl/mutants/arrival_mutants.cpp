// Faults in the eight checks of §3.10.7.4.
#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

bool ack_surely_rejected(const Hypothesis& h, const Segment& s) {
  return s.has(ACK) && (le(s.ack, h.iss) || lt(s.ack, h.snd_una - h.max_snd_wnd));
}

const Mutant table[] = {
    {{"reset-needs-a-cause", Rule::reset_needs_a_cause, "resets the connection when a single octet comes"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (is_next_text(before, s) && s.text.size() == 1 && r.tcb().state == State::established)
              reset_and_forget(r);
          }}},
    {{"synchronized-answers-with-ack", Rule::synchronized_answers_with_ack,
      "answers an unacceptable segment with a reset"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool old = is_plain(s) && lt(s.end(), h.rcv_nxt);
            if (h.state < State::established || h.state == State::time_wait || h.syn_unacknowledged() || !old)
              return true;
            answer_with_reset(r, s);
            r.forget_connection();
            return false;
          }}},
    {{"rst-with-data-counts", Rule::rst_with_data_counts, "ignores resets with text"},
     {.chooses = insists<Choice::rst_text, 1>}},
    {{"normal-or-aborted", Rule::normal_or_aborted, "tells the end of the stream where the peer has reset"},
     {.sets = forgets<Owed::failed, Rule::normal_or_aborted>,
      .returns =
          [](Reference& r, const Request& request, Reply& reply, const Hypothesis& before) {
            const bool unread = reply.result == Result::ok;
            if (!is(request, Call::receive) || before.ending != Ending::reset || unread) return;
            reply.result = Result::closing;
            r.tcb().error_told = false;
          }}},
    {{"half-closed-still-receives", Rule::half_closed_still_receives, "refuses text after CLOSE"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool half_closed = receives(h) && h.state != State::established;
            return half_closed && is_next_text(h, s) ? refuse_with_ack(r) : true;
          }}},
    {{"unacceptable-is-acked", Rule::unacceptable_is_acked, "drops unacceptable segments in silence"},
     {.sets = forgets<Owed::ack, Rule::unacceptable_is_acked>}},
    {{"unacceptable-is-dropped", Rule::unacceptable_is_dropped, "acknowledges text far beyond its window"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            Hypothesis& h = r.tcb();
            const bool beyond = is_plain(s) && !s.text.empty() && lt(before.advertised_max + 9000, s.seq);
            if (!receives(before) || !beyond || s.seq - before.rcv_nxt > 100'000 || h.state != before.state)
              return;
            h.rcv_nxt = h.rcv_nxt_may = s.end();
            r.ack_unchecked();
          }}},
    {{"only-the-new-part", Rule::only_the_new_part, "refuses a segment that straddles the left edge"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool straddles =
                lt(s.seq, h.rcv_nxt) && lt(h.rcv_nxt, s.seq + static_cast<Seq>(s.text.size()));
            return receives(h) && is_plain(s) && straddles ? refuse_with_ack(r) : true;
          }}},
    {{"out-of-order-is-held", Rule::out_of_order_is_held, "drops text above a gap"},
     {.chooses = insists<Choice::held_text, 1>}},
    {{"rst-outside-is-silent", Rule::rst_outside_is_silent, "obeys a reset outside its window"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            const bool below =
                before.synchronized() && before.state != State::time_wait && lt(s.end(), before.rcv_nxt);
            if (s.has(RST) && below && r.tcb().state == before.state) fail_and_forget(r, Result::reset);
          }}},
    {{"rst-exact-resets", Rule::rst_exact_resets, "only challenges a reset at RCV.NXT"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool exact = s.has(RST) && s.seq == h.rcv_nxt && s.text.empty();
            return exact && h.synchronized() && h.state != State::time_wait ? refuse_with_ack(r) : true;
          }}},
    {{"rst-inside-resets-or-challenges", Rule::rst_inside_resets_or_challenges,
      "ignores a reset inside the window beyond RCV.NXT"},
     {.chooses = insists<Choice::rst_inside, 1>,
      .sets = forgets<Owed::ack, Rule::rst_inside_resets_or_challenges>}},
    {{"rst-challenge-ack", Rule::rst_challenge_ack, "challenges a reset and obeys it all the same"},
     {.chooses = insists<Choice::rst_inside, 1>,
      .processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (!s.has(RST) || !is_inside(before, s) || !has_connection(before)) return;
            if (before.state == State::time_wait) return;
            r.ack_unchecked();
            fail_and_forget(r, Result::reset);
          }}},
    {{"syn-outside-is-acked", Rule::syn_outside_is_acked, "drops a SYN outside the window in silence"},
     {.chooses = insists<Choice::syn_time_wait, 0>, .sets = forgets<Owed::ack, Rule::syn_outside_is_acked>}},
    {{"syn-inside-resets-or-challenges", Rule::syn_inside_resets_or_challenges,
      "drops a SYN inside the window in silence"},
     {.chooses = insists<Choice::syn_inside, 0>,
      .sets = forgets<Owed::ack, Rule::syn_inside_resets_or_challenges>}},
    {{"syn-challenge-ack", Rule::syn_challenge_ack, "challenges a SYN and resets all the same"},
     {.chooses = insists<Choice::syn_inside, 0>,
      .processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            if (!s.has(SYN) || s.has(RST) || !is_inside(before, s) || before.state == State::time_wait)
              return;
            r.ack_unchecked();
            reset_and_forget(r);
          }}},
    {{"no-ack-bit-is-dropped", Rule::no_ack_bit_is_dropped, "takes text of segments without ACK"},
     {.arrives =
          [](Reference& r, Segment& s) {
            if (!receives(r.tcb()) || !none_of(s, ACK | SYN | RST)) return true;
            s.flags |= ACK;
            s.ack = r.tcb().snd_una;
            return true;
          }}},
    {{"ack-of-unsent", Rule::ack_of_unsent, "is silent about an ACK of what it never sent"},
     {.sets = forgets<Owed::ack, Rule::ack_of_unsent>}},
    {{"old-ack-keeps-the-text", Rule::old_ack_keeps_the_text, "refuses text that comes with an old ACK"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool old = s.has(ACK) && lt(s.ack, h.snd_una);
            return receives(h) && old && is_next_text(h, s) ? refuse_with_ack(r) : true;
          }}},
    {{"ack-range", Rule::ack_range, "rejects a segment for its old ACK and takes its text all the same"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            if (!receives(h) || !is_next_text(h, s) || !ack_surely_rejected(h, s)) return true;
            r.ack_unchecked();
            s.ack = h.snd_una;
            r.process(s);
            r.ack_unchecked();
            return false;
          }}},
    {{"window-update", Rule::window_update, "obeys the window of an old ACK"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            Hypothesis& h = r.tcb();
            if (!before.synchronized() || !is_plain(s) || !lt(s.ack, before.snd_una) ||
                h.state != before.state)
              return;
            h.edge_low = h.edge_high = h.edge_max = later(h.edge_max, h.snd_una + s.wnd);
          }}},
    {{"ack-of-fin", Rule::ack_of_fin, "LAST-ACK does not see the ACK of its FIN"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            return !(h.state == State::last_ack && is_plain(s) && h.fin_sent && s.ack == h.snd_nxt);
          }}},
    {{"time-wait-answers-fin", Rule::time_wait_answers_fin, "TIME-WAIT is silent about a retransmitted FIN"},
     {.sets = forgets<Owed::ack, Rule::time_wait_answers_fin>}},
    {{"nothing-after-fin", Rule::nothing_after_fin, "acknowledges text after the peer's FIN"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis& before) {
            Hypothesis& h = r.tcb();
            const bool next = is_plain(s) && !s.text.empty() && s.seq == before.rcv_nxt && none_of(s, FIN);
            if (before.state != State::close_wait || h.state != before.state || !next) return;
            h.rcv_nxt = h.rcv_nxt_may = s.end();
            r.ack_unchecked();
          }}},
    {{"text-is-accepted", Rule::text_is_accepted, "refuses text that is in order"},
     {.arrives =
          [](Reference& r, Segment& s) {
            const Hypothesis& h = r.tcb();
            const bool next = h.state == State::established && is_next_text(h, s) && !lt(s.ack, h.snd_una);
            return next ? refuse_with_ack(r) : true;
          }}},
    {{"fin-is-acked-and-told", Rule::fin_is_acked_and_told, "does not see the peer's FIN"},
     {.arrives =
          [](Reference& r, Segment& s) {
            if (receives(r.tcb()) && none_of(s, SYN | RST)) s.flags &= static_cast<std::uint8_t>(~FIN);
            return true;
          }}},
};

}  // namespace

std::span<const Mutant> arrival_mutants() {
  return table;
}

}  // namespace finwait::planting
