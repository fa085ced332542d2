// A file that finwait run or finwait explore has written for --json, read again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace finwait::cli {

/// A finding of the file. Its rule is not looked up: another version of finwait may have other rules.
struct RunEntry {
  std::string level;        ///< "must" or "prose"
  std::string requirement;  ///< "MUST-13"; may be empty
  std::string standing;     ///< name(Standing)
  std::uint64_t events = 0;
  std::string trace;  ///< empty: not saved

  /// Whether the stack has deviated: what is gone is in the file too.
  bool shown() const;
};

struct RunFile {
  using Identity = std::pair<std::string, std::string>;  ///< the rule's id; "STATE, EVENT CLASS"
  std::map<Identity, RunEntry> entries;
  // The totals.
  std::string stack, version;
  std::uint64_t cases = 0;
  std::uint64_t seed = 0;
  bool interrupted = false;
};

/// @throws UsageError with file:line of what is malformed.
RunFile read_run_file(const std::filesystem::path& path);

}  // namespace finwait::cli
