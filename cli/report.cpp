#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cli/program.h"
#include "cli/terminal.h"
#include "harness/expectations.h"
#include "harness/text.h"

namespace finwait::cli {

namespace {

constexpr std::size_t label_width = 13;
constexpr std::array<std::string_view, 4> standing_names{"known", "new", "fixed", "fails in another way"};

// A label and the text beside it, wrapped.
std::string labelled(std::string_view label, std::string_view text) {
  const std::string indent(label_width, ' ');
  std::string result = wrapped(text, columns(), indent);
  const std::string head = fmt::format("  {}", label);
  return result.empty() ? head + "\n" : result.replace(0, head.size(), head);
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result.append(indent).append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// As it may be typed.
std::string replay_of(const std::string& trace) {
  const std::string agent = program().agent.empty() ? "" : " -- " + program().agent;
  return fmt::format("{} replay {}{}", program().name, trace, agent);
}

}  // namespace

std::string rule_title(const model::RuleText& rule) {
  const std::string requirement = rule.requirement.empty() ? "" : fmt::format(", {}", rule.requirement);
  return fmt::format("{} ({}{})", rule.id, name(rule.level), requirement);
}

std::string finding_text(const SavedFinding& finding, const Account& account, const std::string& trace) {
  const model::RuleText& rule = model::text(finding.deviation.rule);
  std::string text = red(rule_title(rule)) + "\n";
  text += wrapped(fmt::format("\"{}\"", rule.sentence), columns(), "  ");
  text += labelled("at", bold(identity_text(finding.deviation)));
  for (const std::string& permitted : account.permitted) text += labelled("permitted", permitted);
  text += labelled("observed", account.observed);
  text += "  script\n" + indented(account.script, "    ");
  if (!trace.empty()) {
    text += fmt::format("  trace      {}\n  replay     {}\n", trace, replay_of(trace));
  }
  return text;
}

std::string grouped_by_rule(std::vector<Deviation> deviations) {
  std::sort(deviations.begin(), deviations.end(), stands_before);
  std::string text;
  for (auto first = deviations.begin(); first != deviations.end();) {
    const auto last =
        std::find_if(first, deviations.end(), [&](const Deviation& d) { return d.rule != first->rule; });
    std::map<model::State, int> states;
    for (auto at = first; at != last; ++at) ++states[at->state];
    std::vector<std::string> words;
    for (const auto& [state, count] : states) {
      words.push_back(count == 1 ? std::string(name(state)) : fmt::format("{} {}", name(state), count));
    }
    const std::string line =
        fmt::format("  {:<46} {:>3}: {}", model::text(first->rule).id, last - first, fmt::join(words, ", "));
    text += fitted(line) + "\n";
    first = last;
  }
  return text;
}

std::size_t rules_in(const std::vector<Deviation>& deviations) {
  std::set<model::Rule> rules;
  for (const Deviation& deviation : deviations) rules.insert(deviation.rule);
  return rules.size();
}

std::string advisories_text(const RunSummary& summary) {
  std::string text;
  for (const auto& [rule, cases] : summary.advisories) {
    const model::RuleText& should = model::text(rule);
    if (should.level != model::Level::should) continue;  // a MUST about time alone, reported as a finding
    text += fitted(fmt::format("  {:<46} {:<8} in {} cases", should.id, should.requirement, cases)) + "\n";
  }
  return text;
}

std::string_view name(Standing standing) {
  return standing_names.at(static_cast<std::size_t>(standing));
}

std::optional<Standing> standing_from(std::string_view text) {
  const auto found = std::find(standing_names.begin(), standing_names.end(), text);
  if (found == standing_names.end()) return {};
  return static_cast<Standing>(found - standing_names.begin());
}

nlohmann::json finding_json(const SavedFinding& finding, const std::string& trace, Standing standing) {
  const model::RuleText& rule = model::text(finding.deviation.rule);
  return {{"stack", finding.stack},
          {"version", finding.version},
          {"rule", rule.id},
          {"clause", rule.clause()},
          {"level", name(rule.level)},
          {"requirement", rule.requirement},
          {"state", name(finding.deviation.state)},
          {"event", to_text(finding.deviation.event)},
          {"events", finding.smallest.events.size()},
          {"trace", trace},
          {"standing", name(standing)},
          {"known", standing == Standing::known}};
}

std::string json_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace finwait::cli
