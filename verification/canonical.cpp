// Endpoints that may do the same are made equal.
#include <algorithm>

#include "verification/endpoint.h"

namespace finwait::verification {

using model::Ending;
using model::Handle;
using model::Hypothesis;
using model::later;
using model::lt;
using model::Seq;
using model::State;

namespace {

// Where segments begin that may be sent again whole although a part of them is acknowledged (reading A40): of
// the segments recorded only those matter in which SND.UNA may come to lie.
void copy_boundaries(const Hypothesis& h, Hypothesis& n) {
  const auto inside = [&](Seq seq) {  // a segment; its first number, else seq itself
    for (std::uint8_t i = 0; i < h.sent_count; ++i) {
      const Seq end = i + 1 < h.sent_count ? h.sent_from[i + 1u] : h.snd_nxt;
      if (lt(h.sent_from[i], seq) && lt(seq, end)) return h.sent_from[i];
    }
    return seq;
  };
  const Seq first = later(h.snd_una, h.iss + 1);
  if (!lt(first, h.snd_nxt)) return;
  if (inside(first) != first) n.sent_from[n.sent_count++] = inside(first);
  for (Seq seq = first; lt(seq, h.snd_nxt); ++seq) {
    if (inside(seq) == seq) n.sent_from[n.sent_count++] = seq;
  }
}

// Text that is held and would bring nothing new is as good as gone.
void copy_held(const Hypothesis& h, Hypothesis& n) {
  for (std::uint8_t i = 0; i < h.held_count; ++i) {
    const model::Held& held = h.held[i];
    const bool news = lt(h.rcv_nxt, held.end) || (held.fin && held.end == h.rcv_nxt);
    if (news) n.held[n.held_count++] = held;
  }
}

// Send and receive variables of a TCB, without what only time, the window or the name of a finding needs.
void copy_variables(const Hypothesis& h, Hypothesis& n) {
  n.iss_known = h.iss_known;
  n.iss = h.iss;
  n.snd_una = h.snd_una;
  n.snd_una_may = h.snd_una_may;
  n.snd_nxt = h.snd_nxt;
  n.queued = h.queued;
  n.fin_queued = h.fin_queued;
  n.fin_sent = h.fin_sent;
  n.irs = h.irs;
  n.rcv_nxt = h.rcv_nxt;
  n.rcv_nxt_may = h.rcv_nxt_may;
  n.user_nxt = h.user_nxt;
  n.fin_received = h.fin_received;
  n.eof_told = h.eof_told;
  copy_held(h, n);
  if (!h.syn_unacknowledged()) copy_boundaries(h, n);  // before, each recorded segment has one number
}

// Both windows stay wide open: edges follow the numbers that they are counted from.
void open_windows(const Hypothesis& h, Hypothesis& n) {
  n.window_known = h.window_known;
  n.advertised = h.window_known ? h.rcv_nxt + window : h.advertised;
  n.advertised_max = n.advertised;
  if (h.max_snd_wnd == 0) return;
  n.max_snd_wnd = window;
  n.edge_low = n.edge_high = n.edge_max = h.snd_una + window;
  n.snd_wl1 = h.irs;
  n.snd_wl2 = h.snd_una;
}

Hypothesis with_tcb(const Hypothesis& h) {
  Hypothesis n;
  n.state = h.state;
  n.handle = h.handle;
  n.ending = h.ending == Ending::none ? Ending::none : Ending::reset;
  copy_variables(h, n);
  open_windows(h, n);
  if (h.opening()) {
    n.passive = h.passive;
    n.syn_text_end = h.syn_text_end;
  }
  if (h.state == State::time_wait) {  // nothing more is taken or sent but ACKs
    n.queued = 0;
    n.fin_queued = n.fin_sent = n.eof_told = true;
    n.user_nxt = h.rcv_nxt;
    n.snd_una_may = h.snd_una;
    n.held = {};
    n.held_count = 0;
    if (h.handle == Handle::gone) n.ending = Ending::none;
  }
  // Pure ACKs are not counted: a window update needs no segment to answer.
  if (h.state != State::syn_sent) n.ack_credit = 1;
  return n;
}

Hypothesis without_tcb(const Hypothesis& h) {
  Hypothesis n;
  n.state = h.state;
  n.listening = h.listening;
  if (!h.parting_ack) return n;
  n.parting_ack = true;
  n.snd_nxt = h.snd_nxt;
  n.rcv_nxt = h.rcv_nxt;
  return n;
}

void refer(std::uint8_t& set, Mark m) {
  if (m != 0) set = static_cast<std::uint8_t>(set | 1u << incarnation(m));
}

bool has_tcb(const Hypothesis& h) {
  return h.state != State::closed && h.state != State::listen;
}

// Applies `map(whose, number)` to every number of the hypothesis that is set.
template <class Map>
void for_each_number(Hypothesis& h, Side side, Map map) {
  const Side peer = other(side);
  for (Seq* seq : {&h.iss, &h.snd_una, &h.snd_una_may, &h.snd_nxt, &h.snd_wl2}) map(side, *seq, Seq{0});
  for (Seq& seq : h.sent_from) map(side, seq, Seq{0});
  for (Seq* seq : {&h.irs, &h.rcv_nxt, &h.rcv_nxt_may, &h.user_nxt, &h.syn_text_end, &h.snd_wl1})
    map(peer, *seq, Seq{0});
  for (std::uint8_t i = 0; i < h.held_count; ++i) {
    map(peer, h.held[i].begin, Seq{0});
    map(peer, h.held[i].end, Seq{0});
  }
  if (h.max_snd_wnd > 0) {
    for (Seq* seq : {&h.edge_low, &h.edge_high, &h.edge_max}) map(side, *seq, Seq{window});
  }
  if (h.irs == 0 && !h.parting_ack) return;  // `advertised` is an offset as yet
  if (has_tcb(h)) {
    for (Seq* seq : {&h.advertised, &h.advertised_max})
      map(peer, *seq, h.window_known ? Seq{window} : Seq{0});
  }
}

}  // namespace

Endpoint canonical(const Endpoint& endpoint, Side side) {
  Endpoint n = endpoint;
  const Hypothesis& h = endpoint.h;
  n.h = has_tcb(h) ? with_tcb(h) : without_tcb(h);
  if (has_tcb(h) && h.iss_known && h.state != State::time_wait) {
    n.record = {mark_of(side, h.snd_nxt), static_cast<std::uint8_t>(h.queued)};
  }
  if (!has_tcb(h) || lt(h.irs + 1, n.h.user_nxt)) n.kept = no_octet;
  if (h.state == State::time_wait) {
    n.kept = no_octet;
    n.given = n.closed = true;
  }
  if (n.ended()) n.given = n.closed = n.aborted = true;
  if (n.closed || n.aborted) n.given = true;  // no SEND any more
  return n;
}

Endpoint renamed(const Endpoint& endpoint, Side side, const Renaming& names) {
  Endpoint n = endpoint;
  for_each_number(n.h, side, [&](Side whose, Seq& seq, Seq beyond) {
    if (seq != 0) seq = number(whose, names.of(whose, mark_of(whose, seq - beyond))) + beyond;
  });
  n.kept = names.octet(other(side), endpoint.kept);
  n.record.sent_end = names.of(side, endpoint.record.sent_end);
  return n;
}

std::array<std::uint8_t, 2> incarnations(const Endpoint& endpoint, Side side) {
  std::array<std::uint8_t, 2> sets{};
  Hypothesis h = endpoint.h;
  for_each_number(h, side, [&](Side whose, Seq& seq, Seq beyond) {
    if (seq != 0) refer(sets[index(whose)], mark_of(whose, seq - beyond));
  });
  return sets;
}

std::size_t hash_of(const Endpoint& e) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3u ^ hash >> 29; };
  const Hypothesis& h = e.h;
  add(static_cast<std::uint64_t>(h.state) | static_cast<std::uint64_t>(h.handle) << 8 |
      static_cast<std::uint64_t>(h.fin_queued) << 16 | static_cast<std::uint64_t>(h.fin_sent) << 17 |
      static_cast<std::uint64_t>(h.fin_received) << 18 | static_cast<std::uint64_t>(h.eof_told) << 19 |
      static_cast<std::uint64_t>(e.opened) << 20 | static_cast<std::uint64_t>(e.given) << 21 |
      static_cast<std::uint64_t>(e.closed) << 22 | static_cast<std::uint64_t>(h.passive) << 23 |
      static_cast<std::uint64_t>(h.queued) << 24 | static_cast<std::uint64_t>(e.kept) << 32 |
      static_cast<std::uint64_t>(h.held_count) << 40 | static_cast<std::uint64_t>(e.record.sent_end) << 48);
  for (const Seq seq :
       {h.iss, h.snd_una, h.snd_una_may, h.snd_nxt, h.irs, h.rcv_nxt, h.rcv_nxt_may, h.user_nxt})
    add(seq);
  for (const Seq seq : h.sent_from) add(seq);
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

}  // namespace finwait::verification
