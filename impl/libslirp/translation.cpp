#include "impl/libslirp/translation.h"

#include <cstddef>

namespace finwait::libslirp {
namespace {

constexpr std::size_t ip_checksum = 10, ip_source = 12, ip_destination = 16;
constexpr std::size_t tcp_source = 0, tcp_destination = 2, tcp_checksum = 16, tcp_header = 20;
constexpr std::uint8_t tcp = 6;

std::size_t header_length(Octets packet) {
  return std::size_t{packet[0]} % 16 * 4;
}

std::uint16_t word(Octets packet, std::size_t at) {
  return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
}

void set_word(std::span<std::uint8_t> packet, std::size_t at, std::uint16_t value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}

End end_at(Octets packet, std::size_t address, std::size_t port) {
  const std::uint32_t high = word(packet, address);
  return {high << 16 | word(packet, address + 2), word(packet, port)};
}

// RFC 1624, equation 3: HC' = ~(~HC + ~m + m').
void amend(std::span<std::uint8_t> packet, std::size_t checksum, std::uint16_t before, std::uint16_t after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~word(packet, checksum));
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  set_word(packet, checksum, static_cast<std::uint16_t>(~sum));
}

void replace(std::span<std::uint8_t> packet, std::size_t address, std::size_t port, End end) {
  const std::size_t of_tcp = header_length(packet) + tcp_checksum;
  const auto put = [&](std::size_t at, std::uint16_t value, bool in_ip_header) {
    const std::uint16_t before = word(packet, at);
    if (in_ip_header) amend(packet, ip_checksum, before, value);
    amend(packet, of_tcp, before, value);
    set_word(packet, at, value);
  };
  put(address, static_cast<std::uint16_t>(end.address >> 16), true);
  put(address + 2, static_cast<std::uint16_t>(end.address), true);
  put(port, end.port, false);
}

}  // namespace

std::optional<Ends> ends_of(Octets packet) {
  if (packet.size() < tcp_header || packet[0] >> 4 != 4 || packet[9] != tcp) return {};
  const std::size_t length = header_length(packet);
  if (length < 20 || packet.size() < length + tcp_header) return {};
  return Ends{end_at(packet, ip_source, length + tcp_source),
              end_at(packet, ip_destination, length + tcp_destination)};
}

void set_source(std::span<std::uint8_t> packet, End end) {
  replace(packet, ip_source, header_length(packet) + tcp_source, end);
}

void set_destination(std::span<std::uint8_t> packet, End end) {
  replace(packet, ip_destination, header_length(packet) + tcp_destination, end);
}

}  // namespace finwait::libslirp
