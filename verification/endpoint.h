// One endpoint of the exploration: a hypothesis of the model, what its user has done and has been told, and
// every step that the relation permits it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/hypothesis.h"
#include "verification/flight.h"

namespace finwait::verification {

/// What is checked; the sentences are in two_models.h.
enum class Property : std::uint8_t {
  none,
  stream_is_intact,
  nothing_lost_before_eof,
  numbers_agree,
  no_reset_answers_a_reset,
  no_ack_of_what_was_not_sent,
  every_end_is_told,
  owed_is_permitted,
  model_has_an_answer,
  open_finishes,
  close_finishes,
};
std::string_view name(Property property);

/// The greatest numbers of the last incarnation whose ISS is known, kept beyond its TCB, to judge the peer
/// by.
struct Record {
  Mark sent_end = 0;       ///< one beyond the highest number ever sent; 0: nothing is known
  std::uint8_t given = 0;  ///< octets that SEND took
  bool operator==(const Record&) const = default;
};

struct Endpoint {
  model::Hypothesis h;
  bool opened = false;    ///< OPEN was called
  bool given = false;     ///< SEND was called
  bool closed = false;    ///< CLOSE was called
  bool aborted = false;   ///< ABORT was called
  Octet kept = no_octet;  ///< what has come under the number IRS+1 and was taken, or is held
  Record record;
  bool operator==(const Endpoint&) const = default;

  /// Opened, and at an end: nothing is left but §3.10.7.1.
  bool ended() const { return opened && h.state == model::State::closed; }
  /// ESTABLISHED or beyond: our SYN is acknowledged.
  bool established() const { return h.synchronized() && !h.syn_unacknowledged(); }
};

/// What the user was told in one step.
struct Told {
  bool opened = false, failed = false, octet = false, eof = false;
  bool operator==(const Told&) const = default;
};

/// One of the ways that a step may go.
struct Outcome {
  Endpoint next;
  std::vector<Flight> sent;
  Flight answer;      ///< the ACK that is owed for the segment, if `answers`
  Endpoint answered;  ///< `next`, after that ACK was sent
  bool answers = false;
  Told told;
  std::uint8_t read = 0;  ///< octets that the user has read when it is told of the end of the stream
  Property broken = Property::none;
  std::string why;  ///< of `broken`
};

/// Where a fault can be planted, for the tests of the explorer. A hook that is null changes nothing.
struct Fault {
  /// A segment comes; it may be altered. False: it is dropped.
  bool (*arrives)(const Endpoint&, model::Segment&) = nullptr;
  /// A segment was processed; `before` is the endpoint that it met. Resets can be added or removed here.
  void (*processed)(Endpoint&, const model::Segment&, const Endpoint& before) = nullptr;
  /// The relation lets a segment through. False: it is never sent. It may be altered.
  bool (*leaves)(const Endpoint&, Flight&) = nullptr;
  /// What the user is told may be altered.
  void (*tells)(Told&) = nullptr;
};

/// The steps of the endpoint on one side.
class Stepper {
 public:
  /// `raw`: what is left of a step is not made canonical; to test what canonical() leaves out. `plain`: see
  /// Options::plain.
  explicit Stepper(Side side, const Fault* fault = nullptr, bool raw = false, bool plain = false)
      : side_(side), fault_(fault), raw_(raw), plain_(plain) {}

  std::vector<Outcome> delivered(const Endpoint& before, const Flight& flight) const;
  /// Every segment that the relation lets the endpoint send now, besides answers, each with what is left.
  std::vector<Outcome> sends(const Endpoint& before) const;
  std::vector<Outcome> opens(const Endpoint& before, bool actively) const;
  std::vector<Outcome> gives(const Endpoint& before) const;
  std::vector<Outcome> closes(const Endpoint& before) const;
  std::vector<Outcome> aborts(const Endpoint& before) const;
  /// The user time-out, R2 (§3.10.8, §3.8.3), with or without a reset.
  std::vector<Outcome> user_timeout(const Endpoint& before) const;
  std::vector<Outcome> time_wait_timeout(const Endpoint& before) const;

  Side side() const { return side_; }

 private:
  struct Draft;
  template <class Function>
  void each_way(const Endpoint& before, model::Time now, Function function, std::vector<Outcome>& out) const;
  void finish(Draft& draft, std::vector<Outcome>& out) const;
  void tell(Draft& draft) const;
  void read(Draft& draft) const;
  void keep(Endpoint& after, const Flight& flight) const;
  void answer(Draft& draft, std::vector<Outcome>& out) const;
  void resets(Draft draft, std::vector<Outcome>& out) const;
  bool emits(Endpoint& e, const Flight& flight, model::Time now) const;

  Side side_;
  const Fault* fault_;
  bool raw_, plain_;
};

/// The endpoint with everything at one value that makes no difference to what it may do: see the list in
/// two_models.h.
Endpoint canonical(const Endpoint& endpoint, Side side);
/// With other names for the incarnations.
Endpoint renamed(const Endpoint& endpoint, Side side, const Renaming& names);
/// The incarnations of either endpoint that this one refers to, as sets of bits. The record refers to none:
/// it is forgotten with the last one who does.
std::array<std::uint8_t, 2> incarnations(const Endpoint& endpoint, Side side);
std::size_t hash_of(const Endpoint& endpoint);

}  // namespace finwait::verification
