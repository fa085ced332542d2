// libslirp behind its adapter, driven by datagrams made by hand. What libslirp does is judged only as far as
// every TCP has to do it: these tests are about the adapter.
#include "impl/libslirp/libslirp_adapter.h"

#include <gtest/gtest.h>

#ifndef FINWAIT_LIBSLIRP_MISSING

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/codec.h"
#include "impl/libslirp/translation.h"
#include "tests/signal_log.h"

namespace finwait {
namespace {

using model::ACK;
using model::FIN;
using model::RST;
using model::SYN;

constexpr std::uint16_t iut_port = 8080, tester_port = 40000;
constexpr std::uint32_t first = 1000;  // the tester's ISS

using Bytes = std::vector<std::uint8_t>;

Bytes text(std::size_t octets, std::size_t from = 0) {
  Bytes all(octets);
  for (std::size_t i = 0; i < octets; ++i) all[i] = static_cast<std::uint8_t>((from + i) * 7 % 251);
  return all;
}

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// Everything that the adapter has said, as text.
class Record final : public SignalLog {
 public:
  struct Sent {
    Time at;
    std::uint8_t flags;
    std::uint32_t seq, ack;
    std::uint16_t window;
    Bytes text;
  };

  void datagram(Time at, Octets packet) override {
    packets.emplace_back(packet.begin(), packet.end());
    const Decoded decoded = decode(packet);
    ASSERT_TRUE(decoded.ok() && decoded.ip_checksum_ok && decoded.tcp_checksum_ok) << decoded.error;
    const Wire& wire = decoded.wire;
    EXPECT_EQ(wire.source_port, iut_port);
    EXPECT_EQ(wire.destination_port, tester_port);
    EXPECT_EQ(wire.source, make_libslirp()->profile().iut_address);
    const model::Segment& segment = wire.segment;
    sent.push_back({at, segment.flags, segment.seq, segment.ack, segment.wnd,
                    Bytes(segment.text.begin(), segment.text.end())});
  }
  void clear() { *this = Record{}; }

  std::vector<Bytes> packets;
  std::vector<Sent> sent;
};

class LibslirpAdapterTest : public testing::Test {
 protected:
  LibslirpAdapterTest() { iut->reset(1); }

  Result call(Call what, Socket socket) {
    Request request;
    request.call = what;
    request.socket = socket;
    request.local_port = iut_port;
    request.remote_port = tester_port;
    return iut->call(request, record).result;
  }
  Result accept(Socket listener, Socket child) {
    Request request;
    request.call = Call::accept;
    request.socket = listener;
    request.child = child;
    return iut->call(request, record).result;
  }
  Reply send(Socket socket, const Bytes& data) {
    Request request;
    request.call = Call::send;
    request.socket = socket;
    request.data = data;
    return iut->call(request, record);
  }
  // The octets; `result` is that of the call.
  Bytes receive(Socket socket, std::size_t count) {
    Request request;
    request.call = Call::receive;
    request.socket = socket;
    request.count = count;
    const Reply reply = iut->call(request, record);
    result = reply.result;
    return {reply.data.begin(), reply.data.end()};
  }
  void deliver(std::uint8_t flags, std::uint32_t number, std::uint32_t ack, const Bytes& data = {},
               std::uint16_t window = 65535, bool bad_checksum = false) {
    const Profile profile = iut->profile();
    Wire wire{profile.tester_address, profile.iut_address, tester_port, iut_port, {}};
    wire.segment.flags = flags;
    wire.segment.seq = number;
    wire.segment.ack = ack;
    wire.segment.wnd = window;
    wire.segment.text = data;
    EncodeOptions options;
    options.bad_tcp_checksum = bad_checksum;
    Bytes packet(60 + data.size());
    iut->deliver(Octets(packet).first(encode(wire, packet, options)), record);
  }
  void advance(Time by) { iut->advance(by, record); }

  // Connection 2. From here on `seq` and `una` are the next numbers of the tester and of the IUT.
  void establish_passive() {
    ASSERT_EQ(call(Call::open_passive, 1), Result::ok);
    deliver(SYN, first, 0);
    ASSERT_EQ(record.sent.size(), 1u);
    una = record.sent[0].seq + 1;
    deliver(ACK, seq, una);
    ASSERT_EQ(accept(1, 2), Result::ok);
    record.clear();
  }
  void establish_active() {
    ASSERT_EQ(call(Call::open_active, 2), Result::pending);
    ASSERT_EQ(record.sent.size(), 1u);
    una = record.sent[0].seq + 1;
    deliver(SYN | ACK, first, una);
    ASSERT_EQ(record.signals, std::vector<std::string>{"opened 2"});
    record.clear();
  }

