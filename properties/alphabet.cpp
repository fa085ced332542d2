#include "properties/alphabet.h"

#include <algorithm>
#include <array>

#include "properties/aim.h"
#include "properties/generator.h"

namespace finwait {

using model::ACK;
using model::FIN;
using model::RST;
using model::SYN;

namespace {

constexpr std::uint16_t some_text = 100;

Event at(Event event, std::int32_t seq_offset) {
  event.seq_offset = seq_offset;
  return event;
}

Event acking(Event event, AckBase base, std::int32_t offset = 0) {
  event.ack_base = base;
  event.ack_offset = offset;
  return event;
}

Event with_window(Event event, std::uint16_t window) {
  event.wnd = window;
  return event;
}

// Time beyond the tolerance of every timer that ends at the given one.
constexpr std::int32_t margin_ms = 4000;

Alphabet core() {
  const std::vector<Event> events{
      // The user. Without SEND nothing is outstanding, without RECEIVE the window fills and no end is told.
      open_passive(),
      open_active(),
      accept_child(),
      send(some_text),
      receive(),
      close(),
      close_full(),  // text that comes later meets nobody (SHLD-3)
      abort_call(),
      // What opens: a SYN (in a later state an old duplicate of it), and the answer to the IUT's own.
      syn(),
      syn(ACK),
      // Everything acknowledged: ends the handshake, frees what was sent, answers the FIN.
      segment(ACK),
      // Nothing acknowledged, and the window shut: a duplicate that takes room away.
      with_window(acking(segment(ACK), AckBase::snd_una), 0),
      // Something acknowledged that was never sent (§3.10.7.4, fifth).
      acking(segment(ACK), AckBase::snd_nxt, 1),
      // Text in its place, text above a gap, text that came before.
      segment(ACK, some_text),
      at(segment(ACK, some_text), some_text),
      at(segment(ACK, some_text), -some_text),
      // Text without ACK, which the fifth check drops.
      segment(0, some_text),
      // A FIN that acknowledges the IUT's own, and one that crosses it (CLOSING).
      segment(FIN | ACK),
      acking(segment(FIN | ACK), AckBase::snd_nxt, -1),
      // A reset that has to be obeyed: at RCV.NXT, and in SYN-SENT with an acceptable ACK.
      segment(RST | ACK),
      // A reset and a SYN inside the window, which a challenge ACK may answer (RFC 5961).
      at(segment(RST), 1),
      at(segment(SYN), 1),
      // Whatever is owed has come after a second; retransmissions and the end of TIME-WAIT after 2MSL.
      wait_ms(1000),
      wait_ms(margin_ms, WaitBase::two_msl),
  };
  Alphabet alphabet;
  for (const Event& event : events) alphabet.push_back({event, {}});
  return alphabet;
}

class FullAlphabet {
 public:
  Alphabet operator()() {
    calls();
    for (const bool text : {false, true}) {
      for (unsigned flags = 0; flags < 32; ++flags) {
        if (!(flags & model::PSH)) segments(static_cast<std::uint8_t>(flags), text);
      }
    }
    closed_windows();
    bad_checksums();
    waits();
    return std::move(alphabet_);
  }

 private:
  static constexpr std::array seq_classes{
      SeqClass::any,    SeqClass::left_edge,  SeqClass::outside_left, SeqClass::straddles_left,
      SeqClass::inside, SeqClass::right_edge, SeqClass::outside_right};
  static constexpr std::array ack_classes{AckClass::none, AckClass::all,  AckClass::current,
                                          AckClass::old,  AckClass::part, AckClass::unsent};

  void calls() {
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
      const auto call = static_cast<EventKind>(kind);
      if (call != EventKind::segment && call != EventKind::wait) aim({call});
    }
  }

  void segments(std::uint8_t flags, bool text) {
    for (const SeqClass seq : seq_classes) {
      for (const AckClass ack : ack_classes) {
        if (!(flags & ACK) && ack != AckClass::none) break;
        aim({EventKind::segment, flags, text, false, seq, ack});
      }
    }
  }

  // Where a window counts: on whatever acknowledges in its place, and on a SYN.
  void closed_windows() {
    for (const std::uint8_t flags :
         {ACK, static_cast<model::Flag>(FIN | ACK), SYN, static_cast<model::Flag>(SYN | ACK)}) {
      for (const SeqClass seq : {SeqClass::any, SeqClass::left_edge}) {
        for (const AckClass ack : {AckClass::none, AckClass::all, AckClass::current, AckClass::part})
          aim({EventKind::segment, flags, false, false, seq, ack}, 0);
      }
    }
  }

  // A segment that would do much if it were taken.
  void bad_checksums() {
    for (const SeqClass seq : {SeqClass::any, SeqClass::left_edge}) {
      for (const AckClass ack : {AckClass::none, AckClass::all, AckClass::current})
        aim({EventKind::segment, FIN | ACK, true, true, seq, ack});
    }
  }

  // A delayed ACK; the first retransmission of most stacks; just before and after 2MSL; every retransmission.
  void waits() {
    for (const Event& event : {wait_ms(1000), wait_ms(6000), wait_ms(-margin_ms, WaitBase::two_msl),
                               wait_ms(margin_ms, WaitBase::two_msl), wait_ms(2000, WaitBase::patience)}) {
      alphabet_.push_back({event, {}});
    }
  }

  void aim(const EventClass& target, std::uint16_t window = 65535) {
    Letter letter;
    letter.aim = target;
    letter.event.wnd = window;
    alphabet_.push_back(letter);
  }

  Alphabet alphabet_;
};

std::optional<model::Call> call_of(const Letter& letter) {
  switch (letter.aim ? letter.aim->kind : letter.event.kind) {
    case EventKind::open_passive: return model::Call::open_passive;
    case EventKind::open_active: return model::Call::open_active;
    case EventKind::accept: return model::Call::accept;
    case EventKind::send: return model::Call::send;
    case EventKind::receive: return model::Call::receive;
    case EventKind::close: return model::Call::close;
    case EventKind::close_full:
    case EventKind::close_listener: return model::Call::close_full;
    case EventKind::abort: return model::Call::abort;
    case EventKind::status: return model::Call::status;
    default: return {};
  }
}

}  // namespace

std::optional<Event> event_of(const Letter& letter, const model::Hypothesis& h) {
  if (!letter.aim) return letter.event;
  std::optional<Event> event = aim_at(*letter.aim, h);
  if (event && event->kind == EventKind::segment) event->wnd = letter.event.wnd;
  return event;
}

const Alphabet& core_alphabet() {
  static const Alphabet alphabet = core();
  return alphabet;
}

const Alphabet& full_alphabet() {
  static const Alphabet alphabet = FullAlphabet()();
  return alphabet;
}

Alphabet supported(const Alphabet& alphabet, std::span<const model::Call> calls) {
  Alphabet kept;
  std::copy_if(alphabet.begin(), alphabet.end(), std::back_inserter(kept), [&](const Letter& letter) {
    const auto call = call_of(letter);
    return !call || std::find(calls.begin(), calls.end(), *call) != calls.end();
  });
  return kept;
}

}  // namespace finwait
