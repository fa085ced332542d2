// Exhaustive search: alphabets, sequences, states met, workers, checkpoints, and faults that it has to find.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "explore/checkpoint.h"
#include "explore/explorer.h"
#include "harness/runner.h"
#include "harness/session.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#include "properties/aim.h"
#include "properties/property.h"
#include "tests/toy_adapter.h"
#ifndef FINWAIT_LWIP_MISSING
#include "impl/lwip/lwip_adapter.h"
#endif

namespace finwait {
namespace {

using model::State;

std::uint64_t power(std::uint64_t base, std::size_t exponent) {
  std::uint64_t result = 1;
  for (std::size_t i = 0; i < exponent; ++i) result *= base;
  return result;
}

// ---- alphabets --------------------------------------------------------------------------------------

void expect_distinct(const Alphabet& alphabet) {
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(alphabet[i] == alphabet[j]) << i << " and " << j;
  }
}

TEST(Alphabet, HasEachLetterOnce) {
  expect_distinct(core_alphabet());
  expect_distinct(full_alphabet());
  EXPECT_GE(core_alphabet().size(), 18u);
  EXPECT_LE(core_alphabet().size(), 25u);
}

TEST(Alphabet, LeavesOutWhatAStackDoesNotHave) {
  const std::vector<model::Call> calls{model::Call::open_active};
  const Alphabet kept = supported(full_alphabet(), calls);
  std::set<EventKind> kinds;
  for (const Letter& letter : kept) kinds.insert(letter.aim ? letter.aim->kind : letter.event.kind);
  EXPECT_EQ(kinds, (std::set<EventKind>{EventKind::segment, EventKind::wait, EventKind::open_active}));
}

// Whatever random cases meet, the full alphabet has a letter for.
TEST(Alphabet, FullHasEveryClassThatIsMet) {
  std::set<EventClass> classes;
  for (const Letter& letter : full_alphabet()) {
    if (letter.aim) classes.insert(*letter.aim);
  }
  std::vector<const Property*> all;
  for (const Property& property : properties()) all.push_back(&property);
  PropertySource source(all);
  Reference reference;
  Session session(reference);
  std::size_t met = 0;
  for (std::uint64_t number = 0; number < 40 * all.size(); ++number) {
    session.start(source.begin(7, number));
    while (const auto event = source.next(session.oracle().front())) {
      const Outcome outcome = session.play(*event);
      const EventClass& played = session.event_class();
      if (!played.bad_checksum && played.kind != EventKind::wait) {
        ++met;
        EXPECT_TRUE(classes.contains(played)) << to_text(played);
      }
      if (outcome != Outcome::pass || session.oracle().contradicted()) break;
    }
  }
  EXPECT_GT(met, 1000u);
}

TEST(Alphabet, ShortestRoadsLeadWhereTheySay) {
  for (std::size_t i = 0; i < model::state_count; ++i) {
    const auto state = static_cast<State>(i);
    bool reached = false;  // the reference may take another way by chance
    for (std::uint64_t seed = 0; seed < 20 && !reached; ++seed) {
      Reference reference;
      Session session(reference);
      session.start(setup_of(seed));
      Outcome outcome = Outcome::pass;
      for (const Event& event : shortest_road(state)) outcome = session.play(event);
      ASSERT_EQ(outcome, Outcome::pass);
      reached = session.state() == state || session.oracle().front().state == state;
    }
    EXPECT_TRUE(reached) << name(state);
  }
}

// ---- searches ---------------------------------------------------------------------------------------

struct Explored {
  std::vector<SearchCount> counts;
  RunSummary summary;
};

class Exploration {
 public:
  Exploration(AdapterFactory adapter, std::vector<Search> searches, unsigned workers = 1)
      : adapter_(std::move(adapter)) {
    options_.searches = std::move(searches);
    options_.workers = workers;
    options_.seed = 5;
  }

  Explored operator()() { return finish(run({}, {}, 0)); }

