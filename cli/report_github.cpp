// Workflow commands, which GitHub shows as annotations of a change.
#include <fmt/format.h>

#include "cli/run_report.h"
#include "cli/stack_check.h"

namespace finwait::cli {

namespace {

// What would end a command or one of its values.
std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char character : text) {
    if (special.find(character) == std::string_view::npos) {
      result += character;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
  }
  return result;
}
std::string message(const std::string& text) {
  return escaped(text, "%\r\n");
}
std::string value(const std::string& text) {
  return escaped(text, "%\r\n:,");
}

std::string annotation(const ReportedFinding& reported) {
  const model::RuleText& rule = model::text(reported.finding.deviation.rule);
  const std::string file =
      reported.trace.empty() ? "" : fmt::format("file={},line=1,", value(reported.trace));
  const std::string observed = observed_text(reported);
  return fmt::format("::error {}title={}::{}\n", file, value(rule_title(rule)),
                     message(fmt::format("{} at {}: \"{}\"{}{}", name(reported.standing),
                                         identity_text(reported.finding.deviation), rule.sentence,
                                         observed.empty() ? "" : "\nobserved: ", observed)));
}

}  // namespace

std::string github_annotations(const RunReport& report) {
  std::string text;
  for (const ReportedFinding& reported : report.findings) {
    if (reported.is_unexpected()) text += annotation(reported);
  }
  for (const auto& [rule, cases] : report.advisories) {
    const model::RuleText& should = model::text(rule);
    text += fmt::format(
        "::notice title={}::{}\n", value(rule_title(should)),
        message(fmt::format("disregarded in {}: \"{}\"", plural(cases, "case"), should.sentence)));
  }
  return text;
}

}  // namespace finwait::cli
