// The transition table: figure 5 of RFC 9293 and the arrows that §3.10 adds to it.
#include "model/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "model/figure_5.h"

namespace finwait::model {
namespace {

constexpr std::array all_states{State::closed,      State::listen,     State::syn_sent,   State::syn_received,
                                State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait,
                                State::closing,     State::last_ack,   State::time_wait};

bool has_arrow(State source, std::string_view event, State target) {
  const auto all = arrows();
  return std::any_of(all.begin(), all.end(), [&](const Arrow& arrow) {
    return arrow.source == source && arrow.event == event && arrow.target == target;
  });
}

bool has_arrow(State source, std::string_view event) {
  const auto all = arrows();
  return std::any_of(all.begin(), all.end(),
                     [&](const Arrow& arrow) { return arrow.source == source && arrow.event == event; });
}

// ---- the table as data ------------------------------------------------------------------------------

TEST(Table, EveryArrowHasAnEventAndIsThereOnce) {
  std::set<std::tuple<State, std::string_view, State>> seen;
  for (const Arrow& arrow : arrows()) {
    EXPECT_FALSE(arrow.event.empty()) << "from " << name(arrow.source);
    EXPECT_TRUE(seen.insert({arrow.source, arrow.event, arrow.target}).second)
        << name(arrow.source) << ' ' << arrow.event << ' ' << name(arrow.target);
  }
  EXPECT_FALSE(seen.empty());
}

// The states that arrows lead to from `from`, itself included.
std::set<State> reachable(State from) {
  std::set<State> reached{from};
  std::vector<State> next{from};
  while (!next.empty()) {
    const State source = next.back();
    next.pop_back();
    for (const Arrow& arrow : arrows()) {
      if (arrow.source == source && reached.insert(arrow.target).second) next.push_back(arrow.target);
    }
  }
  return reached;
}

TEST(Table, EveryStateIsReachedFromClosedAndLeadsBackToIt) {
  const std::set<State> from_closed = reachable(State::closed);
  for (const State state : all_states) {
    EXPECT_TRUE(from_closed.contains(state)) << name(state);
    EXPECT_TRUE(reachable(state).contains(State::closed)) << name(state);
  }
}

std::string text_of(State source, std::string_view event, State target) {
  return std::string(name(source)) + " " + std::string(event) + " -> " + std::string(name(target));
}

// Figure 5 against the table: nothing that is drawn is missing.
TEST(Table, HoldsFigure5) {
  for (const DrawnArrow& arrow : figure_5()) {
    EXPECT_TRUE(has_arrow(arrow.source, arrow.event, arrow.target))
        << arrow.clause << ": " << arrow.label << " as " << text_of(arrow.source, arrow.event, arrow.target);
  }
}

// The table against figure 5: what is not drawn has its clause.
TEST(Table, HasNoArrowWithoutItsClause) {
  for (const Arrow& arrow : arrows()) {
    const auto source = source_of(arrow);
    ASSERT_TRUE(source) << text_of(arrow.source, arrow.event, arrow.target);
    EXPECT_FALSE(source->clause.empty());
    EXPECT_FALSE(source->why.empty()) << text_of(arrow.source, arrow.event, arrow.target);
  }
}

TEST(Table, EveryClauseIsThereForAnArrow) {
  std::set<std::tuple<std::optional<State>, std::string_view, std::optional<State>, bool>> seen;
  for (const ClausedArrow& entry : claused_arrows()) {
    const bool taken = entry.source ? has_arrow(*entry.source, entry.event, *entry.target)
                                    : std::any_of(arrows().begin(), arrows().end(), [&](const Arrow& arrow) {
                                        return arrow.event == entry.event && arrow.source == arrow.target;
                                      });
    EXPECT_TRUE(taken) << entry.from.clause << ": " << entry.event;
    EXPECT_TRUE(seen.insert({entry.source, entry.event, entry.target, entry.from.drawn}).second)
        << entry.from.clause << ": " << entry.event << " stands there twice";
  }
}

// What the figure shows, counted by hand: it has 20 arrows and leads into and out of every state.
TEST(Figure5, IsWhole) {
  EXPECT_EQ(figure_5().size(), 20u);
  for (const State state : all_states) {
    const auto touches = [&](State DrawnArrow::*end) {
      return std::any_of(figure_5().begin(), figure_5().end(),
                         [&](const DrawnArrow& arrow) { return arrow.*end == state; });
    };
    EXPECT_TRUE(touches(&DrawnArrow::source)) << name(state);
    EXPECT_TRUE(touches(&DrawnArrow::target)) << name(state);
  }
}

TEST(Figure5, AnArrowThatNoClauseAsksForIsSeen) {
  EXPECT_FALSE(source_of({State::established, State::listen, "Fin"}));
  EXPECT_FALSE(source_of({State::established, State::established, "Fin"}));
  const auto drawn = source_of({State::established, State::close_wait, "Fin"});
  ASSERT_TRUE(drawn);
  EXPECT_TRUE(drawn->drawn);
  EXPECT_EQ(drawn->why, "rcv FIN");
}

// §3.10.5: ABORT ends every connection; §3.10.7.4, second: so does a RST in every state after SYN-SENT.
TEST(Table, AbortAndResetEndEveryConnection) {
  for (const State state : all_states) {
    if (state != State::closed) {
      EXPECT_TRUE(has_arrow(state, "Abort", State::closed)) << name(state);
    }
    if (state > State::listen) {
      EXPECT_TRUE(has_arrow(state, "ResetArrives", State::closed)) << name(state);
    }
  }
}

// ---- the table at work ------------------------------------------------------------------------------

// A step from a state in which every action has what it reads.
struct Bench {
  explicit Bench(State state) {
    h.state = state;
    h.listening = state == State::listen;
    h.iss_known = state >= State::syn_sent;
    h.snd_nxt = 1;
  }
  Step step(ArrowCounts* taken = nullptr) {
    return {h, chooser, claims, Time{1s}, taken == nullptr ? nullptr : taken->data()};
  }

