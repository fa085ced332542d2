// finwait: the command line, for finwait's own program and for those that check a stack of their own.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <utility>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/program.h"
#include "cli/terminal.h"
#include "harness/text.h"
#include "package/finwait/finwait.h"

namespace finwait::cli {

namespace {

using Agent = agent::Command;

// What stands behind "--" is an agent with its arguments; what is left is for CLI11.
Agent agent_behind(int& argc, char** argv) {
  char** const end = argv + argc;
  char** const mark = std::find(argv, end, std::string_view("--"));
  if (mark == end) return {};
  argc = static_cast<int>(mark - argv);
  if (mark + 1 == end) throw UsageError("an agent is missing behind \"--\"");
  return {mark + 1, end};
}

// ---- values -----------------------------------------------------------------------------------------

std::uint64_t number_from(std::string_view option, std::string_view text) {
  const bool hex = text.starts_with("0x");
  const std::string_view digits = hex ? text.substr(2) : text;
  std::uint64_t value = 0;
  const auto [last, status] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (digits.empty() || status != std::errc{} || last != digits.data() + digits.size()) {
    throw UsageError(
        fmt::format("{}: expected a number such as 20000 or 0x5eed, found \"{}\"", option, text));
  }
  return value;
}

unsigned workers_from(std::string_view text) {
  constexpr std::uint64_t most = 256;
  const std::uint64_t workers = number_from("--workers", text);
  if (workers == 0 || workers > most)
    throw UsageError(fmt::format("--workers: expected 1 to {}, found \"{}\"", most, text));
  return static_cast<unsigned>(workers);
}

std::chrono::milliseconds time_from(std::string_view option, const std::string& text) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  const std::string unit = unit_at == std::string::npos ? "" : text.substr(unit_at);
  const std::string digits = text.substr(0, unit_at);
  const int scale = unit == "ms"  ? 1
                    : unit == "s" ? 1000
                    : unit == "m" ? 60'000
                    : unit == "h" ? 3'600'000
                                  : 0;
  if (scale == 0 || digits.empty() || digits.size() > 9) {
    throw UsageError(
        fmt::format("{}: expected a time such as 500ms, 60s, 10m or 8h, found \"{}\"", option, text));
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(number_from(option, digits)) * scale);
}

// ---- what was misspelt ------------------------------------------------------------------------------

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

void refuse_extras(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands()) {
    for (const std::string& word : command->remaining()) {
      const std::string name = word.substr(0, word.find('='));
      throw UsageError(fmt::format("finwait {} has no option \"{}\"{}", command->get_name(), name,
                                   did_you_mean(name, option_names(*command))));
    }
  }
  for (const std::string& word : app.remaining()) {
    const bool option = word.starts_with('-');
    throw UsageError(fmt::format("unknown {} \"{}\"{}", option ? "option" : "command", word,
                                 did_you_mean(word, option ? option_names(app) : command_names(app))));
  }
}

// ---- the commands -----------------------------------------------------------------------------------

void add_places(CLI::App& command, Places& places) {
  command.add_option(
      "--traces", places.traces,
      "Folder of traces, with one folder a stack (default: traces/ here, else those that come with finwait)");
  command.add_option(
      "--expectations", places.expectations,
      "File of expectations (default: impl/STACK/expectations.txt, else traces/STACK/expectations.txt)");
}

struct Texts {
  std::string cases, seed, time, workers, depth, waiting;
};

// A stack is named, unless an agent stands behind "--".
void add_stack(CLI::App& command, std::string& stack, const Agent& agent) {
  if (agent.empty())
    command
        .add_option("stack", stack, "One of \"finwait list --stacks\", or -- AGENT [ARGUMENT...] at the end")
        ->required();
}

void add_check(CLI::App& command, CheckArguments& check, Texts& texts, const Agent& agent) {
  add_stack(command, check.stack, agent);
  command.add_option("--workers", texts.workers,
                     "Processes that play cases (default: one a core); any number finds the same");
  command.add_option("--json", check.json, "Write one object a line for each finding, then the totals");
  command.add_option("--report", check.report,
                     "Folder for findings.json, junit.xml, sarif.json and report.md");
  command.add_flag("--quiet", check.quiet, "Only what is new, and the summary");
  command.add_flag_callback(
      "--no-save", [&check] { check.save = false; }, "Do not save new findings");
  add_places(command, check.places);
}

