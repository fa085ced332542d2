// What a finding looks like to people: its case is played once more, in a child, with everything kept.
#pragma once

#include <string>
#include <vector>

#include "harness/finding.h"
#include "harness/script_writer.h"
#include "harness/worker.h"

namespace finwait {

struct Account {
  std::string script;                  ///< the finding's packetdrill script
  std::vector<std::string> permitted;  ///< what each hypothesis of the last set would have allowed
  std::string observed;                ///< what came instead
};

/// Plays the finding's case and writes its script.
/// @throws std::runtime_error where the adapter throws, std::system_error where no process is to be had.
Account give_account(const AdapterFactory& make_adapter, const SavedFinding& finding);

/// Each step of the case with the oracle's set after it, in lines of about `width` columns.
std::string walk_through(const AdapterFactory& make_adapter, const SavedFinding& finding);

/// Whether the case still passes through the state and event that the finding is named after, with nothing
/// broken: only then does a pass mean that the fault is gone.
bool still_reached(const AdapterFactory& make_adapter, const SavedFinding& finding);

/// The part of a set of hypotheses that an engineer reads: state, variables, what is owed.
std::string describe(const model::Hypothesis& h, const model::Claims& claims, const ScriptNumbers& numbers);

}  // namespace finwait