  Hypothesis h;
  Chooser chooser;
  Claims claims;
};

// Whether of all rows only one between these two was taken.
bool is_the_row(const ArrowCounts& taken, State source, std::string_view event) {
  std::uint64_t others = 0, its = 0;
  for (std::size_t row = 0; row < arrow_count; ++row) {
    const Arrow& arrow = arrows()[row];
    (arrow.source == source && arrow.event == event ? its : others) += taken[row];
  }
  return its == 1 && others == 0;
}

template <class Event>
void take_from_everywhere(const Event& event, std::string_view event_name, ArrowCounts& all) {
  for (const State state : all_states) {
    SCOPED_TRACE(std::string(name(state)) + " " + std::string(event_name));
    Bench bench(state);
    ArrowCounts taken{};
    Step step = bench.step(&taken);
    if (!has_arrow(state, event_name)) {
      EXPECT_THROW(take(event, step), std::logic_error);
      EXPECT_EQ(bench.h, Bench(state).h);  // nothing has happened
      continue;
    }
    ASSERT_NO_THROW(take(event, step));
    EXPECT_TRUE(is_the_row(taken, state, event_name));
    for (std::size_t row = 0; row < arrow_count; ++row) all[row] += taken[row];
    // Without a listener LISTEN is CLOSED (reading A4).
    const bool as_drawn = has_arrow(state, event_name, bench.h.state);
    const bool child = bench.h.state == State::closed && has_arrow(state, event_name, State::listen);
    const bool survives = state == State::listen && bench.h.listening;
    EXPECT_TRUE(as_drawn || child || survives) << "went to " << name(bench.h.state);
    if (survives) continue;
    EXPECT_EQ(bench.h.since, bench.h.state == state ? Time{0} : Time{1s});
  }
}

TEST(Table, TakesWhatItDrawsAndRefusesEverythingElse) {
  Segment segment;
  segment.flags = SYN | ACK;
  segment.ack = 1;
  ArrowCounts all{};
#define EVERYWHERE(Event, ...) take_from_everywhere(Event{__VA_ARGS__}, #Event, all)
  EVERYWHERE(OpenPassive);
  EVERYWHERE(OpenActive);
  EVERYWHERE(Send, 1);
  EVERYWHERE(Close);
  EVERYWHERE(CloseDeferred);
  EVERYWHERE(Abort);
  EVERYWHERE(Stray, segment);
  EVERYWHERE(SynArrives, segment);
  EVERYWHERE(SynAckArrives, segment);
  EVERYWHERE(UnacceptableAck, segment);
  EVERYWHERE(ResetArrives, Rule::normal_or_aborted);
  EVERYWHERE(BackToListen, Origin::syn_received);
  EVERYWHERE(UnacceptableSegment, segment, Rule::unacceptable_is_acked);
  EVERYWHERE(Challenge, Rule::ack_of_unsent);
  EVERYWHERE(AckOfSyn, segment);
  EVERYWHERE(AckArrives, segment, true);
  EVERYWHERE(AckArrives, segment, false);
  EVERYWHERE(Text, 2, Rule::text_is_accepted);
  EVERYWHERE(Fin);
  EVERYWHERE(LateSegment);
  EVERYWHERE(Reopened, segment);
  EVERYWHERE(OldDuplicate);
  EVERYWHERE(RetransmissionTimeout);
  EVERYWHERE(UserTimeout);
  EVERYWHERE(TimeWaitTimeout);
  EVERYWHERE(GivenUp);
  EVERYWHERE(AfterReset);
#undef EVERYWHERE
  for (std::size_t row = 0; row < arrow_count; ++row) {
    const Arrow& arrow = arrows()[row];
    EXPECT_GT(all[row], 0u) << name(arrow.source) << ' ' << arrow.event << ' ' << name(arrow.target);
  }
}

// §3.10.7.4: a FIN that acknowledges ours takes two arrows from FIN-WAIT-1 and lands in TIME-WAIT.
TEST(Table, FinWithTheAckOfOurFinLeadsToTimeWait) {
  Bench bench(State::fin_wait_1);
  Step step = bench.step();
  Segment fin;
  fin.flags = FIN | ACK;
  fin.ack = 1;
  take(AckArrives{fin, true}, step);
  EXPECT_EQ(bench.h.state, State::fin_wait_2);
  take(Fin{}, step);
  EXPECT_EQ(bench.h.state, State::time_wait);
}

TEST(Table, GuardsTellWhetherOurFinIsAcknowledged) {
  for (const State state : {State::fin_wait_1, State::closing, State::last_ack}) {
    for (const bool covers_fin : {false, true}) {
      Bench bench(state);
      Step step = bench.step();
      Segment ack;
      ack.flags = ACK;
      take(AckArrives{ack, covers_fin}, step);
      EXPECT_EQ(bench.h.state != state, covers_fin) << name(state);
    }
  }
}

// Reading A4: a child does not use up its listener.
TEST(Table, ListenerOutlivesItsChildren) {
  Bench bench(State::established);
  bench.h.listening = true;
  Step step = bench.step();
  take(Abort{}, step);
  EXPECT_EQ(bench.h.state, State::listen);
}

}  // namespace
}  // namespace finwait::model
