// Findings as scripts: what is printed is read again, and a replay judges by the oracle.
#include "harness/finding.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "harness/account.h"
#include "harness/replay.h"
#include "tests/toy_adapter.h"

namespace finwait {

void showValue(const SavedFinding& finding, std::ostream& out) {
  for (const Event& event : finding.smallest.events) out << to_text(event) << '\n';
}

namespace {

using model::Rule;

// ---- arbitrary findings -----------------------------------------------------------------------------

template <class Enum>
Enum any_of(Enum last) {
  return static_cast<Enum>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}

Event any_segment() {
  Event event;
  event.kind = EventKind::segment;
  event.flags = *rc::gen::arbitrary<std::uint8_t>();
  event.seq_base = any_of(SeqBase::right_edge);
  event.seq_offset = *rc::gen::element(0, 1, -1, 70000, -1000000000, 2147483647);
  if (event.flags & model::ACK) {
    event.ack_base = any_of(AckBase::iss);
    event.ack_offset = *rc::gen::element(0, 1, -1, 1000000);
  }
  event.len = *rc::gen::element<std::uint16_t>(0, 1, 536, 20000);
  event.wnd = *rc::gen::arbitrary<std::uint16_t>();
  event.mss = *rc::gen::element<std::uint16_t>(0, 536, 1460);
  event.bad_checksum = *rc::gen::weightedElement<bool>({{5, false}, {1, true}});
  return event;
}

Event any_event() {
  Event event;
  event.kind = any_of(EventKind::close_listener);
  if (event.kind == EventKind::segment) return any_segment();
  if (event.kind == EventKind::wait) {
    event.wait_base = any_of(WaitBase::patience);
    event.wait_ms = *rc::gen::element(1, 500, 1000, 2000, 90001);
  }
  if (event.kind == EventKind::send || event.kind == EventKind::receive) {
    event.count = *rc::gen::element<std::uint32_t>(1, 100, 65535);
  }
  return event;
}

EventClass any_class() {
  EventClass event;
  event.kind = any_of(EventKind::close_listener);
  if (event.kind != EventKind::segment) return event;
  event.flags = *rc::gen::arbitrary<std::uint8_t>() & (model::FIN | model::SYN | model::RST | model::ACK);
  event.seq = any_of(SeqClass::outside_right);
  event.ack = any_of(AckClass::unsent);
  event.text = *rc::gen::arbitrary<bool>();
  return event;
}

SavedFinding any_finding() {
  SavedFinding finding;
  finding.stack = *rc::gen::element<std::string>("toy", "mutant:no-ack");
  finding.version = "1.0";
  finding.profile = "msl=120 tick=0.5 clock=virtual";
  const auto rules = model::rules();
  finding.deviation = {rules[*rc::gen::inRange<std::size_t>(0, rules.size())].rule,
                       any_of(model::State::time_wait), any_class()};
  finding.smallest.setup = {*rc::gen::arbitrary<model::Seq>(), *rc::gen::arbitrary<std::uint64_t>()};
  const int events = *rc::gen::inRange(1, 12);
  for (int i = 0; i < events; ++i) finding.smallest.events.push_back(any_event());
  finding.deviates = *rc::gen::arbitrary<bool>();
  return finding;
}

/// Answers with whatever a segment and its number make of themselves: text, SYNs, resets, acknowledgments.
std::vector<model::Segment> babble(const model::Segment& segment, int number) {
  static const std::vector<std::uint8_t> text(300, 0x55);
  model::Segment answer;
  answer.flags = static_cast<std::uint8_t>(segment.flags ^ (segment.seq >> 5));
  answer.seq = segment.ack - static_cast<model::Seq>(number);
  answer.ack = segment.end();
  answer.text = std::span(text).first(segment.wnd % text.size());
  if (segment.wnd % 3 == 0) answer.mss = 1460;
  return {answer, answer};
}

TEST(Finding, ReadsWhatWasWritten) {
  rc::check("a script gives the finding again, and its language is packetdrill's", [] {
    const SavedFinding finding = any_finding();
    const Account account = give_account(toy(babble), finding);
    const auto script = parse_script(account.script, "x.pkt");
    if (const auto* error = std::get_if<ScriptError>(&script)) RC_FAIL(error->text() + "\n" + account.script);
    RC_ASSERT(print(std::get<Script>(script)) == account.script);
    const auto read = read_finding(account.script, "x.pkt");
    if (const auto* error = std::get_if<ScriptError>(&read)) RC_FAIL(error->text() + "\n" + account.script);
    RC_ASSERT(std::get<SavedFinding>(read) == finding);
  });
}

// ---- what a script says -----------------------------------------------------------------------------

SavedFinding syn_in_closed() {
  SavedFinding finding;
  finding.stack = "toy";
  finding.version = "1.0";
  Event syn;
  syn.kind = EventKind::segment;
  syn.flags = model::SYN;
  syn.seq_base = SeqBase::isn;
  Event second;
  second.kind = EventKind::wait;
  second.wait_ms = 2000;
  finding.smallest.events = {syn, second};
  finding.smallest.setup.tester_isn = 0x1000;
  finding.deviation = {Rule::none, model::State::closed, {}};
  return finding;
}

/// The finding that this stack makes of the case.
SavedFinding found(const AdapterFactory& stack, SavedFinding finding) {
  NoCases none;
  Worker worker(stack, none);
  const Played played = worker.play(finding.smallest);
  EXPECT_EQ(played.outcome, Outcome::fail);
  finding.deviation = played.deviation;
  finding.smallest.events.resize(played.events);
  return finding;
}

TEST(Finding, SaysWhatWasRequiredWhereNothingCame) {
  const SavedFinding finding = found(toy(silence), syn_in_closed());
  EXPECT_EQ(model::text(finding.deviation.rule).id, "3.10.7.1/reset-without-ack");
  const Account account = give_account(toy(silence), finding);
  EXPECT_NE(account.script.find("> R. 0:0(0) ack 1  // IUT: nothing by +0.75\n"), std::string::npos)
      << account.script;
  EXPECT_NE(account.script.find("+0 < S 0:0(0) win 65535  // finwait: < S seq=ISN win=65535\n"),
            std::string::npos)
      << account.script;
  ASSERT_EQ(account.permitted.size(), 1u);
  EXPECT_EQ(account.permitted.front().substr(0, 10), "CLOSED: > ");
}

TEST(Finding, SaysWhatCameWhereSilenceWasDue) {
  const auto answers_resets = [](const model::Segment& segment, int number) {
    model::Segment plain = segment;
    plain.flags &= static_cast<std::uint8_t>(~model::RST);
    return closed_port(plain, number);
  };
  SavedFinding finding = syn_in_closed();
  finding.smallest.events.front().flags = model::RST;
  finding = found(toy(answers_resets), finding);
  const Account account = give_account(toy(answers_resets), finding);
  EXPECT_NE(account.script.find("\n// IUT: +0 > R. "), std::string::npos) << account.script;
  EXPECT_EQ(account.observed.substr(0, 5), "> R. ");
}

TEST(Finding, OfACrashNamesTheSignal) {
  const auto crashes = toy([](const model::Segment&, int) -> std::vector<model::Segment> { std::abort(); });
  SavedFinding finding = syn_in_closed();
  finding.smallest.events.resize(1);
  finding = found(crashes, finding);
  EXPECT_EQ(finding.deviation.rule, Rule::iut_survives);
  const Account account = give_account(crashes, finding);
  EXPECT_EQ(account.observed, "crash SIGABRT");
  EXPECT_NE(account.script.find("// finwait: < S seq=ISN win=65535"), std::string::npos) << account.script;
  EXPECT_NE(account.script.find("// IUT: crash SIGABRT\n"), std::string::npos) << account.script;
}

TEST(Finding, WalkShowsStateVariablesAndDuties) {
  const std::string walk = walk_through(toy(silence), found(toy(silence), syn_in_closed()));
  EXPECT_NE(walk.find("      CLOSED\n"), std::string::npos) << walk;
  EXPECT_NE(walk.find("owes RST by "), std::string::npos) << walk;
  EXPECT_NE(walk.find("removed by 3.10.7.1/reset-without-ack"), std::string::npos) << walk;
}

TEST(Finding, EachIdentityHasItsOwnFile) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const model::RuleText& rule : model::rules()) {
    for (const auto state : {model::State::closed, model::State::fin_wait_1}) {
      for (const char* event :
           {"RST seq:inside", "RST,ACK seq:inside ack:all", "FIN ack:all text", "close-full", "close"}) {
        const std::string name = trace_name({rule.rule, state, *event_class_from_text(event)});
        EXPECT_EQ(name.find_first_of("/ :,"), std::string::npos) << name;
        names.insert(name);
        ++count;
      }
    }
  }
  EXPECT_EQ(names.size(), count);
}

