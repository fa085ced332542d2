// finwait run: saved traces first, then random cases; what is new is saved at once.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/commands.h"
#include "cli/coverage_report.h"
#include "cli/exit_status.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "harness/files.h"
#include "harness/replay.h"
#include "harness/text.h"
#include "properties/property.h"

namespace finwait::cli {

namespace {

// More cases than this that nobody can judge make the run inconclusive.
constexpr double inconclusive_share = 0.01;

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

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

class RunCommand {
 public:
  explicit RunCommand(const RunArguments& arguments)
      : arguments_(arguments),
        stack_(find_stack(arguments.stack)),
        profile_(stack_.make()->profile()),
        source_(chosen_properties(arguments.selectors)),
        folder_(arguments.places.traces_of(arguments.stack)),
        expectations_(read_expectations(arguments.places, arguments.stack)),
        traces_(read_traces(folder_)),
        seed_(arguments.seed.value_or(default_seed)),
        progress_(!arguments.quiet) {
    check_traces();
    check_expectations();
    if (!arguments.json.empty()) write(arguments.json, "");
    if (!arguments.coverage.empty()) write(arguments.coverage, "");
    if (arguments.save) folder_is_new_ = prepare_folder(folder_);
  }

  int operator()() {
    const auto start = std::chrono::steady_clock::now();
    Worker worker(stack_.make, source_);
    if (!arguments_.seed) say(fmt::format("seed {:#x}\n", seed_));
    replay_saved(worker);
    run_cases(worker);
    progress_.erase();
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::error_code ignored;
    if (folder_is_new_) std::filesystem::remove(folder_, ignored);  // only if it has stayed empty
    report();
    write_json();
    write_coverage();
    return status();
  }

 private:
  /// A deviation that no expectation has.
  struct New {
    SavedFinding finding;
    Account account;
    std::string trace;                    ///< its path, as shown; empty: not saved
    std::filesystem::path path;           ///< where this run has saved it
    std::optional<std::string> replaced;  ///< what was there before
  };

  // ---- before the run -------------------------------------------------------------------------------

  void check_traces() const {
    for (const SavedTrace& trace : traces_) {
      if (trace.finding.stack == stack_.name) continue;
      throw UsageError(fmt::format("{}: expected a trace of {}, found one of {}", trace.path.string(),
                                   stack_.name, trace.finding.stack));
    }
  }

