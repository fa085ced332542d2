// Cases for an implementation in real time.
#include "properties/bounded_waits.h"

#include <gtest/gtest.h>

#include "properties/generator.h"

namespace finwait {
namespace {

/// So many waits of one length, and an event after each.
class Waits final : public CaseSource {
 public:
  Waits(int waits, const Event& wait) : waits_(waits), wait_(wait) {}
  CaseSetup begin(std::uint64_t, std::uint64_t) override {
    left_ = 2 * waits_;
    return {};
  }
  std::optional<Event> next(const model::Hypothesis&) override {
    if (left_ == 0) return {};
    return left_-- % 2 == 0 ? wait_ : receive();
  }
  void end(std::span<const model::Hypothesis>) override {}

 private:
  int waits_, left_ = 0;
  Event wait_;
};

constexpr std::uint64_t waiting_cases = 480;

struct Sum {
  Time waited{};
  int others = 0;
};

Sum play(std::uint64_t number, const Event& wait, int waits = 1000) {
  Profile profile;
  profile.msl = 30s;
  Waits inner(waits, wait);
  BoundedWaits source(inner, profile, waiting_cases);
  source.begin(1, number);
  Sum sum;
  while (const auto event = source.next({})) {
    if (event->kind == EventKind::wait) {
      sum.waited += length_of_wait(*event, profile);
    } else {
      ++sum.others;
    }
  }
  return sum;
}

TEST(BoundedWaits, MostCasesDoNotWaitButLoseNothingElse) {
  const Sum sum = play(7, wait_ms(1000));
  EXPECT_EQ(sum.waited, 0s);
  EXPECT_EQ(sum.others, 1000);
}

TEST(BoundedWaits, WaitingOnesWaitAsLongAsTheirPlaceSays) {
  EXPECT_EQ(play(first_waiting_case, wait_ms(1000)).waited, 120s);
  EXPECT_EQ(play(first_waiting_case + waiting_cases / 48, wait_ms(1000)).waited, 75s);
  EXPECT_EQ(play(first_waiting_case + waiting_cases - 1, wait_ms(1000)).waited, 2s);
  EXPECT_EQ(play(first_waiting_case + waiting_cases - 1, wait_ms(1000)).others, 1000);
}

TEST(BoundedWaits, CutsAWaitThatIsTooLong) {
  const Event two_msl = wait_ms(4000, WaitBase::two_msl);
  EXPECT_EQ(play(first_waiting_case + waiting_cases - 1, two_msl).waited, 2s);
  EXPECT_EQ(play(first_waiting_case + waiting_cases / 48, two_msl, 1).waited, 64s);
}

TEST(BoundedWaits, ShortWaitsStayAsTheyAre) {
  EXPECT_EQ(play(first_waiting_case + waiting_cases - 1, wait_ms(300), 2).waited, 600ms);
}

}  // namespace
}  // namespace finwait
