// Whims: what nothing asks for. Now and then the stack thinks of something to send, to tell or to answer,
// right or wrong, tries it on a copy of its TCB, and does it if the relation permits it. So it does not only
// what its own code thinks of, but whatever it may; a relation that permits too much leads it into it.
#include <algorithm>
#include <array>

#include "impl/reference/reference.h"
#include "model/emission.h"

namespace finwait {

using model::Handle;
using model::Hypothesis;
using model::Owed;
using model::Rule;
using model::Segment;
using model::Seq;
using model::Step;
using model::UserCall;

namespace {

constexpr std::uint32_t seldom = 8;
constexpr std::uint32_t longest_text = 2000;

}  // namespace

bool Reference::has_whims() const {
  return (fault_ == nullptr || fault_->whims) && !h_.contradicted;
}

// Nothing is planned any more: what is owed is planned anew.
void Reference::adopt(const Hypothesis& after) {
  h_ = after;
  planned_ = {};
  planned_resets_ = {};
  std::fill(due_.begin(), due_.begin() + static_cast<std::ptrdiff_t>(Timer::more_data), never);
}

// A MUST that is only noted is broken all the same.
bool Reference::breaks_noted_must(const Hypothesis& after) const {
  return (after.advisories & ~h_.advisories & model::noted_musts()) != 0;
}

void Reference::think_of_something() {
  if (!has_whims() || !random_.one_in(3)) return;
  constexpr std::array<std::uint32_t, 4> spans_us{1, 1'000'000, 10'000'000, 60'000'000};
  const bool anyhow = random_.one_in(2);
  set(Timer::whim,
      anyhow ? now_ + Time{random_.below(spans_us[random_.below(spans_us.size())])} : turning_point());
}

// The very moment in which something becomes right or wrong: the end of a wait, of a licence, of 2MSL.
Time Reference::turning_point() {
  const Time tolerance = claims_.tolerance();
  const std::array points{h_.since + 1s,  // readings A47, A48
                          h_.since + 3s,
                          h_.since + 2 * claims_.msl - tolerance,
                          h_.tw_latest + 2 * claims_.msl + tolerance,
                          h_.first_sent + 100s - tolerance,  // SHLD-11
                          h_.first_sent + 180s - tolerance,  // MUST-23
                          h_.last_sent + 1s - tolerance,     // RFC 6298
                          h_.last_sent + 3s - tolerance,
                          h_.last_sent + 60s - claims_.tick,
                          h_.last_sent + 2 * h_.interval - 3 * (claims_.tick + claims_.step),
                          h_.last_sent + h_.interval - tolerance,
                          h_.credit_until};
  return points[random_.below(points.size())];
}

void Reference::follow_whim() {
  if (!has_whims() || tired_ || tester_port_ == 0) return;
  for (int tries = 6; tries > 0; --tries) {
    if (random_.one_in(4) ? tell_at_whim() : send_at_whim(any_segment())) return;
  }
}

// ---- segments ---------------------------------------------------------------------------------------

bool Reference::send_at_whim(const Segment& o) {
  Hypothesis after = h_;
  Step step{after, chooser_, claims_, now_};
  if (model::emits(step, o) != Rule::none || breaks_noted_must(after)) return false;
  count(Freedom::segment_at_whim);
  if (!h_.iss_known && after.iss_known) set_the_pace();
  adopt(after);
  put_on_wire(o);
  return true;
}

// In a buffer of its own: a segment that is bent keeps its text.
void Reference::write_at_whim(Segment& o, std::uint32_t octets) {
  whim_text_.clear();
  sent_.read(o.seq + (o.has(model::SYN) ? 1 : 0) - (h_.iss + 1), std::min(octets, longest_text), whim_text_);
  if (!whim_text_.empty() && random_.one_in(seldom)) {
    whim_text_[random_.below(static_cast<std::uint32_t>(whim_text_.size()))] ^= 1;
  }
  o.text = whim_text_;
}

std::uint32_t Reference::any_length() {
  const std::array lengths{1u,
                           1u,
                           h_.unsent(),
                           h_.unsent(),
                           h_.unsent() + 1,
                           std::uint32_t{h_.peer_mss},
                           h_.peer_mss + 1u,
                           random_.below(64),
                           random_.below(longest_text)};
  return lengths[random_.below(lengths.size())];
}

Segment Reference::any_segment() {
  using namespace model;
  constexpr std::array<std::uint8_t, 12> kinds{ACK,       ACK, ACK, ACK,       FIN | ACK, RST,
                                               RST | ACK, SYN, 0,   SYN | ACK, FIN,       SYN | RST};
  Segment o;
  o.flags = kinds[random_.below(kinds.size())];
  o.seq = any_seq();
  if (o.has(ACK)) {
    o.ack = any_ack();
    o.wnd = any_window(o.ack);
  }
  if (random_.one_in(2)) write_at_whim(o, any_length());
  if (random_.one_in(o.has(SYN) ? 2 : 32)) o.mss = claims_.mss;
  return o;
}

Seq Reference::any_seq() {
  const model::Reset& reset = h_.resets[random_.below(static_cast<std::uint32_t>(h_.resets.size()))];
  const std::array seqs{h_.snd_nxt,     h_.snd_nxt,         h_.snd_nxt,     h_.snd_una,      h_.snd_una,
                        h_.snd_una - 1, h_.snd_una_may,     h_.front(),     h_.front() - 1,  h_.iss,
                        h_.edge_low,    h_.edge_high,       h_.edge_max,    h_.snd_nxt - 1,  h_.snd_nxt + 1,
                        reset.acked,    reset.next_low - 1, reset.next_low, h_.stream_end(), Seq{0}};
  return seqs[random_.below(seqs.size())];
}

Seq Reference::any_ack() {
  const model::Reset& reset = h_.resets[random_.below(static_cast<std::uint32_t>(h_.resets.size()))];
  const std::array acks{
      h_.rcv_nxt,         h_.rcv_nxt,          h_.rcv_nxt,     h_.rcv_nxt,     h_.rcv_nxt_may,
      h_.rcv_nxt_may + 1, h_.rcv_nxt - 1,      h_.rcv_nxt + 1, h_.irs,         h_.irs + 1,
      h_.syn_text_end,    h_.syn_text_end + 1, h_.advertised,  h_.ack_earlier, h_.ack_earlier - 1,
      front_ack_,         reset.end_low - 1,   reset.end_low,  reset.end,      reset.end + 1};
  return acks[random_.below(acks.size())];
}

std::uint16_t Reference::any_window(Seq ack) {
  const Seq full = h_.user_nxt + claims_.receive_buffer;
  const std::array edges{full, full, h_.advertised, h_.advertised, h_.advertised - 1, h_.advertised + 1, ack};
  return static_cast<std::uint16_t>(std::min<Seq>(edges[random_.below(edges.size())] - ack, 65535));
}

// The stack is about to send this: something like it may leave in its place. True: it has.
bool Reference::bend(const Segment& o) {
  if (!has_whims() || tester_port_ == 0 || !random_.one_in(seldom)) return false;
  Segment bent = o;
  switch (random_.below(7)) {
    case 0: bent.seq = any_seq(); break;
    case 1: bent.seq += random_.one_in(2) ? 1 : ~Seq{0}; break;
    case 2: bent.ack = any_ack(); break;
    case 3: bent.wnd = any_window(bent.ack); break;
    case 4: bent.flags ^= static_cast<std::uint8_t>(1u << random_.below(5)); break;
    case 5: bent.mss = random_.one_in(2) ? std::optional(claims_.mss) : std::nullopt; break;
    default:
      write_at_whim(bent, random_.one_in(2) ? static_cast<std::uint32_t>(o.text.size()) : any_length());
  }
  return send_at_whim(bent);
}

// ---- the user ---------------------------------------------------------------------------------------

bool Reference::tell_at_whim() {
  constexpr std::array whats{Owed::opened, Owed::acceptable, Owed::failed, Owed::failed};
  constexpr std::array whys{Result::reset,     Result::refused, Result::timed_out,
                            Result::timed_out, Result::error,   Result::closing};
  const Owed what = whats[random_.below(whats.size())];
  const Result why = whys[random_.below(whys.size())];
  const bool heard = what == Owed::acceptable ? listener_ != 0 : h_.handle == Handle::open;
  if (!heard) return false;
  Hypothesis after = h_;
  Step step{after, chooser_, claims_, now_};
  const Rule rule = what == Owed::opened       ? model::user_is_told_open(step)
                    : what == Owed::acceptable ? model::user_is_told_acceptable(step)
                                               : model::user_is_told_failure(step, why);
  if (rule != Rule::none || breaks_noted_must(after)) return false;
  count(Freedom::told_at_whim);
  adopt(after);
  tell_unchecked(what, why);
  return true;
}

// Another answer to a call than the stack would have given. True: it was given.
bool Reference::answer_at_whim(const Request& request, UserCall& call, Reply& reply) {
  if (!has_whims() || !random_.one_in(seldom)) return false;
  UserCall other = call;
  Reply answer;
  other.result = any_result();
  if (call.call == Call::status)
    other.state = answer.state = model::state_names[random_.below(model::state_count)];
  if (call.call == Call::send && other.result == Result::ok) {
    other.count = random_.one_in(seldom) ? call.asked + 1 : random_.below(call.asked + 1);
    answer.count = other.count;
  }
  if (call.call == Call::receive && other.result == Result::ok) {
    const std::array most{1u, h_.rcv_nxt - h_.user_nxt, h_.rcv_nxt_may - h_.user_nxt,
                          h_.rcv_nxt_may - h_.user_nxt + 1};
    read_text(random_.below(std::min(most[random_.below(most.size())], call.asked) + 1), other, answer);
    if (!reading_.empty() && random_.one_in(seldom)) reading_.back() ^= 1;
  }
  Hypothesis after = h_;
  Step step{after, chooser_, claims_, now_};
  if (model::user_calls(step, other) != Rule::none || breaks_noted_must(after)) return false;
  count(Freedom::answer_at_whim);
  if (call.call == Call::send)
    sent_.write(h_.queued, request.data.first(std::min<std::size_t>(other.count, request.data.size())));
  adopt(after);
  call = other;
  reply = answer;
  return true;
}

Result Reference::any_result() {
  constexpr std::array results{
      Result::ok,           Result::ok,      Result::ok,    Result::pending,   Result::no_connection,
      Result::exists,       Result::refused, Result::reset, Result::timed_out, Result::closing,
      Result::no_resources, Result::invalid, Result::error};
  return results[random_.below(results.size())];
}

}  // namespace finwait
