// The agent protocol, version 1, as text: what is asked of an agent and what it answers.
// docs/agent-protocol.md describes it for those who write agents.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/adapter.h"

namespace finwait::agent {

inline constexpr int protocol_version = 1;

/// A line that is not of the protocol; the text says what was expected and what was found.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Octets as they stand in a line: pairs of hexadecimal digits, or "-" where there are none.
std::string hex(Octets octets);

// ---- what is asked: one line each, without its line end -----------------------------------------------

std::string hello_line();
std::string reset_line(std::uint64_t seed);
std::string call_line(const Request& request);
std::string deliver_line(Octets packet);
std::string advance_line(Time by);

// ---- what is answered -----------------------------------------------------------------------------------

/// A line that comes before the last one of an answer: something that the IUT has done.
struct Observation {
  enum class What : std::uint8_t { datagram, opened, acceptable, failed } what = What::datagram;
  Time at{};
  std::vector<std::uint8_t> packet;  ///< datagram
  Socket socket = 0;                 ///< the others
  Result why = Result::ok;           ///< failed
};

/// The last line of an answer.
struct Answer {
  Result result = Result::ok;
  std::string_view rest;  ///< what follows the result's name
};

/// Nothing if the line is no observation.
/// @throws ProtocolError if it begins like one and goes on otherwise.
std::optional<Observation> read_observation(std::string_view line);

/// The text behind "crashed": the stack has ended as a process would by an assertion or a panic.
std::optional<std::string_view> read_crash(std::string_view line);

/// @throws ProtocolError unless the line begins with a result's name.
Answer read_answer(std::string_view line);

/// Fills a reply in: the count that follows a SEND, the octets that follow a RECEIVE, the state that follows
/// a STATUS. `octets` and `state` keep what the reply refers to.
/// @throws ProtocolError
Reply read_reply(const Request& request, const Answer& answer, std::vector<std::uint8_t>& octets,
                 std::string& state);

/// One line of the answer to "hello": "claim NAME VALUE". False: it is none.
/// @throws ProtocolError for an unknown name or a value of the wrong kind.
bool read_claim(std::string_view line, Profile& profile);

}  // namespace finwait::agent
