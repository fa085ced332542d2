// §3.5 and §3.6: whole connections from end to end; and any sequence at all.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

using model::ACK;
using model::FIN;
using model::Hypothesis;
using model::State;

template <State... wanted>
bool every(std::span<const Hypothesis> set) {
  for (const Hypothesis& h : set) {
    if (((h.state != wanted) && ...)) return false;
  }
  return !set.empty();
}

// Noise that a good connection survives: time, duplicates, reading.
Event noise(Dice& dice, const Hypothesis&) {
  switch (dice.below(4)) {
    case 0: return wait_ms(dice.between(1, 20) * 100);
    case 1: return receive();
    case 2: return status();
    default: {
      Event old = segment(ACK);
      old.seq_offset = -1;
      return old;
    }
  }
}

std::vector<Event> with_data(Dice& dice, std::vector<Event> road) {
  for (std::int32_t i = dice.between(0, 3); i > 0; --i) {
    if (dice.percent(50)) {
      road.push_back(segment(ACK, static_cast<std::uint16_t>(dice.between(1, 1460))));
      road.push_back(receive());
    } else {
      road.push_back(send(static_cast<std::uint32_t>(dice.between(1, 3000))));
      road.push_back(segment(ACK));
      road.push_back(segment(ACK));
    }
  }
  return road;
}

// Half-closed, data goes on in the direction that is open.
std::vector<Event> half_close(Dice& dice) {
  if (dice.percent(50)) {
    std::vector<Event> road = roads::fin_wait_2(dice);
    return roads::then(road, {segment(ACK, 700), receive(), segment(ACK, 20), wait_ms(600), receive(),
                              segment(FIN | ACK), receive()});
  }
  std::vector<Event> road = roads::close_wait(dice);
  return roads::then(road,
                     {send(700), segment(ACK), segment(ACK), send(20), segment(ACK), close(), segment(ACK)});
}

Event not_of_fin(std::uint8_t flags) {
  Event event = segment(flags);
  event.ack_offset = -1;
  return event;
}

const Property all[] = {
    {"3.5", "handshake-active", "connect: SYN, SYN,ACK, ACK; the user is told",
     [](Dice&) { return roads::established_active(); }, noise, 0, 3, every<State::established>},
    {"3.5", "handshake-passive", "accept: SYN, SYN,ACK, ACK; the user is told",
     [](Dice&) { return roads::established_passive(); }, noise, 0, 3, every<State::established>},
    {"3.5", "handshake-simultaneous", "crossing SYNs end in ESTABLISHED",
     [](Dice& dice) {
       return roads::then(roads::syn_received_active(),
                          {dice.percent(50) ? syn(ACK) : segment(ACK), segment(ACK)});
     },
     noise, 0, 3, every<State::established>},
    {"3.6", "close-by-the-user", "FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT",
     [](Dice& dice) {
       return roads::then(with_data(dice, roads::established(dice)),
                          {segment(ACK), close(), segment(ACK), segment(FIN | ACK)});
     },
     noise, 0, 3, every<State::time_wait>},
    {"3.6", "close-by-the-peer", "CLOSE-WAIT, LAST-ACK, CLOSED",
     [](Dice& dice) {
       return roads::then(with_data(dice, roads::established(dice)),
                          {segment(ACK), segment(FIN | ACK), receive(), close(), segment(ACK)});
     },
     noise, 0, 3, every<State::closed, State::listen>},
    {"3.6", "close-in-one-segment", "FIN and ACK of our FIN in one segment: FIN-WAIT-1 straight to TIME-WAIT",
     [](Dice& dice) { return roads::then(roads::fin_wait_1(dice), {segment(FIN | ACK)}); }, noise, 0, 3,
     every<State::time_wait>},
    {"3.6", "close-simultaneous", "crossing FINs go through CLOSING",
     [](Dice& dice) {
       return roads::then(with_data(dice, roads::established(dice)),
                          {segment(ACK), close(), not_of_fin(FIN | ACK), segment(ACK)});
     },
     noise, 0, 3, every<State::time_wait>},
    {"3.6.1", "half-close", "after a half-close data goes on in the other direction", half_close, noise, 0, 3,
     every<State::time_wait, State::closed, State::listen>},
    {"any", "any-sequence-conforms", "whatever comes, from the user, the peer and time",
     [](Dice&) { return roads::closed(); }, draw_event, 10, 40},
    {"any", "any-sequence-passive", "whatever comes to a connection that was accepted",
     [](Dice&) { return roads::established_passive(); }, draw_event, 10, 30},
    {"any", "any-sequence-active", "whatever comes to a connection that was opened",
     [](Dice&) { return roads::established_active(); }, draw_event, 10, 30},
};

}  // namespace

std::span<const Property> whole_connection_properties() {
  return all;
}

}  // namespace finwait
