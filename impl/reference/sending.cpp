// What leaves: every segment is formed here, judged by model::emits() and put on the wire.
#include <fmt/format.h>

#include <algorithm>

#include "impl/reference/reference.h"
#include "model/emission.h"
#include "model/timeouts.h"

namespace finwait {

using model::Handle;
using model::Hypothesis;
using model::later;
using model::le;
using model::lt;
using model::Owed;
using model::Rule;
using model::Segment;
using model::Seq;
using model::State;
using model::Step;

namespace {

std::uint32_t span_of(Seq low, Seq high) {
  return lt(low, high) ? high - low : 0;
}

std::uint8_t with(std::uint8_t flags, std::uint8_t more) {
  return static_cast<std::uint8_t>(flags | more);
}

}  // namespace

// ---- what may be sent -------------------------------------------------------------------------------

// SYN-RECEIVED, or FIN-WAIT-1 while our SYN is not acknowledged (reading A15).
bool Reference::opening() const {
  return h_.state == State::syn_received || (h_.state == State::fin_wait_1 && h_.syn_unacknowledged());
}

bool Reference::may_send_text() const {
  return h_.synchronized() && h_.state != State::fin_wait_2 && h_.state != State::time_wait &&
         !h_.syn_unacknowledged();
}

bool Reference::can_send_more() {
  if (fault_ != nullptr && fault_->may_send != nullptr && !fault_->may_send(*this)) return false;
  const bool fin_waits = h_.fin_queued && !h_.fin_sent && h_.unsent() == 0;
  if (h_.state == State::fin_wait_1 && opening()) return fin_waits && h_.iss_known;
  return may_send_text() && (fin_waits || (h_.unsent() > 0 && lt(h_.snd_nxt, h_.edge_low)));
}

std::uint16_t Reference::effective_mss() const {
  // Nobody can work with an MSS of next to nothing (reading A52).
  return std::min<std::uint16_t>(std::max<std::uint16_t>(h_.peer_mss, 64), claims_.mss);
}

// ---- fields -----------------------------------------------------------------------------------------

Seq Reference::ack_number(bool may_take_more) {
  if (!lt(h_.rcv_nxt, h_.rcv_nxt_may)) return h_.rcv_nxt;
  if (h_.fin_received) {  // a FIN after the FIN: whoever has counted it once goes on to do so (reading A35)
    if (!acks_late_fin_) acks_late_fin_ = may_take_more && random_.one_in(2);
    return acks_late_fin_ && may_take_more ? h_.rcv_nxt_may : h_.rcv_nxt;
  }
  return may_take_more && chance(Freedom::ack_takes_more, 2) ? h_.rcv_nxt_may : h_.rcv_nxt;
}

// The window that the buffer allows, less what SWS avoidance keeps back; taken back only by disregard of
// SHLD-14.
std::uint16_t Reference::window(Seq ack) {
  const Seq full = later(h_.user_nxt + claims_.receive_buffer, ack);
  Seq edge = full;
  if (h_.window_known && le(ack, h_.advertised) && lt(h_.advertised, full)) {
    const bool silly = full - h_.advertised < claims_.mss;
    if (silly ? chance(Freedom::window_hidden, 2) : chance(Freedom::window_hidden, 8)) edge = h_.advertised;
  }
  if (h_.window_known && lt(ack, edge) && chance(Freedom::window_taken_back, 64)) {
    edge = ack + random_.below(edge - ack);
  }
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(edge - ack, 65535));
}

Segment Reference::segment(std::uint8_t flags, Seq seq) {
  Segment o;
  o.flags = flags;
  o.seq = seq;
  if (flags & model::ACK) {
    o.ack = ack_number(false);
    o.wnd = window(o.ack);
  }
  return o;
}

void Reference::attach_text(Segment& o, std::uint32_t octets) {
  text_.clear();
  sent_.read(o.seq - (h_.iss + 1), octets, text_);
  o.text = text_;
  if (octets > 0 && random_.one_in(2)) o.flags = with(o.flags, model::PSH);
}

Seq Reference::choose_iss() {
  if (h_.reopened) return h_.old_snd_nxt + random_.between(1, 1u << 20);  // MAY-2, first condition
  if (!wraps_soon_) return static_cast<Seq>(random_.next());
  wraps_soon_ = false;
  return ~Seq{0} - random_.below(3000);
}

// ---- the way out ------------------------------------------------------------------------------------

