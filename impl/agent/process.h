// An agent's process, and lines to and from it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace finwait::agent {

/// The agent cannot be started, has broken the protocol, has ended, or is silent; the text names the agent,
/// the line that it was told and the line that it said.
class AgentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// It has ended, or is silent: what has become of its stack, rather than of the protocol.
class AgentGone : public AgentError {
 public:
  using AgentError::AgentError;
};

/// The program and its arguments.
using Command = std::vector<std::string>;

/// As it may be typed again.
std::string to_text(const Command& command);

/// A child with a socket as its stdin and stdout; neither it nor what it has started in its process group
/// outlives us, however we end. Its stderr is ours.
class Process {
 public:
  /// @throws AgentError where it cannot be started: the reason, in words.
  Process(Command command, std::chrono::milliseconds patience);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Both throw AgentGone where the agent has ended or is silent for longer than the patience, AgentError
  // where it has said what it was not asked for, or does not come to the end of its answer or its line.

  /// Writes one line; its answer has to be heard before the patience ends.
  void say(std::string_view line);
  /// The next line, valid until the next call.
  std::string_view hear();

  /// How many lines it has said.
  std::uint64_t heard() const { return heard_; }
  /// What it says within this time without being asked; empty: nothing.
  std::string unasked(std::chrono::milliseconds within);
  /// Ends its stdin; empty: it has ended itself in time, with exit status 0. Otherwise what it did.
  std::string end_its_input(std::chrono::milliseconds within);

 private:
  void start();
  [[noreturn]] void be_the_child(int socket, int trouble, pid_t parent);
  void start_guard();
  [[noreturn]] void be_the_guard(int end);
  std::string not_heard_yet() const;
  void fill();
  [[noreturn]] void has_ended();
  std::string how_it_ended(std::chrono::milliseconds within);
  void kill_it();

  Command command_;
  std::chrono::milliseconds patience_;
  pid_t pid_ = -1;
  pid_t guard_ = -1;                                  ///< kills the process group when we end
  int guarded_ = -1;                                  ///< the guard waits for the end of this pipe
  std::chrono::steady_clock::time_point deadline_{};  ///< of the answer
  int socket_ = -1;
  std::string in_;         ///< what has come, up to in_.size()
  std::size_t begin_ = 0;  ///< of what was not heard yet
  std::string out_;
  std::uint64_t heard_ = 0;
};

}  // namespace finwait::agent
