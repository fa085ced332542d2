// finwait replay: saved findings, judged by the oracle.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "harness/account.h"
#include "harness/replay.h"

namespace finwait::cli {

namespace {

/// Workers by stack, started when the first script asks for one.
class Workers {
 public:
  struct Entry {
    Stack stack;
    Profile profile;
    std::unique_ptr<Worker> worker;
  };

  Entry& of(const std::string& name) {
    const auto found = workers_.find(name);
    if (found != workers_.end()) return found->second;
    Stack stack = find_stack(name);
    const Profile profile = stack.make()->profile();
    auto worker = std::make_unique<Worker>(stack.make, none_);
    return workers_.emplace(name, Entry{std::move(stack), profile, std::move(worker)}).first->second;
  }

 private:
  NoCases none_;
  std::map<std::string, Entry> workers_;
};

bool as_its_head_says(const SavedFinding& finding, const Replayed& replayed) {
  const ReplayVerdict wanted = finding.deviates ? ReplayVerdict::reproduced : ReplayVerdict::fixed;
  return replayed.verdict == wanted;
}

// A trace of a fault that was mended is kept: there, a pass is what is wanted.
std::string verdict_text(const SavedFinding& finding, const Replayed& replayed) {
  if (!finding.deviates && replayed.verdict == ReplayVerdict::fixed) return "conforms, as expected";
  if (!finding.deviates && replayed.verdict == ReplayVerdict::reproduced) {
    return fmt::format("deviates again {}/{}", replayed.deviated, replayed.played);
  }
  return to_text(replayed);
}

bool replay_one(Workers& workers, const SavedTrace& trace, const ReplayArguments& arguments) {
  Workers::Entry& entry = workers.of(trace.finding.stack);
  const Replayed replayed = replay(*entry.worker, entry.stack.make, trace.finding, arguments.times);
  const bool good = as_its_head_says(trace.finding, replayed);
  const std::string verdict = verdict_text(trace.finding, replayed);
  const bool other_version = entry.profile.version != trace.finding.version;
  const std::string versions = other_version ? fmt::format(" (saved on {}, played on {})",
                                                           trace.finding.version, entry.profile.version)
                                             : "";
  fmt::print("{}: {}{}\n", shown(trace.path), good ? green(verdict) : red(verdict), versions);
  if (arguments.verbose) fmt::print("{}", walk_through(entry.stack.make, trace.finding));
  return good;
}

}  // namespace

int replay_command(const ReplayArguments& arguments) {
  std::vector<SavedTrace> traces;
  for (const std::string& file : arguments.files) traces.push_back(read_trace(file));
  Workers workers;
  for (const SavedTrace& trace : traces) workers.of(trace.finding.stack);
  std::size_t good = 0, played = 0;
  for (const SavedTrace& trace : traces) {
    if (interrupted()) break;
    ++played;
    if (replay_one(workers, trace, arguments)) ++good;
  }
  const std::string cut = played < traces.size() ? ", interrupted" : "";
  fmt::print("{} of {} scripts as expected{}\n", good, traces.size(), cut);
  return good == traces.size() ? as_expected : unexpected;
}

}  // namespace finwait::cli
