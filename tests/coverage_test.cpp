// Coverage: the list of cells against itself and against what really happens; counting; steering.
#include "harness/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "harness/runner.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#include "impl/stacks.h"
#include "properties/aim.h"
#include "properties/property.h"
#include "tests/toy_adapter.h"

namespace finwait {
namespace {

using model::ACK;
using model::State;

// ---- the list ---------------------------------------------------------------------------------------

TEST(Cells, AreThereOnceUnderTheirOwnNumber) {
  std::set<Cell> seen;
  std::set<std::size_t> numbers;
  for (const Cell& cell : cells()) {
    EXPECT_TRUE(seen.insert(cell).second) << to_text(cell);
    EXPECT_TRUE(numbers.insert(number_of(cell)).second) << to_text(cell);
    EXPECT_LT(number_of(cell), cell_numbers) << to_text(cell);
  }
  EXPECT_FALSE(seen.empty());
}

TEST(Cells, EveryLimitIsTheReasonForSome) {
  std::set<const Limit*> used;
  for (const Cell& cell : cells()) used.insert(limit_of(cell));
  for (const Limit& limit : limits()) {
    EXPECT_TRUE(used.contains(&limit)) << limit.why;
    EXPECT_NE(limit.reach, Reach::reachable) << limit.why;
  }
}

TEST(Cells, EveryLimitOfRowsIsOfOneThatIsThere) {
  for (const RowLimit& limit : row_limits()) {
    const auto all = model::arrows();
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [&](const auto& row) { return limit_of(row) == &limit; }),
              1)
        << limit.why;
  }
}

TEST(Cells, LackOnlyTheCallsThatTheStackDoesNotHave) {
  Profile profile = Reference().profile();
  const std::size_t all = cells_to_meet(profile).size();
  profile.calls.erase(std::find(profile.calls.begin(), profile.calls.end(), Call::status));
  EXPECT_EQ(cells_to_meet(profile).size(), all - model::state_count);
}

// What a random case of the reference stack meets before its end.
template <class Look>
void look_at_cases(std::uint64_t seed, std::uint64_t cases, Look look) {
  PropertySource source(all_properties());
  Reference reference;
  Session session(reference);
  for (std::uint64_t number = 0; number < cases; ++number) {
    session.start(source.begin(seed, number));
    while (const auto event = source.next(session.oracle().front())) {
      const Outcome outcome = session.play(*event);
      if (outcome != Outcome::pass || session.oracle().contradicted()) break;
      look(session);
    }
  }
}

TEST(Cells, HoldWhateverIsMet) {
  const std::set<Cell> all(cells().begin(), cells().end());
  look_at_cases(51, 2000, [&](const Session& session) {
    const Cell& cell = session.history().back();
    ASSERT_TRUE(all.contains(cell)) << to_text(cell) << " is in no list";
    const Limit* limit = limit_of(cell);
    ASSERT_TRUE(limit == nullptr || limit->reach != Reach::unreachable)
        << to_text(cell) << ": " << limit->why;
  });
}

// Not only what was drawn: whatever could be aimed at, under any hypothesis of the set.
TEST(Cells, UnreachableOnesCannotBeAimedAt) {
  std::array<std::vector<EventClass>, model::state_count> unreachable;
  for (const Cell& cell : cells()) {
    const Limit* limit = limit_of(cell);
    if (limit == nullptr || limit->reach != Reach::unreachable) continue;
    unreachable[static_cast<std::size_t>(cell.state)].push_back(cell.event);
  }
  std::size_t turn = 0;
  look_at_cases(52, 1000, [&](const Session& session) {
    if (++turn % 5 != 0) return;
    for (const model::Hypothesis& h : session.oracle().set()) {
      for (const EventClass& event : unreachable[static_cast<std::size_t>(h.state)]) {
        ASSERT_FALSE(aim_at(event, h)) << to_text(Cell{h.state, event});
      }
    }
  });
}

// ---- counting ---------------------------------------------------------------------------------------

// Plays the same events in each case.
class Script final : public CaseSource {
 public:
  explicit Script(std::vector<Event> events) : events_(std::move(events)) {}
  CaseSetup begin(std::uint64_t, std::uint64_t number) override {
    at_ = 0;
    return {1000, number};
  }
  std::optional<Event> next(const model::Hypothesis&) override {
    return at_ < events_.size() ? std::optional(events_[at_++]) : std::nullopt;
  }
  void end(std::span<const model::Hypothesis>) override {}

 private:
  std::vector<Event> events_;
  std::size_t at_ = 0;
};

