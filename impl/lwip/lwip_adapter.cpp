#include "impl/lwip/lwip_adapter.h"

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <stdexcept>
#include <utility>

#include "impl/lwip/pcb_state.h"
#include "impl/lwip/stack.h"

namespace finwait {
namespace {

using lwip::Stack;

// --- What lwIP claims
// -------------------------------------------------------------------------------------------

#ifndef LWIP_TCP_RTO_TIME
#define LWIP_TCP_RTO_TIME 3000  // milliseconds; written out in tcp_alloc() before lwIP 2.2
#endif

constexpr Time slow_tick{TCP_SLOW_INTERVAL * 1000};
constexpr int first_rto = LWIP_TCP_RTO_TIME / TCP_SLOW_INTERVAL;  // in slow ticks

// In SYN-SENT the RTO is not doubled (tcp_slowtmr). TCP_SYNMAXRTX retransmissions follow the SYN at intervals
// of at most the first RTO; the slow tick after the last of them reports failure. With lwIP's defaults that
// is 6 · 3 s + 0.5 s.
constexpr Time r2_syn = (TCP_SYNMAXRTX * first_rto + 1) * slow_tick;

// The longest first retransmission interval claimed. It is 3 s to begin with, then (sa>>3)+sv, and an ACK
// that comes just before the RTO doubles it at most: it takes seven such ACKs in a row, over three minutes,
// to exceed this. A probe of a closed window comes first after 1.5 s, and every 60 s in the end.
constexpr Time patience = 150s;

// tcp_backoff[] of tcp.c: after the n-th retransmission the RTO is the first one shifted left by the n-th
// entry, and never more than fits pcb->rto. TCP_MAXRTX retransmissions are made; the slow tick after the last
// one reports failure. From the first RTO of 3 s: 3 · (1+2+4+…+64 + 5·128) s + 0.5 s, 38 minutes; what is
// claimed is the same sum from `patience`. (A closed window is given up after TCP_MAXRTX unanswered probes,
// 455 s: sooner.)
constexpr Time give_up(Time first_interval) {
  constexpr std::array<int, 13> backoff = {1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7, 7};
  const std::int64_t first = first_interval / slow_tick;
  std::int64_t ticks = first + 1;
  for (std::size_t n = 0; n + 1 < TCP_MAXRTX; ++n) {
    ticks += std::min<std::int64_t>(first << backoff[std::min(n, backoff.size() - 1)], 0x7fff);
  }
  return ticks * slow_tick;
}

std::string version() {
  std::string text = std::to_string(LWIP_VERSION_MAJOR) + "." + std::to_string(LWIP_VERSION_MINOR) + "." +
                     std::to_string(LWIP_VERSION_REVISION);
  if (LWIP_VERSION_IS_DEVELOPMENT) return text + ".dev";
  if (LWIP_VERSION_IS_RC) return text + ".rc" + std::to_string(LWIP_VERSION_RC);
  return text;
}

// --- Words
// ------------------------------------------------------------------------------------------------------

std::string_view state_name(tcp_state state) {
  static constexpr std::array<std::string_view, 11> names = {
      "CLOSED",     "LISTEN",     "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
      "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",  "LAST-ACK",     "TIME-WAIT"};
  const auto index = static_cast<std::size_t>(state);
  return index < names.size() ? names[index] : "unknown";
}

// Of a call's own return; what ends a connection later is told by `on_error`.
Result result_of(err_t error) {
  switch (error) {
    case ERR_OK: return Result::ok;
    case ERR_MEM:
    case ERR_BUF: return Result::no_resources;
    case ERR_INPROGRESS:
    case ERR_WOULDBLOCK: return Result::pending;
    case ERR_VAL:
    case ERR_ARG: return Result::invalid;
    case ERR_USE:
    case ERR_ALREADY:
    case ERR_ISCONN: return Result::exists;
    case ERR_CONN: return Result::no_connection;
    case ERR_TIMEOUT:
    case ERR_RTE: return Result::timed_out;
    case ERR_ABRT:
    case ERR_RST: return Result::reset;
    case ERR_CLSD: return Result::closing;
    default: return Result::error;
  }
}

// --- Endpoints
// --------------------------------------------------------------------------------------------------

// A listener, a connection, or a child that waits to be accepted. lwIP knows it by its number (tcp_arg),
// which is never used twice in a case: a pcb may be freed without a word and its memory used for the next
// one, so a pointer alone proves nothing.
struct Endpoint {
  std::uintptr_t number = 0;
  Socket socket = 0;  // 0: not yet accepted, or closed by the user
  tcp_pcb* pcb = nullptr;
  bool listening = false;
  bool connecting = false;        // an active open not yet answered
  bool sending_closed = false;    // the user has called `close`
  bool receiving_closed = false;  // the peer's FIN has come
  bool failed = false;
  std::optional<Result> error;  // why it failed, until a call has reported it
  std::vector<std::uint8_t> unread;
  std::size_t taken = 0;                // octets of `unread` that the user has
  std::deque<std::uintptr_t> children;  // established, not yet accepted, oldest first

