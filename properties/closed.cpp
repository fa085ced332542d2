// §3.10.7.1 SEGMENT ARRIVES, CLOSED.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

Event only_segments(Dice& dice, const model::Hypothesis& h) {
  return dice.percent(85) ? draw_segment(dice, h) : wait_ms(1000);
}

const Property all[] = {
    {"3.10.7.1", "segment-arrives-in-closed", "everything but RST draws a reset in one of two forms",
     [](Dice&) { return roads::closed(); }, only_segments, 2, 12},
    {"3.10.7.1", "after-a-connection", "so it is after a connection has gone",
     [](Dice& dice) {
       return roads::then(roads::any_connection(dice), {close_listener(), abort_call()});
     },
     only_segments, 2, 12},
};

}  // namespace

std::span<const Property> closed_properties() {
  return all;
}

}  // namespace finwait
