// The properties: what they draw follows from their seed, and the reference stack has all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/worker.h"
#include "impl/reference/reference.h"
#include "properties/property.h"

namespace finwait {
namespace {

// One case, played in this process up to its end or first deviation, as lines of text.
struct Heard {
  Outcome outcome = Outcome::pass;
  std::string deviation;
  std::string events;
  std::size_t count = 0;
};

Heard play_case(Session& session, PropertySource& source, std::uint64_t seed, std::uint64_t number) {
  Heard heard;
  const CaseSetup setup = source.begin(seed, number);
  heard.events = std::to_string(setup.tester_isn) + ' ' + std::to_string(setup.iut_seed) + '\n';
  session.start(setup);
  while (const auto event = source.next(session.oracle().front())) {
    heard.events += to_text(*event) + '\n';
    ++heard.count;
    heard.outcome = session.play(*event);
    if (heard.outcome == Outcome::fail) {
      heard.deviation = std::string(model::text(session.deviation().rule).id) + " in " +
                        std::string(name(session.deviation().state)) + " at " +
                        to_text(session.deviation().event);
    }
    if (heard.outcome != Outcome::pass || session.oracle().contradicted()) return heard;
  }
  source.end(session.oracle().set());
  return heard;
}

// ---- what is drawn ----------------------------------------------------------------------------------

TEST(Properties, AreNamedOnceAndSaySomething) {
  std::set<std::pair<std::string_view, std::string_view>> names;
  for (const Property& property : properties()) {
    EXPECT_TRUE(names.insert({property.clause, property.name}).second) << property.name;
    EXPECT_FALSE(property.says.empty()) << property.name;
    EXPECT_LE(property.least, property.most) << property.name;
  }
  EXPECT_FALSE(names.empty());
}

TEST(Properties, SameSeedDrawsTheSameEventsToTheByte) {
  Reference first, second;
  Session one(first), other(second);
  PropertySource source(all_properties()), again(all_properties());
  for (std::uint64_t number = 0; number < 4 * properties().size(); ++number) {
    const Heard heard = play_case(one, source, 11, number);
    ASSERT_EQ(heard.events, play_case(other, again, 11, number).events) << "case " << number;
  }
}

TEST(Properties, CaseDoesNotDependOnTheCasesBeforeIt) {
  Reference first, second;
  Session one(first), other(second);
  PropertySource source(all_properties()), alone(all_properties());
  std::string last;
  for (std::uint64_t number = 0; number <= 50; ++number) last = play_case(one, source, 12, number).events;
  EXPECT_EQ(last, play_case(other, alone, 12, 50).events);
}

TEST(Properties, OtherSeedsAndNumbersDrawOtherCases) {
  Reference reference;
  Session session(reference);
  PropertySource source(all_properties());
  const std::uint64_t round = properties().size();
  std::set<std::string> drawn;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (std::uint64_t number = 0; number < 3 * round; ++number) {
      drawn.insert(play_case(session, source, seed, number).events);
    }
  }
  EXPECT_EQ(drawn.size(), 9 * round);
}

// ---- selectors --------------------------------------------------------------------------------------

std::set<std::string_view> clauses_of(std::string_view selector) {
  std::set<std::string_view> clauses;
  for (const Property* property : select_properties(selector)) clauses.insert(property->clause);
  return clauses;
}

TEST(Selectors, ClauseIncludesItsSubclausesAndNothingElse) {
  EXPECT_EQ(clauses_of("3.10.7"),
            (std::set<std::string_view>{"3.10.7.1", "3.10.7.2", "3.10.7.3", "3.10.7.4"}));
  EXPECT_EQ(clauses_of("3.10.7.4"), (std::set<std::string_view>{"3.10.7.4"}));
  EXPECT_EQ(clauses_of("3.6"), (std::set<std::string_view>{"3.6", "3.6.1"}));
  EXPECT_TRUE(clauses_of("3.10").contains("3.10.8"));
  EXPECT_FALSE(clauses_of("3.10").contains("3.6"));
}

TEST(Selectors, PrefixOfANumberIsNoClause) {
  EXPECT_TRUE(select_properties("3.1").empty());
  EXPECT_TRUE(select_properties("3.10.").empty());
  EXPECT_TRUE(select_properties("").empty());
  EXPECT_TRUE(select_properties("no-such-property").empty());
}

TEST(Selectors, EveryPropertyIsFoundByItsNameInFull) {
  for (const Property& property : properties()) {
    const auto in_full = select_properties(std::string(property.clause) + '/' + std::string(property.name));
    ASSERT_EQ(in_full.size(), 1u) << property.name;
    EXPECT_EQ(in_full.front(), &property);
    const auto by_name = select_properties(property.name);
    EXPECT_NE(std::find(by_name.begin(), by_name.end(), &property), by_name.end()) << property.name;
  }
}

// ---- against the reference stack --------------------------------------------------------------------

class EveryProperty : public testing::TestWithParam<std::size_t> {
 protected:
  const Property& property() const { return properties()[GetParam()]; }
};

// Nothing that the RFC permits may be reported, and nothing that it permits may make a goal unreachable.
TEST_P(EveryProperty, HoldsForTheReferenceStackAndReachesItsGoal) {
  constexpr std::uint64_t cases = 300;
  Reference reference;
  Session session(reference);
  PropertySource source({&property()});
  std::uint64_t whole = 0;
  for (std::uint64_t number = 0; number < cases; ++number) {
    const Heard heard = play_case(session, source, 21, number);
    ASSERT_NE(heard.outcome, Outcome::fail) << "case " << number << " of seed 21: " << heard.deviation << "\n"
                                            << heard.events;
    ASSERT_LE(heard.count, max_events);
    if (heard.outcome != Outcome::pass || session.oracle().contradicted()) continue;
    ++whole;
    EXPECT_GE(heard.count, property().least + 3);  // the source adds three that show what is owed
  }
  EXPECT_GT(whole, cases / 2);
  EXPECT_GT(source.reached(property()), 0u);
}

std::string test_name(const testing::TestParamInfo<std::size_t>& parameter) {
  const Property& property = properties()[parameter.param];
  std::string text = std::string(property.clause) + "_" + std::string(property.name);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(Clauses, EveryProperty, testing::Range<std::size_t>(0, properties().size()),
                         test_name);

}  // namespace
}  // namespace finwait
