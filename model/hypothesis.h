// One hypothesis about the implementation: a state that all observations so far allow. A plain value.
#pragma once

#include <array>
#include <cstdint>

#include "model/chooser.h"
#include "model/claims.h"
#include "model/rules.h"
#include "model/segment.h"
#include "model/state.h"

namespace finwait::model {

/// What the IUT may owe: a segment or a signal to its user.
enum class Owed : std::uint8_t {
  syn,
  syn_ack,
  ack,
  data,
  fin,
  retransmission,
  probe,
  opened,
  acceptable,
  failed
};
inline constexpr std::size_t owed_count = 10;

/// Something due until `by`; nothing is due where `why` is none.
struct Duty {
  Time by{};
  Rule why = Rule::none;
  std::uint16_t cause = 0;  ///< number of the event that it answers
  bool operator==(const Duty&) const = default;
};

/// A reset that is owed or allowed, in one of the forms of §3.10 (see `actions.h`).
struct Reset {
  Seq next_low = 0, next_high = 0;  ///< <SEQ=SND.NXT>: where SND.NXT is uncertain, its bounds
  Seq acked = 0;                    ///< <SEQ=SEG.ACK>
  Seq end = 0;                      ///< <SEQ=0><ACK=SEG.SEQ+SEG.LEN>
  Seq end_low = 0;                  ///< the least ACK number of that form: `end`, unless no form is printed
  std::uint8_t forms = 0;           ///< a set of ResetForm
  bool owed = false;
  bool ends = false;  ///< whoever sends it has given the connection up
  Rule why = Rule::none;
  Time by{};
  std::uint16_t cause = 0;  ///< number of the event that it answers
  bool operator==(const Reset&) const = default;
};
enum ResetForm : std::uint8_t { at_snd_nxt = 1, at_seg_ack = 2, at_zero = 4 };

/// Text above a gap, which may have been kept (SHLD-31).
struct Held {
  Seq begin = 0, end = 0;
  bool fin = false;
  bool acks_fin = false;  ///< its ACK field covers our FIN and may count later
  bool sure = false;      ///< came with the SYN and was kept: not optional any more
  bool operator==(const Held&) const = default;
};

/// The user's handle on the connection.
enum class Handle : std::uint8_t {
  none,     ///< no connection was ever opened or accepted
  waiting,  ///< established, to be accepted
  open,
  gone,   ///< closed in full or aborted: nobody can be told anything
  ghost,  ///< accepted, but of a child that had died before: its calls are not judged
};

/// How a connection ended, as far as its user has to be told.
enum class Ending : std::uint8_t { none, reset, timed_out, closed };

/// Why there is no connection: names the rule that is broken by whoever still acts on one.
enum class Origin : std::uint8_t {
  fresh,
  reset,
  syn_received,
  syn,
  aborted,
  closed,
  last_ack,
  time_wait,
  given_up
};
/// The rule broken by whoever still acts on a connection that ended so; none for `fresh`.
Rule rule_of(Origin origin);

/// Text that was refused: who counts it all the same breaks the rule by which it was.
struct Suspect {
  Rule why = Rule::none;
  Seq end = 0;
  std::uint16_t cause = 0;
  bool fin = false;  ///< a FIN stood at its end
  Seq begin = 0;
  bool operator==(const Suspect&) const = default;
};

/// The states in which the last events found this hypothesis; not part of what it says about the IUT.
struct Past {
  std::array<State, 16> states{};
  bool operator==(const Past&) const { return true; }
};

/// §3.3.1's variables under their names there, and what a relation needs beyond them.
struct Hypothesis {
  State state = State::closed;

