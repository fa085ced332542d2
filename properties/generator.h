// Draws events one by one, looking at the oracle's first hypothesis, so that deep states are reached often.
#pragma once

#include "harness/event.h"
#include "properties/dice.h"

namespace finwait {

/// The next event for an implementation in this state. Every event means something in every state.
Event draw_event(Dice& dice, const model::Hypothesis& h);

/// A segment: any flags, SEQ and ACK at and around the boundaries of the window.
Event draw_segment(Dice& dice, const model::Hypothesis& h);

// Events by name, for the roads that properties take.
/// A user call, or a wait of no length; `count` octets where it has any.
Event call(EventKind kind, std::uint32_t count = 0);
Event open_passive();
Event open_active();
Event accept_child();
Event send(std::uint32_t octets);
Event receive(std::uint32_t octets = 65535);
Event close();
Event close_full();
Event abort_call();
Event status();
Event close_listener();
Event wait_ms(std::int32_t ms, WaitBase base = WaitBase::zero);
/// A segment at RCV.NXT that acknowledges SND.NXT.
Event segment(std::uint8_t flags, std::uint16_t len = 0);
/// A SYN at our ISN with an MSS option.
Event syn(std::uint8_t more_flags = 0);

}  // namespace finwait
