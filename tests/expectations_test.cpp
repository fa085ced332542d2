// Expectations: read with errors that say where, and changed without touching what is there.
#include "harness/expectations.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace finwait {
namespace {

const std::string two_entries =
    "# Known deviations.\n"
    "\n"
    "# seen by a user first\n"
    "rule: 3.10.7.1/reset-without-ack\n"
    "at: CLOSED, SYN\n"
    "versions: 2.1.3,  2.2.1\n"
    "reason: one line\n"
    "reason: and another\n"
    "link: https://bugs.example/1\n"
    "trace: a.pkt\n"
    "\n"
    "\n"
    "rule: 3.10.7.4/rst-exact-resets\n"
    "at: CLOSING, RST seq:left-edge\n"
    "versions: *\n"
    "trace: b.pkt\n";

Expectations parsed(std::string_view text) {
  auto result = Expectations::parse(text, "e.txt");
  if (const auto* error = std::get_if<ScriptError>(&result)) {
    ADD_FAILURE() << error->text();
    return {};
  }
  return std::get<Expectations>(std::move(result));
}

std::string error_of(std::string_view text) {
  const auto result = Expectations::parse(text, "e.txt");
  const auto* error = std::get_if<ScriptError>(&result);
  return error != nullptr ? error->text() : "no error";
}

Deviation deviation(std::string_view rule, model::State state, std::string_view event) {
  return {*model::find_rule(rule), state, *event_class_from_text(event)};
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Expectations, AreRead) {
  const Expectations all = parsed(two_entries);
  ASSERT_EQ(all.entries().size(), 2u);
  const Expectation* first = all.find(deviation("3.10.7.1/reset-without-ack", model::State::closed, "SYN"));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->line, 4);
  EXPECT_EQ(first->reasons, (std::vector<std::string>{"one line", "and another"}));
  EXPECT_EQ(first->link, "https://bugs.example/1");
  EXPECT_TRUE(first->holds_for("2.1.3"));
  EXPECT_TRUE(first->holds_for("2.2.1"));
  EXPECT_FALSE(first->holds_for("2.2"));
  EXPECT_TRUE(all.entries()[1].holds_for("whatever"));
  EXPECT_EQ(all.find(deviation("3.10.7.1/reset-without-ack", model::State::listen, "SYN")), nullptr);
}

TEST(Expectations, ErrorsSayWhere) {
  EXPECT_EQ(
      error_of(changed(two_entries, "reset-without-ack", "reset-wihout-ack")),
      "e.txt:4:7: unknown rule \"3.10.7.1/reset-wihout-ack\"; did you mean \"3.10.7.1/reset-without-ack\" or "
      "\"3.10.7.1/reset-with-ack\"?");
  EXPECT_EQ(error_of(changed(two_entries, "CLOSED, SYN", "CLOSE, SYN")),
            "e.txt:5:5: expected a state such as \"SYN-SENT\", found \"CLOSE\"; did you mean \"CLOSED\" or "
            "\"CLOSE-WAIT\"?");
  EXPECT_EQ(error_of(changed(two_entries, "seq:left-edge", "seq:left-egde")),
            "e.txt:14:5: expected a class of events such as \"RST seq:inside\" or \"close\", found \"RST "
            "seq:left-egde\"; did you mean \"RST seq:left-edge\" or \"ACK seq:left-edge\" or \"FIN "
            "seq:left-edge\"?");
  EXPECT_EQ(
      error_of(changed(two_entries, "reason: one", "raeson: one")),
      "e.txt:7:1: expected one of rule, at, versions, reason, link, trace, found \"raeson\"; did you mean "
      "\"reason\"?");
  EXPECT_EQ(error_of(changed(two_entries, "versions: *\n", "")),
            "e.txt:15:13: expected a line \"versions: ...\" in this entry");
  EXPECT_EQ(error_of(changed(two_entries, "versions: *", "versions:")),
            "e.txt:15:10: expected a value of \"versions\"");
  EXPECT_EQ(error_of(changed(two_entries, "2.1.3,  2", "2.1.3,, 2")),
            "e.txt:6:11: expected versions between commas, or \"*\"");
  EXPECT_EQ(error_of(changed(two_entries, "b.pkt", "../b.pkt")),
            "e.txt:16:8: expected the name of a file, without a folder");
  EXPECT_EQ(error_of(two_entries + "trace: c.pkt\n"), "e.txt:17:1: \"trace\" stands here twice");
  EXPECT_EQ(error_of(two_entries + "\n" + two_entries),
            "e.txt:21:1: this deviation stands already in line 4");
}

TEST(Expectations, AddingKeepsEveryOctetThatWasThere) {
  Expectations all = parsed(two_entries);
  Expectation middle;
  middle.deviation = deviation("3.10.7.2/ack-is-reset", model::State::listen, "ACK");
  middle.versions = {"2.1.3"};
  middle.reasons = {"why"};
  middle.trace = "m.pkt";
  all.add(middle);
  const std::string added =
      "rule: 3.10.7.2/ack-is-reset\nat: LISTEN, ACK\nversions: 2.1.3\nreason: why\ntrace: m.pkt\n\n";
  EXPECT_EQ(all.text(), changed(two_entries, "rule: 3.10.7.4", added + "rule: 3.10.7.4"));
  Expectation last = middle;
  last.deviation.rule = *model::find_rule("rfc5961-4.2/challenge-ack");
  const std::string before = all.text();
  all.add(last);
  EXPECT_EQ(all.text(), before + "\n" + to_text(last));
}

