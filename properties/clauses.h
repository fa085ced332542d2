// The properties of each clause of RFC 9293 §3.10; each is in the file of its clause.
#pragma once

#include <span>

#include "properties/property.h"

namespace finwait {

std::span<const Property> open_call_properties();         // §3.10.1
std::span<const Property> send_call_properties();         // §3.10.2
std::span<const Property> receive_call_properties();      // §3.10.3
std::span<const Property> close_call_properties();        // §3.10.4
std::span<const Property> abort_call_properties();        // §3.10.5
std::span<const Property> status_call_properties();       // §3.10.6
std::span<const Property> closed_properties();            // §3.10.7.1
std::span<const Property> listen_properties();            // §3.10.7.2
std::span<const Property> syn_sent_properties();          // §3.10.7.3
std::span<const Property> other_states_properties();      // §3.10.7.4
std::span<const Property> timeout_properties();           // §3.10.8
std::span<const Property> whole_connection_properties();  // §3.5, §3.6, and any sequence

}  // namespace finwait
