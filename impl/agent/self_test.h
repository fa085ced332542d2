// finwait check-agent: what an agent has to do before its stack can be judged.
#pragma once

#include <functional>
#include <string>

#include "impl/agent/process.h"

namespace finwait {

/// One check of the self-test.
struct AgentCheck {
  std::string what;  ///< in a line
  enum class Verdict : std::uint8_t { good, bad, left_out } verdict = Verdict::good;
  std::string remark;  ///< what is wrong and what to do; or why it was left out
};

/// Runs all checks in order, until one shows that the others make no sense, and tells of each.
/// @return whether nothing was bad.
bool check_agent(const agent::Command& command, std::chrono::milliseconds patience,
                 const std::function<void(const AgentCheck&)>& tell);

}  // namespace finwait
