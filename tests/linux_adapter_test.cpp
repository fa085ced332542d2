// The running kernel behind its adapter, driven by datagrams made by hand. What the kernel does is judged
// only as far as every TCP has to do it: these tests are about the adapter.
#include "impl/linux/linux_adapter.h"

#include <gtest/gtest.h>
#include <time.h>

#include <string>
#include <vector>

#include "harness/codec.h"
#include "harness/session.h"
#include "impl/linux/host.h"
#include "properties/generator.h"
#include "tests/signal_log.h"

namespace finwait {
namespace {

using kernel::Host;
using model::ACK;
using model::FIN;
using model::RST;
using model::SYN;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t iut_port = 8080, tester_port = 40000;
constexpr std::uint32_t tester_iss = 1000;

struct Log final : SignalLog {
  struct Sent {
    Time at;
    std::uint8_t flags;
    std::uint32_t seq, ack;
    std::size_t octets;
  };
  void datagram(Time at, Octets packet) override {
    const Decoded decoded = decode(packet);
    ASSERT_TRUE(decoded.ok() && decoded.ip_checksum_ok && decoded.tcp_checksum_ok) << decoded.error;
    const model::Segment& segment = decoded.wire.segment;
    sent.push_back({at, segment.flags, segment.seq, segment.ack, segment.text.size()});
  }
  void clear() { *this = Log{}; }

  std::vector<Sent> sent;
};

class LinuxAdapterTest : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string missing = kernel::missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    linux_ = make_linux();
    linux_->reset(1);
  }

  Reply call(Call what, Socket socket, Socket child = 0) {
    Request request;
    request.call = what;
    request.socket = socket;
    request.child = child;
    request.local_port = iut_port;
    request.remote_port = tester_port;
    request.count = 1000;
    return linux_->call(request, log);
  }
  Reply send(Socket socket, const Bytes& data) {
    Request request;
    request.call = Call::send;
    request.socket = socket;
    request.data = data;
    return linux_->call(request, log);
  }
  void deliver(std::uint8_t flags, std::uint32_t number, std::uint32_t ack, const Bytes& text = {}) {
    Wire wire{kernel::tester_address, kernel::iut_address, tester_port, iut_port, {}};
    wire.segment.flags = flags;
    wire.segment.seq = number;
    wire.segment.ack = ack;
    wire.segment.wnd = 65535;
    wire.segment.text = text;
    Bytes packet(40 + text.size());
    packet.resize(encode(wire, packet));
    linux_->deliver(packet, log);
  }
  // `seq` and `una` are then the next numbers of the tester and of the kernel.
  void establish_active(Socket socket) {
    ASSERT_EQ(call(Call::open_active, socket).result, Result::pending);
    ASSERT_EQ(log.sent.size(), 1u);
    una = log.sent[0].seq + 1;
    deliver(SYN | ACK, tester_iss, una);
    ASSERT_EQ(log.signals, std::vector<std::string>{"opened " + std::to_string(socket)});
    log.clear();
  }
  void establish_passive(Socket listener, Socket child) {
    ASSERT_EQ(call(Call::open_passive, listener).result, Result::ok);
    deliver(SYN, tester_iss, 0);
    ASSERT_EQ(log.sent.size(), 1u);
    una = log.sent[0].seq + 1;
    deliver(ACK, seq, una);
    ASSERT_EQ(call(Call::accept, listener, child).result, Result::ok);
    log.clear();
  }

  std::unique_ptr<Adapter> linux_;
  Log log;
  std::uint32_t seq = tester_iss + 1, una = 0;
};

TEST_F(LinuxAdapterTest, AnswersAreThereWhenTheStimulusReturns) {
  ASSERT_EQ(call(Call::open_passive, 1).result, Result::ok);
  EXPECT_EQ(call(Call::accept, 1, 2).result, Result::pending);
  deliver(SYN, tester_iss, 0);
  ASSERT_EQ(log.sent.size(), 1u);
  EXPECT_EQ(log.sent[0].flags, SYN | ACK);
  EXPECT_EQ(log.sent[0].ack, tester_iss + 1);
  deliver(ACK, seq, log.sent[0].seq + 1);
  EXPECT_EQ(log.signals, std::vector<std::string>{"acceptable 1"});
  EXPECT_EQ(call(Call::accept, 1, 2).result, Result::ok);
  EXPECT_EQ(linux_->probe(2), "ESTABLISHED");
}

