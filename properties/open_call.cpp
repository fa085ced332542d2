// §3.10.1 OPEN Call: active and passive, in every state.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

Event open_again(Dice& dice, const model::Hypothesis& h) {
  if (dice.percent(40)) return dice.percent(70) ? open_active() : open_passive();
  return draw_event(dice, h);
}

const Property all[] = {
    {"3.10.1", "open-in-closed", "OPEN enters LISTEN in silence, or SYN-SENT with <SEQ=ISS><CTL=SYN>",
     [](Dice& dice) { return roads::either(dice, roads::listen(), roads::syn_sent()); }},
    {"3.10.1", "open-of-what-exists", "a second OPEN is an error and changes nothing",
     [](Dice& dice) { return roads::any_connection(dice); }, open_again, 3, 12},
};

}  // namespace

std::span<const Property> open_call_properties() {
  return all;
}

}  // namespace finwait
