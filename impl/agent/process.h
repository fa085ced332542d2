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

/// A child with a socket as its stdin and stdout; it never outlives the thread that has started it. Its
/// stderr is ours.
class Process {
 public:
  /// @throws AgentError where it cannot be started: the reason, in words.
  Process(Command command, std::chrono::milliseconds patience);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Both throw AgentGone where the agent has ended or is silent for longer than the patience, AgentError
  // where it goes on for ever without ending its line.

  /// Writes one line.
  void say(std::string_view line);
  /// The next line, valid until the next call.
  std::string_view hear();

  /// How many lines it has said.
  std::uint64_t heard() const { return heard_; }
  /// Whether it says something within this time without being asked.
  bool babbles(std::chrono::milliseconds within);
  /// Ends its stdin; whether it ends itself in time.
  bool ends_with_its_input(std::chrono::milliseconds within);

 private:
  void start();
  [[noreturn]] void be_the_child(int socket, int trouble, pid_t parent);
  void fill();
  [[noreturn]] void has_ended();
  std::string how_it_ended(std::chrono::milliseconds within);
  void kill_it();

  Command command_;
  std::chrono::milliseconds patience_;
  pid_t pid_ = -1;
  int socket_ = -1;
  std::string in_;         ///< what has come, up to in_.size()
  std::size_t begin_ = 0;  ///< of what was not heard yet
  std::string out_;
  std::uint64_t heard_ = 0;
};

}  // namespace finwait::agent