void describe_run(CLI::App& app, RunArguments& run, Texts& texts, const Agent& agent) {
  CLI::App* command = app.add_subcommand("run", "Check a stack: saved traces first, then random cases");
  add_check(*command, run.check, texts, agent);
  command->add_option("selector", run.selectors,
                      "Clauses (3.10.7 includes 3.10.7.4) or properties; default: all");
  command->add_option("--cases", texts.cases,
                      "Random cases (default: 20000, without a limit if --time is given)");
  command->add_option("--seed", texts.seed,
                      "Of the random cases (default: 0x5eed, so that every run judges the same ones); a run "
                      "repeats to the byte");
  command->add_option("--waiting", texts.waiting,
                      "In real time: so many cases more that may wait, up to minutes, all at the same time "
                      "(default: one for seven others, none if --time is given)");
  command->add_option("--time", texts.time, "Stop after this time, e.g. 500ms, 60s, 10m");
  command->add_option("--coverage", run.coverage,
                      "Write which cells and rows of the transition table were met, as JSON");
  command->footer(
      "Examples:\n"
      "  finwait run lwip\n"
      "  finwait run lwip 3.10.7.3 --cases 100000 --seed 0x5eed\n"
      "  finwait run lwip --time 60s --json findings.json\n"
      "  finwait run lwip --report report\n"
      "  finwait run -- python3 my_agent.py\n"
      "Exit status: 0 as expected, 1 a new deviation or an expected one that is gone, 2 inconclusive,\n"
      "3 usage, 4 the tester or an adapter has failed.");
}

void describe_coverage(CLI::App& app, CoverageArguments& coverage, Texts& texts, const Agent& agent) {
  CLI::App* command = app.add_subcommand(
      "coverage", "Show which states, events, boundaries and rows of the transition table a run meets");
  add_stack(*command, coverage.stack, agent);
  command->add_option("--cases", texts.cases, "Random cases (default: 20000)");
  command->add_option("--seed", texts.seed, "Of the random cases (default: 0x5eed)");
  command->add_option("--json", coverage.json, "Write every cell and row with its count");
  add_places(*command, coverage.places);
  command->footer(
      "Example:\n"
      "  finwait coverage lwip\n"
      "Exit status: 0 if all that can be met was met, 1 if something is missing, 3 usage,\n"
      "4 the tester or an adapter has failed.");
}

void describe_explore(CLI::App& app, ExploreArguments& explore, Texts& texts, const Agent& agent) {
  CLI::App* command = app.add_subcommand("explore", "Check a stack: every sequence of events, not a sample");
  add_check(*command, explore.check, texts, agent);
  command->add_option(
      "--alphabet", explore.alphabet,
      "core: about 20 events, every sequence; full: every event class, going on only from states "
      "not met before (default: both)");
  command->add_option("--depth", texts.depth,
                      "Events in a sequence (default: core 4 from each state and 5 from CLOSED, full 6)");
  command->add_option("--seed", texts.seed, "Of the initial sequence numbers (default: 0x5eed)");
  command->add_flag("--resume", explore.resume, "Go on where an interrupted exploration has stopped");
  command->add_option(
      "--checkpoint", explore.checkpoint,
      "File that keeps how far it has got (default: finwait-explore-STACK.checkpoint here); removed "
      "at the end");
  command->footer(
      "Examples:\n"
      "  finwait explore lwip\n"
      "  finwait explore lwip --alphabet core --depth 3\n"
      "  finwait explore lwip --resume\n"
      "Only in virtual time. Exit status: as of \"finwait run\".");
}

void describe_replay(CLI::App& app, ReplayArguments& replay) {
  CLI::App* command = app.add_subcommand("replay", "Play saved findings again");
  command->add_option("file", replay.files, "Scripts, traces/STACK/*.pkt")->required();
  command->add_option("--times", replay.times, "How often each is played")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_flag("-v,--verbose", replay.verbose, "Show the oracle's set at each step");
  command->footer(
      "Example:\n"
      "  finwait replay traces/lwip/*.pkt\n"
      "Exit status: 0 if every script does what its head says, 1 if one is FIXED or fails otherwise.");
}

