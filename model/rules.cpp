#include "model/rules.h"


#include <array>

#include "model/hypothesis.h"

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

std::uint64_t advisory_bit(Rule should) {
  static const auto bits = [] {
    std::array<std::uint64_t, catalogue.size() + 1> table{};
    int bit = 0;
    for (const RuleText& entry : catalogue) {
      if (entry.level == Level::should) table.at(static_cast<std::size_t>(entry.rule)) = std::uint64_t{1} << bit++;
    }
    return table;
  }();
  return bits.at(static_cast<std::size_t>(should));
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
