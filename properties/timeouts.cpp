// §3.10.8 Timeouts: retransmission with back-off, R2, TIME-WAIT.
#include "properties/clauses.h"
#include "properties/roads.h"

namespace finwait {

namespace {

using model::ACK;
using model::Hypothesis;
using model::State;

bool every(std::span<const Hypothesis> set, State state) {
  for (const Hypothesis& h : set) {
    if (h.state != state) return false;
  }
  return true;
}

// Long silences, now and then a segment.
Event silence(Dice& dice, const Hypothesis& h) {
  switch (dice.below(8)) {
    case 0: return draw_event(dice, h);
    case 1: return draw_segment(dice, h);
    case 2: return wait_ms(2000, WaitBase::patience);
    case 3: return wait_ms(dice.between(1, 12) * 100'000);
    default: return wait_ms(dice.between(1, 100) * 1000);
  }
}

// Longer than any retransmission interval: after a few of them R2 is over.
Event long_silence(Dice& dice, const Hypothesis& h) {
  return dice.percent(90) ? wait_ms(dice.between(6, 12) * 100'000) : draw_event(dice, h);
}

// Something waits for the peer, in each state that can give up.
std::vector<Event> unanswered(Dice& dice) {
  switch (dice.below(8)) {
    case 0: return roads::syn_sent();
    case 1: return roads::syn_received_passive();
    case 2: return roads::syn_received_active();
    case 3: return roads::then(roads::established(dice), {send(100)});
    case 4: return roads::fin_wait_1(dice);
    case 5: return roads::then(roads::close_wait(dice), {send(100)});
    case 6: return roads::closing(dice);
    default: return roads::then(roads::close_wait(dice), {send(100), close()});
  }
}

// A connection that nothing has happened to for a long time goes on as if it had been none.
std::vector<Event> idle(Dice& dice) {
  std::vector<Event> road = dice.percent(40)   ? roads::close_wait(dice)
                            : dice.percent(60) ? roads::established(dice)
                                               : roads::fin_wait_2(dice);
  road.push_back(dice.percent(50) ? wait_ms(1000, WaitBase::two_msl)
                                  : wait_ms(dice.between(1, 80) * 100'000));
  return road;
}

Event after_idling(Dice& dice, const Hypothesis& h) {
  switch (dice.below(8)) {
    case 0: return h.fin_queued ? segment(ACK) : close();
    case 1: return h.fin_queued ? segment(ACK) : close_full();
    case 2: return send(100);
    case 3: return wait_ms(dice.between(1, 10) * 500);
    case 4: return wait_ms(2000, WaitBase::patience);
    default: return draw_event(dice, h);
  }
}

Event nothing(Dice&, const Hypothesis&) {
  return wait_ms(1000);
}

// To the end of TIME-WAIT, stepping over the band in which either is right, then a probe.
std::vector<Event> through_time_wait(Dice& dice) {
  std::vector<Event> road = roads::time_wait(dice);
  const bool fin_again = dice.percent(40);
  road.push_back(wait_ms(fin_again ? -4000 : 4000, WaitBase::two_msl));
  Event fin = segment(model::FIN | ACK);
  fin.seq_offset = -1;
  if (fin_again) {
    road.push_back(fin);
    road.push_back(wait_ms(4000, WaitBase::two_msl));
  }
  road.push_back(segment(ACK));
  return road;
}

const Property all[] = {
    {"3.10.8", "retransmission",
     "SYN, data and FIN are sent again, ever more slowly, until acknowledged or R2", unanswered, silence, 2,
     9},
    {"3.10.8", "given-up-at-r2", "who never gets an answer gives up at R2 and tells the user", unanswered,
     long_silence, 3, 6},
    {"3.10.8", "idle", "no clause ends a connection because nothing happens to it", idle, after_idling, 2, 8},
    {"3.10.8", "zero-window", "waiting data and a closed window: probes for as long as they are answered",
     [](Dice& dice) {
       Event shut = segment(ACK);
       shut.wnd = 0;
       return roads::then(roads::established(dice), {shut, send(100)});
     },
     [](Dice& dice, const Hypothesis& h) {
       if (dice.percent(40)) {
         Event answer = segment(ACK);
         answer.wnd = 0;
         if (dice.percent(50)) answer.ack_base = AckBase::snd_una;
         return answer;
       }
       return dice.percent(70) ? wait_ms(dice.between(1, 90) * 1000) : silence(dice, h);
     },
     3, 16},
    {"3.10.8", "time-wait-expiry",
     "TIME-WAIT lasts 2MSL, a retransmitted FIN is acknowledged in it, then it ends", through_time_wait,
     nothing, 0, 1,
     [](std::span<const Hypothesis> set) { return every(set, State::closed) || every(set, State::listen); }},
};

}  // namespace

std::span<const Property> timeout_properties() {
  return all;
}

}  // namespace finwait