void describe_accept(CLI::App& app, AcceptArguments& accept, const Agent& agent) {
  CLI::App* command =
      app.add_subcommand("accept", "Write expectations for saved findings, to be reviewed as a diff");
  add_stack(*command, accept.stack, agent);
  command->add_option("--bug", accept.link, "Link that each new entry gets");
  command->add_option("--reason", accept.reason,
                      "Reason that each new entry gets (default: what was observed)");
  add_places(*command, accept.places);
  command->footer(
      "Example:\n  finwait accept lwip --bug https://bugs.example/123 --reason \"no challenge ACKs\"");
}

void describe_forget(CLI::App& app, ForgetArguments& forget, const Agent& agent) {
  CLI::App* command = app.add_subcommand("forget", "Take expectations out again, to be reviewed as a diff");
  add_stack(*command, forget.stack, agent);
  command->add_option("--rule", forget.rules, "Those of this rule; may be given several times")
      ->take_all()
      ->expected(1);
  command->add_flag("--gone", forget.gone,
                    "Those whose deviation the stack does not show any more; entries that hold for other "
                    "versions too lose this one");
  add_places(*command, forget.places);
  command->footer(
      "Examples:\n"
      "  finwait forget lwip --gone\n"
      "  finwait forget lwip --rule 3.10.7.3/no-syn-no-rst-is-dropped\n"
      "Every other line stays as it is. Exit status: 1 if one that is gone cannot be taken out, else 0;\n"
      "3 usage, 4 the tester or an adapter has failed.");
}

void describe_diff(CLI::App& app, DiffArguments& diff) {
  CLI::App* command = app.add_subcommand("diff", "Compare two runs: what is new, gone and changed");
  command->add_option("before", diff.before, "File that --json has written")->required();
  command->add_option("after", diff.after, "File that --json has written later, or on another stack")
      ->required();
  command->footer(
      "Example:\n"
      "  finwait run lwip --json after.json; finwait diff before.json after.json\n"
      "Exit status: 0 no difference, 1 a difference, 3 usage or a malformed file.");
}

void describe_list(CLI::App& app, ListArguments& list, std::string& rule) {
  CLI::App* command = app.add_subcommand("list", "List stacks, properties and rules");
  command->add_flag("--stacks", list.stacks, "Stacks that can be checked");
  command->add_flag("--properties", list.properties, "Properties that cases are drawn from");
  command->add_flag("--rules", list.rules, "Rules that are judged");
  CLI::App* explain =
      app.add_subcommand("explain", "Explain a rule: its sentence, its level, how it is read");
  explain->add_option("rule", rule, "A rule's id, or the beginning of some")->required();
  explain->footer(
      "Examples:\n  finwait explain 3.10.7.3/rst-without-ack-is-dropped\n  finwait explain 3.10.7.4");
}

void describe_check_agent(CLI::App& app, std::string& patience) {
  CLI::App* command = app.add_subcommand(
      "check-agent", "Check that a program speaks the agent protocol, docs/agent-protocol.md");
  command->add_option("--patience", patience, "In which each answer has to come, e.g. 500ms (default: 2s)");
  command->footer(
      "Example:\n"
      "  finwait check-agent -- python3 my_agent.py\n"
      "Exit status: 0 if nothing is bad, 3 usage, 4 otherwise.");
}

void take_numbers(const Texts& texts, std::optional<std::uint64_t>& cases,
                  std::optional<std::uint64_t>& seed) {
  if (!texts.cases.empty()) cases = number_from("--cases", texts.cases);
  if (!texts.seed.empty()) seed = number_from("--seed", texts.seed);
}

int run(RunArguments& run, const Texts& texts) {
  take_numbers(texts, run.cases, run.seed);
  if (!texts.time.empty()) run.time = time_from("--time", texts.time);
  if (!texts.waiting.empty()) run.waiting = number_from("--waiting", texts.waiting);
  if (!texts.workers.empty()) run.check.workers = workers_from(texts.workers);
  return run_command(run);
}

int explore(ExploreArguments& explore, const Texts& texts) {
  if (!texts.depth.empty()) explore.depth = number_from("--depth", texts.depth);
  if (!texts.seed.empty()) explore.seed = number_from("--seed", texts.seed);
  if (!texts.workers.empty()) explore.check.workers = workers_from(texts.workers);
  return explore_command(explore);
}

