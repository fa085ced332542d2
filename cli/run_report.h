// A run as programs read it: --json, and the files of --report.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/report.h"
#include "harness/account.h"
#include "harness/finding.h"

namespace finwait::cli {

struct ReportedFinding {
  SavedFinding finding;
  Standing standing = Standing::unknown;
  std::string trace;                 ///< its path, as shown; empty: not saved
  std::optional<Account> account;    ///< of what is new
  std::vector<std::string> reasons;  ///< of what is known
  std::string link;

  /// Whether it is one of those for which the run ends with 1.
  bool is_unexpected() const { return standing != Standing::known; }
};

struct RunReport {
  std::string stack, version, profile;
  std::string expectations;  ///< the file, as shown
  std::string summary;       ///< the last line of the run
  int status = 0;            ///< with which the run ends
  nlohmann::json totals;     ///< the last line of --json
  std::vector<ReportedFinding> findings;
  std::map<model::Rule, std::uint64_t> advisories;  ///< cases in which a SHOULD was disregarded
};

/// The file of --json: one object a line for each finding, then the totals.
std::string json_lines(const RunReport& report);

/// Writes findings.json, junit.xml, sarif.json and report.md.
/// @throws std::runtime_error with path and reason.
void write_reports(const RunReport& report, const std::filesystem::path& folder);

/// findings.json, as docs/report.schema.json describes it.
nlohmann::json findings_json(const RunReport& report);
/// JUnit's XML: a testcase for each rule.
std::string junit_xml(const RunReport& report);
/// SARIF 2.1.0.
nlohmann::json sarif_json(const RunReport& report);
/// A short table for a comment.
std::string report_markdown(const RunReport& report);
/// What GitHub shows beside the files of a change: a workflow command a line, for what is unexpected and, as
/// notices, for advisories.
std::string github_annotations(const RunReport& report);

/// What came instead of what is permitted, in a line; empty where nobody has looked.
std::string observed_text(const ReportedFinding& finding);
/// The rule's place in the RFC; empty for a rule that is not of one. Steps that a section numbers like
/// sections of its own (RFC 6298 5.5) have no anchor: there it is the beginning of the document that a
/// browser shows.
std::string rule_url(const model::RuleText& rule);
/// The text with U+FFFD for octets that are no UTF-8: what a stack prints as it ends may be anything.
std::string valid_utf8(const std::string& text);

}  // namespace finwait::cli
