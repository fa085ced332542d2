// What lwIP gets from the adapter instead of from itself or from the system: its heap, its ISS, its clock,
// and somebody who runs the work that it would leave to its thread.
#pragma once

#include <cstdint>
#include <vector>

#include "impl/lwip/arena.h"

namespace finwait::lwip {

struct Environment {
  Arena arena;
  std::uint32_t next_iss = 0;
  std::uint32_t iss_stride = 0;  ///< added for each further connection, as RFC 9293 §3.4.1's clock would
  std::uint32_t now_ms = 0;      ///< virtual time
  struct Work {
    void (*function)(void*);
    void* argument;
  };
  std::vector<Work> work;  ///< left for later, oldest first
};

/// The one of this process.
Environment& environment();

}  // namespace finwait::lwip
