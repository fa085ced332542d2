// The catalogue of rules is data: these tests keep it consistent with itself and with docs/readings.md.
#include "model/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace finwait::model {
namespace {

constexpr std::string_view no_sentence = "(no RFC sentence) ";

std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    found.push_back((*it)[1]);
  }
  return found;
}

/// The readings that a rule names: "A14" for "(reading A14)", "T" for throttling.
std::vector<std::string> readings_named(const RuleText& rule) {
  return all_matches(std::string(rule.reading), "\\b[Rr]eading (A[0-9]+|T\\b)");
}

/// docs/readings.md by heading: from "A14" to the text below "### A14 ...".
std::map<std::string, std::string> documented_readings() {
  std::ifstream file(FINWAIT_SOURCE_DIR "/docs/readings.md");
  std::map<std::string, std::string> sections;
  std::string* section = nullptr;
  const std::regex heading("### (A[0-9]+|T) \\S.*");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, heading)) {
      const auto [place, is_new] = sections.try_emplace(match[1]);
      EXPECT_TRUE(is_new) << "two headings " << match[1];
      section = &place->second;
    } else if (line.starts_with("## ")) {
      section = nullptr;
    } else if (section != nullptr) {
      *section += line + '\n';
    }
  }
  return sections;
}

std::string readings_document() {
  std::ifstream file(FINWAIT_SOURCE_DIR "/docs/readings.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

TEST(Rules, IdsAreUnique) {
  std::set<std::string_view> ids;
  for (const RuleText& rule : rules()) EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
  EXPECT_FALSE(ids.empty());
}

TEST(Rules, IdsAreClauseAndSlug) {
  const std::regex form("((rfc[0-9]{4}-)?[0-9]+(\\.[0-9]+)*|finwait)/[a-z0-9]+(-[a-z0-9]+)*");
  for (const RuleText& rule : rules()) {
    EXPECT_TRUE(std::regex_match(std::string(rule.id), form)) << rule.id;
  }
}

TEST(Rules, ClauseIsThePartBeforeTheSlash) {
  EXPECT_EQ(text(Rule::syn_sent_rst_without_ack).clause(), "3.10.7.3");
  EXPECT_EQ(text(Rule::rst_challenge_ack).clause(), "rfc5961-3.2");
  EXPECT_EQ(text(Rule::iut_survives).clause(), "finwait");
}

TEST(Rules, RequirementsHaveAppendixBsForm) {
  const std::regex form("(MUST|SHLD|MAY)-[1-9][0-9]?");
  for (const RuleText& rule : rules()) {
    if (rule.requirement.empty()) continue;
    EXPECT_TRUE(std::regex_match(std::string(rule.requirement), form)) << rule.id << ": " << rule.requirement;
  }
}

// What rests on a SHOULD may be disregarded: it must not fail a stack.
TEST(Rules, NoShouldIsStricterThanAnAdvisory) {
  for (const RuleText& rule : rules()) {
    if (!rule.requirement.starts_with("SHLD-")) continue;
    EXPECT_EQ(rule.level, Level::should) << rule.id;
  }
}

// A MUST of RFC 9293 has a number; those of other documents bind whoever shows that behaviour.
TEST(Rules, MustsOfRfc9293AreNumbered) {
  for (const RuleText& rule : rules()) {
    const bool elsewhere = rule.clause() == "finwait" || rule.clause().starts_with("rfc");
    if (rule.level != Level::must || elsewhere) continue;
    EXPECT_TRUE(rule.requirement.starts_with("MUST-")) << rule.id;
  }
}

TEST(Rules, EveryRuleHasMeaningAndSentence) {
  for (const RuleText& rule : rules()) {
    EXPECT_FALSE(rule.meaning.empty()) << rule.id;
    EXPECT_FALSE(rule.sentence.empty()) << rule.id;
    EXPECT_EQ(rule.sentence.starts_with(no_sentence), rule.clause() == "finwait") << rule.id;
  }
}

// Findings are printed on terminals and into scripts; literals joined wrongly show as doubled blanks.
TEST(Rules, TextsAreOneLineOfAsciiWithSingleBlanks) {
  for (const RuleText& rule : rules()) {
    for (const std::string_view field : {rule.id, rule.meaning, rule.sentence, rule.reading}) {
      EXPECT_TRUE(is_ascii(field)) << rule.id << ": " << field;
      EXPECT_EQ(field.find("  "), std::string_view::npos) << rule.id << ": " << field;
      EXPECT_TRUE(field.empty() || (field.front() != ' ' && field.back() != ' ')) << rule.id << ": " << field;
    }
  }
}

// A sentence that carries its requirement's number, "(MUST-13)", carries the one in the catalogue.
TEST(Rules, NumberedSentencesAgreeWithTheRequirement) {
  for (const RuleText& rule : rules()) {
    const std::vector<std::string> numbers =
        all_matches(std::string(rule.sentence), "\\(((?:MUST|SHLD|MAY)-[0-9]+)\\)");
    if (numbers.empty() || rule.requirement.empty()) continue;
    EXPECT_NE(std::find(numbers.begin(), numbers.end(), rule.requirement), numbers.end())
        << rule.id << ": " << rule.requirement;
  }
}

TEST(Rules, TextAndFindRuleAreInverse) {
  for (const RuleText& rule : rules()) {
    EXPECT_NE(rule.rule, Rule::none) << rule.id;
    EXPECT_EQ(&text(rule.rule), &rule) << rule.id;
    EXPECT_EQ(find_rule(rule.id), std::optional<Rule>(rule.rule)) << rule.id;
  }
}

TEST(Rules, UnknownIdsAreNotFound) {
  EXPECT_FALSE(find_rule(""));
  EXPECT_FALSE(find_rule("3.10.7.3"));
  EXPECT_FALSE(find_rule("3.10.7.3/no-such-rule"));
}

TEST(Rules, LevelsHaveNames) {
  EXPECT_EQ(name(Level::must), "must");
  EXPECT_EQ(name(Level::should), "should");
  EXPECT_EQ(name(Level::prose), "prose");
}

TEST(Readings, EveryReadingNamedIsDocumentedAndListsTheRule) {
  const std::map<std::string, std::string> sections = documented_readings();
  std::size_t named = 0;
  for (const RuleText& rule : rules()) {
    for (const std::string& reading : readings_named(rule)) {
      ++named;
      const auto section = sections.find(reading);
      ASSERT_NE(section, sections.end()) << rule.id << " names reading " << reading;
      EXPECT_NE(section->second.find('`' + std::string(rule.id) + '`'), std::string::npos)
          << "reading " << reading << " does not list " << rule.id;
    }
  }
  EXPECT_GT(named, 0U);
}

// "A14" without the word before it would escape the test above.
TEST(Readings, ReadingsAreCitedInFull) {
  for (const RuleText& rule : rules()) {
    const std::vector<std::string> bare = all_matches(std::string(rule.reading), "\\b(A[0-9]+)\\b");
    const std::vector<std::string> named = readings_named(rule);
    const auto cited = std::count_if(named.begin(), named.end(), [](const auto& n) { return n != "T"; });
    EXPECT_EQ(static_cast<std::ptrdiff_t>(bare.size()), cited) << rule.id << ": " << rule.reading;
  }
}

TEST(Readings, EveryReadingIsUsed) {
  std::set<std::string> named;
  for (const RuleText& rule : rules()) {
    for (const std::string& reading : readings_named(rule)) named.insert(reading);
  }
  for (const auto& [reading, body] : documented_readings()) {
    EXPECT_TRUE(named.contains(reading)) << "no rule names reading " << reading;
    EXPECT_NE(body.find("**Reading.**"), std::string::npos) << reading;
  }
}

TEST(Readings, OnlyKnownRulesAreListed) {
  const std::vector<std::string> ids = all_matches(readings_document(), "`([a-z0-9.-]+/[a-z0-9-]+)`");
  EXPECT_FALSE(ids.empty());
  for (const std::string& id : ids) EXPECT_TRUE(find_rule(id)) << id;
}

}  // namespace
}  // namespace finwait::model
