// finwait coverage: the default run, and what it has covered.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/commands.h"
#include "cli/coverage_report.h"
#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "harness/runner.h"
#include "properties/property.h"

namespace finwait::cli {

namespace {

RunSummary play(const Stack& stack, const RunOptions& options) {
  PropertySource source(all_properties());
  WorkerPool workers(stack.make, source, default_workers());
  ProgressLine progress(true);
  const auto nothing = [](const Finding&) {};
  return run(workers, options, nothing, nothing, [&](const RunSummary& so_far) {
    progress.show(fmt::format("{}: {} of {} cases, {} cells missing", stack.name, so_far.cases, options.cases,
                              so_far.coverage.missing(options.to_meet).size()));
    return !interrupted();
  });
}

}  // namespace

int coverage_command(const CoverageArguments& arguments) {
  const Stack stack = find_stack(arguments.stack);
  const Profile profile = stack.make()->profile();
  RunOptions options;
  options.seed = arguments.seed.value_or(default_seed);
  options.cases = arguments.cases.value_or(default_cases);
  options.known = read_expectations(arguments.places, stack.name).deviations_of(profile.version);
  options.to_meet = cells_to_meet(profile);
  check_writable(arguments.json);
  const RunSummary summary = play(stack, options);
  const CoverageReport report(profile, summary.coverage);
  fmt::print("{}\n{} {}: {}; {} cases, seed {:#x}{}\n", coverage_text(report), stack.name, profile.version,
             coverage_summary(report), summary.cases, options.seed,
             summary.interrupted ? ", interrupted" : "");
  if (!arguments.json.empty()) write(arguments.json, coverage_json(report).dump(1) + "\n");
  if (!report.impossible.empty()) return broken;
  return report.complete() ? as_expected : unexpected;
}

}  // namespace finwait::cli