const Cell ack_in_closed{State::closed, {EventKind::segment, ACK}};
const Cell rst_in_closed{State::closed, {EventKind::segment, model::RST}};

std::uint64_t sum(const Tally& tally) {
  std::uint64_t all = 0;
  for (const std::uint32_t met : tally.cells) all += met;
  return all;
}

std::uint64_t taken(const Tally& tally, State source, std::string_view event) {
  std::uint64_t all = 0;
  for (std::size_t row = 0; row < model::arrow_count; ++row) {
    const model::Arrow& arrow = model::arrows()[row];
    if (arrow.source == source && arrow.event == event) all += tally.rows[row];
  }
  return all;
}

TEST(Counting, TellsCellsAndRows) {
  Script script({segment(ACK), segment(model::RST), segment(ACK)});
  Worker worker(toy(closed_port), script);
  const Coverage coverage = worker.round(1, 0, 10).coverage;
  EXPECT_EQ(coverage.met.of(ack_in_closed), 20u);
  EXPECT_EQ(coverage.met.of(rst_in_closed), 10u);
  EXPECT_EQ(sum(coverage.met), 30u);
  EXPECT_EQ(sum(coverage.behind), 0u);
  EXPECT_EQ(taken(coverage.met, State::closed, "Stray"), 20u);
}

TEST(Counting, TellsApartWhatComesBehindADeviation) {
  Script script({segment(model::RST), segment(ACK), wait_ms(1000), segment(ACK), segment(model::RST)});
  Worker worker(toy(silence), script);
  const Coverage coverage = worker.round(1, 0, 10).coverage;
  EXPECT_EQ(coverage.met.of(rst_in_closed), 10u);
  EXPECT_EQ(coverage.met.of(ack_in_closed), 10u);
  EXPECT_EQ(coverage.met.of({State::closed, {EventKind::wait}}), 10u);  // it shows the deviation
  EXPECT_EQ(sum(coverage.met), 30u);
  EXPECT_EQ(taken(coverage.met, State::closed, "Stray"), 10u);
  EXPECT_EQ(coverage.behind.of(rst_in_closed), 10u);
  EXPECT_EQ(coverage.behind.of(ack_in_closed), 10u);
  EXPECT_EQ(sum(coverage.behind), 20u);
  EXPECT_EQ(taken(coverage.behind, State::closed, "Stray"), 10u);
}

TEST(Counting, LeavesOutCallsThatAreNotMade) {
  Script script({status(), wait_ms(100)});
  Worker worker(toy(closed_port), script);  // has no STATUS
  EXPECT_EQ(sum(worker.round(1, 0, 10).coverage.met), 10u);
}

TEST(Counting, SurvivesACrash) {
  Script script({segment(model::RST), segment(ACK), segment(model::RST)});
  const auto dies = [](const model::Segment& given, int number) {
    if (given.has(ACK) && number == 5) std::abort();
    return closed_port(given, number);
  };
  Worker worker(toy(dies), script);
  const Coverage coverage = worker.round(1, 0, 8).coverage;  // the fifth dies; a new process plays the rest
  EXPECT_EQ(coverage.met.of(rst_in_closed), 8u + 7u);
  EXPECT_EQ(coverage.met.of(ack_in_closed), 8u);  // what has killed it was met too
}

// The reference stack steps the same machine in the same process.
TEST(Counting, TellsOnlyTheOraclesRows) {
  Script script({open_passive(), close_listener()});
  Worker worker([] { return std::make_unique<Reference>(); }, script);
  const Round round = worker.round(1, 0, 50);
  const std::uint64_t opened = taken(round.coverage.met, State::closed, "OpenPassive");
  EXPECT_GT(opened, 25u);  // it may be refused
  EXPECT_LE(opened, 50u);
}

// ---- steering ---------------------------------------------------------------------------------------

struct Covered {
  RunSummary summary;
  std::vector<Cell> missing;
};

Covered cover(const AdapterFactory& adapter, std::uint64_t seed, std::uint64_t cases, bool steered = true) {
  PropertySource source(all_properties());
  WorkerPool workers(adapter, source, 2);
  const std::vector<Cell> to_meet = cells_to_meet(adapter()->profile());
  RunOptions options;
  options.seed = seed;
  options.cases = cases;
  if (steered) options.to_meet = to_meet;
  Covered covered;
  const auto nothing = [](const Finding&) {};
  covered.summary = run(workers, options, nothing, nothing, [](const RunSummary&) { return true; });
  covered.missing = covered.summary.coverage.missing(to_meet);
  return covered;
}

