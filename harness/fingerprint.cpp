#include "harness/fingerprint.h"

#include <algorithm>
#include <vector>

namespace finwait {

namespace {

using model::Hypothesis;
using model::Seq;

// Whoever adds to a hypothesis decides below whether it belongs to the fingerprint.
static_assert(sizeof(Hypothesis) == 760, "Hypothesis has changed: does Teller still say what counts?");

class Teller {
 public:
  Teller(const Viewpoint& from, Time now, StateHash& hash) : from_(from), now_(now), hash_(hash) {}

  void tell(const Hypothesis& h) {
    hash_.add(h.state);
    tell_user(h);
    if (h.iss_known) tell_sending(h);
    if (h.state >= model::State::syn_received || h.parting_ack) tell_receiving(h);
    for (const model::Duty& duty : h.owed) hash_.add(duty.why != model::Rule::none);
    tell_resets(h);
  }

 private:
  void own(Seq seq) { hash_.add(seq - from_.own); }
  void peer(Seq seq) { hash_.add(seq - from_.peer); }

  void tell_user(const Hypothesis& h) {
    hash_.add(h.handle);
    hash_.add(h.ending);
    hash_.add(h.origin);
    for (const bool flag :
         {h.error_told, h.stale, h.listening, h.passive, h.reopened, h.iss_known, h.reset_itself,
          h.parting_ack, h.syn_resent, h.sampled, h.early, h.silent, h.never_answered, h.window_grew}) {
      hash_.add(flag);
    }
    hash_.add(h.ghost_signals);
    hash_.add(h.ghosts);
    hash_.add(h.ack_credit > 0);
  }

  // Of numbers acknowledged only whether there are any: what they were does not matter any more.
  void tell_sending(const Hypothesis& h) {
    hash_.add(std::min<Seq>(h.snd_una - h.iss, 2));
    for (const Seq seq : {h.snd_una, h.snd_una_may, h.snd_nxt, h.stream_end(), h.edge_low, h.edge_high,
                          h.edge_max, h.snd_wl2}) {
      own(seq);
    }
    hash_.add(h.sent_count);
    for (std::uint8_t i = 0; i < h.sent_count; ++i) own(h.sent_from[i]);
    hash_.add(h.fin_queued);
    hash_.add(h.fin_sent);
    hash_.add(h.max_snd_wnd);
    hash_.add(h.peer_mss);
    hash_.add(h.resent);
  }

  void tell_receiving(const Hypothesis& h) {
    hash_.add(std::min<Seq>(h.rcv_nxt - h.irs, 2));
    for (const Seq seq : {h.rcv_nxt, h.rcv_nxt_may, h.advertised, h.advertised_max, h.user_nxt, h.snd_wl1})
      peer(seq);
    if (h.opening()) peer(h.syn_text_end);
    hash_.add(h.window_known);
    hash_.add(h.fin_received);
    hash_.add(h.eof_told);
    hash_.add(h.held_count);
    for (std::uint8_t i = 0; i < h.held_count; ++i) {
      const model::Held& held = h.held[i];
      peer(held.begin);
      peer(held.end);
      hash_.add(held.fin);
      hash_.add(held.acks_fin);
      hash_.add(held.sure);
    }
    if (!h.reopened) return;
    own(h.old_snd_nxt);
    peer(h.old_rcv_nxt);
  }

  // What may only be sent at this very instant is as good as gone.
  void tell_resets(const Hypothesis& h) {
    for (std::uint8_t i = 0; i < h.reset_count; ++i) {
      const model::Reset& reset = h.resets[i];
      if (!reset.owed && reset.by <= now_) continue;
      own(reset.next_low);
      own(reset.next_high);
      own(reset.acked);
      peer(reset.end);
      peer(reset.end_low);
      hash_.add(reset.forms);
      hash_.add(reset.owed);
      hash_.add(reset.ends);
    }
  }

  const Viewpoint& from_;
  Time now_;
  StateHash& hash_;
};

}  // namespace

void add_hypothesis(const Hypothesis& h, const Viewpoint& from, Time now, StateHash& hash) {
  Teller(from, now, hash).tell(h);
}

void add_set(std::span<const Hypothesis> set, const Viewpoint& from, Time now, StateHash& hash) {
  add_hypothesis(set.front(), from, now, hash);
  if (set.size() == 1) return;
  std::vector<std::uint64_t> others;
  others.reserve(set.size());
  for (const Hypothesis& h : set.subspan(1)) {
    StateHash other;
    add_hypothesis(h, from, now, other);
    others.push_back(other.value());
  }
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  for (const std::uint64_t other : others) hash.add(other);
}

}  // namespace finwait