  std::unique_ptr<Adapter> iut = make_libslirp();
  Record record;
  std::uint32_t seq = first + 1, una = 0;
  Result result = Result::ok;
};

TEST_F(LibslirpAdapterTest, ProfileStatesItsTimers) {
  const Profile profile = iut->profile();
  EXPECT_EQ(profile.name, "libslirp");
  EXPECT_EQ(profile.version.substr(0, 2), "4.");
  EXPECT_EQ(profile.tick, 500ms);
  EXPECT_EQ(profile.msl, 5s);
  EXPECT_GT(profile.receive_buffer, 65535u);
  EXPECT_EQ(std::count(profile.calls.begin(), profile.calls.end(), Call::status), 0);
  EXPECT_EQ(call(Call::status, 1), Result::unsupported);
}

TEST_F(LibslirpAdapterTest, ResetComesFirst) {
  EXPECT_THROW(make_libslirp()->advance(1s, record), std::logic_error);
}

TEST_F(LibslirpAdapterTest, PassiveHandshake) {
  ASSERT_EQ(call(Call::open_passive, 1), Result::ok);
  EXPECT_EQ(accept(1, 2), Result::pending);
  deliver(SYN, first, 0);
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].flags, SYN | ACK);
  EXPECT_EQ(record.sent[0].ack, seq);
  EXPECT_TRUE(record.signals.empty());
  deliver(ACK, seq, record.sent[0].seq + 1);
  EXPECT_EQ(record.signals, std::vector<std::string>{"acceptable 1"});
  EXPECT_EQ(accept(1, 2), Result::ok);
  EXPECT_EQ(iut->probe(2), "ESTABLISHED");
  EXPECT_EQ(accept(1, 3), Result::pending);
}

TEST_F(LibslirpAdapterTest, ActiveHandshakeFromThePortAskedFor) {
  establish_active();  // Record looks at the ports
  EXPECT_EQ(iut->probe(2), "ESTABLISHED");
  EXPECT_EQ(call(Call::open_active, 2), Result::exists);  // the same socket
  EXPECT_EQ(call(Call::open_active, 3), Result::exists);  // the same pair of addresses and ports
  EXPECT_TRUE(record.sent.empty());
}

TEST_F(LibslirpAdapterTest, AConnectionIsNotOpenedBesideOneAccepted) {
  establish_passive();
  EXPECT_EQ(call(Call::open_active, 3), Result::exists);
}

TEST_F(LibslirpAdapterTest, DataBothWays) {
  establish_active();
  receive(2, 100);
  EXPECT_EQ(result, Result::pending);
  deliver(ACK, seq, una, text(100));
  EXPECT_EQ(receive(2, 30), text(30));
  EXPECT_EQ(receive(2, 1000), text(70, 30));
  receive(2, 1000);
  EXPECT_EQ(result, Result::pending);
  record.clear();
  EXPECT_EQ(send(2, text(50)).count, 50u);
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].text, text(50));
  EXPECT_EQ(record.sent[0].seq, una);
  EXPECT_EQ(record.sent[0].ack, seq + 100);
}

TEST_F(LibslirpAdapterTest, ABadChecksumStaysBad) {
  establish_active();
  deliver(ACK, seq, una, text(100), 65535, true);
  advance(1s);
  EXPECT_TRUE(record.sent.empty());
  receive(2, 100);
  EXPECT_EQ(result, Result::pending);
}