struct Arguments {
  Agent agent;
  RunArguments run;
  Texts run_texts;
  CoverageArguments coverage;
  Texts coverage_texts;
  ExploreArguments explore;
  Texts explore_texts;
  ReplayArguments replay;
  AcceptArguments accept;
  ForgetArguments forget;
  DiffArguments diff;
  std::string agent_patience;
  ListArguments list;
  std::string rule;
};

int check_agent(const Arguments& arguments) {
  CheckAgentArguments check;
  check.agent = arguments.agent;
  if (check.agent.empty()) throw UsageError("check-agent: the agent is missing; write it behind \"--\"");
  if (!arguments.agent_patience.empty()) check.patience = time_from("--patience", arguments.agent_patience);
  if (check.patience.count() == 0) throw UsageError("--patience: expected a time longer than 0");
  return check_agent_command(check);
}

// The agent is a stack like any other from here on.
void take_agent(const std::string& command, Arguments& arguments) {
  if (arguments.agent.empty()) return;
  if (command == "list" || command == "explain" || command == "diff")
    throw UsageError(fmt::format("finwait {} takes no agent behind \"--\"", command));
  const std::string name = add_agent(arguments.agent);
  program().agent = agent::to_text(arguments.agent);
  arguments.run.check.stack = arguments.explore.check.stack = name;
  arguments.coverage.stack = arguments.accept.stack = arguments.forget.stack = name;
}

int dispatch(const CLI::App& app, Arguments& arguments) {
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "check-agent") return check_agent(arguments);
  take_agent(command, arguments);
  if (command == "list") return list_command(arguments.list);
  if (command == "explain") return explain_command(arguments.rule);
  if (command == "diff") return diff_command(arguments.diff);
  catch_interrupt();
  if (command == "replay") return replay_command(arguments.replay);
  if (command == "accept") return accept_command(arguments.accept);
  if (command == "forget") return forget_command(arguments.forget);
  if (command == "coverage") {
    take_numbers(arguments.coverage_texts, arguments.coverage.cases, arguments.coverage.seed);
    return coverage_command(arguments.coverage);
  }
  if (command == "explore") return explore(arguments.explore, arguments.explore_texts);
  return run(arguments.run, arguments.run_texts);
}

int finwait_main(int argc, char** argv) {
  CLI::App app{"finwait checks a TCP implementation against RFC 9293."};
  app.set_version_flag("--version", "finwait " FINWAIT_VERSION);
  app.footer("Start with: finwait list --stacks, finwait run STACK. Each command has its own --help.");
  app.get_formatter()->column_width(28);
  Arguments arguments;
  arguments.agent = agent_behind(argc, argv);
  describe_list(app, arguments.list, arguments.rule);
  describe_run(app, arguments.run, arguments.run_texts, arguments.agent);
  describe_coverage(app, arguments.coverage, arguments.coverage_texts, arguments.agent);
  describe_explore(app, arguments.explore, arguments.explore_texts, arguments.agent);
  describe_replay(app, arguments.replay);
  describe_accept(app, arguments.accept, arguments.agent);
  describe_forget(app, arguments.forget, arguments.agent);
  describe_diff(app, arguments.diff);
  describe_check_agent(app, arguments.agent_patience);
  app.allow_extras();
  for (CLI::App* command : app.get_subcommands({})) command->allow_extras();
  try {
    app.parse(argc, argv);
    refuse_extras(app);
    if (app.get_subcommands().empty())
      throw UsageError("a command is missing; \"finwait --help\" lists them");
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    // A misspelt option may be why something else seems to be missing.
    refuse_extras(app);
    const auto chosen = app.get_subcommands();
    const std::string command = chosen.empty() ? "finwait" : "finwait " + chosen.front()->get_name();
    throw UsageError(fmt::format("{}; \"{} --help\" shows how", error.what(), command));
  }
  return dispatch(app, arguments);
}

}  // namespace

}  // namespace finwait::cli

int finwait::cli::main(int argc, char** argv, std::vector<Stack> own, const std::string& data) {
  program().data = data;
  if (!own.empty()) program().name = std::filesystem::path(argv[0]).filename().string();
  try {
    for (auto stack = own.rbegin(); stack != own.rend(); ++stack) add_stack(std::move(*stack));
    return finwait_main(argc, argv);
  } catch (const UsageError& error) {
    fmt::print(stderr, "finwait: {}\n", error.what());
    return usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "finwait: error: {}\n", error.what());
    return broken;
  }
}
