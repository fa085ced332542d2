// §3.10.3 RECEIVE Call: the stream to the octet, its end, and the window that unread text closes.
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

const Property all[] = {
    {"3.10.3", "receive-in-any-state", "RECEIVE waits, returns text or tells the end",
     [](Dice& dice) { return roads::any_connection(dice); }},
    {"3.10.3", "stream-is-intact", "what is read is what was sent, in order, once, to the octet",
     [](Dice& dice) { return roads::either(dice, roads::established(dice), roads::fin_wait_2(dice)); },
     pieces, 10, 40},
    {"3.10.3", "window-closes", "unread text closes the window, and a closed window obeys its own rules",
     [](Dice& dice) { return roads::established(dice); }, unread, 40, 90},
};

}  // namespace

std::span<const Property> receive_call_properties() {
  return all;
}

}  // namespace finwait
