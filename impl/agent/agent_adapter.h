// A stack in a process of its own and in any language, which speaks the agent protocol.
#pragma once

#include <chrono>
#include <memory>

#include "harness/adapter.h"
#include "impl/agent/process.h"

namespace finwait {

/// The real time in which an agent has to answer.
inline constexpr std::chrono::milliseconds agent_patience{5000};

/// Starts the agent and asks for its profile. All members throw agent::AgentError where the agent does not
/// keep to the protocol. One that says "crashed", ends, or falls silent in a case ends this process by
/// SIGABRT, as a stack in it would.
/// @throws agent::AgentError
std::unique_ptr<Adapter> make_agent(const agent::Command& command,
                                    std::chrono::milliseconds patience = agent_patience);

}  // namespace finwait