  // Send sequence variables. Where an ACK may or may not have been processed, SND.UNA has an upper bound too.
  bool iss_known = false;
  Seq iss = 0;
  Seq snd_una = 0;
  Seq snd_una_may = 0;
  /// Where the segments begin that were sent and not wholly acknowledged, oldest first: they may be sent
  /// again whole.
  std::array<Seq, 6> sent_from{};
  std::uint8_t sent_count = 0;
  Seq snd_nxt = 0;           ///< one beyond the highest number ever sent
  std::uint32_t queued = 0;  ///< octets that SEND has taken; the first has number ISS+1
  bool fin_queued = false;   ///< CLOSE has been called
  bool fin_sent = false;
  Seq edge_low = 0;   ///< SND.UNA+SND.WND, the least that the IUT may believe
  Seq edge_high = 0;  ///< the most that it may believe
  Seq edge_max = 0;   ///< the furthest edge that was ever validly offered
  Seq snd_wl1 = 0;
  Seq snd_wl2 = 0;
  std::uint32_t max_snd_wnd = 0;
  std::uint16_t peer_mss = 536;
  bool peer_mss_given = false;

  // Receive sequence variables.
  Seq irs = 0;
  Seq rcv_nxt = 0;
  Seq rcv_nxt_may = 0;     ///< text up to here may have been taken too: hidden edges, parts of held text
  Seq advertised = 0;      ///< RCV.NXT+RCV.WND as the IUT last told it
  Seq advertised_max = 0;  ///< the furthest it ever told
  Seq user_nxt = 0;        ///< the next octet that RECEIVE returns
  Seq syn_text_end = 0;    ///< end of text that came with the SYN and may be acknowledged with it
  bool window_known = false;
  bool fin_received = false;
  bool eof_told = false;
  std::uint8_t held_count = 0;
  std::array<Held, 5> held{};
  Rule taken = Rule::none;  ///< the rule broken by an ACK that does not count what was taken last

  bool passive = false;   ///< came from LISTEN
  bool reopened = false;  ///< came from TIME-WAIT (MAY-2)
  bool listening = false;
  Seq old_snd_nxt = 0;  ///< of the connection before, for MAY-2's conditions
  Seq old_rcv_nxt = 0;

  // User.
  Handle handle = Handle::none;
  Ending ending = Ending::none;
  bool error_told = false;
  bool stale = false;              ///< calls still name a connection before this one: not judged
  std::uint8_t ghost_signals = 0;  ///< of them, those whose user was not told yet
  std::uint8_t ghosts = 0;         ///< dead children that accept may still return
  Time text_since{};               ///< since when there is text to deliver, or the end

  // Time.
  Time since{};        ///< when the state was entered
  Time tw_latest{};    ///< latest possible start of the 2MSL timer; the earliest is `since`
  Time first_sent{};   ///< first transmission of the octet at SND.UNA
  Time last_sent{};    ///< its last transmission
  Time interval{};     ///< between its last two transmissions, while the peer was silent
  Time longest{};      ///< the longest interval between two transmissions so far: a backed-off timer stays so
  bool silent = true;  ///< nothing came from the peer since the last transmission
  bool never_answered = true;  ///< nothing came from the peer since the first transmission
  std::uint8_t resent = 0;     ///< retransmissions of the octet at SND.UNA
  bool early = false;          ///< data was accepted before ESTABLISHED and is not sent yet
  bool syn_resent = false;
  Time syn_interval{};    ///< first retransmission interval of the SYN
  bool sampled = false;   ///< a segment was acknowledged that had not been retransmitted
  Time provoked{-3600s};  ///< the last segment that drew a challenge

  std::uint8_t ack_credit = 0;  ///< segments received that may still draw a pure ACK
  Time credit_until{};
  bool reset_itself = false;  ///< has answered with a reset and goes on (§3.5.2)
  bool parting_ack = false;   ///< a last ACK may come from the connection that is gone
  Rule blame = Rule::none;    ///< what is broken by answering the last segment
  Rule silence = Rule::none;  ///< what is broken by resetting for the last segment
  Origin origin = Origin::fresh;
  Rule origin_rule = Rule::none;  ///< what is broken by whoever still acts on the connection
  Seq ack_earlier =
      0;  ///< in event `ack_earlier_in` an ACK from here on is current: formed before the text was
  std::uint16_t ack_earlier_in = 0xffff;
  std::array<Suspect, 3> suspects{};  ///< of text: the last, and those before that it does not cover
  Rule suspect_ack = Rule::none;      ///< what is broken by obeying the acknowledgment that was refused last
  Seq suspect_ack_number = 0;
  Rule suspect_window = Rule::none;  ///< what is broken by obeying the window that was refused last
  Seq suspect_edge = 0;
  Seq suspect_wl1 = 0;  ///< its SEQ: who has obeyed it obeys no window of an earlier one
  Rule acked_rule =
      Rule::acked_data_is_not_resent;  ///< what is broken by sending again what is below SND.UNA
  bool window_grew = false;            ///< with the last acknowledgment

