#include "impl/libslirp/libslirp_adapter.h"

#include <fcntl.h>
#include <malloc.h>
#include <slirp/libslirp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "impl/libslirp/network.h"
#include "impl/libslirp/translation.h"

namespace finwait {
namespace {

using libslirp::End;
using libslirp::Network;

// --- What libslirp claims: tcp.h, tcp_timer.h and tcp_timer.c of 4.7 and 4.8
// ---------------------------------

constexpr Time slow_tick = 500ms;    // PR_SLOWHZ
constexpr Time step = 250ms;         // how often it is polled while time passes
constexpr Time msl = 5s;             // TCPTV_MSL
constexpr Time longest_rto = 12s;    // TCPTV_REXMTMAX
constexpr Time longest_probe = 60s;  // TCPTV_PERSMAX

// tcp_timers(): the 13th time-out halves the segment size and counts on from the 6th; it gives up when the
// size falls below 32 octets, from 1460 on the sixth time. Any segment that comes before the SYN is answered
// sets the 75 s of TCPTV_KEEP_INIT to two hours, so that this is what bounds the wait.
constexpr int halvings = 6, first_round = 13, later_round = 7;
constexpr Time r2_syn = (first_round + (halvings - 1) * later_round) * longest_rto + slow_tick;

// TCP_RCVSPACE, rounded up to a multiple of the segment size, is what libslirp takes; more than it can
// advertise without window scaling. What it has handed on to the program's socket frees it.
constexpr std::uint32_t receive_space = 128 * 1024 + 1459;
// The kernel's least for SO_SNDBUF, and what it may be overrun by.
constexpr std::uint32_t socket_space = 8 * 1024;

// --- Sockets
// ----------------------------------------------------------------------------------------------------

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("libslirp: " + what + ": " + std::strerror(errno));
}

// The program that listens on the host. libslirp wants a path, which is made here and removed at once: the
// path that it gets leads through /proc to the socket itself, so that nothing is left if the process ends.
class HostListener {
 public:
  HostListener() {
    std::string folder = "/tmp/finwait-libslirp-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) fail("no folder can be made in /tmp");
    const std::string path = folder + "/service";
    socket_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool bound = bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (bound) inode_ = Descriptor(open(path.c_str(), O_PATH | O_CLOEXEC));
    const int error = errno;
    unlink(path.c_str());
    rmdir(folder.c_str());
    errno = error;
    if (!bound || inode_.get() < 0) fail("no AF_UNIX socket at " + path);
    if (listen(socket_.get(), 64) != 0) fail("the AF_UNIX socket does not listen");
    path_ = "/proc/self/fd/" + std::to_string(inode_.get());
  }
  const std::string& path() const { return path_; }
  Descriptor accept() const {
    return Descriptor(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

 private:
  Descriptor socket_, inode_;
  std::string path_;
};

// What recv() finds when the other side has reset: AF_UNIX does so when its owner closes it with unread text.
Descriptor reset_socket() {
  std::array<int, 2> pair;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    fail("no pair of AF_UNIX sockets");
  }
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  if (::send(ours.get(), "", 1, MSG_NOSIGNAL) != 1) fail("a pair of AF_UNIX sockets takes no octet");
  return ours;
}

// --- Endpoints
// --------------------------------------------------------------------------------------------------

// A program's listener or connection.
struct Endpoint {
  Socket socket = 0;
  bool listening = false;
  std::uint16_t port = 0;              // of a listener
  Descriptor program;                  // the program's socket
  int inner = -1;                      // libslirp's end of it; -1: libslirp has no such connection any more
  bool connecting = false;             // an active open that is not yet established
  bool sending_closed = false;         // the program has shut down its sending side
  bool told = false;                   // of the connection's end
  std::deque<Endpoint> children = {};  // established, not yet accepted
};

// A connection to the guest as the tester knows it, and the port that libslirp has for it.
struct Flow {
  std::uint16_t local_port = 0, remote_port = 0;
  std::uint16_t own_port = 0;  // 0: not yet seen
  int inner = -1;              // -1: gone; what libslirp still says of it is translated all the same
};

// AF_UNIX knows no reset of its own: libslirp's end is exchanged for one that has been reset.
void exchange_for_reset(const Endpoint& endpoint) {
  if (endpoint.inner < 0) return;
  const Descriptor reset = reset_socket();
  if (dup3(reset.get(), endpoint.inner, O_CLOEXEC) < 0) fail("a socket is not exchanged");
}

// --- The adapter
// ------------------------------------------------------------------------------------------------

class LibslirpAdapter final : public Adapter, private libslirp::Observer {
 public:
  LibslirpAdapter() = default;
  LibslirpAdapter(const LibslirpAdapter&) = delete;
  LibslirpAdapter& operator=(const LibslirpAdapter&) = delete;