TEST_F(LibslirpAdapterTest, SendTakesWhatFitsAndNoMore) {
  establish_passive();
  std::size_t taken = 0;
  Reply reply = send(2, text(100'000));
  for (int calls = 0; reply.result == Result::ok && calls < 100; ++calls) {
    taken += reply.count;
    reply = send(2, text(100'000));
  }
  EXPECT_GT(taken, 100'000u);
  EXPECT_EQ(reply.result, Result::no_resources);
}

TEST_F(LibslirpAdapterTest, UnreadTextClosesTheWindowAndIsKept) {
  establish_passive();
  const std::size_t space = iut->profile().receive_buffer, part = 1000;
  std::size_t sent = 0;
  while (sent < space && (record.sent.empty() || record.sent.back().window >= part)) {
    deliver(ACK, seq + static_cast<std::uint32_t>(sent), una, text(part, sent));
    sent += part;
    ASSERT_FALSE(record.sent.empty());
    EXPECT_EQ(record.sent.back().ack, seq + sent);
  }
  EXPECT_LT(record.sent.back().window, part);
  EXPECT_LE(sent, space);
  Bytes got;
  for (Bytes some = receive(2, space); result == Result::ok; some = receive(2, space)) {
    got.insert(got.end(), some.begin(), some.end());
  }
  EXPECT_EQ(got, text(sent));
  EXPECT_GT(record.sent.back().window, 60'000);
}

TEST_F(LibslirpAdapterTest, AResetIsTold) {
  establish_passive();
  deliver(RST, seq, 0);
  EXPECT_EQ(record.signals, std::vector<std::string>{"failed 2 reset"});
  EXPECT_EQ(send(2, text(1)).result, Result::reset);
  EXPECT_EQ(call(Call::close, 2), Result::no_connection);
  EXPECT_EQ(call(Call::close_full, 2), Result::no_connection);
}

TEST_F(LibslirpAdapterTest, ARefusalIsTold) {
  ASSERT_EQ(call(Call::open_active, 2), Result::pending);
  EXPECT_EQ(call(Call::close, 2), Result::no_connection);
  deliver(RST | ACK, 0, record.sent.at(0).seq + 1);
  EXPECT_EQ(record.signals, std::vector<std::string>{"failed 2 refused"});
  EXPECT_EQ(call(Call::open_active, 3), Result::pending);  // the two ports are free again
}

TEST_F(LibslirpAdapterTest, AnUnansweredSynIsReportedWithinTheClaimedTime) {
  ASSERT_EQ(call(Call::open_active, 2), Result::pending);
  advance(iut->profile().r2_syn);
  EXPECT_EQ(record.signals, std::vector<std::string>{"failed 2 timed-out"});
  EXPECT_GT(record.sent.size(), 3u);
}

// Any segment that libslirp drops in SYN-SENT sets its timer for the opening to two hours.
TEST_F(LibslirpAdapterTest, SoItIsBehindASegmentThatIsDropped) {
  ASSERT_EQ(call(Call::open_active, 2), Result::pending);
  deliver(0, seq, 0);
  advance(iut->profile().r2_syn);
  EXPECT_EQ(record.signals, std::vector<std::string>{"failed 2 timed-out"});
  EXPECT_GT(record.failed_at, 100s);
}

TEST_F(LibslirpAdapterTest, HalfCloseStillReceivesAndTimeWaitEnds) {
  establish_active();
  EXPECT_EQ(call(Call::close, 2), Result::ok);
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].flags & FIN, FIN);
  EXPECT_EQ(send(2, text(1)).result, Result::closing);
  EXPECT_EQ(call(Call::close, 2), Result::closing);
  deliver(ACK, seq, una + 1, text(1));
  EXPECT_EQ(iut->probe(2), "FIN-WAIT-2");
  deliver(FIN | ACK, seq + 1, una + 1, text(20, 1));
  EXPECT_EQ(iut->probe(2), "TIME-WAIT");
  advance(2 * iut->profile().msl - 1s);
  EXPECT_EQ(iut->probe(2), "TIME-WAIT");
  advance(2s);
  EXPECT_EQ(iut->probe(2), "CLOSED");
  EXPECT_EQ(receive(2, 100), text(21));
  receive(2, 100);
  EXPECT_EQ(result, Result::closing);
  EXPECT_TRUE(record.signals.empty());
}

TEST_F(LibslirpAdapterTest, AbortResets) {
  establish_active();
  EXPECT_EQ(call(Call::abort, 2), Result::ok);
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].flags & RST, RST);
  EXPECT_EQ(record.sent[0].seq, una);
  advance(60s);
  EXPECT_EQ(record.sent.size(), 1u);
  EXPECT_TRUE(record.signals.empty());
  EXPECT_EQ(call(Call::abort, 2), Result::no_connection);
}

TEST_F(LibslirpAdapterTest, AClosedListenerRefusesAndResetsItsChildren) {
  ASSERT_EQ(call(Call::open_passive, 1), Result::ok);
  deliver(SYN, first, 0);
  deliver(ACK, seq, record.sent.at(0).seq + 1);
  record.clear();
  EXPECT_EQ(call(Call::close_full, 1), Result::ok);
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].flags & RST, RST);
  deliver(SYN, first + 5000, 0);
  ASSERT_EQ(record.sent.size(), 2u);
  EXPECT_EQ(record.sent[1].flags, RST | ACK);
  EXPECT_EQ(accept(1, 2), Result::no_connection);
}

TEST_F(LibslirpAdapterTest, RetransmitsWhenTimePasses) {
  establish_passive();
  send(2, text(10));
  advance(1s);
  const std::size_t before = record.sent.size();
  ASSERT_EQ(before, 1u);
  advance(iut->profile().patience);
  ASSERT_GT(record.sent.size(), 2u);
  EXPECT_EQ(record.sent[1].text, text(10));
  EXPECT_GE(record.sent[1].at, record.sent[0].at + 500ms);
}

// The program has hung up with text left for it, and the guest's window is closed: libslirp finds no rest.
TEST_F(LibslirpAdapterTest, TimeGoesOnWhereLibslirpFindsNoRest) {
  establish_active();
  EXPECT_EQ(call(Call::close_full, 2), Result::ok);
  deliver(ACK, seq, una, text(536), 0);
  advance(5s);
  record.clear();
  iut->reset(1);
  record.clear();
  establish_passive();
}

