// report.md: a short table for a comment.
#include <fmt/format.h>

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/run_report.h"
#include "cli/stack_check.h"

namespace finwait::cli {

namespace {

// GitHub refuses comments beyond 65536 characters; nobody reads so many rows.
constexpr std::size_t most_rows = 50;
constexpr std::size_t most_in_a_cell = 160;

// Text of a table's cell: one line, in which nothing ends the cell or begins a tag.
std::string cell(const std::string& raw) {
  std::string text;
  for (const char character : valid_utf8(raw)) {
    if (character == '|' || character == '\\' || character == '`' || character == '<' || character == '*' ||
        character == '_' || character == '[')
      text += '\\';
    text += static_cast<unsigned char>(character) < 0x20 ? ' ' : character;
  }
  return text;
}

std::string short_cell(const std::string& text) {
  return text.size() <= most_in_a_cell ? cell(text) : cell(text.substr(0, most_in_a_cell)) + "...";
}

std::string row(const ReportedFinding& reported) {
  const model::RuleText& rule = model::text(reported.finding.deviation.rule);
  const std::string requirement(rule.requirement.empty() ? name(rule.level) : rule.requirement);
  const std::string url = rule_url(rule);
  const std::string id = cell(std::string(rule.id));
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", name(reported.standing),
                     url.empty() ? id : fmt::format("[{}]({})", id, url), requirement,
                     cell(identity_text(reported.finding.deviation)), short_cell(observed_text(reported)),
                     cell(reported.trace));
}

std::string table(const std::vector<const ReportedFinding*>& findings) {
  if (findings.empty()) return {};
  std::string text = "| | rule | requirement | at | observed | script |\n|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < std::min(findings.size(), most_rows); ++i) text += row(*findings[i]);
  if (findings.size() > most_rows)
    text += fmt::format("\nand {} more, in findings.json\n", findings.size() - most_rows);
  return text + "\n";
}

std::string verdict(const RunReport& report, std::size_t unexpected_count) {
  if (report.status == unexpected) return plural(unexpected_count, "unexpected result");
  return report.status == inconclusive ? "inconclusive" : "as expected";
}

}  // namespace

std::string report_markdown(const RunReport& report) {
  std::vector<const ReportedFinding*> found;
  for (const ReportedFinding& reported : report.findings) {
    if (reported.is_unexpected()) found.push_back(&reported);
  }
  std::string text = fmt::format("### finwait: {} {}: {}\n\n{}", cell(report.stack), cell(report.version),
                                 verdict(report, found.size()), table(found));
  std::string advisories;
  for (const auto& [rule, cases] : report.advisories) {
    const model::RuleText& should = model::text(rule);
    advisories += fmt::format("{}{} ({}) in {}", advisories.empty() ? "" : ", ", cell(std::string(should.id)),
                              should.requirement, plural(cases, "case"));
  }
  if (!advisories.empty())
    text += fmt::format("SHOULDs disregarded, which is no failure: {}\n\n", advisories);
  return text + cell(report.summary) + "\n";
}

}  // namespace finwait::cli
