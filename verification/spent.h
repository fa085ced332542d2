#pragma once

#include "verification/endpoint.h"

namespace finwait::verification {

/// Whether the segment, on its way between these two, can make no difference any more whatever they do: see
/// two_models.h.
bool spent(const Flight& flight, Side sender, const Endpoint& from, const Endpoint& to);

}  // namespace finwait::verification
