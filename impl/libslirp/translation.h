// Addresses of datagrams. The tester knows one address and one port of the IUT, but libslirp answers under
// the address of a service, and connects to the guest from another and from a port that it is given by
// chance.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "harness/adapter.h"

namespace finwait::libslirp {

/// One end of a connection, in host order.
struct End {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  bool operator==(const End&) const = default;
};

struct Ends {
  End source, destination;
};

/// Of a TCP segment in an IPv4 datagram; nothing if it is none, or too short to have ports.
std::optional<Ends> ends_of(Octets packet);

/// Writes another source or destination into a datagram that has `ends_of`. A checksum that was right is
/// right afterwards, and one that was wrong stays wrong (RFC 1624).
void set_source(std::span<std::uint8_t> packet, End end);
void set_destination(std::span<std::uint8_t> packet, End end);

}  // namespace finwait::libslirp
