#include "cli/stack_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "harness/files.h"
#include "harness/text.h"

namespace finwait::cli {

namespace {

// More cases than this that nobody can judge make the run inconclusive.
constexpr double inconclusive_share = 0.01;

bool on_github() {
  const char* set = std::getenv("GITHUB_ACTIONS");
  return set != nullptr && std::string_view(set) == "true";
}

}  // namespace

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

StackCheck::StackCheck(const CheckArguments& arguments)
    : arguments_(arguments),
      stack_(find_stack(arguments.stack)),
      profile_(stack_.make()->profile()),
      folder_(arguments.places.traces_of(arguments.stack)),
      expectations_(read_expectations(arguments.places, arguments.stack)),
      traces_(read_traces(folder_)),
      progress_(!arguments.quiet) {
  check_traces();
  check_expectations();
  check_writable(arguments.json);
  if (!arguments.report.empty()) prepare_folder(arguments.report);
  if (arguments.save) folder_is_new_ = prepare_folder(folder_);
}

int StackCheck::operator()(const Cases& cases) {
  const auto start = std::chrono::steady_clock::now();
  replay_saved();
  outcomes_ = cases();
  progress_.erase();
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::error_code ignored;
  if (folder_is_new_) std::filesystem::remove(folder_, ignored);  // only if it has stayed empty
  const RunReport results = run_report();
  if (on_github()) say(github_annotations(results));
  report();
  if (!arguments_.json.empty()) write(arguments_.json, json_lines(results));
  if (!arguments_.report.empty()) write_reports(results, arguments_.report);
  return results.status;
}

// ---- before the run -------------------------------------------------------------------------------

void StackCheck::check_traces() const {
  for (const SavedTrace& trace : traces_) {
    if (trace.finding.stack == stack_.name) continue;
    throw UsageError(fmt::format("{}: expected a trace of {}, found one of {}", trace.path.string(),
                                 stack_.name, trace.finding.stack));
  }
}

// Every expectation for this version has its trace: what matches nothing is a mistake.
void StackCheck::check_expectations() const {
  for (const Expectation& entry : expectations_.entries()) {
    if (!entry.holds_for(profile_.version)) continue;
    const auto trace = std::find_if(traces_.begin(), traces_.end(), [&](const SavedTrace& saved) {
      return saved.path.filename() == entry.trace;
    });
    const std::string where =
        fmt::format("{}:{}:1", arguments_.places.expectations_of(stack_.name).string(), entry.line);
    if (trace == traces_.end()) {
      throw UsageError(
          fmt::format("{}: expected the trace {}, found none", where, (folder_ / entry.trace).string()));
    }
    if (trace->finding.deviation != entry.deviation) {
      throw UsageError(fmt::format("{}: expected a trace of {} at {}, found one of {} at {} in {}", where,
                                   model::text(entry.deviation.rule).id, identity_text(entry.deviation),
                                   model::text(trace->finding.deviation.rule).id,
                                   identity_text(trace->finding.deviation), entry.trace));
    }
  }
}

// ---- saved traces ---------------------------------------------------------------------------------

void StackCheck::replay_saved() {
  NoCases none;
  Worker worker(stack_.make, none);
  const int times = profile_.clock == Profile::Clock::real ? 3 : 10;  // waits take their time
  for (const SavedTrace& trace : traces_) {
    if (interrupted()) return;
    if (own_.contains(trace.path)) continue;
    const Expectation* entry = expectations_.find(trace.finding.deviation, trace.path.filename().string());
    if (entry != nullptr && !entry->holds_for(profile_.version)) entry = nullptr;
    if (trace.finding.version != profile_.version && entry == nullptr) {
      ++of_other_versions_;
      continue;
    }
    progress_.show(fmt::format("replaying {}", trace.path.filename().string()));
    judge(trace, replay(worker, stack_.make, trace.finding, times), entry != nullptr);
    replayed_.push_back(trace.path);
  }
}

void StackCheck::judge(const SavedTrace& trace, const Replayed& replayed, bool accepted) {
  const std::string path = shown(trace.path);
  const bool gone = replayed.verdict == ReplayVerdict::fixed;
  if (replayed.deviated > 0) {
    set_aside_.insert(trace.finding.deviation);
    if (replayed.verdict == ReplayVerdict::flaky)
      remarks_ += fmt::format("  {}: {}\n", path, to_text(replayed));
    if (accepted && trace.finding.deviates) {
      known_.push_back(trace.finding.deviation);
      return add_reported(trace, Standing::known);
    }
    return announce(trace.finding, path);
  }
  if (gone && !trace.finding.deviates) return;
  if (replayed.verdict == ReplayVerdict::inconclusive) {
    ++unclear_;
  } else {
    gone ? ++fixed_ : ++otherwise_;
    add_reported(trace, gone ? Standing::fixed : Standing::another_way);
  }
  const std::string verdict = gone ? green("FIXED") : yellow(to_text(replayed));
  remarks_ += fmt::format("  {}: {}\n", path, verdict);
}

// ---- cases ------------------------------------------------------------------------------------------

std::set<Deviation> StackCheck::known() const {
  std::set<Deviation> known = expectations_.deviations_of(profile_.version);
  known.insert(set_aside_.begin(), set_aside_.end());
  return known;
}

std::vector<std::string> StackCheck::trace_names() const {
  std::vector<std::string> names;
  for (const SavedTrace& trace : traces_) names.push_back(trace.path.filename().string());
  return names;
}

void StackCheck::continues(const std::vector<std::string>& traces_then) {
  for (const SavedTrace& trace : traces_) {
    const std::string name = trace.path.filename().string();
    const bool there = std::find(traces_then.begin(), traces_then.end(), name) != traces_then.end();
    if (there || expectations_.find_for(trace.finding.deviation, profile_.version) != nullptr) continue;
    own_.insert(trace.path);
    replayed_.push_back(trace.path);
  }
}

std::string StackCheck::expected_text() const {
  std::string text;
  for (const Expectation& entry : expectations_.entries()) {
    if (!entry.holds_for(profile_.version)) continue;
    text += fmt::format("{} at {}; ", model::text(entry.deviation.rule).id, identity_text(entry.deviation));
  }
  return text;
}

void StackCheck::found(const Finding& finding) {
  SavedFinding saved;
  saved.stack = stack_.name;
  saved.version = profile_.version;
  saved.profile = profile_text(profile_);
  saved.deviation = finding.deviation;
  saved.smallest = finding.smallest;
  announce(saved, {});
}

// A deviation that nobody has accepted is saved at once: nothing is lost if the run ends badly.
// `trace` is where it lies already.
void StackCheck::announce(const SavedFinding& finding, std::string trace) {
  New entry{finding, give_account(stack_.make, finding), std::move(trace), {}, {}};
  if (entry.trace.empty() && arguments_.save) {
    entry.path = free_path(finding);
    auto before = read_file(entry.path);
    auto* text = std::get_if<std::string>(&before);
    if (text != nullptr && !own_.contains(entry.path)) entry.replaced = std::move(*text);
    write(entry.path, entry.account.script);
    entry.trace = shown(entry.path);
  }
  // A saved trace may have shown it already.
  std::erase_if(new_, [&](const New& other) { return other.finding.deviation == finding.deviation; });
  new_.push_back(std::move(entry));
}

void StackCheck::retract(const Finding& finding) {
  const auto entry = std::find_if(new_.begin(), new_.end(), [&](const New& candidate) {
    return candidate.finding.deviation == finding.deviation;
  });
  if (entry == new_.end()) return;
  std::error_code ignored;
  if (entry->replaced) {
    write(entry->path, *entry->replaced);
  } else if (!entry->path.empty()) {
    std::filesystem::remove(entry->path, ignored);
  }
  new_.erase(entry);
}

// A trace that other versions need is not written over.
std::filesystem::path StackCheck::free_path(const SavedFinding& finding) const {
  std::filesystem::path path = folder_ / trace_name(finding.deviation);
  const bool ours = std::find(replayed_.begin(), replayed_.end(), path) != replayed_.end();
  std::error_code ignored;
  if (!ours && std::filesystem::exists(path, ignored)) {
    path.replace_filename(fmt::format("{}--{}.pkt", path.stem().string(), file_safe(finding.version)));
  }
  return path;
}

// ---- after the run --------------------------------------------------------------------------------

void StackCheck::say(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

std::vector<Deviation> StackCheck::new_deviations() const {
  std::vector<Deviation> deviations;
  for (const New& entry : new_) deviations.push_back(entry.finding.deviation);
  return deviations;
}

void StackCheck::report() const {
  for (const New& entry : new_) {
    say(fmt::format("{} {}\n", red("NEW"), finding_text(entry.finding, entry.account, entry.trace)));
  }
  const std::string accepted = shown(arguments_.places.expectations_of(stack_.name));
  if (!known_.empty() && !arguments_.quiet) {
    say(fmt::format("\n{}, accepted in {}\n{}", bold("Known deviations"), accepted, grouped_by_rule(known_)));
  }
  if (!new_.empty()) say(fmt::format("\n{}\n{}", bold("New deviations"), grouped_by_rule(new_deviations())));
  if (!remarks_.empty())
    say(fmt::format("\n{}\n{}", bold("Saved traces that no longer do what they say"), remarks_));
  const std::string advisories = advisories_text(outcomes_.summary);
  if (!advisories.empty() && !arguments_.quiet) {
    say(fmt::format("\n{}: SHOULDs disregarded, which never change the exit status\n{}", bold("Advisories"),
                    advisories));
  }
  if (of_other_versions_ > 0 && !arguments_.quiet) {
    say(fmt::format("\n{} of other versions left out\n", plural(of_other_versions_, "trace")));
  }
  if (!outcomes_.report.empty() && !arguments_.quiet) say("\n" + outcomes_.report);
  say(fmt::format("{}{}\n", arguments_.quiet ? "" : "\n", summary_line()));
}

std::string StackCheck::summary_line() const {
  const RunSummary& summary = outcomes_.summary;
  std::string line = fmt::format("{} {}: {}: {} ({}), {} new, {} fixed", stack_.name, profile_.version,
                                 outcomes_.what, plural(known_.size(), "known deviation"),
                                 plural(rules_in(known_), "rule"), new_.size(), fixed_);
  if (otherwise_ > 0) line += fmt::format(", {} failing in another way", otherwise_);
  if (unclear_ > 0) line += fmt::format(", {} inconclusive", plural(unclear_, "trace"));
  if (summary.inconclusive > 0)
    line += fmt::format(", {} inconclusive", plural(summary.inconclusive, "case"));
  if (summary.left_alone > 0)
    line += fmt::format(", {} not looked into for lack of time", plural(summary.left_alone, "sighting"));
  if (summary.interrupted || interrupted()) line += ", interrupted";
  return line;
}

void StackCheck::add_reported(const SavedTrace& trace, Standing standing) {
  ReportedFinding reported{trace.finding, standing, shown(trace.path), {}, {}, {}};
  const Expectation* entry = expectations_.find(trace.finding.deviation, trace.path.filename().string());
  if (standing == Standing::known && entry != nullptr) {
    reported.reasons = entry->reasons;
    reported.link = entry->link;
  }
  reported_.push_back(std::move(reported));
}

nlohmann::json StackCheck::totals() const {
  const RunSummary& summary = outcomes_.summary;
  nlohmann::json totals{{"stack", stack_.name},
                        {"version", profile_.version},
                        {"cases", summary.cases},
                        {"events", summary.events},
                        {"seconds", seconds_},
                        {"known", known_.size()},
                        {"new", new_.size()},
                        {"fixed", fixed_},
                        {"inconclusive", summary.inconclusive},
                        {"inconclusive_traces", unclear_},
                        {"interrupted", summary.interrupted || interrupted()}};
  totals.update(outcomes_.totals);
  return totals;
}

RunReport StackCheck::run_report() const {
  RunReport report;
  report.stack = stack_.name;
  report.version = profile_.version;
  report.profile = profile_text(profile_);
  report.expectations = shown(arguments_.places.expectations_of(stack_.name));
  report.summary = summary_line();
  report.status = status();
  report.totals = totals();
  report.findings = reported_;
  for (const New& entry : new_)
    report.findings.push_back({entry.finding, Standing::unknown, entry.trace, entry.account, {}, {}});
  for (const auto& [rule, cases] : outcomes_.summary.advisories) {
    // The others are MUSTs about time alone, reported as findings.
    if (model::text(rule).level == model::Level::should) report.advisories.emplace(rule, cases);
  }
  return report;
}

int StackCheck::status() const {
  if (!new_.empty() || fixed_ > 0 || otherwise_ > 0) return unexpected;
  const RunSummary& summary = outcomes_.summary;
  const double share = summary.cases == 0
                           ? 0.0
                           : static_cast<double>(summary.inconclusive) / static_cast<double>(summary.cases);
  return unclear_ > 0 || summary.left_alone > 0 || share > inconclusive_share ? inconclusive : as_expected;
}

}  // namespace finwait::cli
