// What a run says: findings, lists and the line of JSON for each.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/account.h"
#include "harness/finding.h"
#include "harness/runner.h"

namespace finwait::cli {

/// "3.10.7.3/rst-without-ack-is-dropped (must, MUST-13)"
std::string rule_title(const model::RuleText& rule);

/// A finding in full: rule, sentence, what was permitted and observed, script, and how to play it again.
std::string finding_text(const SavedFinding& finding, const Account& account, const std::string& trace);

/// One line a rule: in which states and how often.
std::string grouped_by_rule(std::vector<Deviation> deviations);

/// How many rules these deviations are from.
std::size_t rules_in(const std::vector<Deviation>& deviations);

/// SHOULDs that were disregarded.
std::string advisories_text(const RunSummary& summary);

/// How a finding stands to what was expected.
enum class Standing : std::uint8_t { known, unknown, fixed, another_way };
/// "known", "new", "fixed" or "fails in another way".
std::string_view name(Standing standing);
std::optional<Standing> standing_from(std::string_view text);

/// The finding as an object of --json.
nlohmann::json finding_json(const SavedFinding& finding, const std::string& trace, Standing standing);

/// One object a line.
std::string json_line(const nlohmann::json& value);

}  // namespace finwait::cli
