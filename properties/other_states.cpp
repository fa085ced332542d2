// §3.10.7.4 SEGMENT ARRIVES, other states: one property for each, so that each is met equally often.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

Event mostly_segments(Dice& dice, const model::Hypothesis& h) {
  return dice.percent(55) ? draw_segment(dice, h) : draw_event(dice, h);
}

// Whatever comes to TIME-WAIT while a listener is open: SYNs above all (MAY-2).
Event mostly_syns(Dice& dice, const model::Hypothesis& h) {
  if (!dice.percent(60)) return draw_event(dice, h);
  Event opening = syn();
  opening.seq_base = SeqBase::rcv_nxt;
  opening.seq_offset = dice.weighted<std::int32_t>({{4, 1}, {2, 0}, {2, -1}, {2, dice.between(2, 100000)}});
  return opening;
}

std::vector<Event> time_wait_of_a_child() {
  return roads::then(roads::established_passive(),
                     {close(), segment(model::ACK), segment(model::FIN | model::ACK)});
}

const Property all[] = {
    {"3.10.7.4", "syn-received-passive", "the eight checks in SYN-RECEIVED after LISTEN",
     [](Dice&) { return roads::syn_received_passive(); }, mostly_segments, 4, 20},
    {"3.10.7.4", "syn-received-active", "the eight checks in SYN-RECEIVED after SYN-SENT",
     [](Dice&) { return roads::syn_received_active(); }, mostly_segments, 4, 20},
    {"3.10.7.4", "established", "the eight checks in ESTABLISHED",
     [](Dice& dice) { return roads::established(dice); }, mostly_segments},
    {"3.10.7.4", "fin-wait-1", "the eight checks in FIN-WAIT-1",
     [](Dice& dice) { return roads::fin_wait_1(dice); }, mostly_segments, 4, 20},
    {"3.10.7.4", "fin-wait-2", "the eight checks in FIN-WAIT-2",
     [](Dice& dice) { return roads::fin_wait_2(dice); }, mostly_segments, 4, 20},
    {"3.10.7.4", "close-wait", "the eight checks in CLOSE-WAIT",
     [](Dice& dice) { return roads::close_wait(dice); }, mostly_segments, 4, 20},
    {"3.10.7.4", "closing", "the eight checks in CLOSING", [](Dice& dice) { return roads::closing(dice); },
     mostly_segments, 4, 20},
    {"3.10.7.4", "last-ack", "the eight checks in LAST-ACK", [](Dice& dice) { return roads::last_ack(dice); },
     mostly_segments, 4, 20},
    {"3.10.7.4", "time-wait", "the eight checks in TIME-WAIT",
     [](Dice& dice) { return roads::time_wait(dice); }, mostly_segments, 4, 20},
    {"3.10.7.4", "time-wait-reopened", "a SYN in TIME-WAIT while a listener is open",
     [](Dice&) { return time_wait_of_a_child(); }, mostly_syns, 2, 10},
};

}  // namespace

std::span<const Property> other_states_properties() {
  return all;
}

}  // namespace finwait
