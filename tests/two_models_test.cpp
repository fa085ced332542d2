// Two models back to back: what is explored in figures, the faults that it finds, and that what the walk
// leaves out makes no difference.
#include "verification/two_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

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

}  // namespace
}  // namespace finwait::verification
