// finwait list and finwait explain: what there is, and what a rule says.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/program.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "harness/files.h"
#include "harness/text.h"
#include "impl/mutants/mutants.h"
#include "properties/property.h"

namespace finwait::cli {

namespace {

void list_stacks() {
  fmt::print("{}\n", bold("Stacks"));
  std::size_t mutants = 0;
  for (const Stack& stack : stacks()) {
    if (stack.name.starts_with("mutant:")) {
      ++mutants;
      continue;
    }
    fmt::print("  {:<12} {:<10} {}\n", stack.name, stack.make()->profile().version, stack.meaning);
    const std::string lacking = stack.lacking();
    if (!lacking.empty()) fmt::print("  {:<12} {:<10} skipped here: {}\n", "", "", lacking);
  }
  fmt::print(
      "  {:<12} {:<10} {} faults planted in the reference, one for each rule; \"finwait explain RULE\" names "
      "them\n",
      "mutant:NAME", "-", mutants);
  for (const MissingStack& missing : missing_stacks()) {
    fmt::print("  {:<12} {:<10} not in this build: {}\n", missing.name, "-", missing.why);
  }
}

void list_properties() {
  fmt::print("{}\n", bold("Properties"));
  for (const Property& property : properties()) {
    fmt::print("{}\n", fitted(fmt::format("  {:<46} {}", fmt::format("{}/{}", property.clause, property.name),
                                          property.says)));
  }
}

void print_rules(std::string_view below) {
  for (const model::RuleText& rule : model::rules()) {
    if (!rule.id.starts_with(below)) continue;
    fmt::print("{}\n", fitted(fmt::format("  {:<50} {:<6} {:<8} {}", rule.id, name(rule.level),
                                          rule.requirement, rule.meaning)));
  }
}

// ---- explain ----------------------------------------------------------------------------------------

// Headings of docs/readings.md whose section names the rule.
std::vector<std::string> readings_of(std::string_view id) {
  const auto document = read_file(program().data / "docs" / "readings.md");
  std::vector<std::string> headings;
  const auto* text = std::get_if<std::string>(&document);
  if (text == nullptr) return headings;
  const std::string quoted = fmt::format("`{}`", id);
  std::string heading;
  for (const std::string_view line : split(*text, '\n')) {
    if (line.starts_with("### ")) heading = line.substr(4);
    if (heading.empty() || line.find(quoted) == std::string_view::npos) continue;
    if (headings.empty() || headings.back() != heading) headings.push_back(heading);
  }
  return headings;
}

std::string properties_of(std::string_view clause) {
  std::set<std::string> clauses;
  for (const Property& property : properties()) {
    if (property.clause == clause) clauses.insert(fmt::format("{}/{}", property.clause, property.name));
  }
  if (clauses.empty()) return "every property: it is judged in every case";
  return fmt::format("{}; it is judged in every case", fmt::join(clauses, ", "));
}

void print_part(std::string_view label, std::string_view text) {
  if (text.empty()) return;
  fmt::print("{}\n{}", bold(label), wrapped(text, columns(), "  "));
}

// The fault that is planted to see the rule fail.
std::string mutant_of(model::Rule rule) {
  for (const MutantText& mutant : mutants()) {
    if (mutant.rule == rule) return fmt::format("mutant:{}: {}", mutant.name, mutant.fault);
  }
  return {};
}

void explain(const model::RuleText& rule) {
  fmt::print("{}\n", bold(rule_title(rule)));
  print_part("Judged", rule.meaning);
  print_part("Sentence", fmt::format("\"{}\"", rule.sentence));
  print_part("Reading", rule.reading);
  for (const std::string& heading : readings_of(rule.id)) fmt::print("  docs/readings.md: {}\n", heading);
  print_part("Mutant", mutant_of(rule.rule));
  print_part("Properties", properties_of(rule.clause()));
}

}  // namespace

int list_command(const ListArguments& arguments) {
  const bool all = !arguments.stacks && !arguments.properties && !arguments.rules;
  if (all || arguments.stacks) list_stacks();
  if (all || arguments.properties) list_properties();
  if (all || arguments.rules) {
    fmt::print("{}\n", bold("Rules"));
    print_rules("");
  }
  return as_expected;
}

int explain_command(const std::string& id) {
  if (const auto rule = model::find_rule(id)) {
    explain(model::text(*rule));
    return as_expected;
  }
  std::string what;
  const auto rules = model::rules();
  const bool is_prefix =
      !id.empty() &&
      std::any_of(rules.begin(), rules.end(), [&](const model::RuleText& r) { return r.id.starts_with(id); });
  if (is_prefix) {
    print_rules(id);
    return as_expected;
  }
  read_rule(id, what);
  throw UsageError(what);
}

}  // namespace finwait::cli
