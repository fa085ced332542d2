// Captures and the codec's segments as tshark reads them.
#include "harness/pcapng.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "harness/codec.h"

namespace finwait {
namespace {

std::uint32_t little32(Octets octets, std::size_t at) {
  return static_cast<std::uint32_t>(octets[at] | octets[at + 1] << 8 | octets[at + 2] << 16) |
         static_cast<std::uint32_t>(octets[at + 3]) << 24;
}

// The blocks of a file: every length must lead exactly to the next block and be repeated at its end.
std::vector<Octets> blocks_of(Octets file) {
  std::vector<Octets> blocks;
  while (!file.empty()) {
    const std::size_t length = file.size() < 12 ? 0 : little32(file, 4);
    if (length < 12 || length % 4 != 0 || length > file.size() || little32(file, length - 4) != length) {
      ADD_FAILURE() << "block " << blocks.size() << " has length " << length;
      break;
    }
    blocks.push_back(file.first(length));
    file = file.subspan(length);
  }
  return blocks;
}

TEST(Pcapng, StartsWithSectionAndInterface) {
  const PcapngWriter writer;
  const auto blocks = blocks_of(writer.octets());
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(little32(blocks[0], 0), 0x0a0d0d0au);
  EXPECT_EQ(little32(blocks[0], 8), 0x1a2b3c4du);
  EXPECT_EQ(little32(blocks[1], 0), 1u);
  EXPECT_EQ(little32(blocks[1], 8), 101u);
}

TEST(Pcapng, PadsPacketsAndComments) {
  const std::array<std::uint8_t, 5> packet = {0x45, 1, 2, 3, 4};
  for (std::size_t size = 0; size <= packet.size(); ++size) {
    for (const std::string comment : {"", "a", "abcd", "abcde"}) {
      PcapngWriter writer;
      writer.add(Time(0x123456789a), Octets(packet).first(size), comment);
      const auto blocks = blocks_of(writer.octets());
      ASSERT_EQ(blocks.size(), 3u);
      const Octets block = blocks[2];
      EXPECT_EQ(little32(block, 0), 6u);
      EXPECT_EQ(little32(block, 12), 0x12u);
      EXPECT_EQ(little32(block, 16), 0x3456789au);
      EXPECT_EQ(little32(block, 20), size);
      EXPECT_EQ(little32(block, 24), size);
      const std::size_t options = comment.empty() ? 0 : 4 + (comment.size() + 3) / 4 * 4 + 4;
      EXPECT_EQ(block.size(), 28 + (size + 3) / 4 * 4 + options + 4);
    }
  }
}

TEST(Pcapng, CutsAnOverlongCommentBetweenCharacters) {
  std::string comment(65534, 'x');
  comment += "\u00a7 9293";  // the section sign has two octets, of which one would fit
  PcapngWriter writer;
  writer.add(0us, {}, comment);
  const auto blocks = blocks_of(writer.octets());
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(little32(blocks[2], 28), 1u | 65534u << 16);
}

bool tshark_is_installed() {
  return std::system("command -v tshark >/dev/null 2>&1") == 0;
}

// What a command writes to its standard output; it must succeed.
std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command << ": status " << status;
  return output;
}

// Random segments with equal seeds everywhere, and the lines that tshark must make of them.
struct Capture {
  PcapngWriter writer;
  std::vector<std::string> lines;
  std::mt19937 random{9293};

  std::uint16_t draw16() { return static_cast<std::uint16_t>(random()); }

  void add(unsigned number) {
    std::vector<std::uint8_t> text(random() % 3 == 0 ? random() % 1461 : 0);
    for (auto& octet : text) octet = static_cast<std::uint8_t>(random());
    Wire wire;
    wire.source = static_cast<std::uint32_t>(random());
    wire.destination = static_cast<std::uint32_t>(random());
    // Dynamic ports (RFC 6335 §6), so that no protocol above TCP is read into the text.
    wire.source_port = draw16() | 0xc000;
    wire.destination_port = draw16() | 0xc000;
    model::Segment& segment = wire.segment;
    segment.flags = static_cast<std::uint8_t>(random());
    segment.seq = static_cast<std::uint32_t>(random());
    segment.ack = static_cast<std::uint32_t>(random());
    segment.wnd = draw16();
    segment.urg = draw16();
    if (random() % 2) segment.mss = draw16();
    segment.other_options = random() % 2;
    segment.text = text;
    EncodeOptions options;
    options.bad_tcp_checksum = random() % 4 == 0;
    options.reserved = random() % 4 == 0 ? random() % 16 : 0;

    std::array<std::uint8_t, 2000> buffer;
    const std::size_t size = encode(wire, buffer, options);
    const std::string comment = number % 5 == 0 ? "" : fmt::format("segment {} of \u00a73.1", number);
    const Time at = 3s * number + 7us;
    writer.add(at, std::span(buffer).first(size), comment);
    const unsigned flags = static_cast<unsigned>(options.reserved << 8 | segment.flags);
    lines.push_back(fmt::format("{}.{:06}000|{}|{}|{}|{}|{}|{:#06x}|{}|{}|{}|{}|{}|{}", 3 * number, 7, size,
                                wire.source_port, wire.destination_port, segment.seq, segment.ack, flags,
                                segment.wnd, text.size(), segment.mss ? std::to_string(*segment.mss) : "",
                                options.bad_tcp_checksum ? 0 : 1, 1, comment));
  }
};

TEST(PcapngAgainstTshark, ReadsEveryFieldAlike) {
  if (!tshark_is_installed()) GTEST_SKIP() << "tshark is not installed (apt-get install tshark)";
  Capture capture;
  for (unsigned number = 0; number < 200; ++number) capture.add(number);
  const std::string path = testing::TempDir() + fmt::format("finwait-{}.pcapng", getpid());
  const Octets file = capture.writer.octets();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  const std::string output = output_of(fmt::format(
      "tshark -n -r '{}' -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields -E separator='|'"
      " -e frame.time_epoch -e frame.len -e tcp.srcport -e tcp.dstport -e tcp.seq_raw -e tcp.ack_raw"
      " -e tcp.flags -e tcp.window_size_value -e tcp.len -e tcp.options.mss_val -e tcp.checksum.status"
      " -e ip.checksum.status -e frame.comment 2>/dev/null",
      path));
  std::filesystem::remove(path);

  std::istringstream stream(output);
  std::string line;
  for (std::size_t i = 0; i < capture.lines.size(); ++i) {
    ASSERT_TRUE(std::getline(stream, line)) << "tshark read only " << i << " packets";
    EXPECT_EQ(line, capture.lines[i]) << "packet " << i;
  }
  EXPECT_FALSE(std::getline(stream, line)) << "tshark read one packet more: " << line;
}

}  // namespace
}  // namespace finwait