TEST(Expectations, OneMoreVersionChangesOnlyItsLine) {
  Expectations all = parsed(two_entries);
  all.add_version(deviation("3.10.7.1/reset-without-ack", model::State::closed, "SYN"), "a.pkt", "3.0");
  EXPECT_EQ(all.text(), changed(two_entries, "2.2.1\n", "2.2.1, 3.0\n"));
  EXPECT_TRUE(all.entries().front().holds_for("3.0"));
}

TEST(Expectations, RemovingKeepsEveryOctetOfTheOthers) {
  const Deviation reset = deviation("3.10.7.1/reset-without-ack", model::State::closed, "SYN");
  Expectations all = parsed(two_entries);
  all.remove(reset, "another.pkt");
  EXPECT_EQ(all.text(), two_entries);
  all.remove(reset, "a.pkt");
  EXPECT_EQ(all.text(), "# Known deviations.\n\n\n" + two_entries.substr(two_entries.find("rule: 3.10.7.4")));
  all = parsed(two_entries);
  all.remove(deviation("3.10.7.4/rst-exact-resets", model::State::closing, "RST seq:left-edge"), "b.pkt");
  EXPECT_EQ(all.text(), two_entries.substr(0, two_entries.find("\nrule: 3.10.7.4")));
}

TEST(Expectations, CommentsAtTheBeginningAreTheFiles) {
  const std::string entry = "rule: 3.10.7.4/rst-exact-resets\nat: CLOSING, RST seq:left-edge\nversions: *\n";
  const std::string text = "# whose file this is\n" + entry + "trace: b.pkt\n";
  Expectations all = parsed(text);
  Expectation first;
  first.deviation = deviation("3.10.7.1/reset-without-ack", model::State::closed, "SYN");
  first.versions = {"1"};
  first.trace = "a.pkt";
  all.add(first);
  EXPECT_EQ(all.text(), changed(text, "rule:", to_text(first) + "\nrule:"));
  all.remove(all.entries().back().deviation, "b.pkt");
  all.remove(first.deviation, "a.pkt");
  EXPECT_EQ(all.text(), "# whose file this is\n");
}

TEST(Expectations, OneVersionLessChangesOnlyItsLine) {
  const Deviation reset = deviation("3.10.7.1/reset-without-ack", model::State::closed, "SYN");
  Expectations all = parsed(two_entries);
  all.remove_version(reset, "a.pkt", "2.2.1");
  EXPECT_EQ(all.text(), changed(two_entries, ",  2.2.1\n", "\n"));
  all = parsed(two_entries);
  all.remove_version(reset, "a.pkt", "2.1.3");
  EXPECT_EQ(all.text(), changed(two_entries, "2.1.3,  2.2.1", "2.2.1"));
  all = parsed(two_entries);
  all.remove_version(reset, "a.pkt", "2.1");
  EXPECT_EQ(all.text(), two_entries);
}

TEST(Expectations, WhatIsAddedAndRemovedLeavesNothingBehind) {
  rc::check("the text is what it was", [] {
    const auto rules = model::rules();
    Expectation entry;
    entry.deviation.rule = rules[*rc::gen::inRange<std::size_t>(0, rules.size())].rule;
    entry.deviation.state = static_cast<model::State>(*rc::gen::inRange(0, 11));
    entry.deviation.event = *event_class_from_text("close");
    entry.versions = {"1"};
    entry.trace = "x.pkt";
    Expectations all = parsed(two_entries);
    all.add(entry);
    all.add_version(entry.deviation, "x.pkt", "2");
    RC_ASSERT(all.entries().size() == 3u);
    all.remove_version(entry.deviation, "x.pkt", "2");
    all.remove(entry.deviation, "x.pkt");
    RC_ASSERT(all.text() == two_entries);
  });
}

TEST(Expectations, StandInOrderHoweverTheyWereAdded) {
  rc::check("the text is sorted and holds all", [] {
    const auto rules = model::rules();
    std::vector<Expectation> entries;
    const int count = *rc::gen::inRange(1, 12);
    for (int i = 0; i < count; ++i) {
      Expectation entry;
      entry.deviation.rule = rules[*rc::gen::inRange<std::size_t>(0, rules.size())].rule;
      entry.deviation.state = static_cast<model::State>(*rc::gen::inRange(0, 11));
      entry.deviation.event =
          *event_class_from_text(*rc::gen::element<std::string>("close", "SYN", "RST seq:inside"));
      entry.versions = {"1"};
      entry.trace = "x.pkt";
      entries.push_back(entry);
    }
    Expectations all = parsed("# head\n");
    for (const Expectation& entry : entries) {
      if (all.find(entry.deviation) == nullptr) all.add(entry);
    }
    RC_ASSERT(all.text().starts_with("# head\n"));
    const auto& stand = all.entries();
    RC_ASSERT(std::is_sorted(stand.begin(), stand.end(), [](const Expectation& a, const Expectation& b) {
      return stands_before(a.deviation, b.deviation);
    }));
    for (const Expectation& entry : entries) RC_ASSERT(all.find(entry.deviation) != nullptr);
  });
}

}  // namespace
}  // namespace finwait
