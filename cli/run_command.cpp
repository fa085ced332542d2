// finwait run: saved traces first, then random cases; what is new is saved at once.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/coverage_report.h"
#include "cli/exit_status.h"
#include "cli/stack_check.h"
#include "harness/text.h"
#include "properties/bounded_waits.h"
#include "properties/property.h"

namespace finwait::cli {

namespace {

std::vector<const Property*> chosen_properties(const std::vector<std::string>& selectors) {
  if (selectors.empty()) return all_properties();
  std::vector<const Property*> chosen;
  std::vector<std::string> names;
  for (const Property& property : properties()) {
    names.emplace_back(property.clause);
    names.push_back(fmt::format("{}/{}", property.clause, property.name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& selector : selectors) {
    const auto selected = select_properties(selector);
    if (selected.empty()) {
      std::string near = did_you_mean(selector, names);
      if (near.empty()) near = "; \"finwait list --properties\" names them";
      throw UsageError(fmt::format("no property matches \"{}\"{}", selector, near));
    }
    for (const Property* property : selected) {
      if (std::find(chosen.begin(), chosen.end(), property) == chosen.end()) chosen.push_back(property);
    }
  }
  return chosen;
}

// In real time. Who waits does not compute: many workers share a core.
constexpr unsigned many_workers = 256;
constexpr std::uint64_t cases_a_waiting_one = 7;
// Chance, above all that of the scheduler, must not be taken for a finding.
constexpr int confirmations = 3;

class RunCommand {
 public:
  explicit RunCommand(const RunArguments& arguments)
      : arguments_(arguments),
        source_(chosen_properties(arguments.selectors)),
        check_(arguments.check),
        seed_(arguments.seed.value_or(default_seed)),
        bounded_(source_, check_.profile(), waiting_cases()) {
    check_writable(arguments.coverage);
  }

  int operator()() {
    if (!arguments_.seed) StackCheck::say(fmt::format("seed {:#x}\n", seed_));
    return check_([this] { return random_cases(); });
  }

 private:
  bool in_real_time() const { return check_.profile().clock == Profile::Clock::real; }
  std::uint64_t waiting_cases() const {
    return arguments_.waiting.value_or(arguments_.cases.value_or(default_cases) / cases_a_waiting_one);
  }

  RunOptions options() {
    RunOptions options;
    options.seed = seed_;
    options.time = arguments_.time;
    const std::uint64_t unlimited = std::uint64_t{1} << 62;
    options.cases = arguments_.cases.value_or(arguments_.time ? unlimited : default_cases);
    options.known = check_.known();
    if (in_real_time()) {
      options.confirmations = confirmations;
      if (!arguments_.time) options.waiting_cases = waiting_cases();
      options.waiting_workers = [this] {
        check_.progress().show(fmt::format("{}: {} cases that wait", check_.stack().name, waiting_cases()));
        return std::make_unique<WorkerPool>(check_.stack().make, bounded_, many_workers);
      };
    }
    // A run of chosen clauses plays what they draw.
    if (arguments_.selectors.empty()) options.to_meet = cells_to_meet(check_.profile());
    return options;
  }

  bool show(const RunSummary& so_far, std::chrono::steady_clock::time_point start) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    check_.progress().show(fmt::format(
        "{}: {} cases, {:.0f} cases/s, {} new", check_.stack().name, so_far.cases,
        static_cast<double>(so_far.cases) / std::max(passed.count(), 0.001), check_.found_so_far()));
    return !interrupted();
  }

  Outcomes random_cases() {
    CaseSource& source = in_real_time() ? static_cast<CaseSource&>(bounded_) : source_;
    WorkerPool workers(check_.stack().make, source, check_.workers());
    const auto start = std::chrono::steady_clock::now();
    Outcomes outcomes;
    outcomes.summary = run(
        workers, options(), [this](const Finding& finding) { check_.found(finding); },
        [this](const Finding& finding) { check_.retract(finding); },
        [&](const RunSummary& so_far) { return show(so_far, start); });
    const RunSummary& summary = outcomes.summary;
    outcomes.what = fmt::format("{} cases, {} events, seed {:#x}", summary.cases, summary.events, seed_);
    outcomes.totals = {{"seed", seed_}};
    write_coverage(summary);
    return outcomes;
  }

  void write_coverage(const RunSummary& summary) const {
    if (arguments_.coverage.empty()) return;
    const CoverageReport covered(check_.profile(), summary.coverage);
    write(arguments_.coverage, coverage_json(covered).dump(1) + "\n");
  }

  const RunArguments& arguments_;
  PropertySource source_;
  StackCheck check_;
  std::uint64_t seed_;
  BoundedWaits bounded_;
};

}  // namespace

int run_command(const RunArguments& arguments) {
  return RunCommand(arguments)();
}

}  // namespace finwait::cli
