// The eleven connection states of RFC 9293 §3.3.2, under their names there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace finwait::model {

enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

inline constexpr std::size_t state_count = 11;

inline constexpr std::array<std::string_view, state_count> state_names{
    "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
    "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};

/// The state's name as the RFC prints it.
constexpr std::string_view name(State state) {
  return state_names[static_cast<std::size_t>(state)];
}

}  // namespace finwait::model
