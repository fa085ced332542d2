// The user's side: each call gets one of the results that the relation allows.
#include <algorithm>

#include "impl/reference/reference.h"
#include "model/timeouts.h"
#include "model/user_calls.h"

namespace finwait {

using model::Ending;
using model::Handle;
using model::Hypothesis;
using model::later;
using model::lt;
using model::Rule;
using model::State;
using model::Step;
using model::UserCall;

namespace {

constexpr std::uint32_t send_buffer = 16384;

bool closing(State state) {
  return state == State::closing || state == State::last_ack || state == State::time_wait;
}

}  // namespace

Reply Reference::call(const Request& request, Sink& sink) {
  begin_stimulus(sink);
  Step current = step();
  model::expire(current);
  plan();
  Reply reply;
  if (fault_ != nullptr && fault_->called != nullptr && !fault_->called(*this, request, reply)) {
    run_until(now_);
    return reply;
  }
  UserCall user_call = describe(request);
  const Hypothesis before = h_;
  if (!answer_at_whim(request, user_call, reply)) {
    decide(request, user_call, reply);
    demand(model::user_calls(current, user_call), "a user call");
  }
  reply.result = user_call.result;
  note_call(request, user_call, before);
  if (fault_ != nullptr && fault_->returns != nullptr) fault_->returns(*this, request, reply, before);
  run_until(now_);
  return reply;
}

UserCall Reference::describe(const Request& request) const {
  UserCall call;
  call.call = request.call;
  call.on_connection = request.socket != 0 && request.socket == connection_;
  call.on_listener = request.call == Call::close_full && request.socket != 0 && request.socket == listener_;
  call.asked = static_cast<std::uint32_t>(request.call == Call::send ? request.data.size() : request.count);
  return call;
}

bool Reference::no_handle(const UserCall& call) const {
  return !call.on_connection || (h_.handle != Handle::open && h_.handle != Handle::ghost);
}

Result Reference::result_of_ending() {
  switch (h_.ending) {
    case Ending::reset: return random_.one_in(2) ? Result::reset : Result::refused;
    case Ending::timed_out: return Result::timed_out;
    default: return Result::no_connection;
  }
}

void Reference::decide(const Request& request, UserCall& call, Reply& reply) {
  switch (request.call) {
    case Call::open_passive: call.result = decide_open_passive(); break;
    case Call::open_active: call.result = decide_open_active(); break;
    case Call::accept: call.result = decide_accept(request); break;
    case Call::send: decide_send(request, call, reply); break;
    case Call::receive: decide_receive(request, call, reply); break;
    case Call::close: call.result = decide_close(call); break;
    case Call::close_full:
    case Call::abort: call.result = decide_release(call); break;
    case Call::status: decide_status(call, reply);
  }
}

Result Reference::decide_open_passive() {
  if (h_.listening) return Result::exists;
  const bool beside = h_.state != State::closed;
  if (chance(Freedom::open_refused, beside ? 4 : 32))
    return random_.one_in(2) ? Result::exists : Result::no_resources;
  return Result::ok;
}

Result Reference::decide_open_active() {
  const bool unused = h_.state == State::closed || h_.state == State::listen;
  if (!unused) return Result::exists;
  // Sockets cannot turn a listener active.
  if (h_.state == State::listen && random_.one_in(3)) return Result::invalid;
  if (chance(Freedom::open_refused, 32)) return random_.one_in(2) ? Result::exists : Result::no_resources;
  return random_.one_in(8) ? Result::ok : Result::pending;
}

Result Reference::decide_accept(const Request& request) {
  if (!h_.listening) return Result::invalid;
  if (request.socket != listener_) return Result::pending;
  if (h_.handle == Handle::waiting) {
    return h_.owes(model::Owed::acceptable) && random_.one_in(2) ? Result::pending : Result::ok;
  }
  if (h_.ghosts == 0) return Result::pending;
  constexpr std::array ways{Result::ok, Result::reset, Result::pending};
  return ways[random_.below(ways.size())];
}

void Reference::decide_send(const Request& request, UserCall& call, Reply& reply) {
  if (no_handle(call) || h_.handle == Handle::ghost) {
    call.result = Result::no_connection;
    return;
  }
  if (h_.ending != Ending::none) {
    const bool lost = random_.one_in(4);  // the first SEND to a peer that has reset may still succeed
    call.result = lost ? Result::ok : result_of_ending();
    if (lost) reply.count = call.count = call.asked;
    return;
  }
  if (h_.fin_queued) {
    call.result = Result::closing;
    return;
  }
  const bool before_established = h_.state == State::syn_sent || h_.state == State::syn_received;
  const std::uint32_t waiting = h_.stream_end() - (h_.iss_known ? later(h_.snd_una, h_.iss + 1) : h_.iss + 1);
  const std::uint32_t room = waiting < send_buffer ? send_buffer - waiting : 0;
  std::uint32_t count_taken = std::min(call.asked, room);
  if ((count_taken == 0 && call.asked > 0) || chance(Freedom::send_refused, 16)) {
    call.result = before_established && random_.one_in(2) ? Result::no_connection
                  : random_.one_in(2)                     ? Result::pending
                                                          : Result::no_resources;
    return;
  }
  if (count_taken > 1 && chance(Freedom::send_partly, 8)) count_taken = random_.between(1, count_taken);
  sent_.write(h_.queued, request.data.first(count_taken));
  reply.count = call.count = count_taken;
  call.result = Result::ok;
}

void Reference::read_text(std::uint32_t octets, UserCall& call, Reply& reply) {
  reading_.clear();
  received_.read(h_.user_nxt - (h_.irs + 1), octets, reading_);
  call.received = reply.data = reading_;
  reply.count = octets;
  call.result = Result::ok;
}

Octets Reference::peek(model::Seq seq, std::uint32_t octets) {
  reading_.clear();
  received_.read(seq - (h_.irs + 1), octets, reading_);
  return reading_;
}

void Reference::decide_receive(const Request&, UserCall& call, Reply& reply) {
  call.result = Result::no_connection;
  if (no_handle(call) || h_.handle == Handle::ghost) return;
  const bool live = h_.ending == Ending::none;
  if (live && (!h_.synchronized() || h_.syn_unacknowledged())) {
    call.result = !h_.synchronized() && random_.one_in(4) ? Result::no_connection : Result::pending;
    return;
  }
  std::uint32_t unread = lt(h_.user_nxt, h_.text_end()) ? h_.text_end() - h_.user_nxt : 0;
  const bool recent = now_ <= h_.text_since + claims_.reaction;
  if (h_.ending == Ending::reset || h_.ending == Ending::timed_out) {
    if (unread > 0 && !h_.error_told && call.asked > 0 && !chance(Freedom::error_before_text, 3)) {
      return read_text(std::min(unread, call.asked), call, reply);
    }
    const bool may_be_eof = h_.error_told || (h_.fin_received && unread == 0);
    call.result = may_be_eof && random_.one_in(2) ? Result::closing : result_of_ending();
    return;
  }
  if (h_.eof_told) {
    call.result = Result::closing;
    return;
  }
  if (live && recent && chance(Freedom::receive_late, 16)) {
    call.result = Result::pending;
    return;
  }
  if (unread > 0 && closing(h_.state) && chance(Freedom::literal_eof, 8)) {
    call.result = Result::closing;
    return;
  }
  if (live && !h_.fin_received && lt(h_.rcv_nxt, h_.rcv_nxt_may) && chance(Freedom::receive_more, 2)) {
    unread = h_.rcv_nxt_may - h_.user_nxt;
  }
  if (unread == 0) {
    call.result = h_.fin_received ? Result::closing : live ? Result::pending : Result::no_connection;
    return;
  }
  std::uint32_t octets = std::min(unread, call.asked);
  if (octets > 1 && chance(Freedom::receive_partly, 4)) octets = random_.between(1, octets);
  read_text(octets, call, reply);
}

Result Reference::decide_close(const UserCall& call) {
  if (no_handle(call)) return Result::no_connection;
  if (h_.ending != Ending::none) return random_.one_in(2) ? Result::ok : result_of_ending();
  if (h_.fin_queued) return random_.one_in(2) ? Result::ok : Result::closing;
  const bool refused = h_.state == State::syn_sent && random_.one_in(2);
  return refused ? Result::no_connection : Result::ok;
}

// close_full and abort give the handle back.
Result Reference::decide_release(const UserCall& call) {
  if (call.on_listener) return h_.listening ? Result::ok : Result::no_connection;
  return no_handle(call) ? Result::no_connection : Result::ok;
}

void Reference::decide_status(UserCall& call, Reply& reply) {
  call.result = Result::no_connection;
  if (no_handle(call) || h_.handle == Handle::ghost || h_.ending != Ending::none) return;
  call.result = Result::ok;
  call.state = reply.state = name(h_.state);
}

// What the call means for sockets and buffers, beyond the TCB.
void Reference::note_call(const Request& request, const UserCall& call, const Hypothesis& before) {
  const bool granted = call.result == Result::ok || call.result == Result::pending;
  if (!granted) return;
  switch (request.call) {
    case Call::open_passive:
      listener_ = request.socket;
      listening_port_ = request.local_port;
      break;
    case Call::open_active:
      connection_ = request.socket;
      iut_port_ = request.local_port;
      tester_port_ = request.remote_port;
      break;
    case Call::accept: {
      const bool child = before.handle == Handle::waiting && h_.handle == Handle::open;
      const bool ghost = before.handle != Handle::ghost && h_.handle == Handle::ghost;
      if (call.result == Result::ok && (child || ghost)) connection_ = request.child;
      break;
    }
    case Call::receive: window_may_open_ = !call.received.empty(); break;
    case Call::close_full:
      if (call.on_listener) listener_ = 0;
      break;
    default: break;
  }
}

}  // namespace finwait
