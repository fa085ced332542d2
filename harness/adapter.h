// All that an author of a stack implements: see `Adapter` at the end.
//
// The implementation under test (IUT) is driven by user calls, datagrams and time; whatever it
// does comes back through a `Sink`. Nothing blocks; virtual time moves only in `advance`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/state_hash.h"
#include "model/user_interface.h"

namespace finwait {

using namespace std::chrono_literals;

/// Time since `reset()`, virtual, or real as the adapter stamps it.
using Time = std::chrono::microseconds;
/// Octets borrowed for the length of a call. A datagram is a whole IPv4 packet.
using Octets = std::span<const std::uint8_t>;
/// A socket, named by the tester (accepted children too); 0 is none.
using Socket = std::uint32_t;

using model::Call;
using model::Result;

/// One user call. Addresses are the profile's; only ports are chosen by the tester.
struct Request {
  Call call = Call::status;
  Socket socket = 0;              ///< new for both opens; the listener for accept
  Socket child = 0;               ///< accept: the name that the child is to have
  std::uint16_t local_port = 0;   ///< opens: the IUT's port
  std::uint16_t remote_port = 0;  ///< active open: the tester's port
  Octets data;                    ///< send
  std::size_t count = 0;          ///< receive: at most so many octets
  int backlog = 8;                ///< passive open
};

struct Reply {
  Result result = Result::ok;
  std::size_t count = 0;   ///< send: octets taken (ok with fewer than asked is a partial SEND)
  Octets data;             ///< receive: owned by the adapter, valid until the next call of it
  std::string_view state;  ///< status: the RFC's name of the state, e.g. "SYN-SENT"
};

/// A reply that is nothing but its result.
inline Reply reply(Result result) {
  Reply answer;
  answer.result = result;
  return answer;
}

/// What the IUT claims of itself. The oracle trusts it and nothing else.
struct Profile {
  std::string name;
  std::string version;
  enum class Clock : std::uint8_t { virtual_exact, real } clock = Clock::virtual_exact;
  bool quiet = true;        ///< real time too: what a stimulus sets off has been told when it returns
  Time tick = 500ms;        ///< the coarsest timer period
  Time msl = 120s;          ///< maximum segment lifetime (§3.4.2: 2 minutes, may be changed)
  Time reaction = 500ms;    ///< longest delay of an answer that no timer governs
  Time slack = 0us;         ///< real time only: measured lateness of an observation
  unsigned late_share = 0;  ///< a timer of T may be late by T/late_share; 0: only by a tick
  Time step = 250ms;        ///< the largest stride in which `advance` looks at its timers
  Time throttle = 5s;       ///< quiet time after which a challenge ACK is owed (RFC 5961 §7)
  Time patience = 150s;     ///< the longest first retransmission or probe interval claimed
  Time r2_syn = 0us;        ///< an unanswered active SYN is reported by then; 0: not claimed
  Time r2_data = 0us;       ///< unanswered data or FIN is reported by then; 0: not claimed
  std::uint32_t receive_buffer = 0;           ///< octets; 0: unknown, the right edge is judged as advertised
  std::uint16_t mss = 536;                    ///< MSS used where the peer offers more
  bool listener_persists = true;              ///< BSD: a child does not use the listener up
  std::uint32_t iut_address = 0x0a000001;     ///< IPv4, host order
  std::uint32_t tester_address = 0x0a000002;  ///< IPv4, host order
  std::vector<Call> calls;                    ///< what is supported: the only source of `unsupported`
};

/// Receives what the IUT does, in order of occurrence, each with the IUT's time.
class Sink {
 public:
  virtual void datagram(Time at, Octets packet) = 0;
  /// The active OPEN has succeeded (connect returned).
  virtual void opened(Time at, Socket socket) = 0;
  /// A child is established: accept would succeed.
  virtual void acceptable(Time at, Socket listener) = 0;
  /// The connection ended in an error: reset, refused, timed_out, error. Not for the user's own abort.
  virtual void failed(Time at, Socket socket, Result why) = 0;

 protected:
  ~Sink() = default;
};

/// From where a state is looked at, so that it looks the same whatever the initial sequence numbers, the time
/// and the sockets' names are.
struct Viewpoint {
  Socket listener = 0;     ///< to which accept goes; 0: none
  Socket connection = 0;   ///< to which all other calls go; 0: none
  std::uint32_t own = 0;   ///< the IUT's sequence numbers count from here
  std::uint32_t peer = 0;  ///< the tester's from here
};

/// An implementation under test. Received text is held by the adapter (or the stack) until
/// `Call::receive` takes it, so that an unread octet keeps the receive window closed.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual Profile profile() const = 0;
  /// Starts a new case at time 0. Nothing of the last case is left, however it ended. What the
  /// stack draws by chance (its ISS above all) follows from the seed.
  virtual void reset(std::uint64_t seed) = 0;
  virtual Reply call(const Request& request, Sink& sink) = 0;
  virtual void deliver(Octets packet, Sink& sink) = 0;
  /// Moves time on by `by`; 0 only settles. Returns when the IUT is quiet.
  virtual void advance(Time by, Sink& sink) = 0;
  /// Real time only: the case has fallen behind by more than the slack claimed, so that no time can be
  /// judged.
  virtual bool held_up() const { return false; }
  /// When the IUT's next timer is due, if it can tell.
  virtual std::optional<Time> next_timer() const { return {}; }
  /// The IUT's own idea of the connection, for people: never used for a verdict.
  virtual std::string probe(Socket) const { return {}; }
  /// Adds whatever in the IUT's state decides what it does next, for a search that does not go on from a
  /// state that it has met before: sequence numbers and sockets as seen from the viewpoint, no addresses of
  /// memory, no counts of what has been, no octets of text. False: it cannot tell. Never used for a verdict.
  virtual bool tell_state(const Viewpoint&, StateHash&) const { return false; }
  /// Keeps the present state, so that the case can go on from here more than once. False: it cannot, and
  /// whoever wants to be here again plays the case from its start.
  virtual bool keep_state() { return false; }
  /// Back to the state kept last in this case, its time included.
  virtual void return_to_kept() {}
};

}  // namespace finwait
