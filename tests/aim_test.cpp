// Aiming: the event aimed at a class is of that class, and where there is one at all, aiming finds one.
#include "properties/aim.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "harness/session.h"
#include "impl/reference/reference.h"
#include "properties/property.h"

namespace finwait {
namespace {

using model::ACK;
using model::Hypothesis;

std::vector<EventClass> all_classes() {
  std::vector<EventClass> all;
  for (std::uint8_t kind = 1; kind < event_kind_count; ++kind) all.push_back({static_cast<EventKind>(kind)});
  for (std::uint8_t flags = 0; flags < 32; ++flags) {
    if (flags & model::PSH) continue;
    for (std::uint8_t seq = 0; seq <= static_cast<std::uint8_t>(SeqClass::outside_right); ++seq) {
      for (std::uint8_t ack = 0; ack <= static_cast<std::uint8_t>(AckClass::unsent); ++ack) {
        for (const bool text : {false, true}) {
          for (const bool bad : {false, true}) {
            all.push_back({EventKind::segment, flags, text, bad, static_cast<SeqClass>(seq),
                           static_cast<AckClass>(ack)});
          }
        }
      }
    }
  }
  return all;
}

// The oracle's first hypothesis after each event of many random cases.
std::vector<Hypothesis> some_hypotheses() {
  PropertySource source(all_properties());
  Reference reference;
  Session session(reference);
  std::vector<Hypothesis> met;
  for (std::uint64_t number = 0; number < 3 * properties().size(); ++number) {
    session.start(source.begin(31, number));
    while (const auto event = source.next(session.oracle().front())) {
      met.push_back(session.oracle().front());
      if (session.play(*event) != Outcome::pass || session.oracle().contradicted()) break;
    }
  }
  return met;
}

EventClass class_of(const Event& event, const Hypothesis& h) {
  static const std::array<std::uint8_t, 2000> octets{};
  model::Segment segment = resolve(event, h, 0x10000000);
  segment.text = std::span(octets).first(event.len);
  return classify(event, segment, h);
}

// Whatever is met by trying numbers on and around every boundary.
std::set<EventClass> met_by_trying(const Hypothesis& h, std::uint8_t flags) {
  std::set<EventClass> met;
  Event event = segment(flags);
  for (const std::uint16_t len : std::array<std::uint16_t, 3>{0, 1, 2}) {
    event.len = len;
    for (const SeqBase seq : {SeqBase::isn, SeqBase::rcv_nxt, SeqBase::right_edge}) {
      event.seq_base = seq;
      for (const std::int32_t seq_offset : {-70000, -4, -3, -2, -1, 0, 1, 2, 70000}) {
        event.seq_offset = seq_offset;
        for (const AckBase ack : {AckBase::snd_una, AckBase::snd_nxt}) {
          event.ack_base = ack;
          for (const std::int32_t ack_offset : {-1, 0, 1}) {
            event.ack_offset = ack_offset;
            met.insert(class_of(event, h));
          }
          if (!(flags & ACK)) break;
        }
      }
    }
  }
  return met;
}

TEST(Aim, HitsWhatItAimsAtAndMissesNothingThatIsThere) {
  const std::vector<EventClass> classes = all_classes();
  const std::vector<Hypothesis> hypotheses = some_hypotheses();
  ASSERT_GT(hypotheses.size(), 1000u);
  std::set<model::State> states;
  for (std::size_t i = 0; i < hypotheses.size(); i += 7) {
    const Hypothesis& h = hypotheses[i];
    states.insert(h.state);
    std::set<EventClass> aimed;
    for (const EventClass& wanted : classes) {
      const auto event = aim_at(wanted, h);
      if (!event) continue;
      ASSERT_EQ(class_of(*event, h), wanted)
          << name(h.state) << ": " << to_text(*event) << " is not " << to_text(wanted);
      aimed.insert(wanted);
    }
    const std::uint8_t flags = static_cast<std::uint8_t>(i) & 0x17;
    for (const EventClass& met : met_by_trying(h, flags)) {
      EXPECT_TRUE(aimed.contains(met)) << name(h.state) << ": nothing was aimed at " << to_text(met);
    }
  }
  EXPECT_EQ(states.size(), model::state_count);
}

TEST(Aim, HitsInASessionToo) {
  const std::vector<EventClass> classes = all_classes();
  PropertySource source(all_properties());
  Reference reference;
  Session session(reference);
  Dice dice(rc::Random(32));
  std::uint64_t shots = 0;
  for (std::uint64_t number = 0; number < 20 * properties().size(); ++number) {
    session.start(source.begin(32, number));
    while (const auto drawn = source.next(session.oracle().front())) {
      const EventClass& wanted = classes[dice.below(static_cast<std::uint32_t>(classes.size()))];
      const auto aimed = dice.percent(30) ? aim_at(wanted, session.oracle().front()) : std::nullopt;
      const Outcome outcome = session.play(aimed.value_or(*drawn));
      if (aimed) {
        ++shots;
        ASSERT_EQ(session.event_class(), wanted) << to_text(wanted) << " by " << to_text(*aimed);
      }
      if (outcome != Outcome::pass || session.oracle().contradicted()) break;
    }
  }
  EXPECT_GT(shots, 500u);
}

TEST(Aim, NeedsTwoNumbersOutstandingForAnAckBetween) {
  Hypothesis h;
  h.state = model::State::established;
  h.iss_known = h.window_known = true;
  h.snd_una = h.iss = 100;
  h.rcv_nxt = 1000;
  h.advertised = 1001;
  const EventClass part{EventKind::segment, ACK, false, false, SeqClass::left_edge, AckClass::part};
  h.snd_nxt = 101;
  EXPECT_FALSE(aim_at(part, h));
  h.snd_nxt = 102;
  ASSERT_TRUE(aim_at(part, h));
  EXPECT_EQ(to_text(*aim_at(part, h)), "< . seq=RCV.NXT ack=SND.UNA+1 win=65535");
}

// A window of one number has its left edge only, one of two no inside.
TEST(Aim, NeedsAWindowForItsInsideAndItsRightEdge) {
  Hypothesis h;
  h.state = model::State::established;
  h.iss_known = h.window_known = true;
  h.snd_una = h.snd_nxt = 100;
  h.rcv_nxt = 1000;
  EventClass wanted{EventKind::segment, ACK, true, false, SeqClass::right_edge, AckClass::current};
  for (const std::uint32_t window : {0u, 1u, 2u, 3u}) {
    h.advertised = h.rcv_nxt + window;
    wanted.seq = SeqClass::right_edge;
    EXPECT_EQ(aim_at(wanted, h).has_value(), window >= 2) << window;
    wanted.seq = SeqClass::inside;
    EXPECT_EQ(aim_at(wanted, h).has_value(), window >= 3) << window;
    wanted.seq = SeqClass::outside_right;
    EXPECT_TRUE(aim_at(wanted, h)) << window;
  }
}

}  // namespace
}  // namespace finwait