void Reference::transmit(const Segment& o) {
  if (bend(o)) return;
  if (o.len() > 0 && h_.snd_una == h_.snd_nxt) front_ack_ = o.ack;
  Step current = step();
  const Rule rule = model::emits(current, o);
  if (rule != Rule::none) {
    demand(rule, fmt::format("sending flags={:#x} seq={} ack={} len={} win={}", o.flags, o.seq, o.ack,
                             o.len(), o.wnd));
    // A mutant that stays behind its own TCB would send the same for ever.
    if (o.has(model::RST)) h_.reset_count = 0;
    h_.last_sent = now_;
    if (h_.synchronized() && lt(h_.snd_nxt, o.end()) && o.end() - h_.snd_nxt < 65536) h_.snd_nxt = o.end();
    if (o.has(model::FIN)) h_.fin_sent = true;
  }
  if (o.has(model::RST)) planned_resets_ = {};  // one of several equal ones may be gone
  put_on_wire(o);
}

void Reference::put_on_wire(const Segment& o) {
  const Profile addresses;
  Wire wire{addresses.iut_address, addresses.tester_address, iut_port_, tester_port_, o};
  EncodeOptions options;
  if (fault_ != nullptr && fault_->leaves != nullptr && !fault_->leaves(*this, wire, options)) return;
  const std::size_t size = encode(wire, packet_, options);
  sink_->datagram(now_, Octets(packet_.data(), size));
}

void Reference::send_unchecked(const Segment& o) {
  if (tester_port_ == 0) return;  // to whom?
  const Profile addresses;
  const Wire wire{addresses.iut_address, addresses.tester_address, iut_port_, tester_port_, o};
  const std::size_t size = encode(wire, packet_);
  sink_->datagram(now_, Octets(packet_.data(), size));
}

void Reference::ack_unchecked() {
  Segment o;
  o.flags = model::ACK;
  o.seq = h_.snd_nxt;
  o.ack = h_.rcv_nxt;
  o.wnd = static_cast<std::uint16_t>(h_.rcv_wnd());
  send_unchecked(o);
}

void Reference::send_text_unchecked(Seq seq, std::uint32_t octets) {
  Segment o;
  o.flags = model::ACK;
  o.seq = seq;
  o.ack = h_.rcv_nxt;
  o.wnd = static_cast<std::uint16_t>(h_.rcv_wnd());
  attach_text(o, octets);
  send_unchecked(o);
}

// ---- opening ----------------------------------------------------------------------------------------

// The timers of a connection whose first segment is about to leave.
void Reference::set_the_pace() {
  first_rto_ =
      Time{random_.one_in(4) ? random_.between(3'000'000, 8'000'000) : random_.between(1'000'000, 2'000'000)};
  longest_rto_ = 60s + Time{random_.below(4'000'000)};
  patience_for_peer_ = 100s + Time{random_.below(100'000'000)};
  last_resend_ = now_;
  tired_ = acks_late_fin_ = false;
}

void Reference::send_syn() {
  if (!h_.iss_known) {
    set_the_pace();
  } else {
    count(Freedom::resend_syn);
  }
  Segment o = segment(model::SYN, h_.iss_known ? h_.iss : choose_iss());
  o.wnd = static_cast<std::uint16_t>(claims_.receive_buffer);
  if (!random_.one_in(4)) o.mss = claims_.mss;
  transmit(o);
}

void Reference::send_syn_ack(bool again) {
  if (!h_.iss_known) {
    set_the_pace();
  } else if (again) {
    count(Freedom::resend_syn_ack);
  }
  Segment o = segment(model::SYN | model::ACK, h_.iss_known ? h_.iss : choose_iss());
  if (lt(h_.rcv_nxt, h_.syn_text_end) && chance(Freedom::syn_ack_takes_text, 2)) {
    o.ack = h_.syn_text_end;
    o.wnd = window(o.ack);
  }
  if (!random_.one_in(4)) o.mss = claims_.mss;
  if (again && h_.fin_sent && h_.queued == 0 && chance(Freedom::resend_fin_with_syn, 2))
    o.flags = with(o.flags, model::FIN);
  transmit(o);
}

// ---- acknowledgments --------------------------------------------------------------------------------

