// §3.10.3 RECEIVE Call: the stream to the octet, its end, and the window that unread text closes.
#include <algorithm>

#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

using model::ACK;
using model::FIN;
using model::PSH;

// Text in pieces: in order, early, twice, overlapping.
Event pieces(Dice& dice, const model::Hypothesis& h) {
  if (dice.percent(15)) return draw_event(dice, h);
  if (dice.percent(20)) return receive(dice.one_of<std::uint32_t>({65535, 1, 100}));
  if (dice.percent(8)) return wait_ms(dice.one_of({100, 300, 1000}));
  Event text =
      segment(dice.percent(6) ? FIN | ACK : PSH | ACK, dice.one_of<std::uint16_t>({1, 10, 100, 1000, 1460}));
  text.seq_offset = dice.weighted<std::int32_t>(
      {{6, 0}, {1, -1}, {1, -dice.between(1, 200)}, {2, dice.between(1, 200)}, {1, 1000}, {1, 1460}});
  return text;
}

// The user does not read: the window closes, and is probed from both edges.
Event unread(Dice& dice, const model::Hypothesis& h) {
  if (dice.percent(12)) return draw_event(dice, h);
  if (dice.percent(8)) return receive(dice.one_of<std::uint32_t>({65535, 1, 2000}));
  if (dice.percent(6)) return wait_ms(dice.one_of({300, 1000, 6000}));
  if (h.rcv_wnd() == 0 && dice.percent(12)) return dice.percent(60) ? send(100) : wait_ms(8000);
  Event text = segment(dice.percent(5) ? FIN | ACK : ACK, 1460);
  if (h.rcv_wnd() > 0 && h.rcv_wnd() < 3000 && dice.percent(70))
    text.len = static_cast<std::uint16_t>(h.rcv_wnd());
  if (h.rcv_wnd() == 0) text.len = dice.one_of<std::uint16_t>({0, 1, 100});
  if (h.rcv_wnd() == 0 && dice.percent(20)) {
    text.flags = model::RST;
    text.len = 0;
  }
  return text;
}

// Text above a gap, with FIN at its end and ACKs of our own, and what fills the gap. The stream ends once:
// where a FIN is held, nothing reaches beyond it.
Event around_a_gap(Dice& dice, const model::Hypothesis& h) {
  if (dice.percent(12)) return draw_event(dice, h);
  if (dice.percent(10)) return dice.percent(50) ? receive() : wait_ms(dice.one_of({100, 600, 3000}));
  std::int32_t gap = 0, end = 0;  // where the first piece begins, where the stream ends: 0 if there is none
  for (std::uint8_t i = 0; i < h.held_count; ++i) {
    const auto begin = static_cast<std::int32_t>(h.held[i].begin - h.rcv_nxt);
    if (gap == 0 || begin < gap) gap = begin;
    if (h.held[i].fin) end = static_cast<std::int32_t>(h.held[i].end - h.rcv_nxt);
  }
  Event text = segment(ACK);
  if (dice.percent(30)) text.ack_offset = -1;
  if (dice.percent(10)) text.ack_base = AckBase::snd_una;
  std::int32_t len = dice.between(1, 60);
  if (gap > 0 && dice.percent(40)) {  // fills it, exactly or not
    len = std::max(1, gap + dice.one_of<std::int32_t>({0, 0, -1, 1, 10}));
  } else {
    text.seq_offset = dice.one_of<std::int32_t>({1, 10, 30, 60, 100, dice.between(1, 200)});
  }
  if (end > 0) len = std::min(len, end - text.seq_offset);
  const bool last = end > 0 ? text.seq_offset + len == end && dice.percent(50) : dice.percent(20);
  if (len < 0 || (len == 0 && !last)) return receive();
  text.len = static_cast<std::uint16_t>(len);
  if (last) text.flags |= FIN;
  return text;
}

const Property all[] = {
    {"3.10.3", "receive-in-any-state", "RECEIVE waits, returns text or tells the end",
     [](Dice& dice) { return roads::any_connection(dice); }},
    {"3.10.3", "stream-is-intact", "what is read is what was sent, in order, once, to the octet",
     [](Dice& dice) { return roads::either(dice, roads::established(dice), roads::fin_wait_2(dice)); },
     pieces, 10, 40},
    {"3.10.3", "gap-is-filled", "text and FIN above a gap count when the gap is filled, or are sent again",
     [](Dice& dice) {
       return dice.percent(40) ? roads::fin_wait_1(dice)
                               : roads::either(dice, roads::established(dice), roads::fin_wait_2(dice));
     },
     around_a_gap, 4, 24},
    {"3.10.3", "window-closes", "unread text closes the window, and a closed window obeys its own rules",
     [](Dice& dice) { return roads::established(dice); }, unread, 40, 90},
};

}  // namespace

std::span<const Property> receive_call_properties() {
  return all;
}

}  // namespace finwait
