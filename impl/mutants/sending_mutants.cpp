// Faults in acknowledging, in data, windows and FIN (§3.7, §3.8, §3.6).
#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

bool begins(const Segment& s) {
  return s.has(SYN) && none_of(s, RST);
}

const Mutant table[] = {
    {{"close-with-unread-data-resets", Rule::close_with_unread_data_resets,
      "close() with unread text sends FIN"},
     {.chooses = insists<Choice::close_unread, 1>}},
    {{"data-after-close-resets", Rule::data_after_close_resets,
      "takes text that nobody can read after close()"},
     {.chooses = insists<Choice::orphan_text, 1>}},
    {{"reopening-iss-is-larger", Rule::reopening_iss_is_larger, "reopens from TIME-WAIT with a smaller ISS"},
     {.chooses =
          [](Reference& r, Choice choice, int ways, int drawn) {
            return choice == Choice::syn_time_wait && ways > 2 && r.tcb().listening ? 2 : drawn;
          },
      .leaves =
          [](Reference& r, Wire& wire, EncodeOptions&) {
            Hypothesis& h = r.tcb();
            if (h.state != State::syn_received || !h.reopened || !wire.segment.has(SYN)) return true;
            h.iss = h.snd_una = h.snd_una_may = wire.segment.seq = h.old_snd_nxt - 1000;
            h.snd_nxt = h.iss + 1;
            return true;
          }}},
    {{"default-send-mss", Rule::default_send_mss, "sends 1460 octets where no MSS option came"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis&) {
            if (begins(s) && !r.tcb().peer_mss_given) r.tcb().peer_mss = 1460;
          }}},
    {{"effective-send-mss", Rule::effective_send_mss, "does not look at the peer's MSS option"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis&) {
            if (begins(s) && r.tcb().peer_mss_given) r.tcb().peer_mss = 1460;
          }}},
    {{"ack-is-current", Rule::ack_is_current, "data carries an ACK number that is one too low"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (is_plain(wire.segment) && !wire.segment.text.empty()) --wire.segment.ack;
            return true;
          }}},
    {{"ack-never-beyond-received", Rule::ack_never_beyond_received, "acknowledges one octet too many"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (is_plain(wire.segment)) ++wire.segment.ack;
            return true;
          }}},
    {{"pure-ack-at-snd-nxt", Rule::pure_ack_at_snd_nxt, "a pure ACK stands one beyond SND.NXT"},
     {.leaves =
          [](Reference& r, Wire& wire, EncodeOptions&) {
            if (is_pure_ack(wire.segment) && none_of(wire.segment, SYN))
              wire.segment.seq = r.tcb().snd_nxt + 1;
            return true;
          }}},
    {{"right-edge-stays", Rule::right_edge_stays, "takes half of its window back with every ACK"},
     {.leaves =
          [](Reference&, Wire& wire, EncodeOptions&) {
            if (is_plain(wire.segment)) wire.segment.wnd = static_cast<std::uint16_t>(wire.segment.wnd / 2);
            return true;
          }}},
    {{"survives-shrunken-window", Rule::survives_shrunken_window, "resets when the peer shrinks its window"},
     {.processed =
          [](Reference& r, const Segment&, const Hypothesis& before) {
            const Hypothesis& h = r.tcb();
            const bool sends =
                before.synchronized() && h.state == before.state && h.state != State::time_wait;
            if (sends && lt(h.edge_high, h.snd_nxt) && !h.syn_unacknowledged()) reset_and_forget(r);
          }}},
    {{"nothing-new-beyond-window", Rule::nothing_new_beyond_window,
      "sends 1000 octets beyond the peer's window"},
     {.processed =
          [](Reference& r, const Segment& s, const Hypothesis&) {
            Hypothesis& h = r.tcb();
            if (h.synchronized() && s.has(ACK)) h.edge_low = h.edge_high = h.edge_max = s.ack + s.wnd + 1000;
          }}},
    {{"no-new-data-after-shrink", Rule::no_new_data_after_shrink,
      "sends new data as if the window had not shrunk"},
     {.processed =
          [](Reference& r, const Segment&, const Hypothesis&) {
            Hypothesis& h = r.tcb();
            if (h.synchronized()) h.edge_low = h.edge_high = h.edge_max;
          }}},
    {{"probe-is-answered", Rule::probe_is_answered, "is silent about probes of its zero window"},
     {.sets = forgets<Owed::ack, Rule::probe_is_answered>}},
    {{"one-ack-per-segment", Rule::one_ack_per_segment, "sends every ACK three times"},
     {.leaves =
          [](Reference& r, Wire& wire, EncodeOptions&) {
            if (!is_pure_ack(wire.segment) || wire.segment.has(SYN)) return true;
            r.send_unchecked(wire.segment);
            r.send_unchecked(wire.segment);
            return true;
          }}},
    {{"syn-form", Rule::syn_form, "repeats its SYN with another ISS"},
     {.leaves =
          [](Reference& r, Wire& wire, EncodeOptions&) {
            const bool again = wire.segment.flags == SYN && r.tcb().resent > 0;
            if (again) wire.segment.seq += 1000;
            return true;
          }}},
    {{"acked-data-is-not-resent", Rule::acked_data_is_not_resent,
      "resends an octet that was just acknowledged"},
     {.processed =
          [](Reference& r, const Segment&, const Hypothesis& before) {
            const Hypothesis& h = r.tcb();
            const bool acked =
                lt(before.snd_una, h.snd_una) && lt(before.iss, before.snd_una) && before.queued > 0;
            const bool text = lt(before.snd_una, before.stream_end());
            if (h.synchronized() && before.synchronized() && acked && text)
              r.send_text_unchecked(before.snd_una, 1);
          }}},
    {{"one-fin", Rule::one_fin, "answers the peer's FIN with its own although nobody has called CLOSE"},
     {.processed =
          [](Reference& r, const Segment&, const Hypothesis& before) {
            const Hypothesis& h = r.tcb();
            if (before.state != State::established || h.state != State::close_wait) return;
            Segment o;
            o.flags = FIN | ACK;
            o.seq = h.snd_nxt;
            o.ack = h.rcv_nxt;
            r.send_unchecked(o);
          }}},
    {{"data-before-close-arrives", Rule::data_before_close_arrives,
      "CLOSE throws away what was not sent yet"},
     {.may_send = [](Reference& r) { return !(r.tcb().fin_queued && r.tcb().unsent() > 0); }}},
    {{"held-data-leaves", Rule::held_data_leaves, "keeps a single octet for ever"},
     {.may_send = [](Reference& r) { return r.tcb().fin_queued || r.tcb().early || r.tcb().unsent() != 1; }}},
    {{"send-waits-for-established", Rule::send_waits_for_established,
      "forgets data that it has taken before ESTABLISHED"},
     {.may_send = [](Reference& r) { return !r.tcb().early; }}},
    {{"fin-follows-the-data", Rule::fin_follows_the_data, "never sends its FIN"},
     {.may_send = [](Reference& r) { return !r.tcb().fin_queued || r.tcb().unsent() > 0; }}},
};

}  // namespace

std::span<const Mutant> sending_mutants() {
  return table;
}

}  // namespace finwait::planting
