#include "harness/pcapng.h"

#include <algorithm>
#include <cstddef>

namespace finwait {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t linktype_raw = 101;  // the packet begins with its IP header
constexpr std::uint16_t opt_comment = 1;
constexpr std::size_t max_option = 65535;  // an option's length has 16 bits

// One block: type, length, body, and the length again. Written in little-endian order wherever it runs, so
// that the same run gives the same file. `end` fills in the length.
class Block {
 public:
  Block(std::vector<std::uint8_t>& file, std::uint32_t type) : file_(file), start_(file.size()) {
    put32(type);
    put32(0);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void end() {
    const auto length = static_cast<std::uint32_t>(file_.size() - start_ + 4);
    put32(length);
    for (std::size_t i = 0; i < 4; ++i) file_[start_ + 4 + i] = static_cast<std::uint8_t>(length >> 8 * i);
  }

  void put16(std::uint16_t value) {
    file_.push_back(static_cast<std::uint8_t>(value));
    file_.push_back(static_cast<std::uint8_t>(value >> 8));
  }

  void put32(std::uint32_t value) {
    put16(static_cast<std::uint16_t>(value));
    put16(static_cast<std::uint16_t>(value >> 16));
  }

  template <typename Range>
  void put_padded(const Range& octets) {
    for (auto octet : octets) file_.push_back(static_cast<std::uint8_t>(octet));
    while ((file_.size() - start_) % 4 != 0) file_.push_back(0);
  }

 private:
  std::vector<std::uint8_t>& file_;
  std::size_t start_;
};

// The longest start of the text that fits an option and does not end inside a UTF-8 character.
std::string_view cut(std::string_view text) {
  if (text.size() <= max_option) return text;
  std::size_t size = max_option;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

void put_comment(Block& block, std::string_view comment) {
  if (comment.empty()) return;
  comment = cut(comment);
  block.put16(opt_comment);
  block.put16(static_cast<std::uint16_t>(comment.size()));
  block.put_padded(comment);
  block.put32(0);  // opt_endofopt
}

}  // namespace

PcapngWriter::PcapngWriter() {
  Block section(file_, section_header);
  section.put32(byte_order_magic);
  section.put16(1);  // version 1.0
  section.put16(0);
  section.put32(0xffffffff);  // the section's length is not told: it runs to the end of the file
  section.put32(0xffffffff);
  section.end();

  Block interface(file_, interface_description);
  interface.put16(linktype_raw);
  interface.put16(0);
  interface.put32(0);  // packets of any length; without if_tsresol the times are microseconds
  interface.end();
}

void PcapngWriter::add(Time at, Octets packet, std::string_view comment) {
  const auto microseconds = static_cast<std::uint64_t>(at.count());
  const auto length = static_cast<std::uint32_t>(packet.size());
  Block block(file_, enhanced_packet);
  block.put32(0);  // the one interface
  block.put32(static_cast<std::uint32_t>(microseconds >> 32));
  block.put32(static_cast<std::uint32_t>(microseconds));
  block.put32(length);
  block.put32(length);
  block.put_padded(packet);
  put_comment(block, comment);
  block.end();
}

}  // namespace finwait
