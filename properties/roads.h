// The shortest roads into each state, as a peer and a user take them.
#pragma once

#include <vector>

#include "properties/generator.h"

namespace finwait::roads {

using Road = std::vector<Event>;

Road then(Road road, std::initializer_list<Event> more);
/// Either of two roads.
Road either(Dice& dice, Road a, Road b);

Road closed();
Road listen();
Road syn_sent();
Road syn_received_passive();
Road syn_received_active();
Road established_active();
Road established_passive();
Road established(Dice& dice);
Road fin_wait_1(Dice& dice);
Road fin_wait_2(Dice& dice);
Road close_wait(Dice& dice);
Road closing(Dice& dice);
Road last_ack(Dice& dice);
Road time_wait(Dice& dice);
/// Any state from SYN-RECEIVED on.
Road any_connection(Dice& dice);
/// To this state; `in_flight`: with octets that are sent and not acknowledged, where the state has any.
Road to(Dice& dice, model::State state, bool in_flight);

}  // namespace finwait::roads