void Reference::send_ack() {
  // The SYN,ACK serves in SYN-RECEIVED (reading A12), and has to come first.
  if (opening() && (!h_.iss_known || random_.one_in(2))) return send_syn_ack(false);
  if (can_send_more() && !opening() && random_.one_in(2)) return send_new();
  count(Freedom::pure_ack);
  Segment o = segment(model::ACK, h_.snd_nxt);
  o.ack = ack_number(true);
  o.wnd = window(o.ack);
  if (lt(h_.snd_una, h_.snd_nxt) && chance(Freedom::ack_below_snd_nxt, 4)) {
    o.seq = h_.snd_una + random_.below(h_.snd_nxt - h_.snd_una);
  }
  transmit(o);
}

void Reference::send_extra_ack() {
  if (h_.parting_ack && !h_.synchronized()) {
    count(Freedom::parting_ack);
    Segment o;
    o.flags = model::ACK;
    o.seq = h_.snd_nxt;
    o.ack = h_.rcv_nxt;
    return transmit(o);
  }
  const bool licensed = h_.ack_credit > 0 && now_ <= h_.credit_until && h_.iss_known;
  if (!licensed || (!h_.synchronized() && !opening())) return;
  count(Freedom::unowed_ack);
  send_ack();
}

void Reference::send_window_update() {
  const Seq full = h_.user_nxt + claims_.receive_buffer;
  const bool useful = may_send_text() || h_.state == State::fin_wait_2;
  if (!useful || !h_.window_known || !lt(h_.advertised, full)) return;
  Segment o = segment(model::ACK, h_.snd_nxt);
  o.wnd = static_cast<std::uint16_t>(span_of(o.ack, full));
  if (!lt(h_.advertised, o.ack + o.wnd)) return;
  count(Freedom::window_update);
  transmit(o);
}

// ---- text and FIN -----------------------------------------------------------------------------------

void Reference::send_new() {
  if (fault_ != nullptr && fault_->may_send != nullptr && !fault_->may_send(*this)) return;
  if (opening()) {
    count(Freedom::fin_before_established);
    return transmit(segment(model::FIN | model::ACK, h_.snd_nxt));
  }
  Seq edge = h_.edge_low;
  if (lt(h_.edge_low, h_.edge_high)) {
    const bool upper = random_.one_in(2);
    count(upper ? Freedom::data_to_upper_edge : Freedom::data_to_lower_edge);
    if (upper) edge = h_.edge_high;
  }
  if (lt(h_.edge_high, h_.edge_max) && h_.unsent() > span_of(h_.snd_nxt, h_.edge_high) &&
      chance(Freedom::data_beyond_shrunk_edge, 64)) {
    edge = h_.edge_max;
  }
  std::uint32_t octets = std::min<std::uint32_t>({h_.unsent(), effective_mss(), span_of(h_.snd_nxt, edge)});
  if (octets > 1 && chance(Freedom::data_cut, 3)) {
    octets = random_.between(1, octets);
  } else if (octets > 0) {
    count(Freedom::data_full);
  }
  Segment o = segment(model::ACK, h_.snd_nxt);
  attach_text(o, octets);
  if (h_.fin_queued && !h_.fin_sent && o.end() == h_.stream_end()) {
    if (octets == 0) count(Freedom::fin_alone);
    if (octets == 0 || chance(Freedom::fin_with_data, 2)) o.flags = with(o.flags, model::FIN);
  }
  if (o.len() > 0) transmit(o);
}

// ---- retransmissions and probes ---------------------------------------------------------------------

void Reference::resend() {
  resend_now_ = false;
  last_resend_ = now_;
  if (h_.interval == Time{0} && h_.resent > 0) rto_ = std::min(2 * rto_, claims_.patience);
  if (h_.state == State::syn_sent) return send_syn();
  if (!opening()) return resend_text();
  const bool bare = !h_.passive && random_.one_in(2);  // reading A11
  const bool fin = h_.fin_sent && random_.one_in(3);   // reading A15
  if (fin) return transmit(segment(model::FIN | model::ACK, h_.snd_nxt - 1));
  if (bare) return send_syn();
  send_syn_ack(true);
}

