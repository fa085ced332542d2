// finwait accept: saved findings become expectations, to be reviewed as a diff.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "harness/account.h"
#include "harness/replay.h"

namespace finwait::cli {

namespace {

class Acceptance {
 public:
  explicit Acceptance(const AcceptArguments& arguments)
      : arguments_(arguments),
        stack_(find_stack(arguments.stack)),
        version_(stack_.make()->profile().version),
        path_(arguments.places.expectations_of(arguments.stack)),
        expectations_(read()),
        worker_(stack_.make, none_) {}

  int operator()() {
    for (const SavedTrace& trace : read_traces(arguments_.places.traces_of(arguments_.stack))) look_at(trace);
    if (added_ + extended_ > 0) {
      if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path());
      write(path_, expectations_.text());
    }
    fmt::print(
        "{} {}: {} accepted, {} of other versions accepted for this one too, {} already accepted, {} "
        "refused; {}\n",
        stack_.name, version_, added_, extended_, already_, refused_, shown(path_));
    return refused_ > 0 ? unexpected : as_expected;
  }

 private:
  // Where a file was named that does not exist, this command makes it.
  Expectations read() const {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) {
      return std::get<Expectations>(Expectations::parse("", path_.string()));
    }
    return read_expectations(arguments_.places, arguments_.stack);
  }

  void look_at(const SavedTrace& trace) {
    const Deviation& deviation = trace.finding.deviation;
    const Expectation* entry = expectations_.find(deviation, trace.path.filename().string());
    if (!trace.finding.deviates) return;
    if (entry != nullptr && entry->holds_for(version_)) {
      ++already_;
      return;
    }
    const Replayed replayed = replay(worker_, stack_.make, trace.finding);
    if (replayed.verdict != ReplayVerdict::reproduced) return refuse(trace, to_text(replayed));
    if (entry != nullptr) {
      expectations_.add_version(deviation, entry->trace, version_);
      ++extended_;
      return;
    }
    expectations_.add(entry_for(trace));
    ++added_;
  }

  void refuse(const SavedTrace& trace, const std::string& verdict) {
    const bool other_version = trace.finding.version != version_;
    fmt::print("{}: {}, not accepted for {}\n", shown(trace.path), other_version ? verdict : red(verdict),
               version_);
    if (!other_version) ++refused_;
  }

  Expectation entry_for(const SavedTrace& trace) const {
    Expectation entry;
    entry.deviation = trace.finding.deviation;
    entry.versions = {version_};
    entry.reasons = {arguments_.reason};
    if (arguments_.reason.empty()) {
      // Until somebody knows why, what was seen says most.
      entry.reasons = {fmt::format("observed: {}", give_account(stack_.make, trace.finding).observed)};
    }
    entry.link = arguments_.link;
    entry.trace = trace.path.filename().string();
    return entry;
  }

  const AcceptArguments& arguments_;
  Stack stack_;
  std::string version_;
  std::filesystem::path path_;
  Expectations expectations_;
  NoCases none_;
  Worker worker_;
  int added_ = 0, extended_ = 0, already_ = 0, refused_ = 0;
};

}  // namespace

int accept_command(const AcceptArguments& arguments) {
  return Acceptance(arguments)();
}

}  // namespace finwait::cli
