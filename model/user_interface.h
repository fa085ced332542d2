// The user's side of RFC 9293 §3.9.1: calls and what they return.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace finwait::model {

/// The user calls of RFC 9293 §3.9.1 with the meaning that BSD sockets gave them.
enum class Call : std::uint8_t {
  open_passive,  ///< passive OPEN: `listen`
  open_active,   ///< active OPEN: `connect`, not blocking
  accept,        ///< takes the next established child of a listener, not blocking
  send,          ///< SEND: `send`, not blocking
  receive,       ///< RECEIVE: `recv`, not blocking
  close,         ///< CLOSE, "no more data to send": `shutdown(SHUT_WR)`
  close_full,    ///< CLOSE and no more RECEIVE (MAY-1): `close`; of a listener: stops listening
  abort,         ///< ABORT: `close` with linger 0
  status,        ///< STATUS
};
inline constexpr std::size_t call_count = 9;

/// The call's name as it stands in scripts and messages.
std::string_view name(Call call);

/// Results and errors, judged by class and never by number (`errno` differs between systems).
enum class Result : std::uint8_t {
  ok,
  pending,        ///< would block, in progress
  unsupported,    ///< never counted against the stack; only for calls missing from the profile
  no_connection,  ///< "connection does not exist", not connected, unknown socket
  exists,         ///< "connection already exists", address in use, already connected
  refused,        ///< "connection refused"
  reset,          ///< "connection reset", aborted
  timed_out,      ///< "connection aborted due to user timeout", unreachable
  closing,        ///< "connection closing": RECEIVE at the end of the stream (EOF), SEND after CLOSE
  no_resources,   ///< "insufficient resources"
  invalid,        ///< the arguments make no sense, "remote socket unspecified"
  error,          ///< any other error
};
inline constexpr std::size_t result_count = 12;

/// The result's name as it stands in scripts and messages.
std::string_view name(Result result);

}  // namespace finwait::model
