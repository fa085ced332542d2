// §3.10.4 CLOSE Call: half-close and full close, in every state.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

using model::ACK;
using model::FIN;
using model::Hypothesis;
using model::State;

Event close_soon(Dice& dice, const Hypothesis& h) {
  if (dice.percent(15)) return dice.percent(60) ? close() : close_full();
  return draw_event(dice, h);
}

const Property all[] = {
    {"3.10.4", "close-in-any-state", "CLOSE sends one FIN behind the data, or is an error",
     [](Dice& dice) { return roads::any_connection(dice); }, close_soon},
    {"3.10.4", "close-before-established", "a full close in LISTEN and SYN-SENT is quiet",
     [](Dice& dice) {
       return roads::either(dice, roads::then(roads::listen(), {close_listener()}),
                            roads::then(roads::syn_sent(), {close_full()}));
     },
     draw_event, 3, 12},
    {"3.10.4", "close-with-unread-text", "close() with unread text, and text after close()",
     [](Dice& dice) {
       const Event text = segment(ACK, 100);
       return roads::either(dice, roads::then(roads::established(dice), {text, close_full()}),
                            roads::then(roads::established(dice), {close_full(), segment(ACK), text}));
     },
     draw_event, 3, 16},
    {"3.10.4", "close-of-a-listener", "a listener that is closed leaves its children, drops or resets them",
     [](Dice& dice) {
       std::vector<Event> road = roads::syn_received_passive();
       if (dice.percent(70)) road.push_back(segment(ACK, static_cast<std::uint16_t>(dice.below(2) * 100)));
       if (dice.percent(20)) road.push_back(segment(FIN | ACK));
       if (dice.percent(20)) road.push_back(accept_child());
       road.push_back(close_listener());
       if (dice.percent(50)) road.push_back(open_passive());
       return road;
     },
     draw_event, 3, 16},
};

}  // namespace

std::span<const Property> close_call_properties() {
  return all;
}

}  // namespace finwait
