#include "model/rules.h"

#include <array>

namespace finwait::model {
namespace {

constexpr std::array catalogue{
#define RULE(name, id, level, requirement, meaning, sentence, reading) \
  RuleText{Rule::name, id, Level::level, requirement, meaning, sentence, reading},
#include "model/rules.def"
#undef RULE
};

}  // namespace

std::span<const RuleText> rules() { return catalogue; }

const RuleText& text(Rule rule) { return catalogue.at(static_cast<std::size_t>(rule) - 1); }

std::optional<Rule> find_rule(std::string_view id) {
  for (const RuleText& entry : catalogue) {
    if (entry.id == id) return entry.rule;
  }
  return {};
}

std::string_view name(Level level) {
  switch (level) {
    case Level::must: return "must";
    case Level::should: return "should";
    case Level::prose: return "prose";
  }
  return {};
}

}  // namespace finwait::model
