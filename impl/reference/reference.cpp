// Stimuli, time and the plan of what is done when.
#include "impl/reference/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "harness/fingerprint.h"
#include "model/emission.h"
#include "model/segment_arrives.h"
#include "model/timeouts.h"

namespace finwait {

using model::Choice;
using model::Duty;
using model::Handle;
using model::Hypothesis;
using model::Owed;
using model::Rule;
using model::Segment;
using model::Seq;
using model::State;
using model::Step;

namespace {

constexpr std::uint32_t receive_buffer = 8192;
constexpr std::uint16_t own_mss = 1460;
constexpr Time r2_syn = 240s;
constexpr Time r2_data = 200s;
constexpr Time longest_patience = 20s;

static_assert(static_cast<std::size_t>(Timer::failed) + 1 == model::owed_count,
              "timers begin with the duties");

model::Claims own_claims() {
  model::Claims claims;
  claims.tick = claims.step = 100ms;
  claims.msl = 30s;
  claims.reaction = 500ms;
  claims.patience = longest_patience;
  claims.r2_syn = r2_syn;
  claims.r2_data = r2_data;
  claims.receive_buffer = receive_buffer;
  claims.mss = own_mss;
  return claims;
}

bool held(const Hypothesis& h, Seq seq) {
  return std::any_of(h.held.begin(), h.held.begin() + h.held_count,
                     [&](const model::Held& held) { return model::in(held.begin, seq, held.end); });
}

}  // namespace

Reference::Reference(const Fault* fault, std::string name)
    : fault_(fault),
      name_(std::move(name)),
      claims_(own_claims()),
      draw_([this](Choice choice, int ways) { return draw(choice, ways); }),
      chooser_(&draw_),
      packet_(max_datagram) {
  reset(0);
}

Profile Reference::profile() const {
  Profile profile;
  profile.name = name_;
  profile.version = FINWAIT_VERSION;
  profile.tick = claims_.tick;
  profile.step = claims_.step;
  profile.msl = claims_.msl;
  profile.reaction = claims_.reaction;
  profile.throttle = claims_.throttle;
  profile.patience = claims_.patience;
  profile.r2_syn = claims_.r2_syn;
  profile.r2_data = claims_.r2_data;
  profile.receive_buffer = claims_.receive_buffer;
  profile.mss = claims_.mss;
  for (std::size_t i = 0; i < model::call_count; ++i) profile.calls.push_back(static_cast<Call>(i));
  return profile;
}

void Reference::reset(std::uint64_t seed) {
  random_ = Random(seed);
  wraps_soon_ = random_.one_in(4);
  h_ = Hypothesis{};
  event_ = 0;
  now_ = Time{0};
  due_.fill(never);
  planned_ = {};
  planned_resets_ = {};
  window_may_open_ = false;
  listener_ = connection_ = 0;
  listening_port_ = iut_port_ = tester_port_ = 0;
  memory = 0;
  patience_for_peer_ = Time{0};
  last_resend_ = front_since_ = probe_interval_ = Time{0};
  tired_ = resend_now_ = acks_late_fin_ = false;
  duplicate_acks_ = 0;
  front_ = front_ack_ = 0;
}

std::optional<Time> Reference::next_timer() const {
  const Time next = *std::min_element(due_.begin(), due_.end());
  if (next == never) return {};
  return next;
}

std::string Reference::probe(Socket socket) const {
  if (socket != 0 && socket == listener_) return "LISTEN";
  return std::string(name(h_.state));
}

bool Reference::tell_state(const Viewpoint& from, StateHash& hash) const {
  add_hypothesis(h_, from, now_, hash);
  hash.add(listener_ == from.listener);
  hash.add(connection_ == from.connection);
  for (const Time due : due_) hash.add(due != never);
  for (const bool flag : {window_may_open_, tired_, resend_now_, acks_late_fin_}) hash.add(flag);
  hash.add(std::min(duplicate_acks_, 3u));
  hash.add(memory);
  return true;
}

// ---- chance -----------------------------------------------------------------------------------------

int Reference::draw(Choice choice, int ways) {
  auto way = static_cast<int>(random_.below(static_cast<std::uint32_t>(ways)));
  // Who has given up without a word is not there any more; who has not, seldom vanishes.
  if (choice == Choice::given_up) way = tired_ || random_.one_in(8) ? 1 : 0;
  // Reopening needs a listener on the port of the old connection.
  if (choice == Choice::syn_time_wait && way == 2 && h_.listening && listening_port_ != iut_port_) way = 0;
  if (fault_ != nullptr && fault_->chooses != nullptr) way = fault_->chooses(*this, choice, ways, way);
  ++choices_taken_[static_cast<std::size_t>(choice)][static_cast<std::size_t>(way)];
  return way;
}

bool Reference::chance(Freedom freedom, std::uint32_t one_in) {
  if (!random_.one_in(one_in)) return false;
  count(freedom);
  return true;
}

// At once more often than not, as stacks do.
Time Reference::some_moment(Time by) {
  const std::uint32_t drawn = random_.below(8);
  if (drawn < 5 || by <= now_) {
    count(Freedom::at_once);
    return now_;
  }
  if (drawn == 5) {
    count(Freedom::at_last);
    return by;
  }
  count(Freedom::in_between);
  return now_ + Time{random_.below(static_cast<std::uint32_t>((by - now_).count()))};
}

// What the model refuses to its own stack is a defect of either; a mutant is refused for its fault.
void Reference::demand(Rule rule, std::string_view doing) {
  if (rule == Rule::none || fault_ != nullptr || h_.contradicted) return;
  throw std::logic_error(fmt::format("the reference stack breaks {} in {} at {} us: {}", model::text(rule).id,
                                     name(h_.state), now_.count(), doing));
}

// ---- segments ---------------------------------------------------------------------------------------

// Demultiplexing: one connection at a time, and a listener.
bool Reference::is_ours(const Wire& wire) {
  const bool same = wire.destination_port == iut_port_ && wire.source_port == tester_port_;
  const bool connected = h_.state != State::closed && h_.state != State::listen;
  if (connected) return same;
  if (h_.state == State::listen && wire.destination_port != listening_port_) return false;
  if (!same) {
    for (std::size_t slot = h_.reset_count;
         slot-- > 0;) {  // still on the way to where the last segment came from
      if (h_.resets[slot].owed) send_reset(slot);
    }
    iut_port_ = wire.destination_port;
    tester_port_ = wire.source_port;
  }
  return true;
}

// §3.10.7.1 for a pair of sockets without a TCB.
void Reference::answer_stranger(const Wire& wire) {
  const Segment& stranger = wire.segment;
  if (stranger.has(model::RST)) return;
  Segment answer;
  answer.flags = model::RST;
  if (stranger.has(model::ACK)) {
    answer.seq = stranger.ack;
  } else {
    answer.flags = model::RST | model::ACK;
    answer.ack = stranger.end();
  }
  const auto ports = std::exchange(iut_port_, wire.destination_port);
  const auto peer = std::exchange(tester_port_, wire.source_port);
  put_on_wire(answer);
  iut_port_ = ports;
  tester_port_ = peer;
}

void Reference::begin_stimulus(Sink& sink) {
  sink_ = &sink;
  h_.event = ++event_;
  think_of_something();
}

void Reference::deliver(Octets packet, Sink& sink) {
  begin_stimulus(sink);
  Decoded decoded = decode(packet);
  const bool intact = decoded.ok() && decoded.ip_checksum_ok && decoded.tcp_checksum_ok;
  const bool believed = intact || (decoded.ok() && fault_ != nullptr && !fault_->checks_checksums);  // MUST-3
  const Profile defaults;
  if (!believed || decoded.wire.destination != defaults.iut_address) return;
  if (!is_ours(decoded.wire)) {
    answer_stranger(decoded.wire);
    return;
  }
  Segment segment = decoded.wire.segment;
  if (fault_ == nullptr || fault_->arrives == nullptr || fault_->arrives(*this, segment)) process(segment);
  run_until(now_);
}

void Reference::process(const Segment& segment) {
  const Hypothesis before = h_;
  Step current = step();
  model::expire(current);
  model::segment_arrives(current, segment);
  keep_text(segment, before);
  note_arrival(segment, before);
  if (fault_ != nullptr && fault_->processed != nullptr) fault_->processed(*this, segment, before);
}

// Keeps the octets that the hypothesis has taken, holds, or may have taken.
void Reference::keep_text(const Segment& segment, const Hypothesis& before) {
  if (segment.text.empty()) return;
  const bool fresh = before.state < State::syn_received || h_.irs != before.irs;
  const Seq first = segment.seq + (segment.has(model::SYN) ? 1 : 0);
  const Seq taken_from = fresh ? h_.irs + 1 : before.rcv_nxt;
  const Seq maybe_from = fresh ? h_.irs + 1 : model::later(before.rcv_nxt, before.rcv_nxt_may);
  for (std::size_t i = 0; i < segment.text.size(); ++i) {
    const Seq seq = first + static_cast<Seq>(i);
    const bool taken = model::le(taken_from, seq) && model::lt(seq, h_.rcv_nxt);
    const bool maybe = model::le(maybe_from, seq) && model::lt(seq, h_.rcv_nxt_may);
    if (taken || maybe || (held(h_, seq) && (fresh || !held(before, seq))))
      received_.write(seq - (h_.irs + 1), segment.text.subspan(i, 1));
  }
}

void Reference::note_arrival(const Segment& segment, const Hypothesis& before) {
  const bool nothing_new = segment.has(model::ACK) && segment.len() == 0 && segment.ack == h_.snd_una &&
                           h_.snd_una == before.snd_una && model::lt(h_.snd_una, h_.snd_nxt);
  duplicate_acks_ = nothing_new ? duplicate_acks_ + 1 : 0;
  if (duplicate_acks_ == 3 && may_send_text() && !h_.probing()) resend_now_ = chance(Freedom::resend_fast, 2);
  const bool late = before.state == State::closing || before.state == State::last_ack;
  const bool reset = late && h_.origin == model::Origin::reset && !h_.synchronized();
  if (reset && h_.handle == Handle::open && h_.ending == model::Ending::closed &&
      chance(Freedom::late_reset_told, 2)) {
    Step current = step();
    demand(model::user_is_told_failure(current, Result::reset), "telling a late reset");
    sink_->failed(now_, connection_, Result::reset);
  }
  const bool unowed = (h_.ack_credit > 0 && h_.iss_known && !h_.owes(Owed::ack)) || h_.parting_ack;
  if (unowed && random_.one_in(6)) set(Timer::extra_ack, some_moment(now_ + claims_.acknowledgment()));
}

// ---- time -------------------------------------------------------------------------------------------

void Reference::advance(Time by, Sink& sink) {
  begin_stimulus(sink);
  run_until(now_ + by);
}

// Duties that are past their deadline: none, but for whoever was given up in silence.
void Reference::look_at_clock() {
  Step current = step();
  const Rule rule = model::overdue(current, false);
  demand(rule, "a deadline has passed");
  if (rule == Rule::none) return;
  for (Duty& duty : h_.owed) {
    if (duty.by < now_) duty = {};
  }
  std::uint8_t kept = 0;
  for (std::uint8_t i = 0; i < h_.reset_count; ++i) {
    if (!h_.resets[i].owed || h_.resets[i].by >= now_) h_.resets[kept++] = h_.resets[i];
  }
  h_.reset_count = kept;
  h_.never_answered = false;
}

void Reference::run_until(Time end) {
  plan();
  for (;;) {
    const auto next = std::min_element(due_.begin(), due_.end());
    if (*next > end) break;
    const auto timer = static_cast<Timer>(next - due_.begin());
    if (*next > now_) {
      now_ = *next;
      look_at_clock();
      plan();
      if (*next > now_) continue;  // what ended just now needs nothing more
    }
    *next = never;
    fire(timer);
    plan();
  }
  now_ = end;
  look_at_clock();
  plan();
}

void Reference::set(Timer timer, Time at) {
  if (fault_ != nullptr && fault_->sets != nullptr && at != never) at = fault_->sets(*this, timer, at);
  due(timer) = std::max(at, now_);
}

void Reference::plan() {
  if (h_.snd_una != front_) {
    front_ = h_.snd_una;
    front_since_ = now_;
  }
  plan_duties();
  plan_resets();
  plan_voluntary();
}

void Reference::plan_duties() {
  for (std::size_t i = 0; i < model::owed_count; ++i) {
    const auto timer = static_cast<Timer>(i);
    const Duty& duty = h_.owed[i];
    if (timer == Timer::retransmission || timer == Timer::probe || duty == planned_[i]) continue;
    planned_[i] = duty;
    if (duty.why == Rule::none) {
      due(timer) = never;
    } else {
      set(timer, some_moment(duty.by));
    }
  }
  if (h_.owes(Owed::retransmission) && !tired_) {
    set(Timer::retransmission, retransmission_time());
  } else {
    due(Timer::retransmission) = never;
  }
  if (!h_.owes(Owed::probe)) {
    due(Timer::probe) = never;
    if (!h_.probing()) probe_interval_ = Time{0};
  } else if (h_.duty(Owed::probe) != planned_[static_cast<std::size_t>(Owed::probe)]) {
    set(Timer::probe, probe_time());
  }
  planned_[static_cast<std::size_t>(Owed::probe)] = h_.duty(Owed::probe);
}

void Reference::plan_resets() {
  for (std::size_t i = 0; i < h_.resets.size(); ++i) {
    const auto timer = static_cast<Timer>(static_cast<std::size_t>(Timer::reset_0) + i);
    const model::Reset reset = i < h_.reset_count ? h_.resets[i] : model::Reset{};
    if (reset == planned_resets_[i]) continue;
    planned_resets_[i] = reset;
    due(timer) = never;
    if (reset.why == Rule::none || (!reset.owed && (reset.by < now_ || random_.one_in(2)))) continue;
    set(timer, some_moment(reset.by));
  }
}

void Reference::plan_voluntary() {
  if (!can_send_more()) {
    due(Timer::more_data) = never;
  } else if (due(Timer::more_data) == never) {
    set(Timer::more_data, some_moment(now_ + claims_.reply()));
  }
  if (window_may_open_) {
    window_may_open_ = false;
    if (!random_.one_in(4)) set(Timer::window_update, some_moment(now_ + claims_.reply()));
  }
  set(Timer::give_up, give_up_time());
  due(Timer::alarm) =
      fault_ != nullptr && fault_->alarm != nullptr ? std::max(fault_->alarm(*this), now_) : never;
}

Time Reference::last_sent() const {
  return std::max(h_.last_sent, last_resend_);
}

// RFC 6298: 1 s at least, 3 s after a lost SYN (5.7), doubled (5.5) up to 60 s or more (2.5).
Time Reference::retransmission_time() {
  if (resend_now_) return now_;
  const Time by = h_.duty(Owed::retransmission).by;
  if (h_.interval > Time{0}) {
    rto_ = std::min(2 * h_.interval, longest_rto_);
  } else if (h_.resent == 0) {
    rto_ = h_.syn_resent && !h_.sampled && !h_.syn_unacknowledged() ? std::max(first_rto_, Time{3s})
                                                                    : first_rto_;
  }
  return std::min(last_sent() + rto_, by);
}

// §3.8.6.1: the first after one RTO, then ever more rarely (SHLD-30).
Time Reference::probe_time() {
  const Time by = h_.duty(Owed::probe).by;
  probe_interval_ = std::max(probe_interval_, first_rto_);
  return std::min(now_ + probe_interval_, by);
}

// R2 (§3.8.3), and the end of connections that nobody holds (readings A47, A48).
Time Reference::give_up_time() {
  if (tired_) return never;
  if (h_.orphan() && h_.state == State::fin_wait_2) return h_.since + patience_for_peer_ / 4;
  const bool outstanding = h_.iss_known && model::lt(h_.snd_una, h_.snd_nxt) && h_.snd_una_may != h_.snd_nxt;
  if (!outstanding || h_.resent == 0 || !h_.never_answered) return never;  // who answers is waited for
  const Time start = std::max(h_.first_sent, front_since_);
  if (h_.state == State::syn_received && h_.passive) return start + patience_for_peer_ / 8;
  if (h_.state == State::syn_sent)
    return start + std::max(patience_for_peer_ + (r2_syn - r2_data), Time{180s});
  return start + patience_for_peer_;
}

// ---- what is due ------------------------------------------------------------------------------------

void Reference::fire(Timer timer) {
  switch (timer) {
    case Timer::syn: return send_syn();
    case Timer::syn_ack: return send_syn_ack(false);
    case Timer::ack: return send_ack();
    case Timer::data:
    case Timer::fin:
    case Timer::more_data: return send_new();
    case Timer::retransmission: return resend();
    case Timer::probe: return send_probe();
    case Timer::opened: return tell(Owed::opened);
    case Timer::acceptable: return tell(Owed::acceptable);
    case Timer::failed: return tell(Owed::failed);
    case Timer::reset_0: return send_reset(0);
    case Timer::reset_1: return send_reset(1);
    case Timer::reset_2: return send_reset(2);
    case Timer::reset_3: return send_reset(3);
    case Timer::extra_ack: return send_extra_ack();
    case Timer::window_update: return send_window_update();
    case Timer::give_up: return give_up();
    case Timer::alarm: return fault_->alarm_rings(*this);
    case Timer::whim: return follow_whim();
  }
}

void Reference::tell(Owed what) {
  Result why = Result::ok;
  if (what == Owed::failed) why = result_of_ending();
  Step current = step();
  Rule rule = Rule::none;
  switch (what) {
    case Owed::opened: rule = model::user_is_told_open(current); break;
    case Owed::acceptable: rule = model::user_is_told_acceptable(current); break;
    default: rule = model::user_is_told_failure(current, why);
  }
  demand(rule, "telling the user");
  if (fault_ == nullptr || fault_->tells == nullptr || fault_->tells(*this, what, why))
    tell_unchecked(what, why);
}

// ---- for faults -------------------------------------------------------------------------------------

void Reference::tell_unchecked(Owed what, Result why) {
  switch (what) {
    case Owed::opened: return sink_->opened(now_, connection_);
    case Owed::acceptable: return sink_->acceptable(now_, listener_);
    default: sink_->failed(now_, connection_, why);
  }
}

void Reference::forget_connection() {
  const bool listening = h_.listening;
  h_ = Hypothesis{};
  h_.listening = listening;
  h_.state = listening ? State::listen : State::closed;
}

std::unique_ptr<Adapter> make_reference() {
  return std::make_unique<Reference>();
}

}  // namespace finwait
