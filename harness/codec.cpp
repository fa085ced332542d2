#include "harness/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace finwait {
namespace {

constexpr std::size_t ipv4_header_size = 20;
constexpr std::size_t tcp_header_size = 20;
constexpr std::uint8_t tcp_protocol = 6;

enum Kind : std::uint8_t {
  end_of_option_list = 0,
  no_operation = 1,
  maximum_segment_size = 2,
  window_scale = 3,    // RFC 7323 §2.2
  sack_permitted = 4,  // RFC 2018 §2
  sack = 5,            // RFC 2018 §3
  timestamps = 8,      // RFC 7323 §3.2
  experimental = 253,  // RFC 4727, with an experiment identifier as RFC 6994 §3 wants it
};

constexpr std::size_t mss_option_size = 4;
constexpr std::uint8_t experimental_option[] = {experimental, 4, 0x46, 0x57};

std::uint16_t get16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

std::uint32_t get32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(get16(at)) << 16 | get16(at + 2);
}

void put16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

void put32(std::uint8_t* at, std::uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}

// memcpy must not be given the null pointer of an empty span.
void copy(Octets from, std::uint8_t* to) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

// The ones' complement sum does not care for the order of octets (RFC 1071 §2 (B)), so words are added as
// they lie in memory. Pieces that are summed one after the other must have even lengths, but for the last.
std::uint64_t sum(Octets octets, std::uint64_t total = 0) {
  std::uint32_t word = 0;
  while (octets.size() >= sizeof word) {
    std::memcpy(&word, octets.data(), sizeof word);
    total += word;
    octets = octets.subspan(sizeof word);
  }
  word = 0;
  if (!octets.empty()) std::memcpy(&word, octets.data(), octets.size());
  return total + word;
}

std::uint16_t fold(std::uint64_t total) {
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(total);
}

void put_checksum(std::uint8_t* at, std::uint64_t total) {
  const auto checksum = static_cast<std::uint16_t>(~fold(total));
  std::memcpy(at, &checksum, sizeof checksum);
}

bool verifies(std::uint64_t total) {
  return fold(total) == 0xffff;
}

// The pseudo-header of §3.1: addresses, a zero, the protocol, the length of header and text.
std::uint64_t pseudo_header_sum(const std::uint8_t* ip, std::size_t tcp_length) {
  std::uint8_t tail[4] = {0, tcp_protocol};
  put16(tail + 2, tcp_length);
  return sum(tail, sum({ip + 12, 8}));
}

std::size_t whole_words(std::size_t octets) {
  return (octets + 3) & ~std::size_t{3};
}

std::size_t options_size(const model::Segment& segment, const EncodeOptions& options) {
  if (!options.options.empty()) return whole_words(options.options.size());
  return (segment.mss ? mss_option_size : 0) + (segment.other_options ? sizeof experimental_option : 0);
}

void put_options(std::uint8_t* at, std::size_t size, const model::Segment& segment,
                 const EncodeOptions& options) {
  if (!options.options.empty()) {
    copy(options.options, at);
    std::fill(at + options.options.size(), at + size, end_of_option_list);
    return;
  }
  if (segment.mss) {
    at[0] = maximum_segment_size;
    at[1] = mss_option_size;
    put16(at + 2, *segment.mss);
    at += mss_option_size;
  }
  if (segment.other_options) copy(experimental_option, at);
}

void put_ipv4_header(std::uint8_t* ip, const Wire& wire, std::size_t total_length) {
  ip[0] = 4 << 4 | ipv4_header_size / 4;
  ip[1] = 0;
  put16(ip + 2, total_length);
  put16(ip + 4, 0);       // Identification: of no meaning where fragmentation is forbidden (RFC 6864 §4.1)
  put16(ip + 6, 0x4000);  // Don't Fragment
  ip[8] = 64;
  ip[9] = tcp_protocol;
  put16(ip + 10, 0);
  put32(ip + 12, wire.source);
  put32(ip + 16, wire.destination);
  put_checksum(ip + 10, sum({ip, ipv4_header_size}));
}

