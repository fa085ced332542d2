// lwIP behind its adapter, driven by datagrams made by hand. What lwIP does is judged only as far as every
// TCP has to do it: these tests are about the adapter.
#include "impl/lwip/lwip_adapter.h"

#include <gtest/gtest.h>

#ifndef FINWAIT_LWIP_MISSING

#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/codec.h"
#include "tests/signal_log.h"

extern "C" {
std::uint8_t pbuf_free(struct pbuf* packet);
void* mem_malloc(std::size_t octets);
void mem_free(void* block);
}

namespace finwait {
namespace {

using model::ACK;
using model::FIN;
using model::PSH;
using model::RST;
using model::SYN;

constexpr std::uint16_t iut_port = 7, tester_port = 40000;
constexpr std::uint32_t iut_address = 0x0a000001, tester_address = 0x0a000002;
constexpr std::uint32_t tester_iss = 1000;

using Bytes = std::vector<std::uint8_t>;

// A segment that owns its text.
struct Segment {
  std::uint8_t flags = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint16_t window = 65535;
  Bytes text = {};
};

// To the IUT's port.
Bytes datagram(const Segment& segment, std::uint16_t from = tester_port,
               std::uint32_t source = tester_address) {
  Wire wire{source, iut_address, from, iut_port, {}};
  wire.segment.flags = segment.flags;
  wire.segment.seq = segment.seq;
  wire.segment.ack = segment.ack;
  wire.segment.wnd = segment.window;
  wire.segment.text = segment.text;
  Bytes out(40 + segment.text.size());
  out.resize(encode(wire, out));
  return out;
}

Segment parse(Octets packet) {
  const Decoded decoded = decode(packet);
  EXPECT_TRUE(decoded.ok() && decoded.ip_checksum_ok && decoded.tcp_checksum_ok) << decoded.error;
  const model::Segment& segment = decoded.wire.segment;
  return {segment.flags, segment.seq, segment.ack, segment.wnd,
          Bytes(segment.text.begin(), segment.text.end())};
}

Bytes text(std::size_t octets) {
  Bytes out(octets);
  for (std::size_t i = 0; i < octets; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return out;
}

struct Log final : SignalLog {
  void datagram(Time at, Octets packet) override {
    times.push_back(at);
    packets.emplace_back(packet.begin(), packet.end());
    segments.push_back(parse(packet));
  }

  void clear() { *this = Log{}; }

  std::vector<Time> times;
  std::vector<Bytes> packets;
  std::vector<Segment> segments;
};

class LwipAdapterTest : public testing::Test {
 protected:
  LwipAdapterTest() { lwip->reset(1); }

  Reply call(Request request) { return lwip->call(request, log); }
  Result simple(Call what, Socket socket) {
    Request request;
    request.call = what;
    request.socket = socket;
    return call(request).result;
  }
  Result listen(Socket socket, std::uint16_t port = iut_port) {
    Request request;
    request.call = Call::open_passive;
    request.socket = socket;
    request.local_port = port;
    return call(request).result;
  }
  Result connect(Socket socket) {
    Request request;
    request.call = Call::open_active;
    request.socket = socket;
    request.local_port = iut_port;
    request.remote_port = tester_port;
    return call(request).result;
  }
  Result accept(Socket listener, Socket child) {
    Request request;
    request.call = Call::accept;
    request.socket = listener;
    request.child = child;
    return call(request).result;
  }
  Reply send(Socket socket, const Bytes& data) {
    Request request;
    request.call = Call::send;
    request.socket = socket;
    request.data = data;
    return call(request);
  }
  Reply receive(Socket socket, std::size_t count) {
    Request request;
    request.call = Call::receive;
    request.socket = socket;
    request.count = count;
    return call(request);
  }
  void deliver(const Segment& segment, std::uint16_t from = tester_port) {
    lwip->deliver(datagram(segment, from), log);
  }
  void advance(Time by) { lwip->advance(by, log); }
  Bytes octets(const Reply& answer) { return {answer.data.begin(), answer.data.end()}; }

  // From here on `seq` and `una` are the next numbers of the tester and of the IUT.
  void establish_passive(Socket child = 2) {
    ASSERT_EQ(listen(1), Result::ok);
    deliver({SYN, tester_iss, 0});
    ASSERT_EQ(log.segments.size(), 1u);
    una = log.segments[0].seq + 1;
    seq = tester_iss + 1;
    deliver({ACK, seq, una});
    ASSERT_EQ(accept(1, child), Result::ok);
    log.clear();
  }
  void establish_active(Socket socket = 2) {
    ASSERT_EQ(connect(socket), Result::pending);
    ASSERT_EQ(log.segments.size(), 1u);
    una = log.segments[0].seq + 1;
    seq = tester_iss + 1;
    deliver({SYN | ACK, tester_iss, una});
    ASSERT_EQ(log.signals, std::vector<std::string>{"opened " + std::to_string(socket)});
    log.clear();
  }

  std::unique_ptr<Adapter> lwip = make_lwip();
  Log log;
  std::uint32_t seq = 0, una = 0;
};

TEST_F(LwipAdapterTest, ProfileStatesItsTimers) {
  const Profile profile = lwip->profile();
  EXPECT_EQ(profile.name, "lwip");
  EXPECT_EQ(profile.version.substr(0, 2), "2.");
  EXPECT_EQ(profile.tick, 500ms);
  EXPECT_EQ(profile.step, 250ms);
  EXPECT_EQ(profile.msl, 60s);
  EXPECT_GT(profile.receive_buffer, 0u);
  EXPECT_EQ(std::count(profile.calls.begin(), profile.calls.end(), Call::status), 0);
  EXPECT_EQ(simple(Call::status, 1), Result::unsupported);
}

TEST_F(LwipAdapterTest, PassiveHandshake) {
  ASSERT_EQ(listen(1), Result::ok);
  EXPECT_EQ(accept(1, 2), Result::pending);
  deliver({SYN, tester_iss, 0});
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags, SYN | ACK);
  EXPECT_EQ(log.segments[0].ack, tester_iss + 1);
  EXPECT_TRUE(log.signals.empty());
  deliver({ACK, tester_iss + 1, log.segments[0].seq + 1});
  EXPECT_EQ(log.signals, std::vector<std::string>{"acceptable 1"});
  EXPECT_EQ(accept(1, 2), Result::ok);
  EXPECT_EQ(lwip->probe(2).substr(0, 11), "ESTABLISHED");
  EXPECT_EQ(accept(1, 3), Result::pending);
}

TEST_F(LwipAdapterTest, ActiveHandshake) {
  establish_active();
  EXPECT_EQ(lwip->probe(2).substr(0, 11), "ESTABLISHED");
  EXPECT_EQ(connect(2), Result::exists);  // the same socket
  EXPECT_EQ(connect(3), Result::exists);  // the same pair of addresses and ports
  EXPECT_TRUE(log.segments.empty());
}

TEST_F(LwipAdapterTest, DataBothWays) {
  establish_passive();
  EXPECT_EQ(receive(2, 100).result, Result::pending);
  const Bytes sent = text(100);
  deliver({ACK | PSH, seq, una, 65535, sent});
  Reply part = receive(2, 30);
  EXPECT_EQ(part.result, Result::ok);
  EXPECT_EQ(octets(part), Bytes(sent.begin(), sent.begin() + 30));
  part = receive(2, 1000);
  EXPECT_EQ(octets(part), Bytes(sent.begin() + 30, sent.end()));
  EXPECT_EQ(receive(2, 1000).result, Result::pending);

  log.clear();
  const Reply reply = send(2, text(50));
  EXPECT_EQ(reply.result, Result::ok);
  EXPECT_EQ(reply.count, 50u);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].text, text(50));
  EXPECT_EQ(log.segments[0].seq, una);
  EXPECT_EQ(log.segments[0].ack, seq + 100);
}

