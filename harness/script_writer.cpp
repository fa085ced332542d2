#include "harness/script_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/finding.h"
#include "harness/text.h"

namespace finwait {

namespace {

using script::Expr;

constexpr Time delayed_ack{500000};  // §3.8.6.3, MUST-40

struct Errno {
  std::string_view name;
  std::string_view note;  // packetdrill wants one behind an error, and reads nothing in it
};

Errno errno_of(EventKind call, Result result) {
  switch (result) {
    case Result::ok: return {};
    case Result::pending:
      if (call == EventKind::open_active) return {"EINPROGRESS", "Operation now in progress"};
      return {"EAGAIN", "Resource temporarily unavailable"};
    case Result::unsupported: return {"EOPNOTSUPP", "Operation not supported"};
    case Result::no_connection: return {"ENOTCONN", "not connected"};
    case Result::exists:
      if (call == EventKind::open_passive) return {"EADDRINUSE", "Address already in use"};
      return {"EISCONN", "already connected"};
    case Result::refused: return {"ECONNREFUSED", "Connection refused"};
    case Result::reset: return {"ECONNRESET", "Connection reset by peer"};
    case Result::timed_out: return {"ETIMEDOUT", "Connection timed out"};
    case Result::closing:
      if (call == EventKind::receive) return {};  // the end of the stream
      return {"EPIPE", "Broken pipe"};
    case Result::no_resources: return {"ENOBUFS", "No buffer space available"};
    case Result::invalid: return {"EINVAL", "Invalid argument"};
    case Result::error: return {"EIO", "other error"};
  }
  return {};
}

script::Call make_call(const char* name, std::vector<Expr> arguments, int result = 0) {
  script::Call call;
  call.name = name;
  call.arguments = std::move(arguments);
  call.result = result;
  return call;
}

script::Call with_result(script::Call call, EventKind kind, Result result, std::uint32_t count) {
  const Errno error = errno_of(kind, result);
  const bool counts = kind == EventKind::send || kind == EventKind::receive;
  if (!error.name.empty()) {
    call.result = -1;
    call.error_name = error.name;
    call.note = error.note;
  } else {
    call.result = counts && result == Result::ok ? static_cast<int>(count) : 0;
  }
  return call;
}

script::Call socket_call(int descriptor) {
  return make_call("socket", {script::filled_in(), "SOCK_STREAM", "IPPROTO_TCP"}, descriptor);
}

script::Call so_error(int descriptor, Expr value) {
  return make_call("getsockopt", {descriptor, "SOL_SOCKET", "SO_ERROR", script::array({std::move(value)}),
                                  script::array({4})});
}

script::When within(script::Micros time) {
  return time > script::Micros{0} ? script::between(script::Micros{0}, time) : script::after(time);
}

bool across_the_end(std::uint32_t seq, std::size_t length) {
  return std::uint64_t{seq} + length > std::uint64_t{0xffffffff};
}

std::string join(const std::string& text, const std::string& more) {
  if (text.empty() || more.empty()) return text + more;
  return text + " // " + more;
}

bool is_pure_ack(const model::Segment& segment) {
  return segment.flags == model::ACK && segment.text.empty();
}

}  // namespace

// ---- numbers ----------------------------------------------------------------------------------------

std::optional<script::Segment> ScriptNumbers::injected(const model::Segment& segment) const {
  script::Segment said;
  said.flags.bits = segment.flags;
  said.range = {tester(segment.seq), static_cast<std::uint32_t>(segment.text.size())};
  if (across_the_end(said.range.seq, segment.text.size())) return {};
  if (segment.has(model::ACK)) said.ack = iut(segment.ack);
  said.win = segment.wnd;
  if (segment.mss) said.options = script::TcpOptions{false, {script::Mss{*segment.mss}}};
  return said;
}

std::optional<script::Segment> ScriptNumbers::emitted(const model::Segment& segment, bool as_seen) const {
  script::Segment said;
  said.flags.bits = segment.flags;
  said.range = {iut(segment.seq), static_cast<std::uint32_t>(segment.text.size())};
  if (across_the_end(said.range.seq, segment.text.size())) return {};
  if (segment.has(model::ACK)) said.ack = tester(segment.ack);
  if (segment.has(model::URG)) said.urg = segment.urg;
  if (as_seen) said.win = segment.wnd;
  const bool options = segment.mss || segment.other_options;
  if (as_seen && segment.mss && !segment.other_options) {
    said.options = script::TcpOptions{false, {script::Mss{*segment.mss}}};
  } else if (options || segment.has(model::SYN)) {
    said.options = script::any_options();
  }
  return said;
}

std::string ScriptNumbers::text(const model::Segment& segment) const {
  const auto said = emitted(segment, true);
  if (said) return print(*said);
  return fmt::format("{}:{}({}) across 2^32", iut(segment.seq), iut(segment.end()), segment.text.size());
}

std::string_view errno_name(EventKind call, Result result) {
  return errno_of(call, result).name;
}

std::string result_text(EventKind call, Result result, std::uint32_t count) {
  const std::string_view error = errno_name(call, result);
  if (!error.empty()) return fmt::format("-1 {}", error);
  if (result == Result::closing) return "0 (end of the stream)";
  return std::to_string(call == EventKind::send || call == EventKind::receive ? count : 0);
}

// ---- the writer -------------------------------------------------------------------------------------

void ScriptWriter::timed(script::When when, Time at, script::Action action, std::string comment) {
  if (!begun_) when = script::at(script::Micros{0});
  begun_ = true;
  previous_ = std::max(at, previous_);
  items_.push_back(script::event(when, std::move(action), std::move(comment)));
}

void ScriptWriter::timed(Time at, script::Action action, std::string comment) {
  timed(script::after(since(at)), at, std::move(action), std::move(comment));
}

std::string ScriptWriter::delay(Time at) const {
  return fmt::format("+{}", seconds_text(since(at)));
}

void ScriptWriter::add(const TraceEntry& entry, const Failure* failure) {
  last_ = entry.at;
  new_state_.clear();
  if (!entry.set.empty() && shown_ != entry.set.front().state) {
    const bool first = !shown_ && entry.set.front().state == model::State::closed;
    shown_ = entry.set.front().state;
    if (!first) new_state_ = name(*shown_);
  }
  switch (entry.what) {
    case TraceEntry::What::stimulus: stimulus(entry, failure); break;
    case TraceEntry::What::sent: sent(entry, failure); break;
    case TraceEntry::What::undecodable:
      remark(fmt::format("IUT: {} > undecodable: {}", delay(entry.at), entry.state));
      break;
    default: told(entry, failure);
  }
}

void ScriptWriter::add_missing(const Failure& failure) {
  if (!failure.required) {
    remark(fmt::format("IUT: {}", failure.observed));
    return;
  }
  timed(within(failure.within), last_, script::expect(*failure.required),
        fmt::format("IUT: {}", failure.observed));
}

void ScriptWriter::add_crash(std::string_view how) {
  remark(fmt::format("IUT: {}", how));
}

std::vector<script::Item> ScriptWriter::finish() {
  if (!begun_) timed(last_, socket_call(next_descriptor_++));
  return std::move(items_);
}

// ---- stimuli ----------------------------------------------------------------------------------------

std::string ScriptWriter::stimulus_comment(const TraceEntry& entry, const Failure* failure) {
  std::string comment = join(event_comment(entry.event), new_state_);
  if (failure != nullptr) comment = join(comment, fmt::format("IUT: {}", failure->observed));
  return comment;
}

void ScriptWriter::stimulus(const TraceEntry& entry, const Failure* failure) {
  switch (entry.event.kind) {
    case EventKind::segment: segment(entry); break;
    case EventKind::wait: remark(stimulus_comment(entry, nullptr)); break;
    default: call(entry, failure);
  }
}

// A segment needs somebody who could receive it: without an OPEN, a socket that is only bound.
void ScriptWriter::need_socket() {
  if (next_descriptor_ != 3) return;
  unused_ = next_descriptor_++;
  timed(previous_, socket_call(unused_));
  timed(previous_, make_call("bind", {unused_, script::filled_in(), script::filled_in()}));
}

void ScriptWriter::segment(const TraceEntry& entry) {
  if (entry.segment.has(model::SYN) && !tester_syn_seen_) {
    tester_syn_seen_ = true;
    numbers_.tester_isn = entry.segment.seq;
  }
  const auto said = numbers_.injected(entry.segment);
  if (!said || entry.event.bad_checksum) {
    remark(stimulus_comment(entry, nullptr));  // packetdrill's language cannot say it
    return;
  }
  need_socket();
  timed(entry.at, script::inject(*said), stimulus_comment(entry, nullptr));
}

void ScriptWriter::call(const TraceEntry& entry, const Failure* failure) {
  static constexpr std::array<Call, event_kind_count> calls{
      Call::status,  Call::status, Call::open_passive, Call::open_active, Call::accept, Call::send,
      Call::receive, Call::close,  Call::close_full,   Call::abort,       Call::status, Call::close_full};
  const Call wanted = calls.at(static_cast<std::size_t>(entry.event.kind));
  const bool supported =
      std::find(profile_.calls.begin(), profile_.calls.end(), wanted) != profile_.calls.end();
  if (!supported) return remark(join(stimulus_comment(entry, nullptr), "unsupported"));
  const EventKind kind = entry.event.kind;
  if (kind == EventKind::open_passive || kind == EventKind::open_active) return opening(entry, failure);
  const bool on_listener = kind == EventKind::accept || kind == EventKind::close_listener;
  const int descriptor = on_listener ? listener_ : connection_;
  // STATUS is no socket call; accept and the like would block or have no descriptor.
  const bool would_block = kind == EventKind::accept && entry.result != Result::ok;
  if (descriptor == 0 || kind == EventKind::status || would_block) {
    const std::string result = kind == EventKind::status
                                   ? entry.state
                                   : fmt::format("= {}", result_text(kind, entry.result, entry.count));
    return remark(join(stimulus_comment(entry, failure), failure != nullptr ? "" : result));
  }
  call_on(descriptor, entry, failure);
}

void ScriptWriter::opening(const TraceEntry& entry, const Failure* failure) {
  const bool passive = entry.event.kind == EventKind::open_passive;
  const int descriptor = passive && unused_ != 0 ? std::exchange(unused_, 0) : next_descriptor_;
  const bool is_new = descriptor == next_descriptor_;
  const bool granted = entry.result == Result::ok || entry.result == Result::pending;
  if (is_new) timed(entry.at, socket_call(next_descriptor_++));
  const auto finished = [&](script::Call call) {
    timed(entry.at, with_result(std::move(call), entry.event.kind, entry.result, 0),
          stimulus_comment(entry, failure));
  };
  const script::Call bind = make_call("bind", {descriptor, script::filled_in(), script::filled_in()});
  if (passive) {
    if (!granted) return finished(bind);
    if (is_new) timed(entry.at, bind);
    finished(make_call("listen", {descriptor, 8}));
    listener_ = descriptor;
  } else {
    timed(entry.at, make_call("fcntl", {descriptor, "F_SETFL", script::flags({"O_RDWR", "O_NONBLOCK"})}));
    finished(make_call("connect", {descriptor, script::filled_in(), script::filled_in()}));
    if (granted) connection_ = descriptor;
  }
  if (!granted) return;
  numbers_.iss.reset();
  tester_syn_seen_ = false;
}

void ScriptWriter::call_on(int descriptor, const TraceEntry& entry, const Failure* failure) {
  const Event& event = entry.event;
  const auto octets = static_cast<std::int64_t>(event.count);
  script::Call call;
  switch (event.kind) {
    case EventKind::accept:
      connection_ = next_descriptor_++;
      call = make_call("accept", {descriptor, script::filled_in(), script::filled_in()}, connection_);
      return timed(entry.at, call, stimulus_comment(entry, failure));
    case EventKind::send:
      call = make_call("send", {descriptor, script::filled_in(), octets, "MSG_DONTWAIT"});
      if (entry.result == Result::ok) call = make_call("write", {descriptor, script::filled_in(), octets});
      break;
    case EventKind::receive:
      call = make_call("recv", {descriptor, script::filled_in(), octets, "MSG_DONTWAIT"});
      break;
    case EventKind::close: call = make_call("shutdown", {descriptor, "SHUT_WR"}); break;
    case EventKind::abort: {
      const Expr linger = script::structure({{"onoff", 1}, {"linger", 0}});
      timed(entry.at, make_call("setsockopt", {descriptor, "SOL_SOCKET", "SO_LINGER", linger, 8}));
      call = make_call("close", {descriptor});
      break;
    }
    default: call = make_call("close", {descriptor});
  }
  const bool known = failure != nullptr && failure->permitted.has_value();
  const Result result = known ? *failure->permitted : entry.result;
  const std::uint32_t count = known ? failure->permitted_count : entry.count;
  timed(entry.at, with_result(std::move(call), event.kind, result, count), stimulus_comment(entry, failure));
  if (event.kind == EventKind::close_full || event.kind == EventKind::abort) connection_ = 0;
  if (event.kind == EventKind::close_listener) listener_ = 0;
}

// ---- observations -----------------------------------------------------------------------------------

void ScriptWriter::sent(const TraceEntry& entry, const Failure* failure) {
  const model::Segment& segment = entry.segment;
  if (segment.has(model::SYN) && !numbers_.iss) numbers_.iss = segment.seq;
  if (failure != nullptr) {
    if (!failure->required) return remark(fmt::format("IUT: {} > {}", delay(entry.at), failure->observed));
    return timed(within(std::max(since(entry.at), failure->within)), entry.at,
                 script::expect(*failure->required), fmt::format("IUT: {}", failure->observed));
  }
  const auto said = numbers_.emitted(segment, false);
  if (!said) return remark(fmt::format("{} > {}", delay(entry.at), numbers_.text(segment)));
  const bool may_be_delayed = is_pure_ack(segment) && since(entry.at) <= delayed_ack;
  const script::When when =
      may_be_delayed ? script::between(script::Micros{0}, delayed_ack) : script::after(since(entry.at));
  timed(when, entry.at, script::expect(*said), new_state_);
}

void ScriptWriter::told(const TraceEntry& entry, const Failure* failure) {
  if (failure != nullptr) return remark(fmt::format("IUT: {} {}", delay(entry.at), failure->observed));
  if (entry.what == TraceEntry::What::acceptable || connection_ == 0) return;  // accept will show it
  const std::string error{errno_name(EventKind::receive, entry.result)};
  const bool opened = entry.what == TraceEntry::What::opened;
  if (!opened && error.empty()) return;
  timed(entry.at, so_error(connection_, opened ? Expr(0) : Expr(error)), new_state_);
}

}  // namespace finwait