  // Every expectation for this version has its trace: what matches nothing is a mistake.
  void check_expectations() const {
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

  const Expectation* expected(const Deviation& deviation) const {
    return expectations_.find_for(deviation, profile_.version);
  }

  // ---- saved traces ---------------------------------------------------------------------------------

  void replay_saved(Worker& worker) {
    for (const SavedTrace& trace : traces_) {
      if (interrupted()) return;
      const Expectation* entry = expectations_.find(trace.finding.deviation, trace.path.filename().string());
      if (entry != nullptr && !entry->holds_for(profile_.version)) entry = nullptr;
      if (trace.finding.version != profile_.version && entry == nullptr) {
        ++of_other_versions_;
        continue;
      }
      progress_.show(fmt::format("replaying {}", trace.path.filename().string()));
      judge(trace, replay(worker, stack_.make, trace.finding), entry != nullptr);
      replayed_.push_back(trace.path);
    }
  }

  void judge(const SavedTrace& trace, const Replayed& replayed, bool accepted) {
    const std::string path = shown(trace.path);
    const bool gone = replayed.verdict == ReplayVerdict::fixed;
    if (replayed.deviated > 0) {
      set_aside_.insert(trace.finding.deviation);
      if (replayed.verdict == ReplayVerdict::flaky)
        remarks_ += fmt::format("  {}: {}\n", path, to_text(replayed));
      if (accepted && trace.finding.deviates) {
        known_.push_back(trace.finding.deviation);
        json_ += json_line(finding_json(trace.finding, path, "known"));
        return;
      }
      return announce(trace.finding, path);
    }
    if (gone && !trace.finding.deviates) return;
    if (replayed.verdict == ReplayVerdict::inconclusive) {
      ++unclear_;
    } else {
      gone ? ++fixed_ : ++otherwise_;
      json_ += json_line(finding_json(trace.finding, path, gone ? "fixed" : "fails in another way"));
    }
    const std::string verdict = gone ? green("FIXED") : yellow(to_text(replayed));
    remarks_ += fmt::format("  {}: {}\n", path, verdict);
  }

  // ---- random cases ---------------------------------------------------------------------------------

  void run_cases(Worker& worker) {
    RunOptions options;
    options.seed = seed_;
    options.time = arguments_.time;
    const std::uint64_t unlimited = std::uint64_t{1} << 62;
    options.cases = arguments_.cases.value_or(arguments_.time ? unlimited : default_cases);
    options.known = expectations_.deviations_of(profile_.version);
    options.known.insert(set_aside_.begin(), set_aside_.end());
    // A run of chosen clauses plays what they draw.
    if (arguments_.selectors.empty()) options.to_meet = cells_to_meet(profile_);
    const auto start = std::chrono::steady_clock::now();
    summary_ = run(
        worker, options, [this](const Finding& finding) { found(finding); },
        [this](const Finding& finding) { retract(finding); },
        [&](const RunSummary& so_far) {
          const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
          progress_.show(fmt::format("{}: {} cases, {:.0f} cases/s, {} new", stack_.name, so_far.cases,
                                     static_cast<double>(so_far.cases) / std::max(passed.count(), 0.001),
                                     new_.size()));
          return !interrupted();
        });
  }

  void found(const Finding& finding) {
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
  void announce(const SavedFinding& finding, std::string trace) {
    New entry{finding, give_account(stack_.make, finding), std::move(trace), {}, {}};
    if (entry.trace.empty() && arguments_.save) {
      entry.path = free_path(finding);
      auto before = read_file(entry.path);
      if (auto* text = std::get_if<std::string>(&before)) entry.replaced = std::move(*text);
      write(entry.path, entry.account.script);
      entry.trace = shown(entry.path);
    }
    new_.push_back(std::move(entry));
  }

  // The finding rests on another deviation: it proves nothing, and its trace goes again.
  void retract(const Finding& finding) {
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
  std::filesystem::path free_path(const SavedFinding& finding) const {
    std::filesystem::path path = folder_ / trace_name(finding.deviation);
    const bool ours = std::find(replayed_.begin(), replayed_.end(), path) != replayed_.end();
    std::error_code ignored;
    if (!ours && std::filesystem::exists(path, ignored)) {
      path.replace_filename(fmt::format("{}--{}.pkt", path.stem().string(), file_safe(finding.version)));
    }
    return path;
  }

  // ---- after the run --------------------------------------------------------------------------------

  static void say(const std::string& text) {
    fmt::print("{}", text);
    std::fflush(stdout);
  }

  std::vector<Deviation> new_deviations() const {
    std::vector<Deviation> deviations;
    for (const New& entry : new_) deviations.push_back(entry.finding.deviation);
    return deviations;
  }

  void report() const {
    for (const New& entry : new_) {
      say(fmt::format("{} {}\n", red("NEW"), finding_text(entry.finding, entry.account, entry.trace)));
    }
    const std::string accepted = shown(arguments_.places.expectations_of(stack_.name));
    if (!known_.empty() && !arguments_.quiet) {
      say(fmt::format("\n{}, accepted in {}\n{}", bold("Known deviations"), accepted,
                      grouped_by_rule(known_)));
    }
    if (!new_.empty())
      say(fmt::format("\n{}\n{}", bold("New deviations"), grouped_by_rule(new_deviations())));
    if (!remarks_.empty())
      say(fmt::format("\n{}\n{}", bold("Saved traces that no longer do what they say"), remarks_));
    const std::string advisories = advisories_text(summary_);
    if (!advisories.empty() && !arguments_.quiet) {
      say(fmt::format("\n{}: SHOULDs disregarded, which never change the exit status\n{}", bold("Advisories"),
                      advisories));
    }
    if (of_other_versions_ > 0 && !arguments_.quiet) {
      say(fmt::format("\n{} of other versions left out\n", plural(of_other_versions_, "trace")));
    }
    say(fmt::format("{}{}\n", arguments_.quiet ? "" : "\n", summary_line()));
  }

  std::string summary_line() const {
    std::string line = fmt::format("{} {}: {} cases, {} events, seed {:#x}: {} ({}), {} new, {} fixed",
                                   stack_.name, profile_.version, summary_.cases, summary_.events, seed_,
                                   plural(known_.size(), "known deviation"), plural(rules_in(known_), "rule"),
                                   new_.size(), fixed_);
    if (otherwise_ > 0) line += fmt::format(", {} failing in another way", otherwise_);
    if (unclear_ > 0) line += fmt::format(", {} inconclusive", plural(unclear_, "trace"));
    if (summary_.inconclusive > 0)
      line += fmt::format(", {} inconclusive", plural(summary_.inconclusive, "case"));
    if (summary_.interrupted || interrupted()) line += ", interrupted";
    return line;
  }

  void write_coverage() const {
    if (arguments_.coverage.empty()) return;
    const CoverageReport covered(profile_, summary_.coverage);
    write(arguments_.coverage, coverage_json(covered).dump(1) + "\n");
  }

  void write_json() const {
    if (arguments_.json.empty()) return;
    const nlohmann::json totals{{"stack", stack_.name},
                                {"version", profile_.version},
                                {"cases", summary_.cases},
                                {"events", summary_.events},
                                {"seconds", seconds_},
                                {"seed", seed_},
                                {"known", known_.size()},
                                {"new", new_.size()},
                                {"fixed", fixed_},
                                {"inconclusive", summary_.inconclusive},
                                {"interrupted", summary_.interrupted || interrupted()}};
    std::string text = json_;
    for (const New& entry : new_) text += json_line(finding_json(entry.finding, entry.trace, "new"));
    write(arguments_.json, text + json_line(totals));
  }

  int status() const {
    if (!new_.empty() || fixed_ > 0 || otherwise_ > 0) return unexpected;
    const double share = summary_.cases == 0 ? 0.0
                                             : static_cast<double>(summary_.inconclusive) /
                                                   static_cast<double>(summary_.cases);
    return unclear_ > 0 || share > inconclusive_share ? inconclusive : as_expected;
  }

  const RunArguments& arguments_;
  Stack stack_;
  Profile profile_;
  PropertySource source_;
  std::filesystem::path folder_;
  Expectations expectations_;
  std::vector<SavedTrace> traces_;
  std::uint64_t seed_;
  ProgressLine progress_;
  bool folder_is_new_ = false;

  std::vector<std::filesystem::path> replayed_;
  std::set<Deviation> set_aside_;
  std::vector<Deviation> known_;
  std::vector<New> new_;
  std::size_t fixed_ = 0, otherwise_ = 0, unclear_ = 0, of_other_versions_ = 0;
  std::string remarks_, json_;
  RunSummary summary_;
  double seconds_ = 0;
};

}  // namespace

int run_command(const RunArguments& arguments) {
  return RunCommand(arguments)();
}

}  // namespace finwait::cli