TEST_F(LwipAdapterTest, SendTakesWhatFitsAndNoMore) {
  establish_passive();
  const Reply first = send(2, text(500'000));
  EXPECT_EQ(first.result, Result::ok);
  EXPECT_GT(first.count, 0u);
  EXPECT_LT(first.count, 500'000u);
  EXPECT_EQ(send(2, text(100'000)).result, Result::no_resources);
}

TEST_F(LwipAdapterTest, UnreadTextClosesTheWindow) {
  establish_passive();
  const std::size_t buffer = lwip->profile().receive_buffer;
  std::size_t sent = 0;
  while (sent < buffer) {
    const std::size_t size = std::min<std::size_t>(500, buffer - sent);
    deliver({ACK, seq + static_cast<std::uint32_t>(sent), una, 65535, text(size)});
    sent += size;
  }
  advance(500ms);
  ASSERT_FALSE(log.segments.empty());
  EXPECT_EQ(log.segments.back().window, 0);
  EXPECT_EQ(log.segments.back().ack, seq + static_cast<std::uint32_t>(buffer));
  log.clear();
  EXPECT_EQ(receive(2, 100'000).count, buffer);
  ASSERT_FALSE(log.segments.empty());
  EXPECT_GT(log.segments.back().window, buffer / 2);
}

TEST_F(LwipAdapterTest, ResetFailsTheConnectionAndIsToldOnceMore) {
  establish_passive();
  deliver({RST, seq, 0});
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 2 reset"});
  EXPECT_EQ(send(2, text(1)).result, Result::reset);
  EXPECT_EQ(send(2, text(1)).result, Result::no_connection);
  EXPECT_EQ(receive(2, 1).result, Result::no_connection);
  EXPECT_EQ(simple(Call::close_full, 2), Result::no_connection);
}

TEST_F(LwipAdapterTest, ResetOfAnOpeningIsARefusal) {
  ASSERT_EQ(connect(2), Result::pending);
  deliver({RST | ACK, 0, log.segments.at(0).seq + 1});
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 2 refused"});
}

TEST_F(LwipAdapterTest, ChildThatDiesWhileItWaitsIsReset) {
  ASSERT_EQ(listen(1), Result::ok);
  deliver({SYN, tester_iss, 0});
  deliver({ACK, tester_iss + 1, log.segments.at(0).seq + 1});
  deliver({RST, tester_iss + 1, 0});
  EXPECT_EQ(log.signals, std::vector<std::string>{"acceptable 1"});
  EXPECT_EQ(accept(1, 2), Result::reset);
  EXPECT_EQ(accept(1, 2), Result::pending);
}

TEST_F(LwipAdapterTest, UnansweredSynIsReportedWithinTheClaimedTime) {
  ASSERT_EQ(connect(2), Result::pending);
  advance(lwip->profile().r2_syn);
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 2 timed-out"});
  EXPECT_GT(log.segments.size(), 3u);
}

TEST_F(LwipAdapterTest, UnansweredDataIsReportedWithinTheClaimedTime) {
  establish_passive();
  ASSERT_EQ(send(2, text(10)).count, 10u);
  advance(lwip->profile().r2_data);
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 2 timed-out"});
  EXPECT_LE(log.times.at(1), lwip->profile().patience);
}

TEST_F(LwipAdapterTest, HalfCloseStillReceivesAndTimeWaitEnds) {
  establish_passive();
  EXPECT_EQ(simple(Call::close, 2), Result::ok);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags & FIN, FIN);
  EXPECT_EQ(send(2, text(1)).result, Result::closing);
  EXPECT_EQ(simple(Call::close, 2), Result::closing);
  deliver({ACK, seq, una + 1});
  EXPECT_EQ(lwip->probe(2).substr(0, 10), "FIN-WAIT-2");
  advance(60s);  // half-closed, not abandoned
  deliver({FIN | ACK, seq, una + 1, 65535, text(20)});
  EXPECT_EQ(lwip->probe(2).substr(0, 9), "TIME-WAIT");
  advance(2 * lwip->profile().msl - 1s);
  EXPECT_EQ(lwip->probe(2).substr(0, 9), "TIME-WAIT");
  advance(2s);
  EXPECT_EQ(lwip->probe(2), "CLOSED");
  EXPECT_EQ(octets(receive(2, 100)), text(20));  // lwIP has let go of the connection, the user has not
  EXPECT_EQ(receive(2, 100).result, Result::closing);
  EXPECT_EQ(receive(2, 100).result, Result::closing);
  EXPECT_TRUE(log.signals.empty());
}

TEST_F(LwipAdapterTest, LastAckEndsWithoutAnError) {
  establish_passive();
  deliver({FIN | ACK, seq, una, 65535, text(5)});
  EXPECT_EQ(lwip->probe(2).substr(0, 10), "CLOSE-WAIT");
  EXPECT_EQ(simple(Call::close, 2), Result::ok);
  deliver({ACK, seq + 6, una + 1});
  EXPECT_EQ(lwip->probe(2), "CLOSED");
  EXPECT_TRUE(log.signals.empty());
  EXPECT_EQ(octets(receive(2, 100)), text(5));
  EXPECT_EQ(receive(2, 100).result, Result::closing);
  EXPECT_EQ(simple(Call::abort, 2), Result::no_connection);
}

// RFC 9293 §3.6.1, SHLD-3: lwIP can only do so if the adapter does not claim to have read the text.
TEST_F(LwipAdapterTest, FullCloseWithUnreadTextResets) {
  establish_passive();
  deliver({ACK, seq, una, 65535, text(20)});
  log.clear();
  EXPECT_EQ(simple(Call::close_full, 2), Result::ok);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags & RST, RST);
  EXPECT_EQ(receive(2, 1).result, Result::no_connection);
}

TEST_F(LwipAdapterTest, FullCloseWithoutUnreadTextSendsAFin) {
  establish_passive();
  EXPECT_EQ(simple(Call::close_full, 2), Result::ok);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags & (FIN | RST), FIN);
  EXPECT_EQ(send(2, text(1)).result, Result::no_connection);
  deliver({RST, seq, 0});
  EXPECT_TRUE(log.signals.empty());  // nobody is left to tell
}

TEST_F(LwipAdapterTest, AbortResetsWithoutTellingItsOwnUser) {
  establish_passive();
  EXPECT_EQ(simple(Call::abort, 2), Result::ok);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags & RST, RST);
  EXPECT_TRUE(log.signals.empty());
  EXPECT_EQ(simple(Call::abort, 2), Result::no_connection);
}

TEST_F(LwipAdapterTest, ClosedListenerTakesItsWaitingChildrenAlong) {
  ASSERT_EQ(listen(1), Result::ok);
  EXPECT_EQ(listen(9), Result::exists);
  deliver({SYN, tester_iss, 0});
  deliver({ACK, tester_iss + 1, log.segments.at(0).seq + 1});
  log.clear();
  EXPECT_EQ(simple(Call::close_full, 1), Result::ok);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags & RST, RST);
  log.clear();
  deliver({SYN, 5000, 0}, 40001);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].flags, RST | ACK);
  EXPECT_EQ(listen(9), Result::ok);
}

TEST_F(LwipAdapterTest, CallsWithoutAConnection) {
  EXPECT_EQ(simple(Call::send, 5), Result::no_connection);
  EXPECT_EQ(simple(Call::receive, 5), Result::no_connection);
  EXPECT_EQ(simple(Call::close, 5), Result::no_connection);
  EXPECT_EQ(simple(Call::accept, 5), Result::no_connection);
  ASSERT_EQ(listen(1), Result::ok);
  EXPECT_EQ(send(1, text(1)).result, Result::no_connection);
  EXPECT_EQ(receive(1, 1).result, Result::no_connection);
  EXPECT_EQ(lwip->probe(1), "LISTEN");
  EXPECT_EQ(lwip->probe(5), "");
}

// Two connections one after the other: lwIP frees the first in silence and the second has its memory.
TEST_F(LwipAdapterTest, HandleOfADeadConnectionDoesNotReachItsSuccessor) {
  establish_active(2);
  deliver({FIN | ACK, seq, una});
  EXPECT_EQ(simple(Call::close, 2), Result::ok);
  deliver({ACK, seq + 1, una + 1});
  ASSERT_EQ(lwip->probe(2), "CLOSED");
  log.clear();
  establish_active(3);
  EXPECT_EQ(lwip->probe(2), "CLOSED");
  EXPECT_EQ(simple(Call::abort, 2), Result::no_connection);
  EXPECT_EQ(lwip->probe(3).substr(0, 11), "ESTABLISHED");
}

TEST_F(LwipAdapterTest, TimersRunAtMultiplesOfTheirTickHoweverTimeIsCut) {
  const auto run = [this](Time stride) {
    lwip->reset(1);
    log.clear();
    EXPECT_EQ(lwip->next_timer(), std::nullopt);
    advance(333ms);
    EXPECT_EQ(connect(2), Result::pending);
    EXPECT_EQ(lwip->next_timer(), 500ms);
    for (Time t{0}; t < 12s; t += stride) advance(stride);
    return log.times;
  };
  const std::vector<Time> whole = run(12s);
  EXPECT_EQ(whole.at(0), 333ms);
  ASSERT_GT(whole.size(), 3u);
  for (std::size_t i = 1; i < whole.size(); ++i) EXPECT_EQ(whole[i] % 500ms, 0us);
  EXPECT_EQ(run(100us), whole);
  EXPECT_EQ(run(1ms), whole);
  EXPECT_EQ(run(3s), whole);
}

TEST_F(LwipAdapterTest, DelayedAckComesWithTheFastTimer) {
  establish_passive();
  advance(10ms);
  deliver({ACK, seq, una, 65535, text(10)});
  EXPECT_TRUE(log.segments.empty());
  advance(250ms);
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.times[0], 250ms);
}

