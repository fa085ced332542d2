// Every rule of the catalogue has a planted fault; each is found by the rule that it breaks and shrunk to the
// smallest script known, or one event more (tests/mutant_minima.txt).
#include "impl/mutants/mutants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "harness/runner.h"
#include "harness/shrink.h"
#include "properties/property.h"

namespace finwait {
namespace {

constexpr std::uint64_t most_cases = 30000;

std::map<std::string, std::size_t> known_minima() {
  std::ifstream file(FINWAIT_SOURCE_DIR "/tests/mutant_minima.txt");
  std::map<std::string, std::size_t> minima;
  std::string name;
  std::size_t events = 0;
  while (file >> name >> events) minima[name] = events;
  return minima;
}

struct Caught {
  bool by_rule = false;
  std::size_t events = 0;  ///< of the smallest script; 0 for an advisory
};

// Goes on until the fault is found in a script of at most `good_enough` events.
Caught hunt(const MutantText& mutant, const std::vector<const Property*>& chosen, std::uint64_t seed,
            std::size_t good_enough) {
  PropertySource source(chosen);
  WorkerPool workers([&] { return make_mutant(mutant.name); }, source, 1);
  RunOptions options;
  options.seed = seed;
  options.cases = most_cases;
  options.round = 250;
  options.to_meet = cells_to_meet(make_mutant(mutant.name)->profile());
  Caught caught;
  const bool should = model::text(mutant.rule).level == model::Level::should;
  const auto found = [&](const Finding& finding) {
    if (finding.deviation.rule != mutant.rule) return;
    const Shrunk smallest = shrink(finding.smallest, {mutant.rule, std::nullopt}, workers.one().first_hit());
    const std::size_t events = smallest.smallest.events.size();
    if (!caught.by_rule || events < caught.events) caught.events = events;
    caught.by_rule = true;
  };
  const auto goes_on = [&](const RunSummary& summary) {
    if (should) caught.by_rule = summary.advisories.contains(mutant.rule);
    return !caught.by_rule || caught.events > good_enough;
  };
  run(
      workers, options, found, [](const Finding&) {}, goes_on);
  return caught;
}

class Mutant : public testing::TestWithParam<MutantText> {};

TEST_P(Mutant, IsFoundByItsRuleAndShrunk) {
  const MutantText mutant = GetParam();
  const auto minima = known_minima();
  const auto known = minima.find(std::string(mutant.name));
  const bool should = model::text(mutant.rule).level == model::Level::should;  // an advisory has no script
  ASSERT_TRUE(should || known != minima.end()) << "no minimum in tests/mutant_minima.txt";
  const std::size_t good_enough = should ? 0 : known->second + 1;
  // Some faults need many events; where the general hunt does not get there, the property made for them does.
  Caught caught;
  const auto hunt_on = [&](const std::vector<const Property*>& chosen, std::uint64_t seed) {
    if (caught.by_rule && caught.events <= good_enough) return;
    const Caught again = hunt(mutant, chosen, seed, good_enough);
    if (again.by_rule && (!caught.by_rule || again.events < caught.events)) caught = again;
  };
  for (const std::uint64_t seed : {1u, 2u, 3u}) hunt_on(all_properties(), seed);
  hunt_on(select_properties("3.10.3/window-closes"), 1);
  ASSERT_TRUE(caught.by_rule) << "no finding by " << model::text(mutant.rule).id << " in " << most_cases
                              << " cases";
  EXPECT_LE(caught.events, good_enough) << "the smallest script found is longer than the smallest known";
}

std::string test_name(const testing::TestParamInfo<MutantText>& info) {
  std::string name(info.param.name);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Slow, Mutant, testing::ValuesIn(mutants()), test_name);

TEST(Mutants, ThereIsOneForEveryRule) {
  std::set<model::Rule> planted;
  for (const MutantText& mutant : mutants()) planted.insert(mutant.rule);
  for (const model::RuleText& rule : model::rules()) {
    EXPECT_TRUE(planted.contains(rule.rule)) << rule.id << " has never been seen to fail";
  }
}

}  // namespace
}  // namespace finwait
