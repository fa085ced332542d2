// A finding as it is saved: a packetdrill script whose comments are what a replay goes by.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "harness/case.h"
#include "harness/script.h"

namespace finwait {

/// What a script's head and its `// finwait:` comments say. All else in it is for readers and for
/// packetdrill.
struct SavedFinding {
  std::string stack;    ///< the name that the stack is run by
  std::string version;  ///< of the stack, when the finding was made
  std::string profile;  ///< what it claimed then, for people
  Deviation deviation;
  Case smallest;
  bool deviates = true;  ///< `expect: deviates`; else `conforms`, a fault that was mended
  bool operator==(const SavedFinding&) const = default;
};

/// The claims of a profile that matter to a reader: "msl=60 tick=0.5 clock=virtual".
std::string profile_text(const Profile& profile);

/// "STATE, EVENT CLASS", as in a script's head and in expectations.
std::string identity_text(const Deviation& deviation);

/// The name of the finding's trace: CLAUSE-slug--STATE--EVENT.pkt, safe in any file system, one for each
/// identity.
std::string trace_name(const Deviation& deviation);

/// The folder of a stack's traces below traces/.
std::string trace_folder(std::string_view stack);

/// The lines that a finding's script begins with.
script::Head head_of(const SavedFinding& finding);

/// The comment that makes an event part of the finding: "finwait: " and the event.
std::string event_comment(const Event& event);

/// Reads a finding's script: its language is checked as a whole, then head and `// finwait:` comments are
/// taken.
std::variant<SavedFinding, ScriptError> read_finding(std::string_view text, std::string_view file_name);

/// What is wrong with a text that is not "STATE, EVENT CLASS", or nothing; fills state and event.
std::string read_identity(std::string_view text, Deviation& deviation);

/// The rule with this id; otherwise nothing, and `error` names ids that are near.
std::optional<model::Rule> read_rule(std::string_view id, std::string& error);

}  // namespace finwait
