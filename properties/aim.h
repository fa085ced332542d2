// Aims at a class of events: the boundary, and not just anything near it.
#pragma once

#include <optional>

#include "harness/event.h"

namespace finwait {

/// An event that classify() puts into exactly this class where the IUT is in this hypothesis; nothing where
/// there is none, e.g. ack:part with less than two numbers outstanding. It follows from the two alone.
std::optional<Event> aim_at(const EventClass& wanted, const model::Hypothesis& h);

}  // namespace finwait
