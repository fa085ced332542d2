#include "cli/run_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/store.h"
#include "harness/expectations.h"

namespace finwait::cli {

namespace {

std::string pretty(const nlohmann::json& value) {
  return value.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json rule_json(const model::RuleText& rule) {
  return {{"rule", rule.id},           {"clause", rule.clause()},
          {"level", name(rule.level)}, {"requirement", rule.requirement},
          {"meaning", rule.meaning},   {"sentence", rule.sentence}};
}

nlohmann::json whole_finding_json(const ReportedFinding& reported) {
  nlohmann::json value = finding_json(reported.finding, reported.trace, reported.standing);
  value.update(rule_json(model::text(reported.finding.deviation.rule)));
  if (reported.account) {
    value["permitted"] = reported.account->permitted;
    value["observed"] = reported.account->observed;
    value["script"] = reported.account->script;
  }
  if (reported.standing == Standing::known) {
    value["reasons"] = reported.reasons;
    value["link"] = reported.link;
  }
  return value;
}

RunReport in_order(RunReport report) {
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const ReportedFinding& a, const ReportedFinding& b) {
                     return stands_before(a.finding.deviation, b.finding.deviation);
                   });
  return report;
}

}  // namespace

std::string json_lines(const RunReport& report) {
  std::string text;
  for (const ReportedFinding& reported : report.findings)
    text += json_line(finding_json(reported.finding, reported.trace, reported.standing));
  return text + json_line(report.totals);
}

nlohmann::json findings_json(const RunReport& report) {
  nlohmann::json findings = nlohmann::json::array();
  for (const ReportedFinding& reported : report.findings) findings.push_back(whole_finding_json(reported));
  nlohmann::json advisories = nlohmann::json::array();
  for (const auto& [rule, cases] : report.advisories) {
    advisories.push_back(rule_json(model::text(rule)));
    advisories.back()["cases"] = cases;
  }
  return {{"format", 1},
          {"finwait", FINWAIT_VERSION},
          {"stack", report.stack},
          {"version", report.version},
          {"profile", report.profile},
          {"expectations", report.expectations},
          {"exit_status", report.status},
          {"summary", report.summary},
          {"totals", report.totals},
          {"findings", findings},
          {"advisories", advisories}};
}

void write_reports(const RunReport& report, const std::filesystem::path& folder) {
  const RunReport sorted = in_order(report);
  write(folder / "findings.json", pretty(findings_json(sorted)));
  write(folder / "junit.xml", junit_xml(sorted));
  write(folder / "sarif.json", pretty(sarif_json(sorted)));
  write(folder / "report.md", report_markdown(sorted));
}

std::string observed_text(const ReportedFinding& finding) {
  return finding.account ? finding.account->observed : std::string();
}

std::string rule_url(const model::RuleText& rule) {
  const std::string clause(rule.clause());
  const std::size_t dash = clause.find('-');
  if (clause.starts_with("rfc") && dash != std::string::npos) {
    return fmt::format("https://www.rfc-editor.org/rfc/{}#section-{}", clause.substr(0, dash),
                       clause.substr(dash + 1));
  }
  if (clause.find_first_not_of("0123456789.") != std::string::npos) return {};
  return fmt::format("https://www.rfc-editor.org/rfc/rfc9293#section-{}", clause);
}

std::string valid_utf8(const std::string& text) {
  return nlohmann::json::parse(json_line(text)).get<std::string>();
}

}  // namespace finwait::cli
