// finwait check-agent: whether an agent speaks the protocol, before its stack is judged.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "impl/agent/self_test.h"

namespace finwait::cli {

namespace {

std::string label(AgentCheck::Verdict verdict) {
  switch (verdict) {
    case AgentCheck::Verdict::good: return green("ok      ");
    case AgentCheck::Verdict::bad: return red("BAD     ");
    case AgentCheck::Verdict::left_out: return yellow("left out");
  }
  return {};
}

}  // namespace

int check_agent_command(const CheckAgentArguments& arguments) {
  int good = 0, bad = 0, left_out = 0;
  check_agent(arguments.agent, arguments.patience, [&](const AgentCheck& check) {
    fmt::print("{} {}\n", label(check.verdict), check.what);
    if (!check.remark.empty()) fmt::print("         {}\n", check.remark);
    std::fflush(stdout);
    ++(check.verdict == AgentCheck::Verdict::good  ? good
       : check.verdict == AgentCheck::Verdict::bad ? bad
                                                   : left_out);
  });
  fmt::print("agent {}: {} checks good, {} bad, {} left out\n", agent::to_text(arguments.agent), good, bad,
             left_out);
  return bad == 0 ? as_expected : broken;
}

}  // namespace finwait::cli