  std::size_t unread_octets() const { return unread.size() - taken; }
};

void* argument(std::uintptr_t number) {
  return reinterpret_cast<void*>(number);
}

bool listed(const tcp_pcb* list, const tcp_pcb* pcb) {
  while (list != nullptr && list != pcb) list = list->next;
  return list != nullptr;
}

// The pcb of an endpoint, or nullptr once lwIP has freed it: it does so without calling back when TIME-WAIT
// ends.
tcp_pcb* live(Endpoint& endpoint) {
  if (endpoint.pcb == nullptr || endpoint.listening) return endpoint.pcb;
  const bool known = listed(tcp_active_pcbs, endpoint.pcb) || listed(tcp_tw_pcbs, endpoint.pcb);
  if (!known || endpoint.pcb->callback_arg != argument(endpoint.number)) endpoint.pcb = nullptr;
  return endpoint.pcb;
}

// From here on lwIP has nobody to call back.
tcp_pcb* detach(Endpoint& endpoint) {
  tcp_pcb* pcb = std::exchange(endpoint.pcb, nullptr);
  tcp_arg(pcb, nullptr);
  if (pcb->state != LISTEN) {
    tcp_recv(pcb, nullptr);
    tcp_err(pcb, nullptr);
  }
  return pcb;
}

// --- The adapter
// ------------------------------------------------------------------------------------------------

class LwipAdapter final : public Adapter, private lwip::Link {
 public:
  LwipAdapter() : stack_(Stack::instance()) {}
  ~LwipAdapter() override { stack_.release(this); }
  LwipAdapter(const LwipAdapter&) = delete;
  LwipAdapter& operator=(const LwipAdapter&) = delete;

  Profile profile() const override;
  void reset(std::uint64_t seed) override;
  Reply call(const Request& request, Sink& sink) override;
  void deliver(Octets packet, Sink& sink) override;
  void advance(Time by, Sink& sink) override;
  std::optional<Time> next_timer() const override;
  std::string probe(Socket socket) const override;
  bool tell_state(const Viewpoint& from, StateHash& hash) const override;
  bool keep_state() override;
  void return_to_kept() override;

 private:
  // The sink of the function that is running: everything lwIP does, it does inside of one.
  class Turn {
   public:
    Turn(LwipAdapter& adapter, Sink& sink) : adapter_(adapter) {
      if (!adapter.stack_.belongs_to(&adapter)) throw std::logic_error("lwip: reset() must come first");
      adapter.sink_ = &sink;
      current_ = &adapter;
    }
    ~Turn() {
      adapter_.sink_ = nullptr;
      current_ = nullptr;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    LwipAdapter& adapter_;
  };

  Reply open_passive(const Request& request);
  Reply open_active(const Request& request);
  Reply accept(Endpoint& listener, const Request& request);
  Reply send(Endpoint& endpoint, Octets data);
  Reply receive(Endpoint& endpoint, std::size_t count);
  Reply close(Endpoint& endpoint);
  Reply close_full(Endpoint& endpoint);
  Reply abort(Endpoint& endpoint);
  Reply stop_listening(Endpoint& listener);

