// §3.10.5 ABORT Call: a reset, and then nothing more.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

const Property all[] = {
    {"3.10.5", "abort-in-any-state", "ABORT resets where there is a connection to reset, and ends it",
     [](Dice& dice) {
       std::vector<Event> road = roads::any_connection(dice);
       if (dice.percent(30)) road.push_back(send(100));
       road.push_back(abort_call());
       return road;
     },
     draw_event, 2, 14},
    {"3.10.5", "abort-before-established", "ABORT in LISTEN and SYN-SENT leaves nothing behind",
     [](Dice&) { return roads::then(roads::syn_sent(), {abort_call()}); }, draw_event, 2, 12},
};

}  // namespace

std::span<const Property> abort_call_properties() {
  return all;
}

}  // namespace finwait
