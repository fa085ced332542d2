// junit.xml: a testcase for each rule; it fails where the run does, and an advisory never fails it.
#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "cli/exit_status.h"
#include "cli/run_report.h"
#include "cli/stack_check.h"

namespace finwait::cli {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// XML 1.0 has no control characters, not even as "&#27;", and neither U+FFFE nor U+FFFF.
std::string xml_text(const std::string& raw) {
  const std::string text = valid_utf8(raw);
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const std::string_view three = std::string_view(text).substr(i, 3);
    if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      kept += replacement;
      i += 2;
    } else if (octet < 0x20 && octet != '\t' && octet != '\n') {
      kept += replacement;
    } else {
      kept += text[i];
    }
  }
  return kept;
}

class JUnit {
 public:
  explicit JUnit(const RunReport& report) : report_(report) {}

  std::string operator()() {
    pugi::xml_node suites = document_.append_child("testsuites");
    suite_ = suites.append_child("testsuite");
    for (const pugi::xml_node& node : {suites, suite_}) name_with_counts(node);
    add_properties();
    for (const model::RuleText& rule : model::rules()) add_rule(rule);
    add_run();
    set_counts(suites);
    set_counts(suite_);
    std::ostringstream text;
    document_.save(text, " ", pugi::format_default, pugi::encoding_utf8);
    return text.str();
  }

 private:
  // ---- the suite ------------------------------------------------------------------------------------

  void name_with_counts(pugi::xml_node node) {
    set(node, "name", fmt::format("{} {}", report_.stack, report_.version));
    for (const char* count : {"tests", "failures", "errors", "skipped"}) node.append_attribute(count);
    set(node, "time", fmt::format("{:.3f}", report_.totals.at("seconds").get<double>()));
  }

  void set_counts(pugi::xml_node node) const {
    node.attribute("tests") = tests_;
    node.attribute("failures") = failures_;
    node.attribute("errors") = errors_;
    node.attribute("skipped") = skipped_;
  }

  void add_properties() {
    pugi::xml_node properties = suite_.append_child("properties");
    const auto add = [&](const char* key, const std::string& value) {
      pugi::xml_node property = properties.append_child("property");
      set(property, "name", key);
      set(property, "value", value);
    };
    add("finwait", FINWAIT_VERSION);
    add("profile", report_.profile);
    add("seed", fmt::format("{:#x}", report_.totals.at("seed").get<std::uint64_t>()));
    add("cases", report_.totals.at("cases").dump());
    add("summary", report_.summary);
  }

  // ---- its testcases --------------------------------------------------------------------------------

  pugi::xml_node add_case(const std::string& name) {
    ++tests_;
    pugi::xml_node node = suite_.append_child("testcase");
    set(node, "classname", "finwait." + report_.stack);
    set(node, "name", name);
    set(node, "time", "0");
    return node;
  }

  void add_rule(const model::RuleText& rule) {
    const pugi::xml_node node = add_case(std::string(rule.id));
    std::vector<const ReportedFinding*> unexpected, known;
    for (const ReportedFinding& reported : report_.findings) {
      if (reported.finding.deviation.rule != rule.rule) continue;
      (reported.is_unexpected() ? unexpected : known).push_back(&reported);
    }
    const auto advisory = report_.advisories.find(rule.rule);
    if (!unexpected.empty()) {
      fail(node, rule, unexpected);
    } else if (!known.empty()) {
      skip(node,
           fmt::format("{}, accepted in {}", plural(known.size(), "known deviation"), report_.expectations),
           known_text(rule, known));
    } else if (advisory != report_.advisories.end()) {
      skip(node,
           fmt::format("advisory: {} disregarded in {}, which is no failure", rule.requirement,
                       plural(advisory->second, "case")),
           fmt::format("\"{}\"\n", rule.sentence));
    }
  }

  void fail(pugi::xml_node node, const model::RuleText& rule,
            const std::vector<const ReportedFinding*>& findings) {
    ++failures_;
    std::string message, text = fmt::format("\"{}\"\n", rule.sentence);
    for (const ReportedFinding* reported : findings) {
      const std::string what =
          fmt::format("{} at {}", name(reported->standing), identity_text(reported->finding.deviation));
      message += (message.empty() ? "" : "; ") + what;
      text += "\n" + what + "\n" + details(*reported);
    }
    pugi::xml_node failure = node.append_child("failure");
    set(failure, "type", std::string(name(rule.level)));
    set(failure, "message", message);
    failure.text() = xml_text(text).c_str();
  }

  void skip(pugi::xml_node node, const std::string& message, const std::string& out) {
    ++skipped_;
    set(node.append_child("skipped"), "message", message);
    if (!out.empty()) node.append_child("system-out").text() = xml_text(out).c_str();
  }

  // What no rule can say: whether the run was enough to judge by.
  void add_run() {
    pugi::xml_node node = add_case("the run can be judged by");
    if (report_.status == inconclusive) {
      ++errors_;
      set(node.append_child("error"), "message", "inconclusive: " + report_.summary);
    } else if (report_.totals.at("interrupted").get<bool>()) {
      skip(node, "interrupted: " + report_.summary, {});
    }
  }

  static std::string details(const ReportedFinding& reported) {
    std::string text;
    if (reported.account) {
      for (const std::string& permitted : reported.account->permitted)
        text += fmt::format("permitted: {}\n", permitted);
      text += fmt::format("observed: {}\n{}", reported.account->observed, reported.account->script);
    }
    if (!reported.trace.empty()) text += fmt::format("finwait replay {}\n", reported.trace);
    return text;
  }

  static std::string known_text(const model::RuleText& rule,
                                const std::vector<const ReportedFinding*>& known) {
    std::string text = fmt::format("\"{}\"\n", rule.sentence);
    for (const ReportedFinding* reported : known) {
      text += identity_text(reported->finding.deviation) + "\n";
      for (const std::string& reason : reported->reasons) text += fmt::format("  {}\n", reason);
      if (!reported->link.empty()) text += fmt::format("  {}\n", reported->link);
    }
    return text;
  }

  static void set(pugi::xml_node node, const char* attribute, const std::string& value) {
    node.append_attribute(attribute) = xml_text(value).c_str();
  }

  const RunReport& report_;
  pugi::xml_document document_;
  pugi::xml_node suite_;
  unsigned tests_ = 0, failures_ = 0, errors_ = 0, skipped_ = 0;
};

}  // namespace

std::string junit_xml(const RunReport& report) {
  return JUnit(report)();
}

}  // namespace finwait::cli
