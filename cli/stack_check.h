// What finwait run and finwait explore share: saved traces first, then cases; what is new is saved at once;
// the report, the JSON and the exit status.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/run_report.h"
#include "cli/store.h"
#include "cli/terminal.h"
#include "harness/account.h"
#include "harness/replay.h"
#include "harness/runner.h"

namespace finwait::cli {

struct CheckArguments {
  std::string stack;
  Places places;
  std::string json;    ///< a file; empty: none
  std::string report;  ///< a folder for the files of a report; empty: none
  bool quiet = false;
  bool save = true;
  std::optional<unsigned> workers;  ///< none: one a core
};

/// What the cases of a check have brought.
struct Outcomes {
  RunSummary summary;
  std::string what;       ///< for the last line: how many cases were played, and which
  std::string report;     ///< printed before the last line
  nlohmann::json totals;  ///< added to the last line of --json
};

class StackCheck {
 public:
  /// Reads traces and expectations, and finds out whether files can be written.
  /// @throws UsageError
  explicit StackCheck(const CheckArguments& arguments);

  const Stack& stack() const { return stack_; }
  const Profile& profile() const { return profile_; }
  unsigned workers() const { return arguments_.workers.value_or(default_workers()); }

  /// Plays the cases; called once the saved traces have been replayed.
  using Cases = std::function<Outcomes()>;
  /// Everything from the replay to the exit status, which it returns.
  int operator()(const Cases& cases);

  // For whoever plays the cases.

  /// Names of the traces that there are, in order.
  std::vector<std::string> trace_names() const;
  /// The check goes on where another one has stopped that began with these traces: the others are its own,
  /// and written over when what they show is found.
  void continues(const std::vector<std::string>& traces_then);
  /// The expectations that hold, as one line.
  std::string expected_text() const;

  /// What is set aside from the start: accepted, or shown by a saved trace.
  std::set<Deviation> known() const;
  void found(const Finding& finding);
  /// The finding rests on another deviation: it proves nothing, and its trace goes again.
  void retract(const Finding& finding);
  std::size_t found_so_far() const { return new_.size(); }
  ProgressLine& progress() { return progress_; }
  /// Prints at once.
  static void say(const std::string& text);
  bool quiet() const { return arguments_.quiet; }

 private:
  /// A deviation that no expectation has.
  struct New {
    SavedFinding finding;
    Account account;
    std::string trace;                    ///< its path, as shown; empty: not saved
    std::filesystem::path path;           ///< where this run has saved it
    std::optional<std::string> replaced;  ///< what was there before
  };

  void check_traces() const;
  void check_expectations() const;
  void replay_saved();
  void judge(const SavedTrace& trace, const Replayed& replayed, bool accepted);
  void announce(const SavedFinding& finding, std::string trace);
  std::filesystem::path free_path(const SavedFinding& finding) const;
  std::vector<Deviation> new_deviations() const;
  void report() const;
  std::string summary_line() const;
  void add_reported(const SavedTrace& trace, Standing standing);
  nlohmann::json totals() const;
  RunReport run_report() const;
  int status() const;

  const CheckArguments& arguments_;
  Stack stack_;
  Profile profile_;
  std::filesystem::path folder_;
  Expectations expectations_;
  std::vector<SavedTrace> traces_;
  ProgressLine progress_;
  bool folder_is_new_ = false;

  std::vector<std::filesystem::path> replayed_;  ///< and those of the check that goes on
  std::set<std::filesystem::path> own_;          ///< of the check that goes on, and not accepted
  std::set<Deviation> set_aside_;
  std::vector<Deviation> known_;
  std::vector<New> new_;
  std::size_t fixed_ = 0, otherwise_ = 0, unclear_ = 0, of_other_versions_ = 0;
  std::string remarks_;
  std::vector<ReportedFinding> reported_;  ///< what the saved traces showed
  Outcomes outcomes_;
  double seconds_ = 0;
};

/// "1 trace", "2 traces"
std::string plural(std::size_t count, const char* what);

}  // namespace finwait::cli