  /// Stops after so many rounds and findings, and goes on from what was kept, until all is done.
  Explored in_pieces(int piece) {
    const CheckpointOwner owner{"1", "toy", "1", "", "", options_.seed, searches_text(options_.searches)};
    ExploreState state;
    HuntState hunt;
    for (int pieces = 0; pieces < 1000; ++pieces) {
      std::unique_ptr<Explorer> explorer = run(std::move(state), std::move(hunt), piece);
      if (explorer->complete()) {
        EXPECT_GT(pieces, 1) << "nothing was interrupted";
        return finish(std::move(explorer));
      }
      const std::string octets = to_octets(owner, {"a", "b"}, explorer->state(), explorer->hunt());
      auto read = checkpoint_from(octets, owner);
      if (const auto* error = std::get_if<std::string>(&read)) ADD_FAILURE() << *error;
      auto& checkpoint = std::get<Checkpoint>(read);
      EXPECT_EQ(checkpoint.traces, (std::vector<std::string>{"a", "b"}));
      state = std::move(checkpoint.state);
      hunt = std::move(checkpoint.hunt);
    }
    ADD_FAILURE() << "it never ends";
    return {};
  }

 private:
  std::unique_ptr<Explorer> run(ExploreState state, HuntState hunt, int piece) {
    left_ = piece;
    const RunProgress progress = [this](const RunSummary&) { return --left_ != 0; };
    const FindingSink nothing = [](const Finding&) {};
    auto explorer = std::make_unique<Explorer>(
        adapter_, options_, Hunt(std::move(hunt), nothing, nothing, progress), std::move(state));
    (*explorer)([](const ExploreState&, const HuntState&) {});
    return explorer;
  }
  static Explored finish(std::unique_ptr<Explorer> explorer) {
    explorer->finish();
    return {explorer->state().counts, explorer->summary()};
  }

