// finwait forget: takes expectations out of the file again, to be reviewed as a diff.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/stack_check.h"
#include "cli/terminal.h"
#include "harness/replay.h"
#include "harness/text.h"

namespace finwait::cli {

namespace {

std::set<model::Rule> rules_from(const std::vector<std::string>& ids) {
  std::set<model::Rule> rules;
  for (const std::string& id : ids) {
    std::string error;
    const auto rule = read_rule(id, error);
    if (!rule) throw UsageError("--rule: " + error);
    rules.insert(*rule);
  }
  return rules;
}

class Forgetting {
 public:
  explicit Forgetting(const ForgetArguments& arguments)
      : arguments_(arguments),
        rules_(rules_from(arguments.rules)),
        stack_(find_stack(arguments.stack)),
        version_(stack_.make()->profile().version),
        path_(arguments.places.expectations_of(arguments.stack)),
        expectations_(read_expectations(arguments.places, arguments.stack)),
        worker_(stack_.make, none_) {
    if (rules_.empty() && !arguments.gone)
      throw UsageError("forget: expected --rule ID, --gone or both: which expectations are to go?");
  }

  int operator()() {
    const std::vector<Expectation> before = expectations_.entries();
    for (const Expectation& entry : before) {
      if (!rules_.empty() && !rules_.contains(entry.deviation.rule)) continue;
      arguments_.gone ? forget_if_gone(entry) : forget(entry);
    }
    if (removed_ + shortened_ > 0) write(path_, expectations_.text());
    if (!traces_.empty()) {
      fmt::print(
          "Their scripts have stayed: \"// expect: conforms\" in its head makes one a regression test, "
          "else delete it\n{}",
          traces_);
    }
    fmt::print("{} {}: {} forgotten, {} for this version only, {} kept; {}\n", stack_.name, version_,
               plural(removed_, "expectation"), shortened_, expectations_.entries().size(), shown(path_));
    return refused_ > 0 ? unexpected : as_expected;
  }

 private:
  void forget(const Expectation& entry) {
    expectations_.remove(entry.deviation, entry.trace);
    ++removed_;
    const std::filesystem::path trace = trace_of(entry);
    std::error_code ignored;
    if (std::filesystem::exists(trace, ignored)) traces_ += fmt::format("  {}\n", shown(trace));
  }

  // Another version may still deviate.
  void forget_if_gone(const Expectation& entry) {
    if (!entry.holds_for(version_)) return;
    const std::filesystem::path trace = trace_of(entry);
    if (replay(worker_, stack_.make, read_trace(trace).finding).verdict != ReplayVerdict::fixed) return;
    const auto& versions = entry.versions;
    if (std::find(versions.begin(), versions.end(), "*") != versions.end()) {
      fmt::print(
          "{}:{}: gone in {}, but \"versions: *\" holds for every version: name those that deviate, or "
          "use --rule without --gone\n",
          shown(path_), entry.line, version_);
      ++refused_;
    } else if (std::all_of(versions.begin(), versions.end(),
                           [&](const std::string& version) { return version == version_; })) {
      forget(entry);
    } else {
      expectations_.remove_version(entry.deviation, entry.trace, version_);
      ++shortened_;
    }
  }

  std::filesystem::path trace_of(const Expectation& entry) const {
    return arguments_.places.traces_of(arguments_.stack) / entry.trace;
  }

  const ForgetArguments& arguments_;
  std::set<model::Rule> rules_;
  Stack stack_;
  std::string version_;
  std::filesystem::path path_;
  Expectations expectations_;
  NoCases none_;
  Worker worker_;
  std::size_t removed_ = 0, shortened_ = 0;
  int refused_ = 0;
  std::string traces_;
};

}  // namespace

int forget_command(const ForgetArguments& arguments) {
  return Forgetting(arguments)();
}

}  // namespace finwait::cli
