// What finwait can do; each command returns its exit status.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/stack_check.h"

namespace finwait::cli {

inline constexpr std::uint64_t default_cases = 20000;
/// Fixed, so that every run in CI judges the same cases; another seed breaks new ground.
inline constexpr std::uint64_t default_seed = 0x5eed;

struct RunArguments {
  CheckArguments check;
  std::vector<std::string> selectors;  ///< of properties; none: all
  std::optional<std::uint64_t> cases;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> waiting;  ///< cases that may wait, in real time
  std::optional<std::chrono::milliseconds> time;
  std::string coverage;  ///< a file; empty: none
};
int run_command(const RunArguments& arguments);

struct CoverageArguments {
  std::string stack;
  std::optional<std::uint64_t> cases;
  std::optional<std::uint64_t> seed;
  Places places;
  std::string json;  ///< a file; empty: none
};
int coverage_command(const CoverageArguments& arguments);

struct ExploreArguments {
  CheckArguments check;
  std::string alphabet;              ///< "core" or "full"; empty: both
  std::optional<std::size_t> depth;  ///< none: what each alphabet is worth
  std::optional<std::uint64_t> seed;
  std::string checkpoint;  ///< a file; empty: one named after the stack, here
  bool resume = false;
};
int explore_command(const ExploreArguments& arguments);

struct ReplayArguments {
  std::vector<std::string> files;
  int times = 10;
  bool verbose = false;
};
int replay_command(const ReplayArguments& arguments);

struct AcceptArguments {
  std::string stack;
  std::string link;
  std::string reason;
  Places places;
};
int accept_command(const AcceptArguments& arguments);

struct ForgetArguments {
  std::string stack;
  std::vector<std::string> rules;  ///< none: of any
  bool gone = false;               ///< only those that the stack does not show any more
  Places places;
};
int forget_command(const ForgetArguments& arguments);

struct DiffArguments {
  std::string before, after;  ///< files of --json
};
int diff_command(const DiffArguments& arguments);

struct ListArguments {
  bool stacks = false, properties = false, rules = false;  ///< none: all three
};
int list_command(const ListArguments& arguments);

int explain_command(const std::string& rule);

struct CheckAgentArguments {
  agent::Command agent;
  std::chrono::milliseconds patience{2000};  ///< in which each answer has to come
};
int check_agent_command(const CheckAgentArguments& arguments);

}  // namespace finwait::cli
