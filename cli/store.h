// Where traces and expectations lie, and what is in them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/expectations.h"
#include "harness/finding.h"
#include "impl/stacks.h"

namespace finwait::cli {

/// The stack of this name.
/// @throws UsageError with near matches.
Stack find_stack(const std::string& name);

/// Places given on the command line; empty ones are found in the current folder, else with finwait. A stack
/// whose adapter is not in impl/ has its expectations beside its traces, and both in the current folder.
struct Places {
  std::string traces;        ///< the folder that holds one folder a stack
  std::string expectations;  ///< the file

  std::filesystem::path traces_of(const std::string& stack) const;
  std::filesystem::path expectations_of(const std::string& stack) const;
};

struct SavedTrace {
  std::filesystem::path path;
  SavedFinding finding;
};

/// Reads one trace.
/// @throws UsageError with file:line:column.
SavedTrace read_trace(const std::filesystem::path& path);
/// All *.pkt of a folder, by name; none where there is no folder.
std::vector<SavedTrace> read_traces(const std::filesystem::path& folder);

/// The expectations of a stack; none where there is no file, unless one was asked for.
/// @throws UsageError with file:line:column.
Expectations read_expectations(const Places& places, const std::string& stack);

/// Makes the folder and finds out whether files can be written there; says whether it is new.
/// @throws UsageError
bool prepare_folder(const std::filesystem::path& folder);

/// Finds out before a run whether its result can be written there, and leaves what is there as it is; an
/// empty path is no file.
/// @throws std::runtime_error with path and reason.
void check_writable(const std::filesystem::path& path);

/// @throws UsageError with path and reason.
std::string text_of(const std::filesystem::path& path);

/// Writes the file in one step.
/// @throws std::runtime_error with path and reason.
void write(const std::filesystem::path& path, const std::string& text);

/// A path as a person would type it from here.
std::string shown(const std::filesystem::path& path);

}  // namespace finwait::cli
