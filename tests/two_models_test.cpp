// Two models back to back: what is explored in figures, the faults that it finds, and that what the walk
// leaves out makes no difference.
#include "verification/two_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "verification/table.h"

namespace finwait::verification {
namespace {

using model::ACK;
using model::FIN;
using model::Hypothesis;
using model::lt;
using model::RST;
using model::Segment;
using model::State;
using model::SYN;

Options one_in_flight() {
  Options options;
  options.capacity = 1;
  return options;
}

// ---- what is explored -------------------------------------------------------------------------------

struct Size {
  std::string_view scenario;
  std::size_t worlds;
  std::uint32_t depth;
  std::size_t pairs;
};
void PrintTo(const Size& size, std::ostream* out) {
  *out << size.scenario;
}

class TwoModels : public testing::TestWithParam<Size> {};

TEST_P(TwoModels, AreExploredToClosureAndEveryPropertyHolds) {
  const Report report = explore(*find_scenario(GetParam().scenario), one_in_flight());
  ASSERT_FALSE(report.violation.has_value()) << report.violation->why << '\n' << report.violation->trace;
  EXPECT_TRUE(report.closed);
  EXPECT_EQ(report.worlds, GetParam().worlds);
  EXPECT_EQ(report.depth, GetParam().depth);
  EXPECT_EQ(report.pairs.size(), GetParam().pairs);
}

// connection.pml, written from the RFC apart from the model, reaches exactly these pairs of states too:
// check-connection.sh compares them with the same files.
TEST_P(TwoModels, ReachThePairsOfTheDescription) {
  const std::string file =
      std::string(FINWAIT_SOURCE_DIR) + "/verification/pairs/" + std::string(GetParam().scenario) + ".txt";
  std::ifstream in(file);
  ASSERT_TRUE(in) << file;
  std::vector<std::string> described, reached;
  for (std::string line; std::getline(in, line);) described.push_back(line);
  Options options = one_in_flight();
  options.plain = true;
  for (const auto& [a, b] : explore(*find_scenario(GetParam().scenario), options).pairs)
    reached.push_back(std::string(model::name(a)) + " " + std::string(model::name(b)));
  EXPECT_EQ(reached, described);
}

// Normalisation 12: a segment that is called spent changes nothing when it comes, and is spent for good.
TEST_P(TwoModels, WhatIsSpentMakesNoDifference) {
  Options options = one_in_flight();
  options.check = true;
  EXPECT_NO_THROW(explore(*find_scenario(GetParam().scenario), options));
}

// A change of the model that alters these figures alters what the relation permits: is that meant?
INSTANTIATE_TEST_SUITE_P(Slow, TwoModels,
                         testing::Values(Size{"client-server", 45'899, 20, 56},
                                         Size{"simultaneous", 81'405, 20, 61},
                                         Size{"client-server-aborts", 142'953, 20, 60},
                                         Size{"simultaneous-aborts", 188'525, 20, 65}));

// ---- planted faults ---------------------------------------------------------------------------------

struct Planted {
  std::string_view name;
  std::string_view scenario;
  Property found;
  Fault fault;
};
void PrintTo(const Planted& planted, std::ostream* out) {
  *out << planted.name;
}

Fault arriving(bool (*hook)(const Endpoint&, Segment&)) {
  Fault fault;
  fault.arrives = hook;
  return fault;
}
Fault processed(void (*hook)(Endpoint&, const Segment&, const Endpoint&)) {
  Fault fault;
  fault.processed = hook;
  return fault;
}
Fault leaving(bool (*hook)(const Endpoint&, Flight&)) {
  Fault fault;
  fault.leaves = hook;
  return fault;
}
Fault telling(void (*hook)(Told&)) {
  Fault fault;
  fault.tells = hook;
  return fault;
}

const std::vector<Planted>& planted_faults() {
  static const std::vector<Planted> all{
      {"OldTextIsTakenAgain", "client-server", Property::stream_is_intact,
       arriving([](const Endpoint& e, Segment& s) {
         if (e.established() && !s.text.empty() && s.seq + 1 == e.h.rcv_nxt) s.seq = e.h.rcv_nxt;
         return true;
       })},
      {"TextIsAlteredOnTheWay", "client-server", Property::stream_is_intact,
       leaving([](const Endpoint&, Flight& flight) {
         if (flight.octet != no_octet) flight.octet = garbage;
         return true;
       })},
      {"AFinIsTakenOutOfOrder", "client-server", Property::nothing_lost_before_eof,
       arriving([](const Endpoint& e, Segment& s) {
         if (e.established() && s.has(FIN) && s.text.empty() && lt(e.h.rcv_nxt, s.seq)) s.seq = e.h.rcv_nxt;
         return true;
       })},
      {"AnyAckEstablishesSynReceived", "client-server", Property::numbers_agree,
       arriving([](const Endpoint& e, Segment& s) {
         if (e.h.state == State::syn_received && s.has(ACK) && !s.has(RST)) s.ack = e.h.snd_nxt;
         return true;
       })},
      {"TheIrsIsOneTooHigh", "client-server", Property::numbers_agree,
       processed([](Endpoint& e, const Segment& s, const Endpoint& before) {
         if (before.h.state == State::syn_sent && s.has(SYN) && e.h.state == State::established) ++e.h.irs;
       })},
      {"AResetIsAnsweredWithAReset", "client-server-aborts", Property::no_reset_answers_a_reset,
       processed([](Endpoint& e, const Segment& s, const Endpoint& before) {
         if (!s.has(RST) || !before.established()) return;
         e.h.resets[0] = model::Reset{};
         e.h.resets[0].next_low = e.h.resets[0].next_high = before.h.snd_nxt;
         e.h.resets[0].forms = model::at_snd_nxt;
         e.h.reset_count = 1;
       })},
      {"APureAckMayBeText", "client-server", Property::no_ack_of_what_was_not_sent,
       processed([](Endpoint& e, const Segment& s, const Endpoint& before) {
         if (before.h.state == State::established && s.flags == ACK && s.text.empty())
           e.h.rcv_nxt_may = e.h.irs + 2;
       })},
      {"AResetIsNotTold", "client-server-aborts", Property::every_end_is_told,
       telling([](Told& told) { told.failed = false; })},
      {"AResetIsOwedInNoForm", "client-server", Property::owed_is_permitted,
       processed([](Endpoint& e, const Segment& s, const Endpoint& before) {
         if (before.h.state != State::closed || s.has(RST)) return;
         e.h.resets[0] = model::Reset{};
         e.h.resets[0].owed = true;
         e.h.reset_count = 1;
       })},
      {"EstablishedFallsBackToListen", "client-server", Property::model_has_an_answer,
       processed([](Endpoint& e, const Segment& s, const Endpoint& before) {
         if (before.h.state == State::established && s.has(FIN)) e.h.state = State::listen;
       })},
      {"SynSentIgnoresASynWithoutAck", "simultaneous", Property::open_finishes,
       arriving([](const Endpoint& e, Segment& s) {
         return e.h.state != State::syn_sent || !s.has(SYN) || s.has(ACK);
       })},
      {"FinWait2IgnoresTheFin", "client-server", Property::close_finishes,
       arriving([](const Endpoint& e, Segment& s) { return e.h.state != State::fin_wait_2 || !s.has(FIN); })},
      {"ClosingIgnoresTheAckOfItsFin", "simultaneous", Property::close_finishes,
       arriving([](const Endpoint& e, Segment&) { return e.h.state != State::closing; })},
      {"LastAckIgnoresTheAckOfItsFin", "client-server", Property::close_finishes,
       arriving([](const Endpoint& e, Segment&) { return e.h.state != State::last_ack; })},
      {"AFinIsSentOnlyOnce", "client-server", Property::close_finishes,
       leaving([](const Endpoint& e, Flight& flight) { return !flight.has(FIN) || !e.h.fin_sent; })},
  };
  return all;
}

class FaultInTwoModels : public testing::TestWithParam<Planted> {};

TEST_P(FaultInTwoModels, IsFoundByTheProperty) {
  Options options = one_in_flight();
  options.fault = &GetParam().fault;
  const Report report = explore(*find_scenario(GetParam().scenario), options);
  ASSERT_TRUE(report.violation.has_value());
  EXPECT_EQ(name(report.violation->property), name(GetParam().found)) << report.violation->why << '\n'
                                                                      << report.violation->trace;
  EXPECT_FALSE(report.violation->trace.empty());
}

INSTANTIATE_TEST_SUITE_P(Slow, FaultInTwoModels, testing::ValuesIn(planted_faults()),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(FaultsInTwoModels, BreakEachProperty) {
  std::set<Property> broken;
  for (const Planted& planted : planted_faults()) broken.insert(planted.found);
  EXPECT_EQ(broken.size(), static_cast<std::size_t>(Property::close_finishes));
}

// ---- normalisations 1 to 10 -------------------------------------------------------------------------

// What is seen of one way that a step may go.
struct Seen {
  Endpoint next;
  std::vector<Flight> sent;
  Told told;
  std::uint8_t read;
  Property broken;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> seen(const std::vector<Outcome>& outcomes, Side side) {
  std::vector<Seen> all;
  for (const Outcome& o : outcomes) {
    Seen one{canonical(o.next, side), o.sent, o.told, o.read, o.broken};
    Hypothesis& h = one.next.h;
    // Normalisation 4 again: an ACK that may still come once the TCB is gone could have been sent before.
    if (h.parting_ack) h.parting_ack = false, h.snd_nxt = h.rcv_nxt = 0;
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
  }
  return all;
}

// Pure ACKs are not counted in the canonical form: it may send one where the other has sent its last.
std::vector<Outcome> without_pure_acks(std::vector<Outcome> outcomes) {
  std::erase_if(outcomes, [](const Outcome& o) { return o.sent.front().is_pure_ack(); });
  return outcomes;
}

testing::AssertionResult same(const std::vector<Outcome>& exact, const std::vector<Outcome>& canon,
                              Side side) {
  const std::vector<Seen> a = seen(exact, side), b = seen(canon, side);
  const auto lacks = [](const std::vector<Seen>& all, const std::vector<Seen>& wanted) {
    return std::count_if(wanted.begin(), wanted.end(), [&](const Seen& each) {
      return std::find(all.begin(), all.end(), each) == all.end();
    });
  };
  const auto missing = lacks(b, a), invented = lacks(a, b);
  if (missing == 0 && invented == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << missing << " of " << a.size()
                                     << " ways are missing in the canonical form, " << invented << " of "
                                     << b.size() << " are only there";
}

// Two endpoints as the model leaves them, with nothing made canonical, on a walk drawn from a seed; before
// each step everything that either could do is compared with what its canonical form could do.
class Walk {
 public:
  explicit Walk(std::uint32_t seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      for (const Side side : {Side::a, Side::b}) compare(side);
      if (!take_any_step()) return;
      rename();
    }
  }

 private:
  Endpoint& at(Side side) { return endpoints_[index(side)]; }
  std::vector<Flight>& from(Side side) { return channels_[index(side)]; }

  void compare(Side side) {
    const Stepper exact(side, nullptr, true), canon(side);
    const Endpoint& e = at(side);
    const Endpoint c = canonical(e, side);
    const std::string where = std::string(model::name(e.h.state)) + (e.given ? " given" : "") +
                              (e.closed ? " closed" : "") + (e.aborted ? " aborted" : "");
    for (const Flight& flight : from(other(side)))
      EXPECT_TRUE(same(exact.delivered(e, flight), canon.delivered(c, flight), side))
          << where << " < " << notation(flight);
    EXPECT_TRUE(same(without_pure_acks(exact.sends(e)), without_pure_acks(canon.sends(c)), side))
        << where << " sends";
    EXPECT_TRUE(same(exact.gives(e), canon.gives(c), side)) << where << " SEND";
    EXPECT_TRUE(same(exact.closes(e), canon.closes(c), side)) << where << " CLOSE";
    EXPECT_TRUE(same(exact.aborts(e), canon.aborts(c), side)) << where << " ABORT";
    EXPECT_TRUE(same(exact.user_timeout(e), canon.user_timeout(c), side)) << where << " user time-out";
    EXPECT_TRUE(same(exact.time_wait_timeout(e), canon.time_wait_timeout(c), side))
        << where << " TIME-WAIT time-out";
  }

  std::size_t below(std::size_t count) { return random_() % count; }

  // ABORT and the user time-out end everything: seldom.
  bool take_any_step() {
    std::vector<std::pair<Side, Outcome>> ways;
    for (const Side side : {Side::a, Side::b}) {
      const Stepper exact(side, nullptr, true);
      const auto offer = [&](std::vector<Outcome> outcomes) {
        for (Outcome& o : outcomes) ways.emplace_back(side, std::move(o));
      };
      for (const Flight& flight : from(other(side))) offer(exact.delivered(at(side), flight));
      offer(exact.sends(at(side)));
      offer(exact.opens(at(side), side == Side::b || simultaneous_));
      offer(exact.gives(at(side)));
      offer(exact.closes(at(side)));
      if (below(20) == 0) offer(exact.aborts(at(side)));
      if (below(20) == 0) offer(exact.user_timeout(at(side)));
      if (from(Side::a).empty() && from(Side::b).empty()) offer(exact.time_wait_timeout(at(side)));
    }
    if (ways.empty()) return false;
    auto& [side, way] = ways[below(ways.size())];
    at(side) = way.next;
    at(side).record = canonical(at(side), side).record;  // book-keeping of the walk, not of the endpoint
    at(side).h.ack_earlier_in = 0xffff;                  // the next step is another event,
    at(side).h.last_sent = model::Time::min() / 2;       // and time has passed
    for (const Flight& flight : way.sent) from(side).push_back(flight);
    if (way.answers) from(side).push_back(way.answer);
    for (const Side each : {Side::a, Side::b}) {
      while (from(each).size() > 3)
        from(each).erase(from(each).begin() + static_cast<std::ptrdiff_t>(below(from(each).size())));
    }
    return true;
  }

  void rename() {
    std::array<std::uint8_t, 2> alive{};
    const auto refer = [&](Side whose, Mark m) {
      if (m != 0) alive[index(whose)] = static_cast<std::uint8_t>(alive[index(whose)] | 1u << incarnation(m));
    };
    for (const Side side : {Side::a, Side::b}) {
      const auto sets = incarnations(at(side), side);
      for (std::size_t i = 0; i < 2; ++i) alive[i] = static_cast<std::uint8_t>(alive[i] | sets[i]);
      refer(side, at(side).record.sent_end);
      for (const Flight& flight : from(side)) {
        refer(side, flight.seq);
        refer(other(side), flight.ack);
      }
    }
    const Renaming names = compressed(alive);
    for (const Side side : {Side::a, Side::b}) {
      at(side) = renamed(at(side), side, names);
      for (Flight& flight : from(side)) flight = renamed(flight, side, names);
    }
  }

  std::mt19937 random_;
  bool simultaneous_ = random_() % 2 == 0;
  std::array<Endpoint, 2> endpoints_;
  std::array<std::vector<Flight>, 2> channels_;
};

TEST(CanonicalForm, Slow_MakesNoDifferenceToAnyStep) {
  for (std::uint32_t seed = 1; seed <= 3000 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Walk(seed).run(40);
  }
}

}  // namespace
}  // namespace finwait::verification