// --- Seeds and resets
// -------------------------------------------------------------------------------------------

std::uint32_t iss_of(Adapter& lwip, std::uint64_t seed, Socket socket = 1) {
  if (socket == 1) lwip.reset(seed);
  Log log;
  Request request;
  request.call = Call::open_active;
  request.socket = socket;
  request.local_port = static_cast<std::uint16_t>(100 + socket);
  request.remote_port = tester_port;
  lwip.call(request, log);
  return log.segments.at(0).seq;
}

TEST_F(LwipAdapterTest, IssFollowsFromTheSeed) {
  std::set<std::uint32_t> different;
  int near_the_wrap = 0;
  constexpr int seeds = 1000;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const std::uint32_t iss = iss_of(*lwip, seed);
    const std::uint32_t next = iss_of(*lwip, seed, 2);
    EXPECT_GE(next - iss, 64'000u);
    EXPECT_LT(next - iss, 1'064'000u);
    EXPECT_EQ(iss_of(*lwip, seed), iss);
    different.insert(iss);
    near_the_wrap += 0u - iss <= 4000 ? 1 : 0;
  }
  EXPECT_GT(different.size(), 900u);
  EXPECT_GT(near_the_wrap, seeds / 5);
  EXPECT_LT(near_the_wrap, seeds * 3 / 10);
}