AdapterFactory reference() {
  return [] { return std::make_unique<Reference>(); };
}

TEST(Steering, LeavesFarLessMissingThanChance) {
  const std::size_t steered = cover(reference(), 7, 6000).missing.size();
  const std::size_t unsteered = cover(reference(), 7, 6000, false).missing.size();
  EXPECT_LT(3 * steered, unsteered) << steered << " against " << unsteered;
}

TEST(Steering, RepeatsToTheByte) {
  const Covered first = cover(reference(), 8, 1500), second = cover(reference(), 8, 1500);
  EXPECT_EQ(first.summary.coverage.met.cells, second.summary.coverage.met.cells);
  EXPECT_EQ(first.summary.coverage.met.rows, second.summary.coverage.met.rows);
  EXPECT_EQ(first.summary.events, second.summary.events);
}

std::vector<Event> events_of_case(PropertySource& source, std::uint64_t number) {
  Reference reference;
  Session session(reference);
  std::vector<Event> events;
  session.start(source.begin(9, number));
  while (const auto event = source.next(session.oracle().front())) {
    events.push_back(*event);
    if (session.play(*event) != Outcome::pass || session.oracle().contradicted()) break;
  }
  return events;
}

TEST(Steering, CaseFollowsFromSeedNumberAndWhatWasMissing) {
  const std::vector<Cell> to_meet = cells_to_meet(Reference().profile());
  PropertySource source(all_properties()), alone(all_properties());
  source.steer({});
  for (std::uint64_t number = 0; number < 40; ++number) events_of_case(source, number);
  source.steer(to_meet);
  std::vector<Event> last;
  for (std::uint64_t number = 0; number <= 120; ++number) last = events_of_case(source, number);
  alone.steer(to_meet);
  EXPECT_EQ(last, events_of_case(alone, 120));
}

TEST(Steering, ChangesNothingWhereNothingIsMissing) {
  PropertySource steered(all_properties()), plain(all_properties());
  steered.steer({});
  for (std::uint64_t number = 0; number < 60; ++number) {
    EXPECT_EQ(events_of_case(steered, number), events_of_case(plain, number)) << "case " << number;
  }
}

std::string listed(const std::vector<Cell>& some) {
  std::string text;
  for (const Cell& cell : some) text += "\n  " + to_text(cell);
  return text;
}

// The default run of the command line.
TEST(Slow, DefaultRunMeetsEveryReachableCellAndEveryRow) {
  const Covered covered = cover(reference(), 0x5eed, 20000);
  EXPECT_TRUE(covered.missing.empty()) << covered.missing.size() << " missing" << listed(covered.missing);
  for (std::size_t row = 0; row < model::arrow_count; ++row) {
    const bool taken = covered.summary.coverage.met.rows[row] > 0;
    EXPECT_EQ(taken, limit_of(model::arrows()[row]) == nullptr) << to_text(model::arrows()[row]);
  }
  EXPECT_TRUE(covered.summary.findings.empty());
}

// A reason that is wrong shows here: whatever any stack does, right or wrong, and although cases are led to
// these cells, none of them is met.
TEST(Slow, WhatIsUnreachableIsNeverMet) {
  std::vector<Cell> unreachable;
  std::copy_if(cells().begin(), cells().end(), std::back_inserter(unreachable), [](const Cell& cell) {
    return limit_of(cell) != nullptr && limit_of(cell)->reach == Reach::unreachable;
  });
  for (const Stack& stack : stacks()) {
    if (!stack.lacking().empty() || stack.make()->profile().clock == Profile::Clock::real)
      continue;  // whose waits take their time
    const std::uint64_t cases = stack.name.starts_with("mutant:") ? 500 : 5000;
    PropertySource source(all_properties());
    Worker worker(stack.make, source);
    worker.steer(unreachable);
    const Coverage coverage = worker.round(3, 0, cases).coverage;
    for (const Cell& cell : unreachable) {
      EXPECT_EQ(coverage.met.of(cell), 0u)
          << stack.name << " has met " << to_text(cell) << ", but " << limit_of(cell)->why;
    }
    for (std::size_t row = 0; row < model::arrow_count; ++row) {
      const RowLimit* limit = limit_of(model::arrows()[row]);
      EXPECT_TRUE(limit == nullptr || coverage.met.rows[row] == 0)
          << stack.name << " has taken " << to_text(model::arrows()[row]) << ", but " << limit->why;
    }
  }
}

}  // namespace
}  // namespace finwait
