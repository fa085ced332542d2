// sarif.json: SARIF 2.1.0, as code scanners read it.
#include <fmt/format.h>

#include <algorithm>

#include "cli/run_report.h"
#include "cli/stack_check.h"

namespace finwait::cli {

namespace {

using nlohmann::json;

// RFC 3986 2.3: what is not unreserved is percent-encoded; '/' parts the segments of a path.
std::string uri_of(const std::string& path) {
  constexpr std::string_view unreserved_marks = "-._~/";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char character : path) {
    const auto octet = static_cast<unsigned char>(character);
    const bool alphanumeric =
        (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
    if (alphanumeric || unreserved_marks.find(character) != std::string_view::npos) {
      uri += character;
    } else {
      uri += fmt::format("%{:02X}", octet);
    }
  }
  return uri;
}

json location_of(const std::string& path) {
  return {{{"physicalLocation",
            {{"artifactLocation", {{"uri", uri_of(path)}}}, {"region", {{"startLine", 1}}}}}}};
}

const char* level_of(const model::RuleText& rule) {
  return rule.level == model::Level::should ? "note" : "error";
}

json rule_json(const model::RuleText& rule) {
  const std::string help = rule.reading.empty() ? std::string(rule.sentence)
                                                : fmt::format("{}\n\n{}", rule.sentence, rule.reading);
  json value{{"id", rule.id},
             {"shortDescription", {{"text", rule.meaning}}},
             {"fullDescription", {{"text", rule.sentence}}},
             {"help", {{"text", help}}},
             {"defaultConfiguration", {{"level", level_of(rule)}}},
             {"properties", {{"requirement", rule.requirement}, {"level", name(rule.level)}}}};
  if (const std::string url = rule_url(rule); !url.empty()) value["helpUri"] = url;
  return value;
}

json result_json(const model::RuleText& rule, const std::string& text) {
  const auto rules = model::rules();
  const auto index = std::find_if(rules.begin(), rules.end(),
                                  [&](const model::RuleText& other) { return other.rule == rule.rule; });
  return {{"ruleId", rule.id},
          {"ruleIndex", index - rules.begin()},
          {"level", level_of(rule)},
          {"message", {{"text", text}}}};
}

std::string message_of(const ReportedFinding& reported) {
  const model::RuleText& rule = model::text(reported.finding.deviation.rule);
  const std::string at = identity_text(reported.finding.deviation);
  if (reported.standing == Standing::fixed)
    return fmt::format("{}: the deviation that was expected at {} is gone.", rule.meaning, at);
  std::string text = fmt::format("{}: broken at {}.", rule.meaning, at);
  if (reported.account) {
    for (const std::string& permitted : reported.account->permitted)
      text += fmt::format("\nPermitted: {}", permitted);
    text += fmt::format("\nObserved: {}", reported.account->observed);
  }
  return text;
}

class Sarif {
 public:
  explicit Sarif(const RunReport& report) : report_(report) {}

  json operator()() const {
    json rules = json::array();
    for (const model::RuleText& rule : model::rules()) rules.push_back(rule_json(rule));
    json results = json::array();
    for (const ReportedFinding& reported : report_.findings) results.push_back(result_of(reported));
    for (const auto& [rule, cases] : report_.advisories) results.push_back(advisory_of(rule, cases));
    const json driver{{"name", "finwait"}, {"version", FINWAIT_VERSION}, {"rules", rules}};
    const json invocation{{"executionSuccessful", !report_.totals.at("interrupted").get<bool>()},
                          {"exitCode", report_.status}};
    const json properties{{"stack", report_.stack}, {"version", report_.version}, {"totals", report_.totals}};
    const json run{{"tool", {{"driver", driver}}},
                   {"invocations", {invocation}},
                   {"properties", properties},
                   {"results", results}};
    return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", json::array({run})}};
  }

 private:
  json result_of(const ReportedFinding& reported) const {
    const Deviation& deviation = reported.finding.deviation;
    const model::RuleText& rule = model::text(deviation.rule);
    json result = result_json(rule, message_of(reported));
    result["locations"] = location_of(reported.trace.empty() ? report_.expectations : reported.trace);
    result["partialFingerprints"] = {
        {"finwaitDeviation/v1", fmt::format("{} at {}", rule.id, identity_text(deviation))}};
    result["properties"] = {{"standing", name(reported.standing)}};
    switch (reported.standing) {
      case Standing::known:
        result["baselineState"] = "unchanged";
        result["suppressions"] = suppressions_of(reported);
        break;
      case Standing::unknown: result["baselineState"] = "new"; break;
      case Standing::fixed:
        result["baselineState"] = "absent";
        result["level"] = "warning";
        break;
      case Standing::another_way: result["baselineState"] = "updated"; break;
    }
    return result;
  }

  // A case that disregards a SHOULD is not kept, so that the place is the list of what is accepted.
  json advisory_of(model::Rule rule, std::uint64_t cases) const {
    const model::RuleText& text = model::text(rule);
    json result = result_json(text, fmt::format("{}: {} disregarded in {}, which is no failure.",
                                                text.meaning, text.requirement, plural(cases, "case")));
    result["locations"] = location_of(report_.expectations);
    result["partialFingerprints"] = {{"finwaitAdvisory/v1", text.id}};
    result["properties"] = {{"standing", "advisory"}};
    return result;
  }

  static json suppressions_of(const ReportedFinding& reported) {
    std::string why = fmt::format("{}", fmt::join(reported.reasons, "\n"));
    if (!reported.link.empty()) why += (why.empty() ? "" : "\n") + reported.link;
    json suppression{{"kind", "external"}, {"status", "accepted"}};
    if (!why.empty()) suppression["justification"] = why;
    return json::array({suppression});
  }

  const RunReport& report_;
};

}  // namespace

json sarif_json(const RunReport& report) {
  return Sarif(report)();
}

}  // namespace finwait::cli
