#include "harness/session.h"

#include <algorithm>

#include "harness/fingerprint.h"
#include "model/stream.h"

namespace finwait {

using model::Hypothesis;
using model::Rule;
using model::Segment;
using model::Seq;
using model::State;
using model::Verdict;

model::Claims claims_of(const Profile& profile) {
  model::Claims claims;
  claims.tick = profile.tick;
  claims.step = profile.step;
  claims.slack = profile.slack;
  claims.late_share = profile.late_share;
  claims.msl = profile.msl;
  claims.reaction = profile.reaction;
  claims.throttle = profile.throttle;
  claims.patience = profile.patience;
  claims.r2_syn = profile.r2_syn;
  claims.r2_data = profile.r2_data;
  claims.receive_buffer = profile.receive_buffer;
  claims.mss = profile.mss;
  claims.listener_persists = profile.listener_persists;
  return claims;
}

namespace {

Call call_of(EventKind kind) {
  switch (kind) {
    case EventKind::open_passive: return Call::open_passive;
    case EventKind::open_active: return Call::open_active;
    case EventKind::accept: return Call::accept;
    case EventKind::send: return Call::send;
    case EventKind::receive: return Call::receive;
    case EventKind::close: return Call::close;
    case EventKind::abort: return Call::abort;
    case EventKind::status: return Call::status;
    default: return Call::close_full;
  }
}

}  // namespace

bool supports(const Profile& profile, EventKind kind) {
  if (kind == EventKind::segment || kind == EventKind::wait) return true;
  return std::find(profile.calls.begin(), profile.calls.end(), call_of(kind)) != profile.calls.end();
}

Time length_of_wait(const Event& wait, const Profile& profile) {
  Time length = std::chrono::milliseconds(wait.wait_ms);
  if (wait.wait_base == WaitBase::two_msl) length += 2 * profile.msl;
  if (wait.wait_base == WaitBase::patience) length += profile.patience;
  return std::max(length, Time{0});
}

Session::Session(Adapter& adapter)
    : adapter_(adapter), profile_(adapter.profile()), oracle_(claims_of(profile_)), packet_(max_datagram) {}

void Session::start(const CaseSetup& setup) {
  setup_ = setup;
  now_ = Time{0};
  forget_observations();
  next_socket_ = 1;
  listener_ = connection_ = 0;
  sent_ = 0;
  advisories_ = 0;
  noted_ = false;
  history_.clear();
  trace_.clear();
  oracle_.start();
  adapter_.reset(setup.iut_seed);
}

void Session::forget_observations() {
  observations_.clear();
  octets_.clear();
  judged_ = 0;
}

Outcome Session::play(const Event& event) {
  if (profile_.clock == Profile::Clock::real && !history_.empty()) {
    // What a timer has set off since must not be judged as an answer to this event.
    forget_observations();
    adapter_.advance(0us, *this);
    if (const Outcome outcome = judge(); outcome != Outcome::pass) return outcome;
  }
  forget_observations();
  state_ = oracle_.front().state;
  if (event.kind == EventKind::segment) form(event);
  class_ = classify(event, stimulus_, oracle_.front());
  oracle_.begin_event(static_cast<std::uint16_t>(history_.size()));
  history_.push_back({state_, class_});
  if (last_words_ != nullptr) *last_words_ = {Rule::iut_survives, state_, class_};
  if (keep_trace_) record_stimulus(event);
  Verdict verdict = Verdict::pass;
  switch (event.kind) {
    case EventKind::segment: verdict = play_segment(event); break;
    case EventKind::wait: verdict = play_wait(event); break;
    default: verdict = play_call(event);
  }
  if (verdict != Verdict::pass) return conclude(verdict);
  return judge();
}

Outcome Session::go_on() {
  if (!noted_) oracle_.repair();
  noted_ = false;
  return judge();
}

bool Session::keep() {
  if (!adapter_.keep_state()) return false;
  oracle_.keep(kept_.oracle);
  kept_.now = now_;
  kept_.next_socket = next_socket_;
  kept_.listener = listener_;
  kept_.connection = connection_;
  kept_.sent = sent_;
  kept_.history = history_;
  kept_.advisories = advisories_;
  return true;
}

void Session::return_to_kept() {
  adapter_.return_to_kept();
  oracle_.return_to(kept_.oracle);
  now_ = kept_.now;
  next_socket_ = kept_.next_socket;
  listener_ = kept_.listener;
  connection_ = kept_.connection;
  sent_ = kept_.sent;
  history_ = kept_.history;
  advisories_ = kept_.advisories;
  noted_ = false;
}

std::optional<std::uint64_t> Session::fingerprint() const {
  const Hypothesis& front = oracle_.front();
  StateHash hash;
  const Viewpoint from{listener_, connection_, front.snd_nxt, front.rcv_nxt};
  if (!adapter_.tell_state(from, hash)) return {};
  add_set(oracle_.set(), from, now_, hash);
  return hash.value();
}

// ---- stimuli ----------------------------------------------------------------------------------------

void Session::form(const Event& event) {
  stimulus_ = resolve(event, oracle_.front(), setup_.tester_isn);
  const Seq first = stimulus_.seq + (stimulus_.has(model::SYN) ? 1 : 0);
  payload_.resize(event.len);
  for (std::uint32_t i = 0; i < event.len; ++i) payload_[i] = model::tester_octet(first + i);
  stimulus_.text = payload_;
}

Verdict Session::play_segment(const Event& event) {
  if (!event.bad_checksum) {  // MUST-3: a corrupted segment is as if it had never come
    if (const Verdict verdict = oracle_.segment(now_, stimulus_); verdict != Verdict::pass) return verdict;
  }
  const Wire wire{profile_.tester_address, profile_.iut_address, tester_port, iut_port, stimulus_};
  EncodeOptions options;
  options.bad_tcp_checksum = event.bad_checksum;
  const std::size_t size = encode(wire, packet_, options);
  adapter_.deliver(Octets(packet_.data(), size), *this);
  return Verdict::pass;
}

Verdict Session::play_wait(const Event& event) {
  const Time length = length_of_wait(event, profile_);
  adapter_.advance(length, *this);
  now_ += length;
  return Verdict::pass;
}

Request Session::request_for(const Event& event) {
  Request request;
  request.call = call_of(event.kind);
  request.local_port = iut_port;
  request.remote_port = tester_port;
  request.socket = connection_;
  request.count = event.count;
  switch (event.kind) {
    case EventKind::open_passive:
    case EventKind::open_active: request.socket = next_socket_++; break;
    case EventKind::accept:
      request.socket = listener_;
      request.child = next_socket_++;
      break;
    case EventKind::send:
      payload_.resize(event.count);
      for (std::uint32_t i = 0; i < event.count; ++i) payload_[i] = model::iut_octet(sent_ + i);
      request.data = payload_;
      break;
    case EventKind::close_listener: request.socket = listener_; break;
    default: break;
  }
  return request;
}

void Session::settle_sockets(const Request& request, const Reply& reply) {
  const bool granted = reply.result == Result::ok || reply.result == Result::pending;
  if (request.call == Call::open_passive && granted) listener_ = request.socket;
  if (request.call == Call::open_active && granted) {
    connection_ = request.socket;
    sent_ = 0;
  }
  if (request.call == Call::accept && reply.result == Result::ok) {
    connection_ = request.child;
    sent_ = 0;
  }
  if (request.call == Call::send && reply.result == Result::ok)
    sent_ += static_cast<std::uint32_t>(reply.count);
  if (request.call == Call::close_full && request.socket == listener_ && reply.result == Result::ok)
    listener_ = 0;
}

Verdict Session::play_call(const Event& event) {
  if (!supports(profile_, event.kind)) return Verdict::pass;
  const Request request = request_for(event);
  const bool on_listener = event.kind == EventKind::close_listener;
  const Reply reply = adapter_.call(request, *this);
  model::UserCall call;
  call.call = request.call;
  call.on_listener = on_listener;
  call.on_connection = request.socket != 0;
  call.asked = event.count;
  call.result = reply.result;
  call.count = static_cast<std::uint32_t>(reply.count);
  call.received = reply.data;
  call.state = reply.state;
  settle_sockets(request, reply);
  if (keep_trace_) {
    TraceEntry& entry = trace_.back();
    entry.result = reply.result;
    entry.count = request.call == Call::receive ? static_cast<std::uint32_t>(reply.data.size()) : call.count;
    entry.state = reply.state;
  }
  return oracle_.call(now_, call);
}

// ---- observations -----------------------------------------------------------------------------------

void Session::datagram(Time at, Octets packet) {
  observations_.push_back({TraceEntry::What::sent, at, octets_.size(), packet.size(), 0, Result::ok});
  octets_.insert(octets_.end(), packet.begin(), packet.end());
}

void Session::opened(Time at, Socket socket) {
  observations_.push_back({TraceEntry::What::opened, at, 0, 0, socket, Result::ok});
}

void Session::acceptable(Time at, Socket listener) {
  observations_.push_back({TraceEntry::What::acceptable, at, 0, 0, listener, Result::ok});
}

void Session::failed(Time at, Socket socket, Result why) {
  observations_.push_back({TraceEntry::What::failed, at, 0, 0, socket, why});
}

Outcome Session::judge() {
  if (adapter_.held_up()) return Outcome::inconclusive;
  if (oracle_.contradicted()) return Outcome::pass;
  while (judged_ < observations_.size()) {
    const Observation& observation = observations_[judged_];
    const Time at = std::min(observation.at, now_);
    if (const Verdict verdict = oracle_.time(at); verdict != Verdict::pass) return conclude(verdict);
    ++judged_;
    const Verdict verdict = judge(observation);
    if (keep_trace_) record(observation, verdict == Verdict::fail);
    if (verdict != Verdict::pass) return conclude(verdict);
  }
  if (const Verdict verdict = oracle_.time(now_, profile_.quiet); verdict != Verdict::pass)
    return conclude(verdict);
  return conclude(Verdict::pass);
}

Outcome Session::conclude(Verdict verdict) {
  if (verdict == Verdict::inconclusive) return Outcome::inconclusive;
  if (verdict == Verdict::pass) {
    const std::uint64_t fresh = oracle_.advisories() & ~advisories_;
    advisories_ |= fresh;
    if (keep_trace_ && !trace_.empty()) trace_.back().set.assign(oracle_.set().begin(), oracle_.set().end());
    if ((fresh & model::noted_musts()) == 0) return Outcome::pass;
    for (const model::RuleText& rule : model::rules()) {
      if (fresh & model::noted_musts() & model::advisory_bit(rule.rule)) oracle_.note(rule.rule);
    }
    noted_ = true;
  }
  const model::Obituary& first = oracle_.dead().front();
  culprit_ = first.culprit;
  deviation_ = {first.rule, first.state.value_or(history_.at(culprit_).state), history_.at(culprit_).event};
  // A bad checksum must change nothing: whatever follows it at once is its doing.
  if (class_.bad_checksum) deviation_ = {Rule::bad_checksum_changes_nothing, state_, class_};
  if (keep_trace_) {
    const bool marked = !trace_.empty() && trace_.back().fails;
    if (!marked) trace_.back().fails = true;
  }
  return Outcome::fail;
}

Verdict Session::judge(const Observation& observation) {
  const Time at = observation.at;
  switch (observation.what) {
    case TraceEntry::What::sent: return judge_datagram(observation);
    case TraceEntry::What::opened:
      return observation.socket == connection_ ? oracle_.told_open(at) : Verdict::pass;
    case TraceEntry::What::acceptable:
      return observation.socket == listener_ ? oracle_.told_acceptable(at) : Verdict::pass;
    case TraceEntry::What::failed:
      return observation.socket == connection_ ? oracle_.told_failure(at, observation.why) : Verdict::pass;
    default: return Verdict::pass;
  }
}

Verdict Session::judge_datagram(const Observation& observation) {
  const Octets packet(octets_.data() + observation.offset, observation.size);
  const Decoded decoded = decode(packet);
  const Time at = observation.at;
  if (!decoded.ok() || decoded.reserved_bits_set || decoded.options_malformed) {
    return oracle_.object(at, Rule::header_is_well_formed);
  }
  if (!decoded.ip_checksum_ok || !decoded.tcp_checksum_ok) return oracle_.object(at, Rule::checksum_is_sent);
  const Wire& wire = decoded.wire;
  const bool ours = wire.source == profile_.iut_address && wire.destination == profile_.tester_address &&
                    wire.source_port == iut_port && wire.destination_port == tester_port;
  if (!ours) return oracle_.object(at, Rule::local_address_stays);
  return oracle_.sent(at, wire.segment);
}

// ---- the trace --------------------------------------------------------------------------------------

void Session::record_stimulus(const Event& event) {
  const Hypothesis& h = oracle_.front();
  TraceEntry& entry = trace_.emplace_back();
  entry.at = now_;
  entry.event = event;
  entry.before = h.state;
  entry.iss = h.iss;
  entry.irs = h.state >= State::syn_received ? h.irs : setup_.tester_isn;
  entry.iss_known = h.iss_known;
  if (event.kind != EventKind::segment) return;
  entry.segment = stimulus_;
  entry.octets.assign(stimulus_.text.begin(), stimulus_.text.end());
  entry.segment.text = entry.octets;
}

void Session::record(const Observation& observation, bool fails) {
  const Hypothesis& h = oracle_.front();
  TraceEntry& entry = trace_.emplace_back();
  entry.what = observation.what;
  entry.at = observation.at;
  entry.result = observation.why;
  entry.before = h.state;
  entry.iss = h.iss;
  entry.irs = h.state >= State::syn_received ? h.irs : setup_.tester_isn;
  entry.iss_known = h.iss_known;
  entry.fails = fails;
  if (!fails) entry.set.assign(oracle_.set().begin(), oracle_.set().end());
  if (observation.what != TraceEntry::What::sent) return;
  const Decoded decoded = decode(Octets(octets_.data() + observation.offset, observation.size));
  if (!decoded.ok()) {
    entry.what = TraceEntry::What::undecodable;
    entry.state = decoded.error;
    return;
  }
  entry.segment = decoded.wire.segment;
  entry.octets.assign(entry.segment.text.begin(), entry.segment.text.end());
  entry.segment.text = entry.octets;
}

}  // namespace finwait