  void transmit(Octets packet) override { sink_->datagram(now_, packet); }
  Time next_tick() const { return static_cast<std::int64_t>(ticks_ + 1) * Stack::tick; }
  void retry_closes();

  Endpoint& add(Socket socket, tcp_pcb* pcb);
  void attach(Endpoint& endpoint);
  std::uintptr_t role_of(std::uintptr_t number, const Viewpoint& from) const;
  Endpoint* find(Socket socket);
  Endpoint* by_argument(void* number);
  Result ended(Endpoint& endpoint);
  bool in_use(Socket socket);

  static err_t on_accept(void* listener, tcp_pcb* child, err_t error);
  static err_t on_connected(void* number, tcp_pcb* pcb, err_t error);
  static err_t on_receive(void* number, tcp_pcb* pcb, pbuf* text, err_t error);
  static void on_error(void* number, err_t error);

  inline static LwipAdapter* current_ = nullptr;

  Stack& stack_;
  Sink* sink_ = nullptr;
  Time now_{0};
  std::uint64_t ticks_ = 0;  // whole ticks since the reset
  std::deque<Endpoint>
      endpoints_;  // endpoint n stands at n-1; a deque, because callbacks add while others are held
  std::vector<std::uintptr_t> unfinished_closes_;
  std::vector<std::uint8_t> handed_out_;  // the octets of the latest reply
  struct Kept {
    Time now{};
    std::uint64_t ticks = 0;
    std::deque<Endpoint> endpoints;
    std::vector<std::uintptr_t> unfinished_closes;
  };
  Kept kept_;
};

Profile LwipAdapter::profile() const {
  Profile profile;
  profile.name = "lwip";
  profile.version = version();
  profile.clock = Profile::Clock::virtual_exact;
  profile.tick = slow_tick;
  profile.reaction = 0us;  // lwIP answers before tcp_input() returns
  profile.msl = Time{std::int64_t{TCP_MSL} * 1000};
  profile.step = Stack::tick;
  profile.patience = patience;
  profile.r2_syn = r2_syn;
  profile.r2_data = give_up(patience);
  profile.receive_buffer = TCP_WND;
  profile.mss = TCP_MSS;
  profile.iut_address = 0x0a000001;
  profile.tester_address = 0x0a000002;
  // STATUS is missing: the raw API has no such call.
  profile.calls = {Call::open_passive, Call::open_active, Call::accept,     Call::send,
                   Call::receive,      Call::close,       Call::close_full, Call::abort};
  return profile;
}

void LwipAdapter::reset(std::uint64_t seed) {
  endpoints_.clear();
  unfinished_closes_.clear();
  handed_out_.clear();
  now_ = Time{0};
  ticks_ = 0;
  stack_.reset(seed, this);
}

Reply LwipAdapter::call(const Request& request, Sink& sink) {
  const Turn turn(*this, sink);
  if (request.call == Call::status) return reply(Result::unsupported);
  if (request.call == Call::open_passive || request.call == Call::open_active) {
    if (request.socket == 0) return reply(Result::invalid);
    if (in_use(request.socket)) return reply(Result::exists);
    return request.call == Call::open_passive ? open_passive(request) : open_active(request);
  }
  Endpoint* endpoint = find(request.socket);
  if (endpoint == nullptr) return reply(Result::no_connection);
  Reply answer;
  switch (request.call) {
    case Call::accept: answer = accept(*endpoint, request); break;
    case Call::send: answer = send(*endpoint, request.data); break;
    case Call::receive: answer = receive(*endpoint, request.count); break;
    case Call::close: answer = close(*endpoint); break;
    case Call::close_full: answer = close_full(*endpoint); break;
    default: answer = abort(*endpoint); break;
  }
  stack_.settle();
  return answer;
}

void LwipAdapter::deliver(Octets packet, Sink& sink) {
  const Turn turn(*this, sink);
  stack_.input(packet);
}

void LwipAdapter::advance(Time by, Sink& sink) {
  const Turn turn(*this, sink);
  const Time target = now_ + by;
  for (Time next = next_tick(); next <= target; next = next_tick()) {
    now_ = next;
    ++ticks_;
    stack_.run_timers(ticks_);
    retry_closes();
  }
  now_ = target;
}

std::optional<Time> LwipAdapter::next_timer() const {
  if (!stack_.belongs_to(this)) return {};
  if (tcp_active_pcbs == nullptr && tcp_tw_pcbs == nullptr) return {};
  return next_tick();
}

std::string LwipAdapter::probe(Socket socket) const {
  // `live` forgets pcbs that lwIP has freed, which is no change that anybody could see.
  Endpoint* endpoint = const_cast<LwipAdapter*>(this)->find(socket);
  if (endpoint == nullptr || !stack_.belongs_to(this)) return {};
  const tcp_pcb* pcb = live(*endpoint);
  if (pcb == nullptr) return "CLOSED";
  std::string text{state_name(pcb->state)};
  if (endpoint->listening) return text;
  const auto field = [&text](std::string_view name, std::uint64_t value) {
    text.append(" ").append(name).append("=").append(std::to_string(value));
  };
  field("SND.UNA", pcb->lastack);
  field("SND.NXT", pcb->snd_nxt);
  field("SND.WND", pcb->snd_wnd);
  field("RCV.NXT", pcb->rcv_nxt);
  field("RCV.WND", pcb->rcv_wnd);
  field("cwnd", pcb->cwnd);
  field("rto", static_cast<std::uint64_t>(pcb->rto));
  field("nrtx", pcb->nrtx);
  field("unread", endpoint->unread_octets());
  return text;
}

// What an endpoint is to the tester; of those that it has no name for any more, one is as good as another.
std::uintptr_t LwipAdapter::role_of(std::uintptr_t number, const Viewpoint& from) const {
  if (number == 0 || number > endpoints_.size()) return 0;
  const Endpoint& endpoint = endpoints_[number - 1];
  if (endpoint.socket == 0) return 1;
  if (endpoint.socket == from.listener) return 2;
  return endpoint.socket == from.connection ? 3 : 1;
}

bool LwipAdapter::tell_state(const Viewpoint& from, StateHash& hash) const {
  if (!stack_.belongs_to(this)) return false;
  for (const Endpoint& endpoint : endpoints_) {
    const bool named =
        endpoint.socket != 0 && (endpoint.socket == from.listener || endpoint.socket == from.connection);
    const bool has_children = !endpoint.children.empty();
    if (!named && !has_children) continue;
    hash.add(role_of(endpoint.number, from));
    hash.add(endpoint.listening);
    hash.add(endpoint.connecting);
    hash.add(endpoint.sending_closed);
    hash.add(endpoint.receiving_closed);
    hash.add(endpoint.failed);
    hash.add(endpoint.error.value_or(Result::ok));
    hash.add(endpoint.unread_octets());
    hash.add(endpoint.children.size());
  }
  const auto add_list = [&](const tcp_pcb* list) {
    for (const tcp_pcb* pcb = list; pcb != nullptr; pcb = pcb->next) {
      hash.add(role_of(reinterpret_cast<std::uintptr_t>(pcb->callback_arg), from));
      lwip::add_connection(*pcb, from, hash);
    }
    hash.add(-1);
  };
  add_list(tcp_active_pcbs);
  add_list(tcp_tw_pcbs);
  for (const tcp_pcb_listen* pcb = tcp_listen_pcbs.listen_pcbs; pcb != nullptr; pcb = pcb->next) {
    hash.add(role_of(reinterpret_cast<std::uintptr_t>(pcb->callback_arg), from));
#if TCP_LISTEN_BACKLOG
    hash.add(pcb->accepts_pending);
#endif
  }
  hash.add(unfinished_closes_.size());
  return true;
}

bool LwipAdapter::keep_state() {
  if (!stack_.keep()) return false;
  kept_ = {now_, ticks_, endpoints_, unfinished_closes_};
  return true;
}

void LwipAdapter::return_to_kept() {
  stack_.return_to_kept();
  now_ = kept_.now;
  ticks_ = kept_.ticks;
  endpoints_ = kept_.endpoints;
  unfinished_closes_ = kept_.unfinished_closes;
}

// --- Calls
// ------------------------------------------------------------------------------------------------------

Reply LwipAdapter::open_passive(const Request& request) {
  tcp_pcb* pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  if (pcb == nullptr) return reply(Result::no_resources);
  ip_set_option(pcb, SOF_REUSEADDR);
  ip_addr_t own;
  IP_ADDR4(&own, 10, 0, 0, 1);
  if (const err_t error = tcp_bind(pcb, &own, request.local_port); error != ERR_OK) {
    tcp_close(pcb);
    return reply(result_of(error));
  }
  const bool taken = [&] {
    for (const tcp_pcb_listen* other = tcp_listen_pcbs.listen_pcbs; other != nullptr; other = other->next) {
      if (other->local_port == pcb->local_port) return true;
    }
    return false;
  }();
  const auto backlog = static_cast<u8_t>(std::clamp(request.backlog, 1, 255));
  tcp_pcb* listener = tcp_listen_with_backlog(pcb, backlog);
  if (listener == nullptr) {  // lwIP does not say which of the two reasons it had
    tcp_close(pcb);
    return reply(taken ? Result::exists : Result::no_resources);
  }
  Endpoint& endpoint = add(request.socket, listener);
  endpoint.listening = true;
  tcp_arg(listener, argument(endpoint.number));
  tcp_accept(listener, on_accept);
  return reply(Result::ok);
}

Reply LwipAdapter::open_active(const Request& request) {
  tcp_pcb* pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
  if (pcb == nullptr) return reply(Result::no_resources);
  ip_set_option(pcb, SOF_REUSEADDR);
  ip_addr_t own;
  ip_addr_t peer;
  IP_ADDR4(&own, 10, 0, 0, 1);
  IP_ADDR4(&peer, 10, 0, 0, 2);
  err_t error = request.local_port != 0 ? tcp_bind(pcb, &own, request.local_port) : err_t{ERR_OK};
  if (error == ERR_OK) {
    Endpoint& endpoint = add(request.socket, pcb);
    endpoint.connecting = true;
    attach(endpoint);
    error = tcp_connect(pcb, &peer, request.remote_port, on_connected);
    if (error == ERR_OK) return reply(Result::pending);
    endpoint.socket = 0;
    detach(endpoint);
  }
  tcp_close(pcb);
  return reply(result_of(error));
}

Reply LwipAdapter::accept(Endpoint& listener, const Request& request) {
  if (!listener.listening) return reply(Result::invalid);
  if (request.child == 0) return reply(Result::invalid);
  if (in_use(request.child)) return reply(Result::exists);
  if (listener.children.empty()) return reply(Result::pending);
  Endpoint& child = endpoints_[listener.children.front() - 1];
  listener.children.pop_front();
  if (live(child) == nullptr) return reply(Result::reset);  // it died while it waited
  tcp_backlog_accepted(child.pcb);
  if (Endpoint* former = find(request.child)) former->socket = 0;
  child.socket = request.child;
  return reply(Result::ok);
}

Reply LwipAdapter::send(Endpoint& endpoint, Octets data) {
  tcp_pcb* pcb = live(endpoint);
  if (endpoint.listening) return reply(Result::no_connection);
  if (pcb == nullptr && endpoint.failed) return reply(ended(endpoint));
  if (endpoint.sending_closed) return reply(Result::closing);
  if (pcb == nullptr) return reply(ended(endpoint));
  std::size_t taken = 0;
  err_t error = ERR_OK;
  while (taken < data.size() && error == ERR_OK) {
    std::size_t part = std::min<std::size_t>({data.size() - taken, tcp_sndbuf(pcb), 0xffff});
    if (part == 0 || tcp_sndqueuelen(pcb) >= TCP_SND_QUEUELEN) break;
    // A shorter part may still fit when the queue of pbufs is nearly full.
    do {
      error = tcp_write(pcb, data.data() + taken, static_cast<u16_t>(part), TCP_WRITE_FLAG_COPY);
    } while (error == ERR_MEM && (part /= 2) != 0);
    if (error == ERR_OK) taken += part;
  }
  if (taken == 0 && !data.empty()) {
    return reply(error == ERR_OK || error == ERR_MEM ? Result::no_resources : result_of(error));
  }
  tcp_output(pcb);
  Reply answer = reply(Result::ok);
  answer.count = taken;
  return answer;
}

Reply LwipAdapter::receive(Endpoint& endpoint, std::size_t count) {
  tcp_pcb* pcb = live(endpoint);
  if (endpoint.listening) return reply(Result::no_connection);
  if (endpoint.unread_octets() != 0) {
    const std::size_t size = std::min(count, endpoint.unread_octets());
    const auto first = endpoint.unread.begin() + static_cast<std::ptrdiff_t>(endpoint.taken);
    handed_out_.assign(first, first + static_cast<std::ptrdiff_t>(size));
    endpoint.taken += size;
    if (endpoint.unread_octets() == 0) {
      endpoint.unread.clear();
      endpoint.taken = 0;
    }
    for (std::size_t told = 0; pcb != nullptr && told < size;) {
      const std::size_t part = std::min<std::size_t>(size - told, 0xffff);
      tcp_recved(pcb, static_cast<u16_t>(part));
      told += part;
    }
    Reply answer = reply(Result::ok);
    answer.count = size;
    answer.data = handed_out_;
    return answer;
  }
  if (endpoint.failed) return reply(ended(endpoint));
  if (endpoint.receiving_closed) return reply(Result::closing);
  return reply(pcb != nullptr ? Result::pending : ended(endpoint));
}

Reply LwipAdapter::close(Endpoint& endpoint) {
  tcp_pcb* pcb = live(endpoint);
  if (endpoint.listening) return reply(Result::no_connection);
  if (pcb == nullptr && endpoint.failed) return reply(ended(endpoint));
  if (endpoint.sending_closed) return reply(Result::closing);
  if (pcb == nullptr) return reply(ended(endpoint));
  const err_t error = tcp_shutdown(pcb, 0, 1);
  endpoint.sending_closed = error == ERR_OK;
  return reply(result_of(error));
}

// As lwIP's own sockets close: the callbacks go first. Unread text is not reported with tcp_recved, for a
// window not wholly open is how tcp_close knows of it.
Reply LwipAdapter::close_full(Endpoint& endpoint) {
  if (endpoint.listening) return stop_listening(endpoint);
  endpoint.socket = 0;
  endpoint.unread.clear();
  endpoint.taken = 0;
  if (live(endpoint) == nullptr) return reply(ended(endpoint));
  tcp_pcb* pcb = detach(endpoint);
  if (tcp_close(pcb) != ERR_OK) {  // for lack of memory, and the pcb is still ours
    endpoint.pcb = pcb;
    tcp_arg(pcb, argument(endpoint.number));
    unfinished_closes_.push_back(endpoint.number);
  }
  return reply(Result::ok);
}

Reply LwipAdapter::abort(Endpoint& endpoint) {
  if (endpoint.listening) return stop_listening(endpoint);
  endpoint.socket = 0;
  if (live(endpoint) == nullptr) return reply(ended(endpoint));
  tcp_abort(detach(endpoint));
  return reply(Result::ok);
}

// Children that nobody has accepted go with their listener, as in lwIP's own sockets.
Reply LwipAdapter::stop_listening(Endpoint& listener) {
  for (const std::uintptr_t number : listener.children) {
    Endpoint& child = endpoints_[number - 1];
    if (live(child) != nullptr) tcp_abort(detach(child));
  }
  listener.children.clear();
  listener.socket = 0;
  tcp_close(detach(listener));
  return reply(Result::ok);
}

void LwipAdapter::retry_closes() {
  std::erase_if(unfinished_closes_, [this](std::uintptr_t number) {
    Endpoint& endpoint = endpoints_[number - 1];
    if (live(endpoint) == nullptr) return true;
    tcp_pcb* pcb = detach(endpoint);
    if (tcp_close(pcb) == ERR_OK) return true;
    endpoint.pcb = pcb;
    tcp_arg(pcb, argument(number));
    return false;
  });
}

// --- Book-keeping
// -----------------------------------------------------------------------------------------------

Endpoint& LwipAdapter::add(Socket socket, tcp_pcb* pcb) {
  if (Endpoint* former = socket != 0 ? find(socket) : nullptr) former->socket = 0;
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.number = endpoints_.size();
  endpoint.socket = socket;
  endpoint.pcb = pcb;
  return endpoint;
}

void LwipAdapter::attach(Endpoint& endpoint) {
  tcp_arg(endpoint.pcb, argument(endpoint.number));
  tcp_recv(endpoint.pcb, on_receive);
  tcp_err(endpoint.pcb, on_error);
}

Endpoint* LwipAdapter::find(Socket socket) {
  const auto found = std::find_if(endpoints_.rbegin(), endpoints_.rend(),
                                  [socket](const Endpoint& endpoint) { return endpoint.socket == socket; });
  return socket != 0 && found != endpoints_.rend() ? &*found : nullptr;
}

Endpoint* LwipAdapter::by_argument(void* number) {
  const auto index = reinterpret_cast<std::uintptr_t>(number);
  return index != 0 && index <= endpoints_.size() ? &endpoints_[index - 1] : nullptr;
}

bool LwipAdapter::in_use(Socket socket) {
  Endpoint* endpoint = find(socket);
  return endpoint != nullptr && live(*endpoint) != nullptr;
}

// What a call on a connection that no longer exists returns: the first one the error that ended it, all
// others, and all calls on one that ended in order, "connection does not exist".
Result LwipAdapter::ended(Endpoint& endpoint) {
  const Result result = endpoint.error.value_or(Result::no_connection);
  endpoint.error.reset();
  return result;
}

// --- Callbacks
// --------------------------------------------------------------------------------------------------

err_t LwipAdapter::on_accept(void* listener_number, tcp_pcb* pcb, err_t) {
  if (pcb == nullptr) return ERR_OK;  // lwIP had no memory for a connection; nothing to take care of
  Endpoint* listener = current_->by_argument(listener_number);
  if (listener == nullptr) return ERR_VAL;  // lwIP then aborts the child
  Endpoint& child = current_->add(0, pcb);
  current_->attach(child);
  tcp_backlog_delayed(pcb);
  listener->children.push_back(child.number);
  current_->sink_->acceptable(current_->now_, listener->socket);
  return ERR_OK;
}

err_t LwipAdapter::on_connected(void* number, tcp_pcb*, err_t) {
  if (Endpoint* endpoint = current_->by_argument(number)) {
    endpoint->connecting = false;
    current_->sink_->opened(current_->now_, endpoint->socket);
  }
  return ERR_OK;
}

// The text leaves lwIP's buffers here but the window stays shut until the user takes it.
err_t LwipAdapter::on_receive(void* number, tcp_pcb* pcb, pbuf* text, err_t) {
  Endpoint* endpoint = current_->by_argument(number);
  if (endpoint == nullptr) return tcp_recv_null(nullptr, pcb, text, ERR_OK);
  if (text == nullptr) {
    endpoint->receiving_closed = true;
    return ERR_OK;
  }
  const std::size_t before = endpoint->unread.size();
  endpoint->unread.resize(before + text->tot_len);
  pbuf_copy_partial(text, endpoint->unread.data() + before, text->tot_len, 0);
  pbuf_free(text);
  return ERR_OK;
}

// lwIP frees the pcb itself. ERR_CLSD: both sides have closed and LAST-ACK is over, which is no error.
// ERR_ABRT: lwIP has given up, since nobody else aborts while the callbacks are in place.
void LwipAdapter::on_error(void* number, err_t error) {
  Endpoint* endpoint = current_->by_argument(number);
  if (endpoint == nullptr) return;
  endpoint->pcb = nullptr;
  if (error == ERR_CLSD) return;
  Result why = Result::error;
  if (error == ERR_RST) why = endpoint->connecting ? Result::refused : Result::reset;
  if (error == ERR_ABRT) why = Result::timed_out;
  endpoint->failed = true;
  endpoint->error = why;
  if (endpoint->socket != 0) current_->sink_->failed(current_->now_, endpoint->socket, why);
}

}  // namespace

std::unique_ptr<Adapter> make_lwip() {
  return std::make_unique<LwipAdapter>();
}

}  // namespace finwait