void put_tcp_header(std::uint8_t* tcp, const Wire& wire, std::size_t header_size, std::uint8_t reserved) {
  const model::Segment& segment = wire.segment;
  put16(tcp, wire.source_port);
  put16(tcp + 2, wire.destination_port);
  put32(tcp + 4, segment.seq);
  put32(tcp + 8, segment.ack);
  tcp[12] = static_cast<std::uint8_t>(header_size / 4 << 4 | (reserved & 0x0f));
  tcp[13] = segment.flags;
  put16(tcp + 14, segment.wnd);
  put16(tcp + 16, 0);
  put16(tcp + 18, segment.urg);
}

// Why no TCP segment can be read from the datagram, or nothing.
std::string ipv4_error(Octets datagram) {
  if (datagram.empty()) return "an empty datagram";
  const std::uint8_t* ip = datagram.data();
  if (const int version = ip[0] >> 4; version != 4) return fmt::format("IP version {}, not 4", version);
  if (datagram.size() < ipv4_header_size) {
    return fmt::format("{} octets are too few for an IPv4 header", datagram.size());
  }
  const std::size_t header_size = (ip[0] & 0x0fu) * 4;
  const std::size_t total_length = get16(ip + 2);
  if (header_size < ipv4_header_size) return fmt::format("IPv4 header length {} is below 20", header_size);
  if (total_length > datagram.size()) {
    return fmt::format("IPv4 total length {} exceeds the {} octets received", total_length, datagram.size());
  }
  if (header_size > total_length) {
    return fmt::format("IPv4 header length {} exceeds the total length {}", header_size, total_length);
  }
  if ((get16(ip + 6) & 0x3fff) != 0) {
    return fmt::format("an IPv4 fragment at offset {}", (get16(ip + 6) & 0x1fff) * 8);
  }
  if (ip[9] != tcp_protocol) return fmt::format("IPv4 protocol {}, not 6 (TCP)", ip[9]);
  return {};
}

std::string tcp_error(Octets tcp) {
  if (tcp.size() < tcp_header_size) return fmt::format("{} octets are too few for a TCP header", tcp.size());
  const std::size_t header_size = (tcp[12] >> 4) * std::size_t{4};
  if (header_size < tcp_header_size) return fmt::format("TCP Data Offset {} is below 5", header_size / 4);
  if (header_size > tcp.size()) {
    return fmt::format("TCP Data Offset {} ({} octets) exceeds the segment of {} octets", header_size / 4,
                       header_size, tcp.size());
  }
  return {};
}

// Whether options of this kind have this length. Unknown kinds have any.
bool length_fits(std::uint8_t kind, std::size_t length) {
  switch (kind) {
    case maximum_segment_size: return length == mss_option_size;
    case window_scale: return length == 3;
    case sack_permitted: return length == 2;
    case sack: return length > 2 && length % 8 == 2;
    case timestamps: return length == 10;
    default: return true;
  }
}

class OptionReader {
 public:
  explicit OptionReader(Decoded& decoded) : decoded_(decoded), options_(decoded.options) {}

  void read() {
    std::size_t at = 0;
    while (at < options_.size()) {
      if (options_[at] == end_of_option_list) return read_padding(at + 1);
      at = options_[at] == no_operation ? at + 1 : read_option(at);
    }
  }

 private:
  using What = OptionFault::What;

  // Reads the option at `at` and returns where the next one begins.
  std::size_t read_option(std::size_t at) {
    const std::uint8_t kind = options_[at];
    if (kind != maximum_segment_size) decoded_.wire.segment.other_options = true;
    const std::optional<What> what = length_fault(at);
    if (what) {
      fault(*what, at);
      // Where the length itself is no good nobody can tell what follows.
      if (*what != What::length_wrong) return options_.size();
    } else if (kind == maximum_segment_size) {
      decoded_.wire.segment.mss = get16(&options_[at + 2]);
    }
    return at + options_[at + 1];
  }

  std::optional<What> length_fault(std::size_t at) const {
    const std::size_t left = options_.size() - at;
    if (left < 2) return What::length_missing;
    const std::size_t length = options_[at + 1];
    if (length < 2) return What::length_below_two;
    if (length > left) return What::length_past_header;
    if (!length_fits(options_[at], length)) return What::length_wrong;
    return {};
  }

