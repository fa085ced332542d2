// What is written about mutants that no property catches.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "verification/mutation/mutation.h"

namespace finwait::mutation {

/// The name of a mutant that outlives edits elsewhere: file, function, change and text, but no line.
std::string identity(const Mutant& mutant);

/// By identity: why that fault survives. WHY begins with "equivalent: " (nothing that is judged changes) or
/// "open: " (it ought to be caught, and is not yet). A line each, "FILE | FUNCTION | CHANGE | TEXT | WHY";
/// empty lines and those that begin with # count for nothing.
/// @throws std::runtime_error with file, line and column where a line is not so, or comes twice.
std::map<std::string, std::string> read_survivors(const std::filesystem::path& file);

}  // namespace finwait::mutation