  Profile profile() const override;
  void reset(std::uint64_t seed) override;
  Reply call(const Request& request, Sink& sink) override;
  void deliver(Octets packet, Sink& sink) override;
  void advance(Time by, Sink& sink) override;
  std::string probe(Socket socket) const override;

 private:
  // The sink of the function that is running: everything libslirp does, it does inside of one.
  class Turn {
   public:
    Turn(LibslirpAdapter& adapter, Sink& sink) : adapter_(adapter) {
      if (!adapter.listener_) throw std::logic_error("libslirp: reset() must come first");
      adapter.sink_ = &sink;
    }
    ~Turn() { adapter_.sink_ = nullptr; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    LibslirpAdapter& adapter_;
  };

  Reply open_passive(const Request& request);
  Reply open_active(const Request& request);
  Reply accept(Endpoint& listener, Socket child);
  Reply send(Endpoint& endpoint, Octets data);
  Reply receive(Endpoint& endpoint, std::size_t count);
  Reply close(Endpoint& endpoint);
  Reply close_full(Endpoint& endpoint);
  Reply abort(Endpoint& endpoint);
  std::string state_of(const Endpoint& endpoint) const;

  void transmit(Octets packet) override;
  void took(int descriptor) override;
  void watches(int descriptor) override;
  void closes(int descriptor) override;

  void settle();
  void take_children(std::uint16_t port);
  void tell_ends();
  bool exists(std::uint16_t local_port, std::uint16_t remote_port) const;
  Flow* flow_to(End from, End to);
  Endpoint* find(Socket socket);
  void forget(const Endpoint& endpoint);

