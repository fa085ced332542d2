// The codec against itself, against libtins and, under hostile octets, against a guard page.
#include "harness/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <tins/ip.h>
#include <tins/rawpdu.h>
#include <tins/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace finwait {
namespace {

using model::Segment;
using Bytes = std::vector<std::uint8_t>;
using What = OptionFault::What;

constexpr std::size_t ipv4_header = 20;

// A Wire that holds its text, drawn by RapidCheck.
struct Sample {
  Wire wire;
  Bytes text;

  Wire view() const {
    Wire result = wire;
    result.segment.text = text;
    return result;
  }
};

// libtins takes the source address 0.0.0.0 as a request to fill in this machine's, so none is 0.
rc::Gen<Sample> samples() {
  return rc::gen::exec([] {
    Sample sample;
    sample.wire.source = *rc::gen::nonZero<std::uint32_t>();
    sample.wire.destination = *rc::gen::nonZero<std::uint32_t>();
    sample.wire.source_port = *rc::gen::arbitrary<std::uint16_t>();
    sample.wire.destination_port = *rc::gen::arbitrary<std::uint16_t>();
    Segment& segment = sample.wire.segment;
    segment.flags = *rc::gen::arbitrary<std::uint8_t>();
    segment.seq = *rc::gen::arbitrary<std::uint32_t>();
    segment.ack = *rc::gen::arbitrary<std::uint32_t>();
    segment.wnd = *rc::gen::arbitrary<std::uint16_t>();
    segment.urg = *rc::gen::arbitrary<std::uint16_t>();
    if (*rc::gen::arbitrary<bool>()) segment.mss = *rc::gen::arbitrary<std::uint16_t>();
    segment.other_options = *rc::gen::arbitrary<bool>();
    sample.text = *rc::gen::arbitrary<Bytes>();
    return sample;
  });
}

Bytes encoded(const Wire& wire, const EncodeOptions& options = {}) {
  Bytes buffer(max_datagram);
  buffer.resize(encode(wire, buffer, options));
  return buffer;
}

Bytes bytes(Octets octets) {
  return {octets.begin(), octets.end()};
}

void expect_same_ends(const Wire& a, const Wire& b) {
  RC_ASSERT(a.source == b.source);
  RC_ASSERT(a.destination == b.destination);
  RC_ASSERT(a.source_port == b.source_port);
  RC_ASSERT(a.destination_port == b.destination_port);
}

void expect_same(const Wire& a, const Wire& b) {
  expect_same_ends(a, b);
  RC_ASSERT(a.segment.flags == b.segment.flags);
  RC_ASSERT(a.segment.seq == b.segment.seq);
  RC_ASSERT(a.segment.ack == b.segment.ack);
  RC_ASSERT(a.segment.wnd == b.segment.wnd);
  RC_ASSERT(a.segment.urg == b.segment.urg);
  RC_ASSERT(a.segment.mss == b.segment.mss);
  RC_ASSERT(a.segment.other_options == b.segment.other_options);
  RC_ASSERT(bytes(a.segment.text) == bytes(b.segment.text));
}

// A SYN without text, the bare carrier of the options under test.
Wire plain_syn() {
  Wire wire{0x0a000002, 0x0a000001, 40000, 80, {}};
  wire.segment.flags = model::SYN;
  wire.segment.seq = 0xfffffff0;
  wire.segment.wnd = 65535;
  return wire;
}

Bytes with_options(const Bytes& options) {
  return encoded(plain_syn(), {.options = options});
}

RC_GTEST_PROP(Codec, DecodesWhatItEncodes, ()) {
  const Sample sample = *samples();
  const Bytes datagram = encoded(sample.view());
  const Decoded decoded = decode(datagram);
  RC_ASSERT(decoded.error == "");
  expect_same(decoded.wire, sample.view());
  RC_ASSERT(decoded.ip_checksum_ok);
  RC_ASSERT(decoded.tcp_checksum_ok);
  RC_ASSERT(!decoded.reserved_bits_set);
  RC_ASSERT(!decoded.options_malformed);
}

RC_GTEST_PROP(Codec, BadChecksumAndReservedBitsChangeNothingElse, ()) {
  const Sample sample = *samples();
  const auto reserved = *rc::gen::inRange<std::uint8_t>(0, 16);
  const Bytes datagram = encoded(sample.view(), {.bad_tcp_checksum = true, .reserved = reserved});
  const Decoded decoded = decode(datagram);
  RC_ASSERT(decoded.error == "");
  expect_same(decoded.wire, sample.view());
  RC_ASSERT(decoded.ip_checksum_ok);
  RC_ASSERT(!decoded.tcp_checksum_ok);
  RC_ASSERT(decoded.reserved_bits_set == (reserved != 0));
}

RC_GTEST_PROP(Codec, NoticesEveryFlippedBit, ()) {
  const Bytes datagram = encoded((*samples()).view());
  const auto bit = *rc::gen::inRange<std::size_t>(0, datagram.size() * 8);
  Bytes flipped = datagram;
  flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1u << bit % 8);
  const Decoded decoded = decode(flipped);
  RC_ASSERT(!decoded.ok() || !decoded.ip_checksum_ok || !decoded.tcp_checksum_ok);
}