  bool explained = false;     ///< the rule being reported was found by looking for its cause
  bool in_kind = false;       ///< what came is of the kind that was due, though not in its form
  bool contradicted = false;  ///< the tester has contradicted itself about where its stream ends, or has left
                              ///< more gaps than are followed: nothing is asserted

  // Numbers of events, to name a finding after what caused it and not after what showed it.
  std::uint16_t event = 0;    ///< the current one
  Past past;                  ///< by event number modulo its size
  std::uint16_t culprit = 0;  ///< of the rule that is being reported
  std::uint16_t blame_cause = 0, origin_cause = 0, suspect_ack_cause = 0, suspect_window_cause = 0,
                mss_cause = 0;

  std::array<Duty, owed_count> owed{};
  std::uint8_t reset_count = 0;
  std::array<Reset, 4> resets{};
  std::uint64_t advisories =
      0;  ///< SHOULDs that this hypothesis assumes to be disregarded, see `advisory_bit`

  bool operator==(const Hypothesis&) const = default;

  Duty& duty(Owed what) { return owed[static_cast<std::size_t>(what)]; }
  const Duty& duty(Owed what) const { return owed[static_cast<std::size_t>(what)]; }
  bool owes(Owed what) const { return duty(what).why != Rule::none; }
  void discharge(Owed what) { duty(what) = {}; }

  /// The number that follows the last octet that SEND has taken; the FIN's number once CLOSE was called.
  Seq stream_end() const { return iss + 1 + queued; }
  /// Octets that SEND has taken and that were never sent.
  std::uint32_t unsent() const { return lt(snd_nxt, stream_end()) ? stream_end() - snd_nxt : 0; }
  bool syn_unacknowledged() const { return !iss_known || snd_una == iss; }
  /// RCV.WND as last told.
  std::uint32_t rcv_wnd() const { return lt(rcv_nxt, advertised) ? advertised - rcv_nxt : 0; }
  /// The number after the last octet of text received in order.
  Seq text_end() const { return rcv_nxt - (fin_received ? 1 : 0); }
  /// SYN-RECEIVED, or FIN-WAIT-1 entered from it while our SYN is not acknowledged (reading A15).
  bool opening() const {
    return state == State::syn_received || (state == State::fin_wait_1 && syn_unacknowledged());
  }
  bool synchronized() const { return state >= State::established; }
  /// Data or FIN waits and the peer's window is closed, for all that the IUT may believe.
  bool probing() const {
    const bool waits = unsent() > 0 || lt(snd_una, snd_nxt);
    const bool sends = synchronized() && state != State::time_wait;
    return waits && sends && !syn_unacknowledged() && le(edge_low, snd_una);
  }
  /// Data is outstanding beyond the right edge: the peer has taken its window back.
  bool shrunk() const { return synchronized() && iss_known && lt(edge_high, snd_nxt - (fin_sent ? 1 : 0)); }
  /// The start of the oldest segment that is not wholly acknowledged (reading A40).
  Seq front() const { return sent_count > 0 ? sent_from[0] : snd_una; }
  bool orphan() const { return handle == Handle::gone; }
};

/// Rules whose breach is noted in the hypothesis and does not end it have a bit; all others have none:
/// SHOULDs, which may be disregarded, and MUSTs about time alone, whose breach leaves no doubt about the
/// state.
std::uint64_t advisory_bit(Rule rule);
/// The bits of the MUSTs among them.
std::uint64_t noted_musts();

/// One step: the hypothesis that it changes, and what it may ask.
struct Step {
  Hypothesis& h;
  Chooser& choose;
  const Claims& claims;
  Time now;
  std::uint64_t* taken = nullptr;  ///< counts the arrows taken, in table order; none: nobody asks
};

}  // namespace finwait::model
