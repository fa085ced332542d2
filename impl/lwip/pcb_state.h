// What in lwIP's control blocks decides what it does next, for Adapter::tell_state.
#pragma once

#include "harness/adapter.h"

struct tcp_pcb;

namespace finwait::lwip {

/// A connection. Left out are the round-trip estimate and the counters of ticks, as far as it does not matter
/// whether they run; and what keeps the books (octets of buffer left, addresses).
void add_connection(const tcp_pcb& pcb, const Viewpoint& from, StateHash& hash);

}  // namespace finwait::lwip