TEST(Codec, SumsCarriesOfTheLargestDatagram) {
  const Bytes text(max_datagram - 40, 0xff);
  Wire wire = plain_syn();
  wire.segment.text = text;
  const Bytes datagram = encoded(wire);
  ASSERT_EQ(datagram.size(), max_datagram);
  const Decoded decoded = decode(datagram);
  EXPECT_TRUE(decoded.ok() && decoded.ip_checksum_ok && decoded.tcp_checksum_ok);
  EXPECT_EQ(decoded.wire.segment.text.size(), text.size());
}

TEST(Codec, EncodesNothingThatDoesNotFit) {
  const Bytes text(max_datagram - 39);
  Wire wire = plain_syn();
  Bytes buffer(max_datagram + 10, 0xaa);
  const Bytes untouched = buffer;
  wire.segment.text = text;
  EXPECT_EQ(encode(wire, buffer), 0u) << "one octet more than IPv4's total length can say";
  wire.segment.text = {};
  const Bytes too_many(max_tcp_options + 1, 1);
  EXPECT_EQ(encode(wire, buffer, {.options = too_many}), 0u);
  EXPECT_EQ(encode(wire, std::span(buffer).first(39)), 0u);
  EXPECT_EQ(buffer, untouched);
  EXPECT_EQ(encode(wire, std::span(buffer).first(40)), 40u);
  EXPECT_EQ(bytes(std::span(buffer).subspan(40)), bytes(std::span(untouched).subspan(40)));
}

TEST(Codec, IgnoresTheLinksPadding) {
  Bytes datagram = encoded(plain_syn());
  datagram.resize(46, 0xee);
  const Decoded decoded = decode(datagram);
  EXPECT_TRUE(decoded.ok() && decoded.tcp_checksum_ok);
  EXPECT_TRUE(decoded.wire.segment.text.empty());
}

TEST(Codec, PassesOverIpv4Options) {
  const Bytes plain = encoded(plain_syn());
  Bytes datagram(plain.begin(), plain.begin() + ipv4_header);
  datagram.insert(datagram.end(), {1, 1, 1, 0});  // three NOPs and the end of the list (RFC 791 §3.1)
  datagram.insert(datagram.end(), plain.begin() + ipv4_header, plain.end());
  datagram[0] = 0x46;
  datagram[3] = 44;
  const Decoded decoded = decode(datagram);
  ASSERT_EQ(decoded.error, "");
  EXPECT_TRUE(decoded.tcp_checksum_ok);
  EXPECT_FALSE(decoded.ip_checksum_ok) << "the header changed under its checksum";
  EXPECT_EQ(decoded.wire.segment.seq, plain_syn().segment.seq);
}

// What makes a datagram unreadable.
struct Unreadable {
  const char* name;
  std::size_t octet;
  std::uint8_t value;
  const char* error;
};

class CodecError : public testing::TestWithParam<Unreadable> {};

