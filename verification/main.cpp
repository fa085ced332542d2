// finwait_model_check: explores the scenarios and says what was found.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "verification/two_models.h"

namespace finwait::verification {

namespace {

struct Arguments {
  std::vector<std::string> names;
  Options options;
  bool pairs = false;
};

int parse(int argc, char** argv, Arguments& arguments) {
  CLI::App app{
      "Explores two reference models of TCP back to back, over a channel that loses, duplicates and "
      "reorders."};
  std::vector<std::string> known;
  std::string footer = "Scenarios:\n";
  for (const Scenario& scenario : scenarios()) {
    known.emplace_back(scenario.name);
    footer += fmt::format("  {:22} {}\n", scenario.name, scenario.meaning);
  }
  app.footer(
      footer +
      "Exit status: 0 all properties hold, 1 one is violated, 2 given up for want of memory, 3 usage,\n"
      "4 the exploration has failed.");
  app.add_option("scenario", arguments.names, "What is explored; default: all")->check(CLI::IsMember(known));
  app.add_option("--capacity", arguments.options.capacity, "Segments in flight in one direction")
      ->check(CLI::Range(1, 3))
      ->capture_default_str();
  app.add_option("--depth", arguments.options.depth, "Steps from the beginning; default: to closure")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--most-states", arguments.options.most_worlds,
                 "Where an exploration is given up (20 to 30 bytes each)")
      ->capture_default_str();
  app.add_flag("--check", arguments.options.check,
               "Verifies at every step that what is left out makes no difference");
  app.add_flag("--pairs", arguments.pairs, "Prints the pairs of states that were met, and nothing else");
  app.add_flag("--plain", arguments.options.plain,
               "Only what connection.pml describes too: see two_models.h");
  app.add_flag("--ways", arguments.options.ways, "With --pairs: and a shortest way to each of them");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::as_expected : cli::usage;
  }
  if (arguments.names.empty()) arguments.names = known;
  return -1;
}

void print_pairs(const Report& report) {
  for (std::size_t i = 0; i < report.pairs.size(); ++i) {
    const auto [a, b] = report.pairs[i];
    fmt::print("{} {}\n", model::name(a), model::name(b));
    if (!report.ways.empty()) fmt::print("{}\n", report.ways[i]);
  }
}

std::string_view reached(const Report& report) {
  if (report.violation) return "violation";
  return report.closed ? "closed" : "bound";
}

void print_head() {
  fmt::print("{:22} {:>11} {:>13} {:>6} {:>6} {:>8} {:>7}  {:9} {}\n", "scenario", "states", "transitions",
             "depth", "pairs", "seconds", "MB", "reached", "verdict");
}

void print_line(const Scenario& scenario, const Options& options, const Report& report) {
  std::string verdict = "every property holds";
  if (!report.closed) verdict = "safe; liveness needs closure";
  if (report.violation) verdict = fmt::format("{} is violated", name(report.violation->property));
  (void)options;
  fmt::print("{:22} {:>11} {:>13} {:>6} {:>6} {:>8.1f} {:>7}  {:9} {}\n", scenario.name, report.worlds,
             report.transitions, report.depth, report.pairs.size(), report.seconds, report.megabytes,
             reached(report), verdict);
  if (report.violation) fmt::print("\n{}\n{}\n", report.violation->why, report.violation->trace);
}

int check(const Arguments& arguments) {
  int status = cli::as_expected;
  if (!arguments.pairs) {
    fmt::print("capacity {}\n", arguments.options.capacity);
    print_head();
  }
  for (const std::string& each : arguments.names) {
    const Scenario& scenario = *find_scenario(each);
    const Report report = explore(scenario, arguments.options);
    if (arguments.pairs) {
      if (arguments.names.size() > 1) fmt::print("# {}\n", each);
      print_pairs(report);
    } else {
      print_line(scenario, arguments.options, report);
    }
    std::fflush(stdout);
    if (report.violation) {
      status = cli::unexpected;
    } else if (!report.closed && arguments.options.depth == 0 && status == cli::as_expected) {
      status = cli::inconclusive;
    }
  }
  return status;
}

}  // namespace

}  // namespace finwait::verification

int main(int argc, char** argv) {
  try {
    finwait::verification::Arguments arguments;
    const int status = finwait::verification::parse(argc, argv, arguments);
    return status >= 0 ? status : finwait::verification::check(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "finwait_model_check: {}\n", error.what());
    return finwait::cli::broken;
  }
}
