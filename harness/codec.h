// Segments to and from the octets of an IPv4 datagram (RFC 9293 §3.1, RFC 791).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "harness/adapter.h"
#include "model/segment.h"

namespace finwait {

/// A segment with its addresses and ports, all in host order.
struct Wire {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  model::Segment segment;
};

/// The largest IPv4 datagram: a buffer of this size holds whatever can be encoded.
inline constexpr std::size_t max_datagram = 65535;
/// The most octets of options that the Data Offset field can express.
inline constexpr std::size_t max_tcp_options = 40;

/// What a well-meaning sender would not do, or what a segment does not say.
struct EncodeOptions {
  bool bad_tcp_checksum = false;  ///< the checksum is wrong in one bit (the stimulus of MUST-3)
  std::uint8_t reserved = 0;      ///< the four reserved bits next to Data Offset; higher bits are ignored
  /// If not empty, these octets are the options, in place of those that the segment's `mss` and
  /// `other_options` ask for. They are not checked and may be malformed (the stimulus of MUST-7);
  /// zeros pad them to whole words.
  Octets options = {};
};

/// Builds the datagram that carries `wire` and returns its length in octets. Returns 0 and leaves the buffer
/// untouched if the datagram is larger than the buffer or than IPv4 allows (65535 octets), or the options
/// than Data Offset allows (40 octets). `segment.mss` becomes an MSS option, `segment.other_options` an
/// experimental one (RFC 4727) that no stack knows. Neither text nor options may overlap the buffer.
std::size_t encode(const Wire& wire, std::span<std::uint8_t> buffer, const EncodeOptions& options = {});

/// The first thing that is wrong with a segment's options.
struct OptionFault {
  enum class What : std::uint8_t {
    length_missing,      ///< the header ends behind the option's kind
    length_below_two,    ///< the length does not even count kind and length (MUST-7 names zero)
    length_past_header,  ///< the option is longer than what is left of the header
    length_wrong,        ///< not the length that an option of this kind has
    padding_not_zero,    ///< something other than zeros follows End of Option List (MUST-69)
  };
  What what = What::length_missing;
  std::uint8_t kind = 0;    ///< the option's kind; the stray octet for padding_not_zero
  std::uint8_t length = 0;  ///< its length field, 0 if there is none
  std::size_t offset = 0;   ///< octets from the start of the options
};

/// The fault in words, e.g. "option 2 at offset 0: length 0 is below 2".
std::string describe(const OptionFault& fault);

/// What `decode` made of a datagram. If `error` is not empty the rest means nothing.
struct Decoded {
  std::string error;  ///< why this is not one whole TCP segment in one IPv4 datagram
  Wire wire;          ///< `segment.text` is borrowed from the datagram
  bool ip_checksum_ok = false;
  bool tcp_checksum_ok = false;
  bool reserved_bits_set = false;                ///< of the four bits next to Data Offset
  std::optional<OptionFault> options_malformed;  ///< the options before the fault were still understood
  Octets options;                                ///< as received, with padding; borrowed from the datagram

  bool ok() const { return error.empty(); }
};

/// Takes a datagram apart; any octets may be given. A wrong checksum, reserved bits and malformed options
/// are told in the result and are no error. Octets behind the IPv4 total length (a link's padding) are
/// ignored. Of several MSS options the last one counts.
Decoded decode(Octets datagram);

}  // namespace finwait
