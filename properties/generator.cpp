#include "properties/generator.h"

#include <algorithm>

namespace finwait {

using model::ACK;
using model::FIN;
using model::Handle;
using model::Hypothesis;
using model::PSH;
using model::RST;
using model::State;
using model::SYN;

namespace {

// ---- segments ---------------------------------------------------------------------------------------

std::uint8_t draw_flags(Dice& dice, State state) {
  constexpr std::uint8_t syn_ack = SYN | ACK, fin_ack = FIN | ACK, rst_ack = RST | ACK, psh_ack = PSH | ACK;
  if (dice.percent(5)) return static_cast<std::uint8_t>(dice.any() & (FIN | SYN | RST | PSH | ACK));
  switch (state) {
    case State::closed:
    case State::listen:
      return dice.weighted<std::uint8_t>({{60, SYN},
                                          {10, ACK},
                                          {6, fin_ack},
                                          {6, RST},
                                          {5, rst_ack},
                                          {6, syn_ack},
                                          {3, FIN},
                                          {2, 0},
                                          {2, psh_ack}});
    case State::syn_sent:
      return dice.weighted<std::uint8_t>(
          {{45, syn_ack}, {16, SYN}, {14, ACK}, {8, rst_ack}, {6, RST}, {4, fin_ack}, {2, FIN}, {2, 0}});
    case State::syn_received:
      return dice.weighted<std::uint8_t>({{50, ACK},
                                          {8, psh_ack},
                                          {10, fin_ack},
                                          {8, RST},
                                          {4, rst_ack},
                                          {7, SYN},
                                          {8, syn_ack},
                                          {2, FIN},
                                          {2, 0}});
    default:
      return dice.weighted<std::uint8_t>({{45, ACK},
                                          {14, psh_ack},
                                          {16, fin_ack},
                                          {6, RST},
                                          {3, rst_ack},
                                          {5, SYN},
                                          {4, syn_ack},
                                          {2, FIN},
                                          {2, 0}});
  }
}

void draw_seq(Dice& dice, const Hypothesis& h, Event& event) {
  const bool fresh = h.state < State::syn_received;
  if (fresh) {
    event.seq_base = SeqBase::isn;
    if (event.flags & RST) {  // SEQ=0 is what a closed peer's reset carries
      event.seq_base = dice.percent(60) ? SeqBase::zero : SeqBase::isn;
      return;
    }
    event.seq_offset =
        dice.weighted<std::int32_t>({{90, 0}, {4, 1}, {3, -1}, {3, dice.between(-70000, 70000)}});
    return;
  }
  if (h.state == State::syn_received && (event.flags & SYN) && dice.percent(60)) {
    event.seq_base = SeqBase::isn;
    return;
  }
  const std::int32_t len = event.len;
  switch (dice.weighted<int>({{64, 0}, {12, 1}, {8, 2}, {5, 3}, {11, 4}})) {
    case 0: break;  // left edge
    case 1:         // outside left, or straddling it
      event.seq_offset = dice.weighted<std::int32_t>({{4, -1},
                                                      {2, -len},
                                                      {2, -std::max(1, len / 2)},
                                                      {2, -dice.between(1, 100)},
                                                      {1, -70000},
                                                      {1, -1000000000}});
      break;
    case 2:  // inside
      event.seq_offset =
          dice.weighted<std::int32_t>({{4, 1}, {3, dice.between(2, 600)}, {1, dice.between(2, 4000)}});
      break;
    case 3:  // right edge
      event.seq_base = SeqBase::right_edge;
      event.seq_offset = dice.one_of<std::int32_t>({-1, -len, -len + 1});
      break;
    default:  // outside right
      event.seq_base = SeqBase::right_edge;
      event.seq_offset = dice.weighted<std::int32_t>(
          {{3, 0}, {4, 1}, {2, dice.between(2, 1000)}, {3, 70000}, {1, 1000000000}});
  }
}

void draw_ack(Dice& dice, const Hypothesis& h, Event& event) {
  if (h.state == State::syn_sent) {
    event.ack_offset =
        dice.weighted<std::int32_t>({{75, 0}, {12, -1}, {8, 1}, {5, dice.between(-70000, 70000)}});
    return;
  }
  switch (dice.weighted<int>({{68, 0}, {12, 1}, {6, 2}, {8, 3}, {6, 4}})) {
    case 0: break;
    case 1: event.ack_base = AckBase::snd_una; break;
    case 2:
      event.ack_base = AckBase::snd_una;
      event.ack_offset = dice.one_of<std::int32_t>({1, 1, dice.between(2, 500)});
      break;
    case 3: event.ack_offset = dice.one_of<std::int32_t>({1, 1, dice.between(2, 1000), 70000}); break;
    default:
      event.ack_base = dice.one_of({AckBase::snd_una, AckBase::iss});
      event.ack_offset = dice.one_of<std::int32_t>({-1, 0, -dice.between(2, 70000), -100000});
  }
}

// ---- waits ------------------------------------------------------------------------------------------

Event draw_wait(Dice& dice, const Hypothesis& h) {
  if (h.state == State::time_wait && dice.percent(60)) {
    // Behaviour at an instant inside a timer's tolerance band is not asserted: step over it.
    return wait_ms(dice.one_of<std::int32_t>({-2000, -1000, 2000, 1000, -20000, 20000}), WaitBase::two_msl);
  }
  const bool waits = h.iss_known && (model::lt(h.snd_una, h.snd_nxt) || h.unsent() > 0);
  if (waits && dice.percent(25)) {
    return dice.percent(50) ? wait_ms(2000, WaitBase::patience) : wait_ms(dice.between(5, 400) * 1000);
  }
  switch (dice.below(8)) {
    case 0: return wait_ms(dice.between(1, 20) * 50);
    case 1: return wait_ms(250);
    case 2: return wait_ms(1000);
    case 3: return wait_ms(2000);
    case 4: return wait_ms(dice.between(2, 12) * 1000);
    case 5: return wait_ms(6000);
    case 6: return wait_ms(dice.between(10, 90) * 1000);
    default: return wait_ms(500);
  }
}

// ---- calls ------------------------------------------------------------------------------------------

Event draw_send(Dice& dice) {
  return send(dice.weighted<std::uint32_t>({{3, 1},
                                            {4, static_cast<std::uint32_t>(dice.between(2, 300))},
                                            {3, 1000},
                                            {2, static_cast<std::uint32_t>(dice.between(1000, 6000))}}));
}

Event draw_receive(Dice& dice) {
  return receive(
      dice.weighted<std::uint32_t>({{6, 65535}, {2, static_cast<std::uint32_t>(dice.between(1, 500))}}));
}

Event draw_call(Dice& dice, const Hypothesis& h) {
  if (h.handle == Handle::waiting && dice.percent(70)) return accept_child();
  const bool half_closed = h.fin_queued;
  const bool ended = h.handle != Handle::open;
  switch (dice.weighted<int>({{ended ? 2u : 10u, 0},
                              {ended ? 2u : 10u, 1},
                              {half_closed ? 2u : 8u, 2},
                              {3, 3},
                              {2, 4},
                              {2, 5},
                              {1, 6},
                              {ended && h.state == State::closed ? 12u : 1u, 7},
                              {ended && !h.listening ? 8u : 1u, 8},
                              {h.listening ? 3u : 1u, 9}})) {
    case 0: return draw_send(dice);
    case 1: return draw_receive(dice);
    case 2: return close();
    case 3: return close_full();
    case 4: return abort_call();
    case 5: return status();
    case 6: return close_listener();
    case 7: return open_active();
    case 8: return open_passive();
    default: return accept_child();
  }
}

}  // namespace

Event call(EventKind kind, std::uint32_t count) {
  Event event;
  event.kind = kind;
  event.count = count;
  return event;
}
Event open_passive() {
  return call(EventKind::open_passive);
}
Event open_active() {
  return call(EventKind::open_active);
}
Event accept_child() {
  return call(EventKind::accept);
}
Event send(std::uint32_t octets) {
  return call(EventKind::send, octets);
}
Event receive(std::uint32_t octets) {
  return call(EventKind::receive, octets);
}
Event close() {
  return call(EventKind::close);
}
Event close_full() {
  return call(EventKind::close_full);
}
Event abort_call() {
  return call(EventKind::abort);
}
Event status() {
  return call(EventKind::status);
}
Event close_listener() {
  return call(EventKind::close_listener);
}

Event wait_ms(std::int32_t ms, WaitBase base) {
  Event event;
  event.kind = EventKind::wait;
  event.wait_ms = ms;
  event.wait_base = base;
  return event;
}

Event segment(std::uint8_t flags, std::uint16_t len) {
  Event event;
  event.kind = EventKind::segment;
  event.flags = flags;
  event.len = len;
  return event;
}

Event syn(std::uint8_t more_flags) {
  Event event = segment(static_cast<std::uint8_t>(SYN | more_flags));
  event.seq_base = SeqBase::isn;
  event.mss = 1460;
  return event;
}

Event draw_segment(Dice& dice, const Hypothesis& h) {
  Event event = segment(draw_flags(dice, h.state));
  const std::uint32_t text = h.synchronized() ? 40 : 8;
  if ((event.flags & PSH) || dice.percent(text)) {
    event.len = dice.weighted<std::uint16_t>({{4, std::uint16_t{1}},
                                              {5, static_cast<std::uint16_t>(dice.between(2, 200))},
                                              {2, std::uint16_t{536}},
                                              {2, static_cast<std::uint16_t>(dice.between(537, 1400))}});
  }
  if ((event.flags & (SYN | RST)) && event.len > 0 && !dice.percent(30)) event.len = 0;
  draw_seq(dice, h, event);
  if (event.flags & ACK) draw_ack(dice, h, event);
  // A FIN above a gap fixes where our stream ends: seldom, since text behind it would contradict it.
  const bool above = event.seq_base == SeqBase::right_edge || event.seq_offset > 0;
  if ((event.flags & FIN) && h.synchronized() && above && !dice.percent(25)) {
    event.flags = static_cast<std::uint8_t>(event.flags & ~FIN);
  }
  event.wnd = dice.weighted<std::uint16_t>({{70, std::uint16_t{65535}},
                                            {10, std::uint16_t{0}},
                                            {8, static_cast<std::uint16_t>(dice.between(1, 2000))},
                                            {6, std::uint16_t{32768}},
                                            {6, static_cast<std::uint16_t>(dice.below(65536))}});
  if (event.flags & SYN)
    event.mss = dice.weighted<std::uint16_t>(
        {{70, std::uint16_t{1460}}, {20, std::uint16_t{0}}, {10, std::uint16_t{100}}});
  event.bad_checksum = dice.percent(2);
  return event;
}

Event draw_event(Dice& dice, const Hypothesis& h) {
  std::uint32_t calls = 22, waits = 14;
  switch (h.state) {
    case State::closed:
      if (h.handle == Handle::none && dice.percent(70))
        return dice.percent(50) ? open_active() : open_passive();
      calls = 60;
      break;
    case State::listen:
      calls = 8;
      waits = 3;
      break;
    case State::syn_sent:
      calls = 12;
      waits = 8;
      break;
    case State::syn_received:
      calls = h.passive ? 4 : 14;
      waits = 8;
      break;
    case State::established: calls = 40; break;
    case State::close_wait: calls = 40; break;
    case State::time_wait:
      calls = 10;
      waits = 25;
      break;
    default: break;
  }
  if (h.handle == Handle::waiting) calls = std::max(calls, 45u);
  const std::uint32_t at = dice.below(100);
  if (at < calls) return draw_call(dice, h);
  if (at < calls + waits) return draw_wait(dice, h);
  return draw_segment(dice, h);
}

}  // namespace finwait