// Leaves behind what a case can leave: unacknowledged and unread text, segments out of order, a fragment,
// half-open, waiting, dying and orphaned connections.
std::vector<Bytes> mess(Adapter& lwip, std::uint64_t seed) {
  lwip.reset(seed);
  Log log;
  const auto call = [&](Call what, Socket socket, Socket child, const Bytes& data) {
    Request request;
    request.call = what;
    request.socket = socket;
    request.child = child;
    request.local_port = iut_port;
    request.remote_port = 50000;
    request.data = data;
    lwip.call(request, log);
  };
  call(Call::open_passive, 1, 0, {});
  for (std::uint16_t i = 0; i < 6; ++i) {
    const auto from = static_cast<std::uint16_t>(tester_port + i);
    lwip.deliver(datagram({SYN, tester_iss, 0}, from), log);
    const std::uint32_t una = log.segments.back().seq + 1;
    if (i == 5) break;
    lwip.deliver(datagram({ACK, tester_iss + 1, una}, from), log);
    lwip.deliver(datagram({ACK, tester_iss + 50, una, 65535, text(20)}, from), log);
    lwip.deliver(datagram({ACK, tester_iss + 1, una, 65535, text(10)}, from), log);
  }
  for (Socket child = 2; child < 6; ++child) call(Call::accept, 1, child, {});
  call(Call::send, 2, 0, text(3000));
  call(Call::close, 3, 0, {});
  call(Call::close_full, 4, 0, {});
  call(Call::abort, 5, 0, {});
  call(Call::open_active, 6, 0, {});
  Bytes fragment = datagram({ACK, 1, 1, 65535, text(36)});
  fragment[6] =
      0x20;  // more fragments follow, and fewer forbids it: the sum stays when both bits change places
  fragment[10] = static_cast<std::uint8_t>(fragment[10] + 0x20);
  lwip.deliver(fragment, log);
  lwip.advance(Time{1'700'000 + static_cast<std::int64_t>(seed)}, log);
  return log.packets;
}