// ---- errors -----------------------------------------------------------------------------------------

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  const auto read = read_finding(text, "x.pkt");
  const auto* error = std::get_if<ScriptError>(&read);
  return error != nullptr ? error->text() : "no error";
}

TEST(Finding, ErrorsSayWhere) {
  const std::string good = give_account(toy(silence), found(toy(silence), syn_in_closed())).script;
  ASSERT_EQ(error_of(good), "no error");
  EXPECT_EQ(error_of(replaced(good, "reset-without-ack", "reset-wthout-ack")),
            "x.pkt:2:10: unknown rule \"3.10.7.1/reset-wthout-ack\"; did you mean "
            "\"3.10.7.1/reset-without-ack\" or "
            "\"3.10.7.1/reset-with-ack\"?");
  EXPECT_EQ(error_of(replaced(good, "// at: CLOSED", "// at: CLOSD")),
            "x.pkt:6:8: expected a state such as \"SYN-SENT\", found \"CLOSD\"; did you mean \"CLOSED\"?");
  EXPECT_EQ(error_of(replaced(good, "expect: deviates", "expect: maybe")),
            "x.pkt:7:12: expected \"deviates\" or \"conforms\", found \"maybe\"");
  EXPECT_EQ(error_of(replaced(good, "// isn: 0x1000\n", "")),
            "x.pkt:1:1: expected a line \"// isn: ...\" in the head");
  EXPECT_EQ(error_of(replaced(good, "isn: 0x1000", "isn: 0x100000000")),
            "x.pkt:9:9: expected a number of 32 bits, found \"0x100000000\"");
  EXPECT_EQ(error_of(replaced(good, "win=65535", "win=x")).substr(0, 12), "x.pkt:13:50:");
  EXPECT_EQ(error_of(replaced(good, "win 65535  //", "wn 65535  //")).substr(0, 9), "x.pkt:13:");
  EXPECT_EQ(error_of(replaced(good, "finwait: trace 1", "finwait: trace 9")),
            "x.pkt:1:13: expected \"trace 1\", found \"trace 9\"");
}

