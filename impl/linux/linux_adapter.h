// The running Linux kernel behind finwait's adapter interface, in real time.
#pragma once

#include <memory>

#include "harness/adapter.h"

namespace finwait {

std::unique_ptr<Adapter> make_linux();

}  // namespace finwait