  AdapterFactory adapter_;
  ExploreOptions options_;
  int left_ = 0;
};

void expect_equal(const Explored& a, const Explored& b) {
  EXPECT_EQ(a.counts, b.counts);
  EXPECT_EQ(a.summary.cases, b.summary.cases);
  EXPECT_EQ(a.summary.events, b.summary.events);
  EXPECT_EQ(a.summary.inconclusive, b.summary.inconclusive);
  EXPECT_EQ(a.summary.advisories, b.summary.advisories);
  EXPECT_EQ(a.summary.shrink_plays, b.summary.shrink_plays);
  ASSERT_EQ(a.summary.findings.size(), b.summary.findings.size());
  for (std::size_t i = 0; i < a.summary.findings.size(); ++i) {
    EXPECT_EQ(a.summary.findings[i].deviation, b.summary.findings[i].deviation);
    EXPECT_EQ(a.summary.findings[i].smallest, b.summary.findings[i].smallest);
    EXPECT_EQ(a.summary.findings[i].number, b.summary.findings[i].number);
  }
}

std::vector<model::Call> every_call() {
  return Reference().profile().calls;
}

AdapterFactory faulty() {
  return [] { return make_mutant("fin-is-acked-and-told"); };
}

TEST(Explore, CorePlaysEverySequence) {
  const Search core = core_search(every_call(), 2, 3);
  const std::uint64_t letters = core.alphabet.size();
  const Explored explored = Exploration(make_reference, {core})();
  ASSERT_EQ(explored.counts.size(), 1u);
  ASSERT_EQ(explored.counts[0].levels.size(), 1u);
  EXPECT_EQ(explored.counts[0].levels[0].played, power(letters, 3) + 10 * power(letters, 2));
  EXPECT_EQ(explored.summary.cases, explored.counts[0].levels[0].played);
}

TEST(Explore, SequencesAreAllDifferentAndOfTheirLength) {
  const Alphabet few(core_alphabet().begin() + 3, core_alphabet().begin() + 6);
  EverySequence source(few, 1, {{State::closed, 3}, {State::listen, 2}});
  ASSERT_EQ(source.size(), power(3, 3) + power(3, 2));
  const model::Hypothesis h;
  std::set<std::string> sequences;
  for (std::uint64_t number = 0; number < source.size(); ++number) {
    source.begin(0, number);
    std::string text;
    std::size_t events = 0;
    for (; const auto event = source.next(h); ++events) text += to_text(*event) + "\n";
    EXPECT_EQ(events, 3u + 4u);  // a road of one letter to LISTEN; and what shows everything that is owed
    sequences.insert(text);
  }
  EXPECT_EQ(sequences.size(), source.size());
}

TEST(Explore, NothingIsFoundInTheReference) {
  const Explored explored =
      Exploration(make_reference, {core_search(every_call(), 2, 2), full_search(every_call(), 3)})();
  EXPECT_TRUE(explored.summary.findings.empty())
      << model::text(explored.summary.findings.front().deviation.rule).id;
  const SearchCount& full = explored.counts.at(1);
  ASSERT_EQ(full.levels.size(), 3u);
  EXPECT_EQ(full.levels[0].from, 1u);
  for (std::size_t i = 0; i + 1 < full.levels.size(); ++i) {
    const LevelCount& level = full.levels[i];
    EXPECT_EQ(level.played + level.impossible + level.equal, level.from * full_alphabet().size());
    EXPECT_EQ(full.levels[i + 1].from, level.played - level.met - level.ended);
    EXPECT_GT(level.met, 0u);
  }
}

TEST(SlowExplore, AnyNumberOfWorkersGivesTheSame) {
  const std::vector<Search> searches{core_search(every_call(), 1, 2), full_search(every_call(), 3)};
  const Explored one = Exploration(faulty(), searches, 1)();
  EXPECT_FALSE(one.summary.findings.empty());
  expect_equal(one, Exploration(faulty(), searches, 2)());
  expect_equal(one, Exploration(faulty(), searches, 3)());
}

TEST(SlowExplore, GoesOnAsIfItHadNotStopped) {
  const std::vector<Search> searches{core_search(every_call(), 2, 3), full_search(every_call(), 3)};
  expect_equal(Exploration(faulty(), searches)(), Exploration(faulty(), searches).in_pieces(1));
}

TEST(SlowExplore, FindsPlantedFaults) {
  const std::set<std::string_view> faults{
      "closed-reset-with-ack", "listen-ack-is-reset",   "syn-sent-unacceptable-ack-is-reset",
      "syn-ack-establishes",   "no-ack-bit-is-dropped", "fin-is-acked-and-told",
      "abort-sends-reset",     "send-after-close-fails"};
  std::size_t tried = 0;
  for (const MutantText& mutant : mutants()) {
    if (!faults.contains(mutant.name)) continue;
    ++tried;
    const Explored explored =
        Exploration([&] { return make_mutant(mutant.name); }, {core_search(every_call(), 2, 3)}, 2)();
    const auto& findings = explored.summary.findings;
    EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                            [&](const Finding& finding) { return finding.deviation.rule == mutant.rule; }))
        << mutant.name << " is not found by " << model::text(mutant.rule).id;
  }
  EXPECT_EQ(tried, faults.size());
}

#ifndef FINWAIT_LWIP_MISSING

// A stack that plays every case from its start, though it could go on from the prefix.
class Forgetful final : public Adapter {
 public:
  Profile profile() const override { return adapter_->profile(); }
  void reset(std::uint64_t seed) override { adapter_->reset(seed); }
  Reply call(const Request& request, Sink& sink) override { return adapter_->call(request, sink); }
  void deliver(Octets packet, Sink& sink) override { adapter_->deliver(packet, sink); }
  void advance(Time by, Sink& sink) override { adapter_->advance(by, sink); }
  bool tell_state(const Viewpoint& from, StateHash& hash) const override {
    return adapter_->tell_state(from, hash);
  }

 private:
  std::unique_ptr<Adapter> adapter_ = make_lwip();
};

TEST(SlowExplore, APrefixThatIsKeptIsAsGoodAsOnePlayedAgain) {
  const auto calls = make_lwip()->profile().calls;
  const std::vector<Search> searches{core_search(calls, 1, 2), full_search(calls, 3)};
  expect_equal(Exploration(make_lwip, searches)(),
               Exploration([] { return std::make_unique<Forgetful>(); }, searches)());
}

