// The reference stack against the oracle: two uses of one relation, which have to agree.
#include "impl/reference/reference.h"

#include <gtest/gtest.h>

#include "tests/random_driver.h"

namespace finwait {
namespace {

using model::Verdict;
using test::RandomDriver;

constexpr int events_in_case = 40;

std::string failure(RandomDriver& driver, std::uint64_t seed) {
  const RandomDriver::Report report = driver.play(seed, events_in_case, true);
  std::string text = fmt::format("case {}", seed);
  for (const model::Rule rule : report.rules) text += fmt::format(" {}", model::text(rule).id);
  return fmt::format("{}\n{}", text, driver.trace());
}

// 1,600,000 stimuli. Whatever the reference does is permitted, and it does whatever is permitted.
TEST(Reference, IsNeverFoundAtFaultAndTakesEveryChoice) {
  constexpr std::uint64_t cases = 40'000;
  Reference reference;
  RandomDriver driver(reference);
  std::uint64_t inconclusive = 0, given_up = 0;
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    const RandomDriver::Report report = driver.play(seed, events_in_case);
    ASSERT_NE(report.verdict, Verdict::fail) << failure(driver, seed);
    if (report.verdict == Verdict::inconclusive) ++inconclusive;
    given_up += report.events;
  }
  EXPECT_LT(inconclusive, cases / 25);  // segments that cannot be right, one after the other
  EXPECT_GT(given_up, cases * events_in_case * 9 / 10);
  for (const model::ChoiceText& choice : model::choices) {
    const auto& taken = reference.choices_taken()[static_cast<std::size_t>(choice.choice)];
    for (int way = 0; way < choice.ways; ++way) {
      EXPECT_GT(taken[static_cast<std::size_t>(way)], 0u) << choice.meaning << ": way " << way;
    }
  }
  for (const FreedomText& freedom : freedoms) {
    EXPECT_GT(reference.freedoms_taken()[static_cast<std::size_t>(freedom.freedom)], 0u) << freedom.meaning;
  }
}

TEST(Reference, FollowsFromItsSeed) {
  Reference first, second;
  RandomDriver one(first), other(second);
  for (std::uint64_t seed = 1000; seed < 1200; ++seed) {
    one.play(seed, events_in_case);
    other.play(seed, events_in_case);
    ASSERT_EQ(one.digest(), other.digest()) << "case " << seed;
  }
  // A case does not depend on the cases before it.
  Reference fresh;
  RandomDriver alone(fresh), again(first);
  alone.play(1100, events_in_case);
  again.play(1100, events_in_case);
  EXPECT_EQ(alone.digest(), again.digest());
  again.play(1101, events_in_case);
  EXPECT_NE(alone.digest(), again.digest());
}

struct NullSink final : Sink {
  void datagram(Time at, Octets) override { last = at, ++datagrams; }
  void opened(Time, Socket) override {}
  void acceptable(Time, Socket) override {}
  void failed(Time at, Socket, Result why) override { last = at, failure = why; }
  Time last{};
  int datagrams = 0;
  Result failure = Result::ok;
};

TEST(Reference, MovesTimeOnlyInAdvanceAndStampsWhatItDoes) {
  Reference reference;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    NullSink sink;
    reference.reset(seed);
    Request open;
    open.call = Call::open_active;
    open.socket = 1;
    open.local_port = 1;
    open.remote_port = 2;
    const Reply reply = reference.call(open, sink);
    if (reply.result != Result::pending && reply.result != Result::ok) continue;  // want of resources
    EXPECT_LE(sink.datagrams, 1);
    reference.advance(1h, sink);
    EXPECT_EQ(sink.failure, Result::timed_out);  // MUST-22
    EXPECT_GE(sink.last, 180s);                  // MUST-23
    EXPECT_LE(sink.last, 240s + 32s);
    EXPECT_GT(sink.datagrams, 3);
    EXPECT_FALSE(reference.next_timer());
  }
}

TEST(Reference, AnswersWhoeverHasNoConnection) {
  Reference reference;
  NullSink sink;
  reference.reset(7);
  const Profile profile = reference.profile();
  model::Segment syn;
  syn.flags = model::SYN;
  syn.seq = 5;
  std::vector<std::uint8_t> packet(100);
  const Wire wire{profile.tester_address, profile.iut_address, 2, 1, syn};
  reference.deliver(Octets(packet.data(), encode(wire, packet)), sink);
  reference.advance(1s, sink);
  EXPECT_EQ(sink.datagrams, 1);
  EXPECT_EQ(reference.probe(0), "CLOSED");
}

}  // namespace
}  // namespace finwait