  void read_padding(std::size_t at) {
    for (; at < options_.size(); ++at) {
      if (options_[at] != 0) return fault(What::padding_not_zero, at);
    }
  }

  void fault(What what, std::size_t at) {
    if (decoded_.options_malformed) return;
    const bool has_length = what != What::length_missing && what != What::padding_not_zero;
    const std::uint8_t length = has_length ? options_[at + 1] : std::uint8_t{0};
    decoded_.options_malformed = OptionFault{what, options_[at], length, at};
  }

  Decoded& decoded_;
  Octets options_;
};

void read_tcp_header(const std::uint8_t* tcp, Wire& wire) {
  wire.source_port = get16(tcp);
  wire.destination_port = get16(tcp + 2);
  wire.segment.seq = get32(tcp + 4);
  wire.segment.ack = get32(tcp + 8);
  wire.segment.flags = tcp[13];
  wire.segment.wnd = get16(tcp + 14);
  wire.segment.urg = get16(tcp + 18);
}

}  // namespace

std::size_t encode(const Wire& wire, std::span<std::uint8_t> buffer, const EncodeOptions& options) {
  const model::Segment& segment = wire.segment;
  const std::size_t options_length = options_size(segment, options);
  const std::size_t header_size = tcp_header_size + options_length;
  const std::size_t tcp_length = header_size + segment.text.size();
  const std::size_t total_length = ipv4_header_size + tcp_length;
  if (options_length > max_tcp_options || total_length > max_datagram || total_length > buffer.size())
    return 0;

  std::uint8_t* ip = buffer.data();
  std::uint8_t* tcp = ip + ipv4_header_size;
  put_ipv4_header(ip, wire, total_length);
  put_tcp_header(tcp, wire, header_size, options.reserved);
  put_options(tcp + tcp_header_size, options_length, segment, options);
  copy(segment.text, tcp + header_size);
  put_checksum(tcp + 16, sum({tcp, tcp_length}, pseudo_header_sum(ip, tcp_length)));
  // One bit never turns a checksum into an equal one; inverting all could (0x0000 and 0xffff are both zero).
  if (options.bad_tcp_checksum) tcp[17] ^= 1;
  return total_length;
}

Decoded decode(Octets datagram) {
  Decoded decoded;
  decoded.error = ipv4_error(datagram);
  if (!decoded.ok()) return decoded;
  const std::uint8_t* ip = datagram.data();
  const std::size_t ip_header_size = (ip[0] & 0x0fu) * 4;
  const Octets tcp = datagram.first(get16(ip + 2)).subspan(ip_header_size);
  decoded.error = tcp_error(tcp);
  if (!decoded.ok()) return decoded;

  const std::size_t header_size = (tcp[12] >> 4) * std::size_t{4};
  decoded.wire.source = get32(ip + 12);
  decoded.wire.destination = get32(ip + 16);
  read_tcp_header(tcp.data(), decoded.wire);
  decoded.wire.segment.text = tcp.subspan(header_size);
  decoded.ip_checksum_ok = verifies(sum(datagram.first(ip_header_size)));
  decoded.tcp_checksum_ok = verifies(sum(tcp, pseudo_header_sum(ip, tcp.size())));
  decoded.reserved_bits_set = (tcp[12] & 0x0f) != 0;
  decoded.options = tcp.first(header_size).subspan(tcp_header_size);
  OptionReader(decoded).read();
  return decoded;
}

std::string describe(const OptionFault& fault) {
  using What = OptionFault::What;
  if (fault.what == What::padding_not_zero) {
    return fmt::format("octet {:#04x} at offset {} follows End of Option List, padding must be zero",
                       fault.kind, fault.offset);
  }
  const std::string option = fmt::format("option {} at offset {}: ", fault.kind, fault.offset);
  switch (fault.what) {
    case What::length_missing: return option + "the header ends before its length";
    case What::length_below_two: return option + fmt::format("length {} is below 2", fault.length);
    case What::length_past_header:
      return option + fmt::format("length {} leads past the header", fault.length);
    case What::length_wrong: return option + fmt::format("length {} is wrong for its kind", fault.length);
    case What::padding_not_zero: break;
  }
  return option;
}

}  // namespace finwait