TEST_F(LinuxAdapterTest, TextGoesBothWaysAndIsAcknowledgedAtOnce) {
  establish_passive(1, 2);
  const Bytes text{'t', 'c', 'p'};
  deliver(ACK, seq, una, text);
  ASSERT_EQ(log.sent.size(), 1u);
  EXPECT_EQ(log.sent[0].ack, seq + 3);
  const Reply got = call(Call::receive, 2);
  EXPECT_EQ(Bytes(got.data.begin(), got.data.end()), text);
  EXPECT_EQ(call(Call::receive, 2).result, Result::pending);
  log.clear();
  EXPECT_EQ(send(2, text).count, 3u);
  ASSERT_EQ(log.sent.size(), 1u);
  EXPECT_EQ(log.sent[0].octets, 3u);
  // The route asks for quick ACKs also where both sides talk.
  deliver(ACK, seq + 3, una + 3, text);
  EXPECT_EQ(log.sent.size(), 2u);
}

TEST_F(LinuxAdapterTest, ResetIsToldAndReportedOnce) {
  establish_active(1);
  deliver(RST, seq, 0);
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 1 reset"});
  EXPECT_EQ(send(1, {1}).result, Result::reset);
  EXPECT_EQ(send(1, {1}).result, Result::no_connection);
  EXPECT_EQ(call(Call::receive, 1).result, Result::no_connection);
}

TEST_F(LinuxAdapterTest, RefusalIsTold) {
  ASSERT_EQ(call(Call::open_active, 1).result, Result::pending);
  deliver(RST | ACK, 0, log.sent.at(0).seq + 1);
  EXPECT_EQ(log.signals, std::vector<std::string>{"failed 1 refused"});
}

TEST_F(LinuxAdapterTest, OwnCloseInSynSentIsNoFailure) {
  ASSERT_EQ(call(Call::open_active, 1).result, Result::pending);
  EXPECT_EQ(call(Call::close, 1).result, Result::ok);
  EXPECT_TRUE(log.signals.empty()) << log.signals.at(0);
  EXPECT_EQ(call(Call::receive, 1).result, Result::no_connection);
}

// In each state that outlives its socket, or has none: there is something, and then there is not.
TEST_F(LinuxAdapterTest, NothingIsLeftBehind) {
  Host& host = Host::of_this_process();
  const auto is_left = [&](const char* where) {
    EXPECT_NE(host.leftovers(), "") << where << ": the test has lost its way";
    linux_->reset(1);
    EXPECT_EQ(host.leftovers(), "") << where;
    EXPECT_FALSE(host.read()) << where << ": a packet of the last case";
    log.clear();
  };
  ASSERT_EQ(call(Call::open_passive, 1).result, Result::ok);
  is_left("LISTEN");
  ASSERT_EQ(call(Call::open_passive, 1).result, Result::ok);
  deliver(SYN, tester_iss, 0);
  is_left("SYN-RECEIVED");
  ASSERT_EQ(call(Call::open_active, 1).result, Result::pending);
  is_left("SYN-SENT");
  establish_active(1);
  is_left("ESTABLISHED");
  establish_active(1);
  ASSERT_EQ(call(Call::close_full, 1).result, Result::ok);
  is_left("FIN-WAIT-1 without a user");
  establish_active(1);
  ASSERT_EQ(call(Call::close_full, 1).result, Result::ok);
  deliver(ACK, seq, una + 1);
  is_left("FIN-WAIT-2 without a user");
  establish_passive(1, 2);
  ASSERT_EQ(call(Call::close, 2).result, Result::ok);
  deliver(FIN | ACK, seq, una + 1);
  is_left("TIME-WAIT");
}

TEST_F(LinuxAdapterTest, ForkedProcessHasAHostOfItsOwn) {
  ASSERT_EQ(call(Call::open_passive, 1).result, Result::ok);
  EXPECT_EXIT(
      {
        const bool alone = Host::of_this_process().leftovers().empty();
        _exit(alone ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_NE(Host::of_this_process().leftovers(), "");
}

TEST_F(LinuxAdapterTest, CaseThatFallsBehindAssertsNothing) {
  Session session(*linux_);
  session.start({});
  EXPECT_EQ(session.play(open_passive()), Outcome::pass);
  const Time late = 2 * linux_->profile().slack;
  const timespec length{late / 1s, (late % 1s) / 1us * 1000};
  nanosleep(&length, nullptr);
  EXPECT_EQ(session.play(syn()), Outcome::inconclusive);
  session.start({});
  EXPECT_EQ(session.play(open_passive()), Outcome::pass);
}

TEST_F(LinuxAdapterTest, TimersAreStampedWithTheirTimeSlow) {
  ASSERT_EQ(call(Call::open_active, 1).result, Result::pending);
  linux_->advance(2500ms, log);
  ASSERT_EQ(log.sent.size(), 3u);  // the SYN, and twice more after a second each
  const Time slack = linux_->profile().slack;
  EXPECT_GE(log.sent[1].at, 1s);
  EXPECT_LE(log.sent[1].at, 1s + 1s / linux_->profile().late_share + slack);
  EXPECT_GE(log.sent[2].at, 2s);
  EXPECT_FALSE(linux_->held_up());
}

}  // namespace
}  // namespace finwait
