// The rules on which every verdict rests; their data is in rules.def, the only place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace finwait::model {

/// How binding a rule is. `must` and `prose` (normative text without a capitalised keyword) fail;
/// disregarding `should` is permitted and yields an advisory.
enum class Level : std::uint8_t { must, should, prose };

/// Names of the rules; `none` is "no objection".
enum class Rule : std::uint8_t {
  none,
#define RULE(name, id, level, requirement, meaning, sentence, reading) name,
#include "model/rules.def"
#undef RULE
};

struct RuleText {
  Rule rule;
  std::string_view id;  ///< CLAUSE/slug, e.g. "3.10.7.3/rst-without-ack-is-dropped"
  Level level;
  std::string_view requirement;  ///< RFC 9293 appendix B, e.g. "MUST-13"; empty where it has no number
  std::string_view meaning;      ///< what is observed, in a line
  std::string_view sentence;     ///< the RFC's own text
  std::string_view reading;      ///< how an ambiguity is read; empty: as written

  /// The part before the slash: "3.10.7.3", "rfc5961-3.2".
  std::string_view clause() const { return id.substr(0, id.find('/')); }
};

/// All rules, in the order of the catalogue.
std::span<const RuleText> rules();
/// The text of one rule; not for Rule::none.
const RuleText& text(Rule rule);
/// The rule with this id.
std::optional<Rule> find_rule(std::string_view id);
/// Whether a stack that breaks this rule may have gone on in silence, in a state that nobody can see: what it
/// does later in the same case proves nothing new.
bool leaves_doubt(Rule rule);
/// "must", "should" or "prose".
std::string_view name(Level level);

}  // namespace finwait::model