TEST_P(CodecError, SaysWhatIsWrong) {
  Bytes datagram = encoded(plain_syn());
  datagram[GetParam().octet] = GetParam().value;
  EXPECT_EQ(decode(datagram).error, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, CodecError,
    testing::Values(Unreadable{"version", 0, 0x65, "IP version 6, not 4"},
                    Unreadable{"ihl_short", 0, 0x44, "IPv4 header length 16 is below 20"},
                    Unreadable{"ihl_long", 0, 0x4b, "IPv4 header length 44 exceeds the total length 40"},
                    Unreadable{"ihl_into_tcp", 0, 0x46, "16 octets are too few for a TCP header"},
                    Unreadable{"total_length", 3, 60, "IPv4 total length 60 exceeds the 40 octets received"},
                    Unreadable{"total_length_short", 3, 8,
                               "IPv4 header length 20 exceeds the total length 8"},
                    Unreadable{"more_fragments", 6, 0x20, "an IPv4 fragment at offset 0"},
                    Unreadable{"later_fragment", 7, 2, "an IPv4 fragment at offset 16"},
                    Unreadable{"protocol", 9, 17, "IPv4 protocol 17, not 6 (TCP)"},
                    Unreadable{"offset_short", 32, 0x40, "TCP Data Offset 4 is below 5"},
                    Unreadable{"offset_long", 32, 0x60,
                               "TCP Data Offset 6 (24 octets) exceeds the segment of 20 octets"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Codec, SaysWhatIsTooShort) {
  const Bytes datagram = encoded(plain_syn());
  EXPECT_EQ(decode({}).error, "an empty datagram");
  EXPECT_EQ(decode(Octets(datagram).first(19)).error, "19 octets are too few for an IPv4 header");
  EXPECT_EQ(decode(Octets(datagram).first(39)).error, "IPv4 total length 40 exceeds the 39 octets received");
}

// Options as octets, and what must be made of them.
struct OptionCase {
  const char* name;
  Bytes options;
  std::optional<std::uint16_t> mss;
  bool other_options;
  const char* fault;  // empty: well formed
};

class CodecOptions : public testing::TestWithParam<OptionCase> {};

TEST_P(CodecOptions, AreUnderstood) {
  const OptionCase& expected = GetParam();
  const Bytes datagram = with_options(expected.options);
  const Decoded decoded = decode(datagram);
  ASSERT_EQ(decoded.error, "");
  EXPECT_EQ(decoded.wire.segment.mss, expected.mss);
  EXPECT_EQ(decoded.wire.segment.other_options, expected.other_options);
  EXPECT_EQ(decoded.options_malformed ? describe(*decoded.options_malformed) : "", expected.fault);
  EXPECT_TRUE(decoded.tcp_checksum_ok);
  Bytes padded = expected.options;
  padded.resize((padded.size() + 3) / 4 * 4);
  EXPECT_EQ(bytes(decoded.options), padded);
}

INSTANTIATE_TEST_SUITE_P(
    Lists, CodecOptions,
    testing::Values(
        OptionCase{"mss", {2, 4, 5, 180}, 1460, false, ""},
        OptionCase{"mss_unaligned", {1, 2, 4, 5, 180, 1, 1, 1}, 1460, false, ""},
        OptionCase{"mss_twice", {2, 4, 5, 180, 2, 4, 2, 24}, 536, false, ""},
        OptionCase{"mss_behind_unknown", {77, 3, 0, 2, 4, 5, 180}, 1460, true, ""},
        OptionCase{"mss_behind_wrong_window_scale",
                   {3, 4, 7, 0, 2, 4, 5, 180},
                   1460,
                   true,
                   "option 3 at offset 0: length 4 is wrong for its kind"},
        OptionCase{"end_hides_mss",
                   {0, 0, 0, 0, 2, 4, 5, 180},
                   std::nullopt,
                   false,
                   "octet 0x02 at offset 4 follows End of Option List, padding must be zero"},
        OptionCase{"end_then_nop",
                   {1, 1, 0, 1},
                   std::nullopt,
                   false,
                   "octet 0x01 at offset 3 follows End of Option List, padding must be zero"},
        OptionCase{"end_then_zeros", {1, 0, 0, 0}, std::nullopt, false, ""},
        OptionCase{
            "usual_linux", {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7}, 1460, true, ""},
        OptionCase{"sack_block", {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9}, std::nullopt, true, ""},
        OptionCase{"sack_empty",
                   {1, 1, 5, 2},
                   std::nullopt,
                   true,
                   "option 5 at offset 2: length 2 is wrong for its kind"},
        OptionCase{
            "zero_length", {2, 0, 5, 180}, std::nullopt, false, "option 2 at offset 0: length 0 is below 2"},
        OptionCase{
            "length_one", {1, 1, 254, 1}, std::nullopt, true, "option 254 at offset 2: length 1 is below 2"},
        OptionCase{"mss_too_short",
                   {2, 3, 5, 1},
                   std::nullopt,
                   false,
                   "option 2 at offset 0: length 3 is wrong for its kind"},
        OptionCase{"mss_past_header",
                   {1, 2, 4, 5},
                   std::nullopt,
                   false,
                   "option 2 at offset 1: length 4 leads past the header"},
        OptionCase{"length_255",
                   {99, 255, 0, 0},
                   std::nullopt,
                   true,
                   "option 99 at offset 0: length 255 leads past the header"},
        OptionCase{"kind_last",
                   {1, 1, 1, 2},
                   std::nullopt,
                   false,
                   "option 2 at offset 3: the header ends before its length"},
        OptionCase{"kept_before_fault",
                   {2, 4, 5, 180, 99, 0, 0, 0},
                   1460,
                   true,
                   "option 99 at offset 4: length 0 is below 2"}),
    [](const auto& test) { return std::string(test.param.name); });

// Any list of well-formed options is understood wherever its MSS options lie (MUST-64).
RC_GTEST_PROP(Codec, FindsMssAmongWellFormedOptions, ()) {
  Bytes options;
  std::optional<std::uint16_t> mss;
  bool other_options = false;
  for (int count = *rc::gen::inRange(0, 12); count > 0; --count) {
    Bytes option = {1};
    const int form = *rc::gen::inRange(0, 3);
    if (form == 1) option = {2, 4, *rc::gen::arbitrary<std::uint8_t>(), *rc::gen::arbitrary<std::uint8_t>()};
    if (form == 2) {
      const auto data = *rc::gen::container<Bytes>(*rc::gen::inRange<std::size_t>(0, 6),
                                                   rc::gen::arbitrary<std::uint8_t>());
      option = {*rc::gen::inRange<std::uint8_t>(30, 255), static_cast<std::uint8_t>(data.size() + 2)};
      option.insert(option.end(), data.begin(), data.end());
    }
    if (options.size() + option.size() > max_tcp_options) break;
    if (form == 1) mss = static_cast<std::uint16_t>(option[2] << 8 | option[3]);
    if (form == 2) other_options = true;
    options.insert(options.end(), option.begin(), option.end());
  }
  const Bytes datagram = with_options(options);
  const Decoded decoded = decode(datagram);
  RC_ASSERT(decoded.error == "");
  RC_ASSERT(!decoded.options_malformed);
  RC_ASSERT(decoded.wire.segment.mss == mss);
  RC_ASSERT(decoded.wire.segment.other_options == other_options);
}

// Holds octets that end where the readable memory ends: a read past them is a crash, with or without a
// sanitizer.
class Guarded {
 public:
  Guarded() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* memory = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::uint8_t*>(memory);
    if (mprotect(memory_ + page_, page_, PROT_NONE) != 0) throw std::bad_alloc();
  }
  ~Guarded() { munmap(memory_, 2 * page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  Octets hold(const Bytes& octets) {
    std::uint8_t* start = memory_ + page_ - octets.size();
    if (!octets.empty()) std::memcpy(start, octets.data(), octets.size());
    return {start, octets.size()};
  }

 private:
  std::size_t page_;
  std::uint8_t* memory_ = nullptr;
};

// Decodes at the edge of a guard page; what comes out must lie inside what went in and, if it is well
// formed, mean the same once encoded again.
void expect_survived(const Bytes& octets) {
  static Guarded guarded;
  const Octets datagram = guarded.hold(octets);
  const Decoded decoded = decode(datagram);
  if (!decoded.ok()) return;
  const auto inside = [&](Octets part) {
    return part.data() >= datagram.data() && part.data() + part.size() <= datagram.data() + datagram.size();
  };
  RC_ASSERT(inside(decoded.wire.segment.text));
  RC_ASSERT(inside(decoded.options));
  RC_ASSERT(decoded.options.size() <= max_tcp_options);
  if (decoded.options_malformed) {
    RC_ASSERT(decoded.options_malformed->offset < decoded.options.size());
    RC_ASSERT(describe(*decoded.options_malformed) != "");
    return;
  }
  const Bytes again = encoded(decoded.wire, {.options = decoded.options});
  const Decoded reread = decode(again);
  RC_ASSERT(reread.error == "");
  RC_ASSERT(reread.ip_checksum_ok && reread.tcp_checksum_ok);
  expect_same(reread.wire, decoded.wire);
}

RC_GTEST_PROP(Codec, SurvivesRandomOctets, ()) {
  expect_survived(*rc::gen::arbitrary<Bytes>());
}

RC_GTEST_PROP(Codec, SurvivesEveryTruncation, ()) {
  const Bytes datagram = encoded((*samples()).view());
  for (std::size_t size = 0; size < datagram.size(); ++size) {
    Bytes truncated(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(size));
    RC_ASSERT(!decode(truncated).ok());
    // With a total length that hides the loss, the TCP header and its options are cut instead.
    if (size >= ipv4_header) {
      truncated[2] = static_cast<std::uint8_t>(size >> 8);
      truncated[3] = static_cast<std::uint8_t>(size);
    }
    expect_survived(truncated);
  }
}

RC_GTEST_PROP(Codec, SurvivesMutations, ()) {
  Bytes datagram = encoded((*samples()).view());
  for (int count = *rc::gen::inRange(1, 8); count > 0; --count) {
    datagram[*rc::gen::inRange<std::size_t>(0, datagram.size())] = *rc::gen::arbitrary<std::uint8_t>();
  }
  expect_survived(datagram);
}

RC_GTEST_PROP(Codec, SurvivesRandomOptions, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(0, max_tcp_options + 1);
  // Small octets make kinds and lengths that lead somewhere.
  const auto octet = rc::gen::weightedOneOf<std::uint8_t>(
      {{4, rc::gen::inRange<std::uint8_t>(0, 12)}, {1, rc::gen::arbitrary<std::uint8_t>()}});
  expect_survived(with_options(*rc::gen::container<Bytes>(size, octet)));
}

std::string dotted(std::uint32_t address) {
  return std::to_string(address >> 24) + '.' + std::to_string(address >> 16 & 0xff) + '.' +
         std::to_string(address >> 8 & 0xff) + '.' + std::to_string(address & 0xff);
}

RC_GTEST_PROP(CodecAgainstLibtins, DecodesItsDatagrams, ()) {
  const Sample sample = *samples();
  const Segment& segment = sample.wire.segment;
  Tins::TCP tcp(sample.wire.destination_port, sample.wire.source_port);
  tcp.seq(segment.seq);
  tcp.ack_seq(segment.ack);
  tcp.window(segment.wnd);
  tcp.urg_ptr(segment.urg);
  tcp.flags(segment.flags);
  if (segment.other_options) tcp.winscale(7);  // three octets: the MSS option that follows is unaligned
  if (segment.mss) tcp.mss(*segment.mss);
  Tins::IP ip = Tins::IP(dotted(sample.wire.destination), dotted(sample.wire.source)) / tcp;
  if (!sample.text.empty()) ip /= Tins::RawPDU(sample.text);

  const Bytes datagram = ip.serialize();
  const Decoded decoded = decode(datagram);
  RC_ASSERT(decoded.error == "");
  expect_same(decoded.wire, sample.view());
  RC_ASSERT(decoded.ip_checksum_ok);
  RC_ASSERT(decoded.tcp_checksum_ok);
  RC_ASSERT(!decoded.options_malformed);
}

RC_GTEST_PROP(CodecAgainstLibtins, IsParsedAlike, ()) {
  const Sample sample = *samples();
  const Segment& segment = sample.wire.segment;
  const Bytes datagram = encoded(sample.view());
  Tins::IP ip(datagram.data(), static_cast<std::uint32_t>(datagram.size()));
  const auto& tcp = ip.rfind_pdu<Tins::TCP>();
  RC_ASSERT(ip.src_addr().to_string() == dotted(sample.wire.source));
  RC_ASSERT(ip.dst_addr().to_string() == dotted(sample.wire.destination));
  RC_ASSERT(tcp.sport() == sample.wire.source_port);
  RC_ASSERT(tcp.dport() == sample.wire.destination_port);
  RC_ASSERT(tcp.seq() == segment.seq);
  RC_ASSERT(tcp.ack_seq() == segment.ack);
  RC_ASSERT(tcp.window() == segment.wnd);
  RC_ASSERT(tcp.urg_ptr() == segment.urg);
  RC_ASSERT(tcp.flags() == segment.flags);
  RC_ASSERT((tcp.search_option(Tins::TCP::MSS) != nullptr) == segment.mss.has_value());
  if (segment.mss) RC_ASSERT(tcp.mss() == *segment.mss);
  const auto* text = ip.find_pdu<Tins::RawPDU>();
  RC_ASSERT((text ? text->payload() : Bytes{}) == sample.text);
  // It computes both checksums anew when it writes, so equal octets mean equal checksums.
  RC_ASSERT(ip.serialize() == datagram);
}

}  // namespace
}  // namespace finwait