// What the fingerprint goes by: neither initial sequence numbers nor what came before.
TEST(Fingerprint, IsTheSameByWhateverRoad) {
  const std::unique_ptr<Adapter> lwip = make_lwip();
  Session session(*lwip);
  const auto after = [&](std::uint64_t seed, const std::vector<Event>& events) {
    session.start(setup_of(seed));
    for (const Event& event : events) EXPECT_EQ(session.play(event), Outcome::pass) << to_text(event);
    return session.fingerprint().value();
  };
  const roads::Road established = roads::established_active();
  const std::uint64_t once = after(1, established);
  EXPECT_EQ(once, after(2, established));
  const auto exchanged = [&](int times) {
    roads::Road road = established;
    for (int i = 0; i < times; ++i) road = roads::then(road, {send(100), segment(model::ACK), wait_ms(1000)});
    return road;
  };
  EXPECT_EQ(after(1, exchanged(2)), after(2, exchanged(3)));
  EXPECT_NE(once, after(1, roads::then(established, {segment(model::ACK, 100)})));
  EXPECT_NE(once, after(1, roads::then(established, {close()})));
}

#endif

// ---- what is kept -----------------------------------------------------------------------------------

TEST(StatesMet, GoesOnFromWhatIsNewOrFreeOfDeviations) {
  StatesMet met;
  CaseEnd end;
  end.fingerprint = 42;
  end.tainted = true;
  EXPECT_TRUE(met.insert(end));
  EXPECT_FALSE(met.insert(end));
  end.tainted = false;
  EXPECT_TRUE(met.insert(end));
  EXPECT_FALSE(met.insert(end));
  end.tainted = true;
  EXPECT_FALSE(met.insert(end));
  EXPECT_EQ(met.count(), 1u);
  for (std::uint64_t i = 0; i < 100000; ++i) {
    end.fingerprint = (i + 1) * 0x9e3779b97f4a7c15u;
    EXPECT_TRUE(met.insert(end));
  }
  EXPECT_EQ(met.count(), 100001u);
  const StatesMet again = StatesMet::of(met.slots(), met.count());
  EXPECT_EQ(again.count(), met.count());
  EXPECT_FALSE(StatesMet(again).insert(end));
}

TEST(Checkpoint, IsRefusedWhereItIsNotThisOnes) {
  const CheckpointOwner owner{"1.0", "toy", "2.0", "msl=60", "", 5, "core to depth 4"};
  const std::string octets = to_octets(owner, {}, {}, {});
  EXPECT_TRUE(std::holds_alternative<Checkpoint>(checkpoint_from(octets, owner)));
  const auto refused = [&](const std::string& text, const CheckpointOwner& by) {
    const auto read = checkpoint_from(text, by);
    const auto* error = std::get_if<std::string>(&read);
    return error == nullptr ? std::string() : *error;
  };
  EXPECT_EQ(refused("something else", owner), "it is no checkpoint of an exploration");
  EXPECT_EQ(refused(octets.substr(0, octets.size() - 9), owner), "it is damaged");
  for (std::size_t at = 25; at < octets.size(); at += 7) {
    std::string damaged = octets;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(refused(damaged, owner), "it is damaged") << at;
  }
  CheckpointOwner other = owner;
  other.searches = "core to depth 5";
  EXPECT_EQ(refused(octets, other),
            "it is of another exploration; searches: expected core to depth 5, found core to depth 4");
  other = owner;
  other.version = "2.1";
  EXPECT_NE(refused(octets, other), "");
  other = owner;
  other.program = "1.1";
  EXPECT_NE(refused(octets, other), "");
}

// ---- runs -------------------------------------------------------------------------------------------

TEST(SlowWorkers, AnyNumberGivesTheSameRun) {
  std::vector<const Property*> all;
  for (const Property& property : properties()) all.push_back(&property);
  const auto run_with = [&](unsigned workers) {
    PropertySource source(all);
    WorkerPool pool(faulty(), source, workers);
    RunOptions options;
    options.cases = 1500;
    return Explored{{},
                    run(
                        pool, options, [](const Finding&) {}, [](const Finding&) {},
                        [](const RunSummary&) { return true; })};
  };
  const Explored one = run_with(1);
  EXPECT_FALSE(one.summary.findings.empty());
  expect_equal(one, run_with(2));
  expect_equal(one, run_with(5));
}

}  // namespace
}  // namespace finwait