TEST_F(LwipAdapterTest, ResetLeavesNoTrace) {
  const std::vector<Bytes> first = mess(*lwip, 3);
  ASSERT_GT(first.size(), 10u);
  EXPECT_NE(mess(*lwip, 4), first);
  for (int i = 0; i < 100; ++i) mess(*lwip, static_cast<std::uint64_t>(i));
  const std::size_t heap = mallinfo2().uordblks;
  int different = 0;
  for (int i = 0; i < 1000; ++i) different += mess(*lwip, 3) == first ? 0 : 1;
  EXPECT_EQ(different, 0);
  EXPECT_LT(mallinfo2().uordblks, heap + 4096);
}

TEST_F(LwipAdapterTest, TwoAdaptersTakeTurns) {
  const std::vector<Bytes> first = mess(*lwip, 3);
  const std::unique_ptr<Adapter> other = make_lwip();
  EXPECT_EQ(mess(*other, 3), first);
  EXPECT_THROW(listen(1), std::logic_error);
  EXPECT_EQ(mess(*lwip, 3), first);
}

TEST_F(LwipAdapterTest, LongCasesDoNotExhaustTheHeap) {
  ASSERT_EQ(listen(1), Result::ok);
  for (std::uint32_t i = 0; i < 8'000; ++i) {
    const auto from = static_cast<std::uint16_t>(1000 + i);
    log.clear();
    deliver({SYN, tester_iss, 0}, from);
    ASSERT_EQ(log.segments.size(), 1u) << i;
    deliver({ACK, tester_iss + 1, log.segments[0].seq + 1}, from);
    deliver({ACK, tester_iss + 1, log.segments[0].seq + 1, 65535, text(1000)}, from);
    ASSERT_EQ(accept(1, 2), Result::ok) << i;
    ASSERT_EQ(send(2, text(1000)).count, 1000u) << i;
    ASSERT_EQ(simple(Call::abort, 2), Result::ok) << i;
  }
}

