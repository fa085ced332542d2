// A symbolic event: what the tester does next, in words that survive another ISS, window or MSL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "model/hypothesis.h"
#include "model/segment.h"
#include "model/user_interface.h"

namespace finwait {

enum class EventKind : std::uint8_t {
  segment,
  wait,
  open_passive,
  open_active,
  accept,
  send,
  receive,
  close,
  close_full,
  abort,
  status,
  close_listener,
};
inline constexpr std::size_t event_kind_count = 12;

/// What SEG.SEQ is relative to: our initial sequence number, RCV.NXT, the right edge RCV.NXT+RCV.WND, or zero
/// on the wire (what a closed peer's reset carries).
enum class SeqBase : std::uint8_t { isn, rcv_nxt, right_edge, zero };
/// What SEG.ACK is relative to.
enum class AckBase : std::uint8_t { snd_nxt, snd_una, iss };
/// What a wait is relative to: nothing, 2MSL, or the longest retransmission interval claimed.
enum class WaitBase : std::uint8_t { zero, two_msl, patience };

/// Trivially copyable: events are kept where a crashed worker leaves them.
struct Event {
  EventKind kind = EventKind::wait;
  std::uint8_t flags = 0;
  SeqBase seq_base = SeqBase::rcv_nxt;
  AckBase ack_base = AckBase::snd_nxt;
  std::int32_t seq_offset = 0;
  std::int32_t ack_offset = 0;
  std::uint16_t len = 0;
  std::uint16_t wnd = 65535;
  std::uint16_t mss = 0;  ///< MSS option on a SYN; 0: none
  bool bad_checksum = false;
  WaitBase wait_base = WaitBase::zero;
  std::int32_t wait_ms = 0;  ///< milliseconds, added to the base
  std::uint32_t count = 0;   ///< octets to send, or at most to receive

  bool operator==(const Event&) const = default;
};
static_assert(std::is_trivially_copyable_v<Event>);

/// The event as it stands after `// finwait:` in a script, e.g. "< F. seq=RCV.NXT+1 ack=SND.NXT win=65535",
/// "wait 2MSL-1s", "send 100".
std::string to_text(const Event& event);

/// Where and why a text is not an event; `column` counts from 1.
struct EventError {
  std::size_t column;
  std::string what;
};
/// The inverse of to_text(); on error returns nothing and fills `error`.
std::optional<Event> event_from_text(std::string_view text, EventError& error);

/// Where SEG.SEQ lies in relation to the receive window, in the words of boundary tests.
enum class SeqClass : std::uint8_t {
  any,
  outside_left,
  straddles_left,
  left_edge,
  inside,
  right_edge,
  outside_right
};
/// Where SEG.ACK lies: below SND.UNA, at it, between, at SND.NXT, above.
enum class AckClass : std::uint8_t { none, old, current, part, all, unsent };

/// The class of an event: with a rule and a state it identifies a finding.
struct EventClass {
  EventKind kind = EventKind::wait;
  std::uint8_t flags = 0;  ///< FIN, SYN, RST and ACK only
  bool text = false;
  bool bad_checksum = false;
  SeqClass seq = SeqClass::any;
  AckClass ack = AckClass::none;

  bool operator==(const EventClass&) const = default;
  auto operator<=>(const EventClass&) const = default;
};
static_assert(std::is_trivially_copyable_v<EventClass>);

/// The class's name, e.g. "RST seq:inside", "FIN,ACK seq:left-edge ack:all text", "close".
std::string to_text(const EventClass& event_class);
std::optional<EventClass> event_class_from_text(std::string_view text);

/// The numbers and controls of a segment event for an IUT in this hypothesis; the tester's own numbers begin
/// at `tester_isn`. Its text is left to whoever forms the octets.
model::Segment resolve(const Event& event, const model::Hypothesis& h, model::Seq tester_isn);

/// The class of an event that finds the IUT in this hypothesis; `segment` is the event resolved, with its
/// text.
EventClass classify(const Event& event, const model::Segment& segment, const model::Hypothesis& h);

}  // namespace finwait
