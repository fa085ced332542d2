// Captures in the pcapng format, for Wireshark and its kin (IETF draft-ietf-opsawg-pcapng).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/adapter.h"

namespace finwait {

/// Builds a capture of raw IP packets in memory: one section, one interface, times in microseconds.
class PcapngWriter {
 public:
  PcapngWriter();
  /// Appends a packet as it passed at `at`, counted from the capture's epoch (1970); shown as frame.comment
  /// where `comment` is not empty. A comment of more than 65535 octets is cut to whole characters.
  void add(Time at, Octets packet, std::string_view comment = {});
  /// The whole file so far. Valid until the next `add`.
  Octets octets() const { return file_; }

 private:
  std::vector<std::uint8_t> file_;
};

}  // namespace finwait
