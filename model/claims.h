// What the implementation under test claims of itself, as far as the model needs it.
#pragma once

#include <chrono>
#include <cstdint>

namespace finwait::model {

using namespace std::chrono_literals;

/// Time since the start of a case.
using Time = std::chrono::microseconds;

struct Claims {
  Time tick = 500ms;                 ///< coarsest timer period
  Time step = 250ms;                 ///< stride in which timers are looked at
  Time slack = 0us;                  ///< lateness of an observation in real time
  unsigned late_share = 0;           ///< a timer of T may be late by T/late_share; 0: only by a tick
  Time msl = 120s;                   ///< maximum segment lifetime, §3.4.2
  Time reaction = 500ms;             ///< longest delay of an answer that no timer governs
  Time throttle = 5s;                ///< quiet time after which a challenge ACK is owed, RFC 5961 §7
  Time patience = 150s;              ///< longest first retransmission or probe interval
  Time r2_syn = 0us;                 ///< an unanswered SYN is reported by then; 0: not claimed
  Time r2_data = 0us;                ///< unanswered data is reported by then; 0: not claimed
  std::uint32_t receive_buffer = 0;  ///< octets; 0: unknown
  std::uint16_t mss = 536;
  bool listener_persists = true;

  /// The latest time of an answer that no timer governs (D-reply). A claim of 0 means: before the call
  /// returns.
  Time reply() const { return at_once() ? 0us : reaction + step + slack; }
  bool at_once() const { return reaction == 0us; }
  /// The latest time of the ACK of new text or a FIN: half a second (§3.8.6.3, MUST-40).
  Time acknowledgment() const { return 500ms + step + slack; }
  /// How late a timer of this length may be beside that.
  Time lateness(Time length) const { return late_share == 0 ? 0us : length / late_share; }
  /// What a lower or upper bound in time is widened by on either side.
  Time tolerance() const { return tick + step + slack; }
};

}  // namespace finwait::model
