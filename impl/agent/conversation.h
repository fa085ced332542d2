// What is said to an agent and what it answers, judged as a protocol: TCP is not known here.
#pragma once

#include <optional>
#include <string>

#include "impl/agent/process.h"
#include "impl/agent/protocol.h"

namespace finwait::agent {

/// Each request returns when its answer has come; the text is of the stack's crash, if it has had one.
/// All throw AgentError where the agent does not keep to the protocol, and AgentGone where it has ended or is
/// silent; the text names the agent, the line that it was asked and the line that it said.
class Conversation {
 public:
  Conversation(const Command& command, std::chrono::milliseconds patience);

  /// What the agent claims of its stack.
  Profile hello();
  std::optional<std::string> reset(std::uint64_t seed);
  std::optional<std::string> call(const Request& request, Sink& sink);
  std::optional<std::string> deliver(Octets packet, Sink& sink);
  std::optional<std::string> advance(Time by, Sink& sink);
  /// Of the last call, valid until the next one.
  const Reply& reply() const { return reply_; }

  Process& process() { return process_; }

 private:
  template <typename Work>
  auto guarded(const Work& work);
  void ask(std::string line);
  std::optional<std::string> answer(Sink& sink, Time until);
  std::optional<std::string> plain_answer(Sink& sink, Time until);
  void tell(const Observation& observation, Sink& sink, Time until);
  std::string said_of(const std::string& why) const;

  std::string name_;         ///< of the agent, as it was typed
  std::string question_;     ///< the line that waits for its answer
  std::string line_;         ///< the last line of the answer
  std::uint64_t asked_ = 0;  ///< lines so far
  Process process_;
  Time now_{}, last_{};
  Answer answer_;
  Reply reply_;
  std::vector<std::uint8_t> octets_;
  std::string state_;
};

}  // namespace finwait::agent