// ---- replay -----------------------------------------------------------------------------------------

std::string replayed_on(const AdapterFactory& stack, const SavedFinding& finding) {
  NoCases none;
  Worker worker(stack, none);
  return to_text(replay(worker, stack, finding, 10));
}

TEST(Replay, SaysReproducedFixedOrFlaky) {
  const SavedFinding finding = found(toy(silence), syn_in_closed());
  EXPECT_EQ(replayed_on(toy(silence), finding), "reproduced 10/10");
  EXPECT_EQ(replayed_on(toy(closed_port), finding), "FIXED");
  const auto sometimes = [](const model::Segment& segment, int number) {
    return number % 2 == 0 ? closed_port(segment, number) : silence(segment, number);
  };
  EXPECT_EQ(replayed_on(toy(sometimes), finding), "flaky 5/10");
}

TEST(Replay, TellsAnotherFaultFromTheSavedOne) {
  const SavedFinding finding = found(toy(silence), syn_in_closed());
  const auto wrong = [](const model::Segment& segment, int number) {
    auto answer = closed_port(segment, number);
    answer.front().flags = model::SYN;
    return answer;
  };
  EXPECT_EQ(replayed_on(toy(wrong), finding).substr(0, 22), "fails in another way: ");
  const auto crash = toy([](const model::Segment&, int) -> std::vector<model::Segment> { std::abort(); });
  EXPECT_EQ(replayed_on(crash, finding),
            "fails in another way: finwait/iut-survives at CLOSED, SYN (event 2)");
}

TEST(Replay, IsInconclusiveWhereTheStateIsNotReached) {
  SavedFinding finding = found(toy(silence), syn_in_closed());
  finding.deviation.state = model::State::listen;
  EXPECT_EQ(replayed_on(toy(closed_port), finding).substr(0, 12), "inconclusive");
}

TEST(Replay, TellsAFailureOfTheAdapterFromOneOfTheImplementation) {
  const auto throws = toy([](const model::Segment&, int) -> std::vector<model::Segment> {
    throw std::runtime_error("no such device");
  });
  NoCases none;
  Worker worker(throws, none);
  EXPECT_THROW(worker.play(syn_in_closed().smallest), std::runtime_error);
}

}  // namespace
}  // namespace finwait
