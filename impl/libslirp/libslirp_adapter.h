#pragma once

#include <memory>

#include "harness/adapter.h"

namespace finwait {

/// libslirp, driven in this process in virtual time: the tester is the guest on its network, the user a
/// program on the host behind AF_UNIX sockets. Each adapter has a libslirp of its own.
std::unique_ptr<Adapter> make_libslirp();

}  // namespace finwait