  std::optional<HostListener> listener_;
  std::deque<Endpoint> endpoints_;
  std::vector<Flow> flows_;
  Network network_{*this};  // after what it tells of its end
  Sink* sink_ = nullptr;
  Time now_{0};
  Time next_poll_{0};
  bool time_passes_ = false;  // as opposed to a call or a segment
  int taken_ = -1;            // the connection that libslirp has taken on last
  std::vector<std::uint8_t> packet_;
  std::vector<std::uint8_t> handed_out_;  // the octets of the latest reply
};

Profile LibslirpAdapter::profile() const {
  Profile profile;
  profile.name = "libslirp";
  profile.version = slirp_version_string();
  profile.clock = Profile::Clock::virtual_exact;
  profile.tick = slow_tick;
  profile.reaction = 0us;  // it answers before slirp_input() returns, and a program when it is polled next
  profile.msl = msl;
  profile.step = step;
  profile.patience = longest_probe;
  profile.r2_syn = r2_syn;
  profile.receive_buffer = receive_space + socket_space;
  profile.mss = 1460;
  profile.iut_address = libslirp::service_address;
  profile.tester_address = libslirp::guest_address;
  profile.calls = {Call::open_passive, Call::open_active, Call::accept,     Call::send,
                   Call::receive,      Call::close,       Call::close_full, Call::abort};
  return profile;
}

// Nothing that libslirp does by chance can be seen: its ISS counts up from 1, and the port that it connects
// from is translated.
void LibslirpAdapter::reset(std::uint64_t) {
  if (!listener_) {
    listener_.emplace();
    // libslirp's hosts ignore it; without that a program that closes would end the process.
    std::signal(SIGPIPE, SIG_IGN);
    // A case takes and gives back some hundred kilobytes: not from and to the kernel each time.
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
  }
  sink_ = nullptr;
  endpoints_.clear();
  flows_.clear();
  network_.stop();
  while (listener_->accept().get() >= 0) {
  }
  now_ = Time{0};
  next_poll_ = Time{0};
  time_passes_ = false;
  network_.start();
}

Reply LibslirpAdapter::call(const Request& request, Sink& sink) {
  const Turn turn(*this, sink);
  if (request.call == Call::status) return reply(Result::unsupported);
  if (request.call == Call::open_passive || request.call == Call::open_active) {
    if (request.socket == 0) return reply(Result::invalid);
    if (find(request.socket) != nullptr) return reply(Result::exists);
    return request.call == Call::open_passive ? open_passive(request) : open_active(request);
  }
  Endpoint* endpoint = find(request.socket);
  if (endpoint == nullptr) return reply(Result::no_connection);
  if (endpoint->listening && request.call != Call::accept && request.call != Call::close_full) {
    return reply(request.call == Call::abort ? Result::invalid : Result::no_connection);
  }
  Reply answer;
  switch (request.call) {
    case Call::accept: answer = accept(*endpoint, request.child); break;
    case Call::send: answer = send(*endpoint, request.data); break;
    case Call::receive: answer = receive(*endpoint, request.count); break;
    case Call::close: answer = close(*endpoint); break;
    case Call::close_full: answer = close_full(*endpoint); break;
    default: answer = abort(*endpoint); break;
  }
  settle();
  return answer;
}

void LibslirpAdapter::deliver(Octets packet, Sink& sink) {
  const Turn turn(*this, sink);
  packet_.assign(packet.begin(), packet.end());
  std::uint16_t port = 0;
  if (const auto ends = libslirp::ends_of(packet)) {
    port = ends->destination.port;
    if (const Flow* flow = flow_to(ends->source, ends->destination)) {
      libslirp::set_destination(packet_, {libslirp::host_address, flow->own_port});
    }
  }
  taken_ = -1;
  network_.input(packet_);
  take_children(port);
  settle();
}

void LibslirpAdapter::advance(Time by, Sink& sink) {
  const Turn turn(*this, sink);
  const Time target = now_ + by;
  time_passes_ = true;
  while (next_poll_ <= target) {
    now_ = next_poll_;
    network_.set_time(now_);
    settle();
  }
  time_passes_ = false;
  now_ = target;
  network_.set_time(now_);
}

std::string LibslirpAdapter::probe(Socket socket) const {
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.socket == socket) return endpoint.listening ? "LISTEN" : state_of(endpoint);
  }
  return {};
}

// --- Calls
// ------------------------------------------------------------------------------------------------------

Reply LibslirpAdapter::open_passive(const Request& request) {
  if (!network_.add_service(listener_->path(), request.local_port)) return reply(Result::exists);
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.socket = request.socket;
  endpoint.listening = true;
  endpoint.port = request.local_port;
  return reply(Result::ok);
}

// libslirp would take another port of its own for each connection; whoever asks for the same two ports asks
// for the same connection.
Reply LibslirpAdapter::open_active(const Request& request) {
  if (exists(request.local_port, request.remote_port)) return reply(Result::exists);
  Descriptor program(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (program.get() < 0) fail("no AF_UNIX socket");
  taken_ = -1;
  Flow& flow = flows_.emplace_back();
  flow.local_port = request.local_port;
  flow.remote_port = request.remote_port;
  const int descriptor = program.get();
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.socket = request.socket;
  endpoint.connecting = true;
  endpoint.program = std::move(program);
  const bool connected = network_.connect_to_guest(descriptor, request.remote_port);
  if (!connected || taken_ < 0) {
    endpoints_.pop_back();
    flows_.pop_back();
    return reply(Result::no_resources);
  }
  endpoint.inner = flows_.back().inner = taken_;
  settle();
  return reply(Result::pending);
}

Reply LibslirpAdapter::accept(Endpoint& listener, Socket child) {
  if (!listener.listening || child == 0) return reply(Result::invalid);
  if (find(child) != nullptr) return reply(Result::exists);
  if (listener.children.empty()) return reply(Result::pending);
  Endpoint accepted = std::move(listener.children.front());
  listener.children.pop_front();
  accepted.socket = child;
  accepted.told = accepted.inner < 0;  // by the first call
  endpoints_.push_back(std::move(accepted));
  return reply(Result::ok);
}

Reply LibslirpAdapter::send(Endpoint& endpoint, Octets data) {
  if (endpoint.sending_closed) return reply(Result::closing);
  const ssize_t taken = ::send(endpoint.program.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (taken < 0) {
    const bool full = errno == EAGAIN || errno == ENOBUFS;
    return reply(full ? Result::no_resources : Result::reset);
  }
  Reply answer = reply(Result::ok);
  answer.count = static_cast<std::size_t>(taken);
  return answer;
}

Reply LibslirpAdapter::receive(Endpoint& endpoint, std::size_t count) {
  handed_out_.resize(count);
  const ssize_t size = ::recv(endpoint.program.get(), handed_out_.data(), count, MSG_DONTWAIT);
  if (size < 0) return reply(errno == EAGAIN ? Result::pending : Result::reset);
  if (size == 0 && count > 0) return reply(Result::closing);
  handed_out_.resize(static_cast<std::size_t>(size));
  Reply answer = reply(Result::ok);
  answer.count = handed_out_.size();
  answer.data = handed_out_;
  return answer;
}

// A program whose SYN is not answered yet has nothing to shut down, as with any socket.
Reply LibslirpAdapter::close(Endpoint& endpoint) {
  if (endpoint.sending_closed) return reply(Result::closing);
  if (endpoint.inner < 0) return reply(Result::no_connection);
  if (endpoint.connecting && state_of(endpoint) == "SYN-SENT") return reply(Result::no_connection);
  if (shutdown(endpoint.program.get(), SHUT_WR) != 0) return reply(Result::no_connection);
  endpoint.sending_closed = true;
  return reply(Result::ok);
}

// The kernel resets what a listener that is closed has not accepted.
Reply LibslirpAdapter::close_full(Endpoint& endpoint) {
  const bool lives = endpoint.listening || endpoint.inner >= 0;
  if (endpoint.listening) network_.remove_service(endpoint.port);
  for (Endpoint& child : endpoint.children) exchange_for_reset(child);
  forget(endpoint);
  return reply(lives ? Result::ok : Result::no_connection);
}

Reply LibslirpAdapter::abort(Endpoint& endpoint) {
  const bool lives = endpoint.inner >= 0;
  exchange_for_reset(endpoint);
  forget(endpoint);
  return reply(lives ? Result::ok : Result::no_connection);
}

// As libslirp lists it for people; no program can ask for it.
std::string LibslirpAdapter::state_of(const Endpoint& endpoint) const {
  if (endpoint.inner < 0) return "CLOSED";
  for (const Network::Connection& connection : network_.connections()) {
    if (connection.descriptor == endpoint.inner) return connection.state;
  }
  return "CLOSED";
}

// --- What libslirp does
// -----------------------------------------------------------------------------------------

void LibslirpAdapter::transmit(Octets packet) {
  if (sink_ == nullptr) return;  // the end of a case
  packet_.assign(packet.begin(), packet.end());
  const auto ends = libslirp::ends_of(packet);
  if (ends && ends->source.address == libslirp::host_address) {
    for (Flow& flow : flows_) {
      if (flow.own_port == 0) flow.own_port = ends->source.port;
      if (flow.own_port != ends->source.port) continue;
      libslirp::set_source(packet_, {libslirp::service_address, flow.local_port});
    }
  }
  sink_->datagram(now_, packet_);
}

// The least that the kernel grants between libslirp and the program, so that unread text stays with libslirp.
void LibslirpAdapter::took(int descriptor) {
  taken_ = descriptor;
  const int least = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
}

void LibslirpAdapter::watches(int descriptor) {
  for (Endpoint& endpoint : endpoints_) {
    if (!endpoint.connecting || endpoint.inner != descriptor) continue;
    endpoint.connecting = false;
    sink_->opened(now_, endpoint.socket);
  }
}

void LibslirpAdapter::closes(int descriptor) {
  if (descriptor < 0) return;
  const auto leave = [descriptor](auto& owner) {
    if (owner.inner == descriptor) owner.inner = -1;
  };
  for (Endpoint& endpoint : endpoints_) {
    leave(endpoint);
    for (Endpoint& child : endpoint.children) leave(child);
  }
  for (Flow& flow : flows_) leave(flow);
}

void LibslirpAdapter::settle() {
  const Time wanted = network_.settle();
  const Time on_grid = (now_ / step + 1) * step;
  next_poll_ = wanted < step ? std::min(now_ + wanted, on_grid) : on_grid;
  tell_ends();
}

void LibslirpAdapter::take_children(std::uint16_t port) {
  if (taken_ < 0) return;
  for (Descriptor program = listener_->accept(); program.get() >= 0; program = listener_->accept()) {
    for (Endpoint& listener : endpoints_) {
      if (!listener.listening || listener.port != port) continue;
      Endpoint& child = listener.children.emplace_back();
      child.program = std::move(program);
      child.inner = taken_;
      sink_->acceptable(now_, listener.socket);
      break;
    }
  }
}

// All that AF_UNIX tells a program of the end is that the other side has hung up; it is an error if the
// program had not closed. One that had closed sees the same as after the peer's FIN, and is told nothing.
// Which error it is follows from the occasion: a segment has reset the connection, time has ended it.
void LibslirpAdapter::tell_ends() {
  for (Endpoint& endpoint : endpoints_) {
    const bool over = !endpoint.listening && endpoint.inner < 0 && !endpoint.told;
    if (!over) continue;
    endpoint.told = true;
    const Result by_segment = endpoint.connecting ? Result::refused : Result::reset;
    endpoint.connecting = false;
    if (endpoint.sending_closed) continue;
    sink_->failed(now_, endpoint.socket, time_passes_ ? Result::timed_out : by_segment);
  }
}

// --- Book-keeping
// -----------------------------------------------------------------------------------------------

bool LibslirpAdapter::exists(std::uint16_t local_port, std::uint16_t remote_port) const {
  const bool ours = std::any_of(flows_.begin(), flows_.end(), [&](const Flow& flow) {
    return flow.inner >= 0 && flow.local_port == local_port && flow.remote_port == remote_port;
  });
  if (ours) return true;
  const std::string ends =
      "10.0.2.15 " + std::to_string(remote_port) + " 10.0.2.100 " + std::to_string(local_port);
  const auto all = network_.connections();
  return std::any_of(all.begin(), all.end(),
                     [&](const Network::Connection& other) { return other.ends == ends; });
}

Flow* LibslirpAdapter::flow_to(End from, End to) {
  if (from.address != libslirp::guest_address || to.address != libslirp::service_address) return nullptr;
  for (Flow& flow : flows_) {
    if (flow.inner >= 0 && flow.local_port == to.port && flow.remote_port == from.port) return &flow;
  }
  return nullptr;
}

Endpoint* LibslirpAdapter::find(Socket socket) {
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(),
                                  [socket](const Endpoint& endpoint) { return endpoint.socket == socket; });
  return socket != 0 && found != endpoints_.end() ? &*found : nullptr;
}

void LibslirpAdapter::forget(const Endpoint& endpoint) {
  endpoints_.erase(std::find_if(endpoints_.begin(), endpoints_.end(),
                                [&endpoint](const Endpoint& other) { return &other == &endpoint; }));
}

}  // namespace

std::unique_ptr<Adapter> make_libslirp() {
  return std::make_unique<LibslirpAdapter>();
}

}  // namespace finwait
