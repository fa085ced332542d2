// §3.10.2 SEND Call, and what becomes of the octets (§3.7, §3.8).
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

using model::ACK;

Event send_often(Dice& dice, const model::Hypothesis& h) {
  if (dice.percent(25)) return send(dice.one_of<std::uint32_t>({1, 10, 536, 1460, 5000}));
  return draw_event(dice, h);
}

// Nothing but what data transfer is made of: SEND, ACKs of all kinds with all windows, and time.
Event flow(Dice& dice, const model::Hypothesis& h) {
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2: return send(dice.one_of<std::uint32_t>({1, 100, 1460, 4000}));
    case 3: return wait_ms(dice.one_of({300, 1500, 4000, 20000, 70000}));
    case 4: return dice.percent(20) ? wait_ms(2000, WaitBase::patience) : wait_ms(8000);
    case 5: return draw_event(dice, h);
    default: {
      Event ack = segment(ACK);
      ack.wnd = dice.weighted<std::uint16_t>(
          {{4, 65535}, {3, 0}, {2, static_cast<std::uint16_t>(dice.below(3000))}});
      if (dice.percent(30)) ack.ack_base = AckBase::snd_una;
      if (dice.percent(25)) {
        ack.ack_base = AckBase::snd_una;
        ack.ack_offset = dice.one_of<std::int32_t>({1, 100, 536, -1});
      }
      return ack;
    }
  }
}

std::vector<Event> small_mss(Dice& dice) {
  Event opening = syn(ACK);
  opening.mss = dice.one_of<std::uint16_t>({0, 64, 100, 536, 1460});
  opening.wnd = dice.one_of<std::uint16_t>({65535, 65535, 4000, 1000, 0});
  return {open_active(), opening};
}

const Property all[] = {
    {"3.10.2", "send-in-any-state", "SEND queues, sends or fails as the state asks",
     [](Dice& dice) { return roads::any_connection(dice); }, send_often},
    {"3.10.2", "send-before-established", "data accepted early follows the handshake",
     [](Dice& dice) {
       return roads::either(dice, roads::then(roads::syn_sent(), {send(100)}),
                            roads::then(roads::syn_received_active(), {send(100)}));
     }},
    {"3.10.2", "octets-in-flight",
     "data leaves, stays inside the window, is retransmitted until acknowledged", small_mss, flow, 8, 40},
    {"3.10.2", "octets-in-flight-after-close", "so it is in CLOSE-WAIT, and after CLOSE the FIN follows",
     [](Dice& dice) {
       return roads::then(roads::close_wait(dice), {send(1000), close()});
     },
     flow, 4, 24},
};

}  // namespace

std::span<const Property> send_call_properties() {
  return all;
}

}  // namespace finwait
