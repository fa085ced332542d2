#include "properties/aim.h"

#include <algorithm>
#include <array>

#include "properties/generator.h"

namespace finwait {

using model::FIN;
using model::Hypothesis;
using model::RST;
using model::Segment;
using model::State;
using model::SYN;

namespace {

// Only the length counts for the class.
constexpr std::array<std::uint8_t, 2> octets{};
// Further than any window reaches, so that no reading of a hidden right edge takes it in.
constexpr std::int32_t far = 70000;

std::int32_t length(const Event& event) {
  return event.len + ((event.flags & SYN) ? 1 : 0) + ((event.flags & FIN) ? 1 : 0);
}

void aim_seq(Event& event, SeqClass where, const Hypothesis& h) {
  const std::int32_t len = std::max(length(event), 1);
  switch (where) {
    case SeqClass::any: event.seq_base = (event.flags & RST) ? SeqBase::zero : SeqBase::isn; break;
    case SeqClass::outside_left: event.seq_offset = -len; break;
    case SeqClass::straddles_left: event.seq_offset = -1; break;
    case SeqClass::left_edge: break;
    case SeqClass::inside: event.seq_offset = 1; break;
    case SeqClass::right_edge:  // it ends with the window; where that is smaller, it begins with its last
                                // number
      event.seq_base = SeqBase::right_edge;
      event.seq_offset = static_cast<std::int32_t>(h.rcv_wnd()) > len ? -len : -1;
      break;
    case SeqClass::outside_right:
      event.seq_base = SeqBase::right_edge;
      event.seq_offset = far;
      break;
  }
}

void aim_ack(Event& event, AckClass where) {
  event.ack_base = where == AckClass::all || where == AckClass::unsent ? AckBase::snd_nxt : AckBase::snd_una;
  if (where == AckClass::old) event.ack_offset = -1;
  if (where == AckClass::part || where == AckClass::unsent) event.ack_offset = 1;
  if (where == AckClass::none) event.ack_base = AckBase::snd_nxt;  // without a TCB any number is as good
}

Event any_event_of(const EventClass& wanted, const Hypothesis& h) {
  switch (wanted.kind) {
    case EventKind::segment: break;
    case EventKind::wait: return wait_ms(1000);
    case EventKind::send: return send(100);
    case EventKind::receive: return receive();
    default: return call(wanted.kind);
  }
  Event event = segment(wanted.flags);
  event.bad_checksum = wanted.bad_checksum;
  event.len = wanted.text ? (wanted.seq == SeqClass::straddles_left ? 2 : 1) : 0;
  if (wanted.flags & SYN) event.mss = 1460;
  aim_seq(event, wanted.seq, h);
  if (wanted.flags & model::ACK) aim_ack(event, wanted.ack);
  return event;
}

}  // namespace

std::optional<Event> aim_at(const EventClass& wanted, const Hypothesis& h) {
  const Event event = any_event_of(wanted, h);
  // The tester's ISN decides only where SEQ has no class.
  Segment segment = resolve(event, h, 0);
  segment.text = std::span(octets).first(event.len);
  if (classify(event, segment, h) != wanted) return {};
  return event;
}

}  // namespace finwait
