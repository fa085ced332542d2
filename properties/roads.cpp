#include "properties/roads.h"

namespace finwait::roads {

using model::ACK;
using model::FIN;
using model::State;

namespace {

// An ACK of all but the FIN: the acknowledgment number is one less.
Event not_of_fin(Event event) {
  event.ack_offset = -1;
  return event;
}

}  // namespace

Road then(Road road, std::initializer_list<Event> more) {
  road.insert(road.end(), more);
  return road;
}

Road either(Dice& dice, Road a, Road b) {
  return dice.percent(50) ? std::move(a) : std::move(b);
}

Road closed() {
  return {};
}
Road listen() {
  return {open_passive()};
}
Road syn_sent() {
  return {open_active()};
}
Road syn_received_passive() {
  return then(listen(), {syn()});
}
Road syn_received_active() {
  return then(syn_sent(), {syn()});
}
Road established_active() {
  return then(syn_sent(), {syn(ACK)});
}
Road established_passive() {
  return then(syn_received_passive(), {segment(ACK), accept_child()});
}
Road established(Dice& dice) {
  return either(dice, established_active(), established_passive());
}
Road fin_wait_1(Dice& dice) {
  return then(established(dice), {close()});
}
Road fin_wait_2(Dice& dice) {
  return then(fin_wait_1(dice), {segment(ACK)});
}
Road close_wait(Dice& dice) {
  return then(established(dice), {segment(FIN | ACK)});
}
Road closing(Dice& dice) {
  return then(fin_wait_1(dice), {not_of_fin(segment(FIN | ACK))});
}
Road last_ack(Dice& dice) {
  return then(close_wait(dice), {close()});
}
Road time_wait(Dice& dice) {
  return either(dice, then(fin_wait_2(dice), {segment(FIN | ACK)}), then(closing(dice), {segment(ACK)}));
}

Road any_connection(Dice& dice) {
  switch (dice.below(9)) {
    case 0: return syn_received_passive();
    case 1: return syn_received_active();
    case 2: return established(dice);
    case 3: return fin_wait_1(dice);
    case 4: return fin_wait_2(dice);
    case 5: return close_wait(dice);
    case 6: return closing(dice);
    case 7: return last_ack(dice);
    default: return time_wait(dice);
  }
}

Road to(Dice& dice, model::State state, bool in_flight) {
  Event fin = segment(FIN | ACK);
  fin.ack_base = AckBase::snd_una;
  switch (state) {
    case State::closed: return closed();
    case State::listen: return listen();
    case State::syn_sent: return syn_sent();
    case State::syn_received: return either(dice, syn_received_passive(), syn_received_active());
    case State::established: return established(dice);
    case State::fin_wait_1:
      return in_flight ? then(established(dice), {send(1000), close()}) : fin_wait_1(dice);
    case State::fin_wait_2: return fin_wait_2(dice);
    case State::close_wait: return close_wait(dice);
    case State::closing:
      return in_flight ? then(established(dice), {send(1000), close(), fin}) : closing(dice);
    case State::last_ack: return in_flight ? then(close_wait(dice), {send(1000), close()}) : last_ack(dice);
    case State::time_wait: return time_wait(dice);
  }
  return closed();
}

}  // namespace finwait::roads
