// The user's calls (RFC 9293 §3.10.1 to §3.10.6) and what the user is told.
#pragma once

#include <span>
#include <string_view>

#include "model/hypothesis.h"
#include "model/user_interface.h"

namespace finwait::model {

/// A call and what it returned: seen together, because the relation depends on both.
struct UserCall {
  Call call = Call::status;
  bool on_listener = false;   ///< close_full of the listening socket
  bool on_connection = true;  ///< names the connection at hand; false: no such socket
  std::uint32_t asked = 0;    ///< octets to send, or at most to receive
  Result result = Result::ok;
  std::uint32_t count = 0;                 ///< octets taken by SEND
  std::span<const std::uint8_t> received;  ///< octets that RECEIVE returned
  std::string_view state;                  ///< what STATUS returned
};

/// Each returns the rule that the IUT has broken under this hypothesis, or Rule::none.
Rule user_calls(Step& step, const UserCall& call);
/// The active OPEN was reported as successful.
Rule user_is_told_open(Step& step);
/// A child was reported as ready to be accepted.
Rule user_is_told_acceptable(Step& step);
/// The connection was reported as failed.
Rule user_is_told_failure(Step& step, Result why);

}  // namespace finwait::model
