// §3.10.7.2 SEGMENT ARRIVES, LISTEN.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

const Property all[] = {
    {"3.10.7.2", "segment-arrives-in-listen", "SYN draws SYN,ACK; ACK a reset; RST and the rest nothing",
     [](Dice&) { return roads::listen(); }},
    {"3.10.7.2", "syn-with-text", "text and FIN on a SYN are kept or sent again, never lost or early",
     [](Dice& dice) {
       Event opening = syn(dice.percent(40) ? model::FIN : 0);
       opening.len = static_cast<std::uint16_t>(dice.between(0, 300));
       return roads::then(roads::listen(), {opening, segment(model::ACK), accept_child()});
     }},
};

}  // namespace

std::span<const Property> listen_properties() {
  return all;
}

}  // namespace finwait
