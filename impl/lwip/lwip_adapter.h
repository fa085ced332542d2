#pragma once

#include <memory>

#include "harness/adapter.h"

namespace finwait {

/// lwIP, driven in this process through its raw API, in virtual time. There is one lwIP in a process, and the
/// adapter reset last has it: any other throws std::logic_error until it is reset in its turn.
/// A failed assertion of lwIP's ends the process.
/// \throws std::runtime_error if this build of lwIP does not let itself be reset.
std::unique_ptr<Adapter> make_lwip();

}  // namespace finwait
