// §3.10.6 STATUS Call: the state under its name.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

Event ask_often(Dice& dice, const model::Hypothesis& h) {
  return dice.percent(35) ? status() : draw_event(dice, h);
}

const Property all[] = {
    {"3.10.6", "status-in-any-state", "STATUS returns the state of the connection",
     [](Dice& dice) { return roads::any_connection(dice); }, ask_often},
};

}  // namespace

std::span<const Property> status_call_properties() {
  return all;
}

}  // namespace finwait
