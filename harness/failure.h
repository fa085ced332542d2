// Why a case has failed, in words: what was required or permitted, and what was observed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/script_writer.h"

namespace finwait {

/// What the session knows at the end of a failed case.
struct FailedCase {
  const Profile& profile;
  std::span<const TraceEntry> trace;
  std::size_t failing = 0;        ///< the entry at which the failure showed
  bool about_time_alone = false;  ///< Session::about_time_alone()
  Time now{};                     ///< the end of the last event
  model::Rule rule = model::Rule::none;
  std::span<const model::Obituary> dead;

  const TraceEntry& entry() const { return trace[failing]; }
};

/// The failure for the script's failing line.
Failure failure_of(const FailedCase& failed, const ScriptNumbers& numbers);

/// Whether something that was due did not come: then it stands behind the failing entry, not in its place.
bool is_missing(const FailedCase& failed);

/// What the dead hypotheses would have allowed, each different one once.
std::vector<std::string> permitted_by(const FailedCase& failed, const ScriptNumbers& numbers);

/// Everything that a hypothesis owes: "ack by 0.75 (3.10.7.4/text-is-acknowledged)".
std::vector<std::string> duties_text(const model::Hypothesis& h);

}  // namespace finwait