TEST_F(LibslirpAdapterTest, ResetLeavesNothing) {
  iut->reset(1);
  const std::ptrdiff_t before = open_descriptors();
  for (int round = 0; round < 3; ++round) {
    record.clear();
    establish_active();
    send(2, text(1000));
    iut->reset(1);
    record.clear();
    establish_passive();
    deliver(ACK, seq, una, text(100));
    ASSERT_EQ(call(Call::close_full, 2), Result::ok);
    iut->reset(1);
    EXPECT_EQ(open_descriptors(), before);
  }
  record.clear();
  deliver(ACK, seq, una);  // there is neither a connection nor a listener
  ASSERT_EQ(record.sent.size(), 1u);
  EXPECT_EQ(record.sent[0].flags & RST, RST);
  EXPECT_EQ(call(Call::close_full, 1), Result::no_connection);
}

TEST_F(LibslirpAdapterTest, NothingIsLeftOfAnAdapter) {
  const std::ptrdiff_t before = open_descriptors();
  {
    const std::unique_ptr<Adapter> other = make_libslirp();
    other->reset(1);
    EXPECT_GT(open_descriptors(), before);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(LibslirpAdapterTest, ACaseRepeatsToTheOctet) {
  const auto play = [this] {
    iut->reset(1);
    record.clear();
    establish_active();
    send(2, text(3000));
    advance(20s);
    deliver(FIN | ACK, seq, una + 100);
    call(Call::close, 2);
    advance(20s);
    return record.packets;
  };
  const std::vector<Bytes> once = play();
  EXPECT_GT(once.size(), 4u);
  EXPECT_EQ(play(), once);
}

TEST_F(LibslirpAdapterTest, TwoAdaptersStandSideBySide) {
  establish_active();
  const std::unique_ptr<Adapter> other = make_libslirp();
  other->reset(1);
  Record of_other;
  other->advance(100s, of_other);
  EXPECT_TRUE(of_other.packets.empty());
  deliver(ACK, seq, una, text(10));
  EXPECT_EQ(receive(2, 10), text(10));
}

// --- Addresses
// --------------------------------------------------------------------------------------------------

Bytes segment(bool bad_checksum) {
  const Bytes data = text(5);
  Wire wire{0x0a000201, 0xfffffffe, 1, 65535, {}};
  wire.segment.flags = ACK;
  wire.segment.text = data;
  EncodeOptions options;
  options.bad_tcp_checksum = bad_checksum;
  Bytes packet(60);
  packet.resize(encode(wire, packet, options));
  return packet;
}

TEST(LibslirpTranslationTest, EndsAreReadAndWritten) {
  Bytes packet = segment(false);
  const auto ends = libslirp::ends_of(packet);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->source, (libslirp::End{0x0a000201, 1}));
  EXPECT_EQ(ends->destination, (libslirp::End{0xfffffffe, 65535}));
  const libslirp::End other{0xc0a80102, 0x1f90};
  libslirp::set_source(packet, other);
  libslirp::set_destination(packet, {0, 0});
  const auto after = libslirp::ends_of(packet);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->source, other);
  EXPECT_EQ(after->destination, libslirp::End{});
}

TEST(LibslirpTranslationTest, ChecksumsStayAsRightOrWrongAsTheyWere) {
  for (const bool bad : {false, true}) {
    for (std::uint32_t n = 0; n < 5000; ++n) {
      Bytes packet = segment(bad);
      libslirp::set_source(packet, {n * 0x9e3779b9, static_cast<std::uint16_t>(n * 40503)});
      libslirp::set_destination(packet, {~n * 0x85ebca6b, static_cast<std::uint16_t>(n)});
      const Decoded decoded = decode(packet);
      ASSERT_TRUE(decoded.ok()) << decoded.error;
      EXPECT_TRUE(decoded.ip_checksum_ok) << n;
      EXPECT_EQ(decoded.tcp_checksum_ok, !bad) << n;
    }
  }
}

TEST(LibslirpTranslationTest, WhatIsNoSegmentHasNoEnds) {
  const Bytes packet = segment(false);
  EXPECT_FALSE(libslirp::ends_of({}));
  EXPECT_FALSE(libslirp::ends_of(Octets(packet).first(39)));
  Bytes other = packet;
  other[9] = 17;  // UDP
  EXPECT_FALSE(libslirp::ends_of(other));
  other = packet;
  other[0] = 0x65;
  EXPECT_FALSE(libslirp::ends_of(other));
  other[0] = 0x4f;  // a header longer than the datagram
  EXPECT_FALSE(libslirp::ends_of(other));
}

}  // namespace
}  // namespace finwait

#else

TEST(LibslirpAdapterTest, Missing) {
  GTEST_SKIP() << FINWAIT_LIBSLIRP_MISSING;
}

#endif