// §3.10.8: "the segment at the front of the retransmission queue again", cut anew.
void Reference::resend_text() {
  Seq seq = h_.snd_una;
  const std::uint32_t acked = span_of(h_.iss + 1, seq);
  if (acked > 0 && lt(seq, h_.edge_max) && chance(Freedom::resend_below_front, 16)) {
    seq -= random_.between(1, std::min<std::uint32_t>(acked, 8));
  } else {
    count(Freedom::resend_front);
  }
  const Seq sent_text = h_.snd_nxt - (h_.fin_sent ? 1 : 0);
  Seq end = sent_text;
  const bool more = h_.unsent() > 0 && lt(h_.snd_nxt, h_.edge_low) && chance(Freedom::resend_with_more, 4);
  if (more) end = h_.snd_nxt + std::min(h_.unsent(), span_of(h_.snd_nxt, h_.edge_low));
  std::uint32_t octets = std::min<std::uint32_t>(span_of(seq, end), effective_mss());
  // An octet beyond every window was a probe, and goes alone again.
  if (lt(h_.edge_max, seq + octets)) octets = lt(seq, h_.edge_max) ? h_.edge_max - seq : 1;
  const std::uint32_t least = span_of(seq, h_.snd_una) + 1;  // one octet that is not acknowledged
  if (octets > least && random_.one_in(3)) octets = random_.between(least, octets);
  Segment o = segment(model::ACK, seq);
  attach_text(o, octets);
  const bool ends = h_.fin_queued && o.end() == h_.stream_end();
  if (ends && (octets < least || random_.one_in(2))) o.flags = with(o.flags, model::FIN);
  if (lt(o.seq, h_.snd_nxt) && lt(front_ack_, h_.rcv_nxt) && le(h_.irs + 1, front_ack_) &&
      chance(Freedom::resend_old_ack, 4)) {
    o.ack = front_ack_;
  }
  transmit(o);
}

void Reference::send_probe() {
  probe_interval_ = std::min(2 * probe_interval_, claims_.patience);
  const std::uint32_t form = random_.below(4);
  if (form == 0) {
    count(Freedom::probe_empty);
    return transmit(segment(model::ACK, h_.snd_una - 1));
  }
  const std::uint32_t acked = span_of(h_.iss + 1, h_.snd_una);
  Segment o = segment(model::ACK, h_.snd_nxt);
  if (form == 1 && acked > 0) {
    count(Freedom::probe_old_octet);
    o.seq = h_.snd_una - 1;
    attach_text(o, 1);
    return transmit(o);
  }
  const bool waited = now_ - h_.last_sent >= 1s;
  const bool larger = form == 2 && waited && h_.unsent() > 1;
  count(larger ? Freedom::probe_segment : Freedom::probe_new_octet);
  attach_text(o, larger ? std::min<std::uint32_t>(h_.unsent(), effective_mss()) : 1);
  transmit(o);
}

// ---- resets and giving up ---------------------------------------------------------------------------

void Reference::send_reset(std::size_t slot) {
  if (slot >= h_.reset_count) return;
  const model::Reset reset = h_.resets[slot];
  std::uint8_t form = reset.forms;
  while ((form & (form - 1)) != 0) {  // one of several
    const auto one = static_cast<std::uint8_t>(1u << random_.below(3));
    if (reset.forms & one) form = one;
  }
  if (!reset.owed) count(Freedom::reset_unowed);
  Segment o;
  o.flags = model::RST;
  if (form == model::at_zero) {
    count(Freedom::reset_at_zero);
    o.flags = model::RST | model::ACK;
    o.ack = reset.end;
    return transmit(o);
  }
  if (form == model::at_seg_ack) {
    count(Freedom::reset_at_seg_ack);
    o.seq = reset.acked;
  } else {
    count(Freedom::reset_at_snd_nxt);
    o.seq = reset.next_high;
    if (random_.one_in(4)) o.seq -= random_.below(reset.next_high - reset.next_low + 1);
  }
  if (chance(Freedom::reset_with_ack, 2)) {
    o.flags = model::RST | model::ACK;
    o.ack = h_.rcv_nxt;
  }
  transmit(o);
}

void Reference::give_up() {
  Step current = step();
  if (!model::may_give_up(current)) {
    tired_ = true;
    return;
  }
  const bool held = h_.handle == Handle::open;
  if (random_.one_in(2)) {
    count(Freedom::give_up_with_reset);
    Segment o;
    o.flags = model::RST;
    o.seq = h_.snd_nxt - random_.below(h_.snd_nxt - h_.snd_una + 1);
    return transmit(o);
  }
  if (!held) {
    count(Freedom::give_up_silently);
    tired_ = true;
    return;
  }
  count(Freedom::give_up_told);
  demand(model::user_is_told_failure(current, Result::timed_out), "giving up");
  tired_ = true;
  tell_unchecked(Owed::failed, Result::timed_out);
}

}  // namespace finwait
