// §3.10.7.3 SEGMENT ARRIVES, SYN-SENT.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

const Property all[] = {
    {"3.10.7.3", "segment-arrives-in-syn-sent", "ACK, RST, SYN: each check in its order",
     [](Dice&) { return roads::syn_sent(); }},
    {"3.10.7.3", "reset-by-a-closed-peer", "RST,ACK with SEQ 0 refuses; no other RST does",
     [](Dice& dice) {
       Event reset = segment(dice.percent(70) ? model::RST | model::ACK : model::RST);
       reset.seq_base = SeqBase::zero;
       reset.ack_offset = dice.weighted<std::int32_t>({{5, 0}, {1, 1}, {1, -1}});
       return roads::then(roads::syn_sent(), {reset});
     },
     draw_event, 2, 10},
};

}  // namespace

std::span<const Property> syn_sent_properties() {
  return all;
}

}  // namespace finwait