TEST_F(LwipAdapterTest, WithoutMemoryCallsFailAndTheNextCaseIsFine) {
  establish_passive();
  for (std::size_t size = 1 << 20; size >= 16; size /= 2) {
    while (mem_malloc(size) != nullptr) {
    }
  }
  EXPECT_EQ(connect(3), Result::no_resources);
  EXPECT_EQ(send(2, text(10)).result, Result::no_resources);
  EXPECT_EQ(simple(Call::close_full, 2), Result::ok);
  advance(1s);
  lwip->reset(1);
  log.clear();
  establish_passive();
}

TEST_F(LwipAdapterTest, MisuseOfTheHeapEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto free_twice = [] {
    void* block = mem_malloc(100);
    mem_free(block);
    mem_free(block);
  };
  EXPECT_EXIT(free_twice(), testing::KilledBySignal(SIGABRT), "freed twice");
  int elsewhere = 0;
  EXPECT_EXIT(mem_free(&elsewhere), testing::KilledBySignal(SIGABRT), "outside the heap");
#ifdef __SANITIZE_ADDRESS__
  auto* block = static_cast<volatile std::uint8_t*>(mem_malloc(100));
  EXPECT_DEATH(block[100] = 1, "use-after-poison");
  EXPECT_DEATH(block[-1] = 1, "use-after-poison");
  lwip->reset(1);
  EXPECT_DEATH(block[0] = 1, "use-after-poison");
#endif
}

// A datagram that claims to come from the IUT: Debian's build answers itself.
TEST_F(LwipAdapterTest, DatagramFromItsOwnAddressDoesNoHarm) {
  ASSERT_EQ(listen(1), Result::ok);
  lwip->deliver(datagram({SYN, tester_iss, 0}, 5555, iut_address), log);
  lwip->deliver(datagram({SYN, tester_iss, 0}), log);
  ASSERT_FALSE(log.segments.empty());
  EXPECT_EQ(log.segments.back().flags, SYN | ACK);
}

struct Asserting final : Sink {
  void datagram(Time, Octets) override { pbuf_free(nullptr); }  // lwIP asserts that it is given one
  void opened(Time, Socket) override {}
  void acceptable(Time, Socket) override {}
  void failed(Time, Socket, Result) override {}
};

TEST_F(LwipAdapterTest, FailedAssertionEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Asserting sink;
  EXPECT_EXIT(lwip->deliver(datagram({ACK, 1, 1}), sink), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace finwait

#else

TEST(LwipAdapterTest, Missing) {
  GTEST_SKIP() << FINWAIT_LWIP_MISSING;
}

#endif
