#include "impl/linux/linux_adapter.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

#include "impl/linux/host.h"

namespace finwait {

namespace {

using kernel::Host;
using Clock = std::chrono::steady_clock;

// --- What the kernel claims -----------------------------------------------------------------------------

// TCP_TIMEWAIT_LEN of include/net/tcp.h is 60 s.
constexpr Time msl = 30s;
// TCP_RTO_MAX of include/net/tcp.h: no interval is longer, but for the lateness of its timer.
constexpr Time rto_max = 120s;
// kernel/time/timer.c: a timer comes late by at most an eighth of its length.
constexpr unsigned late_share = 8;
// A jiffy at the lowest CONFIG_HZ, 100.
constexpr Time jiffy = 10ms;

// Deviations are expected by version, and those of one release hardly differ from patch to patch.
std::string version() {
  utsname name{};
  uname(&name);
  const std::string release = name.release;
  const std::size_t second = release.find('.', release.find('.') + 1);
  return release.substr(0, second);
}

// How late this process is woken: the worst of some, and never less than a busy machine may bring.
Time measured_slack() {
  constexpr int wakeups = 20;
  constexpr Time least = 100ms, nap = 1ms;
  Time worst{0};
  for (int i = 0; i < wakeups; ++i) {
    const auto before = Clock::now();
    const timespec length{0, std::chrono::nanoseconds(nap).count()};
    nanosleep(&length, nullptr);
    worst = std::max(worst, std::chrono::duration_cast<Time>(Clock::now() - before) - nap);
  }
  return std::max(least, 4 * worst);
}

// Measured once, so that workers agree with who has started them.
Time slack() {
  static const Time measured = measured_slack();
  return measured;
}

// --- Words ----------------------------------------------------------------------------------------------

// Of a call's own return.
Result result_of(int error) {
  switch (error) {
    case 0: return Result::ok;
    case EAGAIN:
    case EINPROGRESS: return Result::pending;
    case ENOTCONN: return Result::no_connection;
    case EISCONN:
    case EALREADY:
    case EADDRINUSE:
    case EADDRNOTAVAIL: return Result::exists;
    case ECONNREFUSED: return Result::refused;
    case ECONNRESET:
    case ECONNABORTED: return Result::reset;
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH: return Result::timed_out;
    case EPIPE: return Result::closing;
    case ENOBUFS:
    case ENOMEM: return Result::no_resources;
    case EINVAL:
    case EDESTADDRREQ: return Result::invalid;
    default: return Result::error;
  }
}

// Of what has ended a connection: EPIPE is a reset in CLOSE-WAIT (tcp_reset()).
Result end_of(int error) {
  return error == EPIPE ? Result::reset : result_of(error);
}

sockaddr_in address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(host);
  result.sin_port = htons(port);
  return result;
}

template <class Value>
int set_option(int fd, int level, int option, const Value& value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

int new_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(std::string("linux: no socket is to be had: ") + std::strerror(errno));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  return fd;
}

int bind_to(int fd, std::uint16_t port) {
  const sockaddr_in own = address(kernel::iut_address, port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
}

// What has gone wrong since it was asked last; 0: nothing.
int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void close_with_reset(int fd) {
  set_option(fd, SOL_SOCKET, SO_LINGER, linger{1, 0});
  close(fd);
}

// --- The adapter ----------------------------------------------------------------------------------------

struct Endpoint {
  Socket socket = 0;
  int fd = -1;
  bool listening = false;
  unsigned announced = 0;   // children that accept would return and that were told of
  bool connecting = false;  // an active OPEN that was not answered yet
  bool hung_up = false;     // poll() would return at once for ever
  bool failed = false;
  std::optional<Result> error;  // why it failed, until a call has reported it
};

class LinuxAdapter final : public Adapter {
 public:
  LinuxAdapter() = default;
  ~LinuxAdapter() override { close_all(); }
  LinuxAdapter(const LinuxAdapter&) = delete;
  LinuxAdapter& operator=(const LinuxAdapter&) = delete;

  Profile profile() const override;
  void reset(std::uint64_t seed) override;
  Reply call(const Request& request, Sink& sink) override;
  void deliver(Octets packet, Sink& sink) override;
  void advance(Time by, Sink& sink) override;
  bool held_up() const override { return held_up_; }
  std::string probe(Socket socket) const override;

 private:
  Reply open_passive(const Request& request);
  Reply open_active(const Request& request);
  Reply accept(Endpoint& listener, const Request& request);
  Reply send(Endpoint& endpoint, Octets data);
  Reply receive(Endpoint& endpoint, std::size_t count);
  Reply close_sending(Endpoint& endpoint);
  Reply close_socket(Endpoint& endpoint, bool with_reset);

  Time passed() const { return std::chrono::duration_cast<Time>(Clock::now() - start_); }
  void note_lateness() { held_up_ = held_up_ || passed() - now_ > slack(); }
  void observe(Sink& sink);
  void look_at(Endpoint& endpoint, short events, Time at, Sink& sink);
  void count_children(Endpoint& listener, Time at, Sink& sink);
  bool note_error(Endpoint& endpoint, Time at, Sink& sink);
  void prepare_poll();
  void sleep_until(Time end);

  Endpoint* find(Socket socket);
  Reply failure(Endpoint& endpoint, int error);
  void close_all();

  Host* host_ = nullptr;
  Clock::time_point start_;
  Time now_{0};           // of the case: real time runs ahead of it by what the tester itself takes
  Time looked_{0};        // real time of the last look at what the kernel does
  bool held_up_ = false;  // by more than the slack
  std::vector<Endpoint> endpoints_;
  std::set<std::pair<std::uint16_t, std::uint16_t>> ports_;  // local and remote, used in this case
  std::vector<pollfd> polled_;
  std::vector<std::size_t> who_;  // the endpoint of each that is polled, behind the TUN device
  std::vector<std::uint8_t> handed_out_;
};

Profile LinuxAdapter::profile() const {
  Profile profile;
  profile.name = "linux";
  profile.version = version();
  profile.clock = Profile::Clock::real;
  profile.tick = jiffy;
  profile.late_share = late_share;
  profile.slack = slack();
  profile.step = 0us;      // packets are read when they come
  profile.reaction = 0us;  // answers are there when write() to the TUN device returns
  profile.throttle = 0us;  // challenge ACKs are not limited: host.cpp
  profile.msl = msl;
  profile.patience = rto_max + rto_max / late_share;
  profile.mss = 1460;
  profile.iut_address = kernel::iut_address;
  profile.tester_address = kernel::tester_address;
  // STATUS is missing: TCP_INFO of a connection in TIME-WAIT says CLOSE, for the socket has left it.
  profile.calls = {Call::open_passive, Call::open_active, Call::accept,     Call::send,
                   Call::receive,      Call::close,       Call::close_full, Call::abort};
  return profile;
}

void LinuxAdapter::reset(std::uint64_t) {
  host_ = &Host::of_this_process();
  close_all();
  while (host_->read()) {
  }
  now_ = looked_ = Time{0};
  held_up_ = false;
  start_ = Clock::now();
}

// Listeners first: then nothing is half-open any more that could become a child.
void LinuxAdapter::close_all() {
  for (const bool listeners : {true, false}) {
    for (const Endpoint& endpoint : endpoints_) {
      if (endpoint.fd >= 0 && endpoint.listening == listeners) close_with_reset(endpoint.fd);
    }
  }
  endpoints_.clear();
  for (const auto& [local, remote] : ports_) host_->destroy(local, remote);
  ports_.clear();
}

Reply LinuxAdapter::call(const Request& request, Sink& sink) {
  note_lateness();
  Reply answer;
  Endpoint* endpoint = find(request.socket);
  if (request.call == Call::status) {
    answer = reply(Result::unsupported);
  } else if (request.call == Call::open_passive) {
    answer = open_passive(request);
  } else if (request.call == Call::open_active) {
    answer = open_active(request);
  } else if (endpoint == nullptr) {
    answer = reply(Result::no_connection);
  } else {
    switch (request.call) {
      case Call::accept: answer = accept(*endpoint, request); break;
      case Call::send: answer = send(*endpoint, request.data); break;
      case Call::receive: answer = receive(*endpoint, request.count); break;
      case Call::close: answer = close_sending(*endpoint); break;
      default: answer = close_socket(*endpoint, request.call == Call::abort);
    }
  }
  observe(sink);
  return answer;
}

void LinuxAdapter::deliver(Octets packet, Sink& sink) {
  constexpr std::size_t ports_at = 20, least = ports_at + 4;
  note_lateness();
  if (packet.size() >= least) {
    const auto port = [&](std::size_t at) {
      return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
    };
    ports_.emplace(port(ports_at + 2), port(ports_at));
  }
  host_->write(packet);
  observe(sink);
}

void LinuxAdapter::advance(Time by, Sink& sink) {
  constexpr Time just_now = 50us;  // no longer than it takes until the next stimulus is there
  if (by == Time{0} && passed() - looked_ < just_now) return;
  now_ += by;
  observe(sink);
  while (passed() < now_) {
    sleep_until(now_);
    observe(sink);
  }
  note_lateness();
}

std::string LinuxAdapter::probe(Socket socket) const {
  const Endpoint* endpoint = const_cast<LinuxAdapter*>(this)->find(socket);
  tcp_info info{};
  socklen_t size = sizeof info;
  if (endpoint == nullptr || getsockopt(endpoint->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  static constexpr std::array<const char*, 12> names = {
      "?",         "ESTABLISHED", "SYN-SENT",   "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2",
      "TIME-WAIT", "CLOSED",      "CLOSE-WAIT", "LAST-ACK",     "LISTEN",     "CLOSING"};
  return info.tcpi_state < names.size() ? names[info.tcpi_state] : "?";
}

// --- Calls ----------------------------------------------------------------------------------------------

Reply LinuxAdapter::open_passive(const Request& request) {
  const int fd = new_socket();
  if (bind_to(fd, request.local_port) != 0 || listen(fd, request.backlog) != 0) {
    const int error = errno;
    close(fd);
    return reply(result_of(error));
  }
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.socket = request.socket;
  endpoint.fd = fd;
  endpoint.listening = true;
  return reply(Result::ok);
}

Reply LinuxAdapter::open_active(const Request& request) {
  const int fd = new_socket();
  const sockaddr_in peer = address(kernel::tester_address, request.remote_port);
  ports_.emplace(request.local_port, request.remote_port);
  const bool begun =
      bind_to(fd, request.local_port) == 0 &&
      (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0 || errno == EINPROGRESS);
  if (!begun) {
    const int error = errno;
    close(fd);
    return reply(result_of(error));
  }
  Endpoint& endpoint = endpoints_.emplace_back();
  endpoint.socket = request.socket;
  endpoint.fd = fd;
  endpoint.connecting = true;
  return reply(Result::pending);
}

Reply LinuxAdapter::accept(Endpoint& listener, const Request& request) {
  const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return reply(result_of(errno));
  if (listener.announced > 0) --listener.announced;
  Endpoint child;
  child.socket = request.child;
  child.fd = fd;
  endpoints_.push_back(child);
  return reply(Result::ok);
}

// What has ended the connection is told once; then there is none.
Reply LinuxAdapter::failure(Endpoint& endpoint, int error) {
  if (endpoint.error) return reply(*std::exchange(endpoint.error, std::nullopt));
  return reply(endpoint.failed ? Result::no_connection : result_of(error));
}

Reply LinuxAdapter::send(Endpoint& endpoint, Octets data) {
  const ssize_t taken = ::send(endpoint.fd, data.data(), data.size(), MSG_NOSIGNAL);
  if (taken < 0) return failure(endpoint, errno);
  Reply answer = reply(Result::ok);
  answer.count = static_cast<std::size_t>(taken);
  return answer;
}

Reply LinuxAdapter::receive(Endpoint& endpoint, std::size_t count) {
  handed_out_.resize(count);
  const ssize_t got = recv(endpoint.fd, handed_out_.data(), count, 0);
  if (got < 0) return failure(endpoint, errno);
  if (got == 0) return endpoint.failed ? failure(endpoint, 0) : reply(Result::closing);
  Reply answer = reply(Result::ok);
  answer.count = static_cast<std::size_t>(got);
  answer.data = Octets(handed_out_.data(), answer.count);
  return answer;
}

Reply LinuxAdapter::close_sending(Endpoint& endpoint) {
  if (endpoint.failed) return failure(endpoint, 0);
  const int error = shutdown(endpoint.fd, SHUT_WR) == 0 ? 0 : errno;
  if (endpoint.connecting && probe(endpoint.socket) == "CLOSED") {
    // In SYN-SENT the kernel disconnects and leaves ECONNRESET behind, which is no news to who has closed.
    endpoint.connecting = false;
    pending_error(endpoint.fd);
  }
  return reply(result_of(error));
}

Reply LinuxAdapter::close_socket(Endpoint& endpoint, bool with_reset) {
  with_reset ? close_with_reset(endpoint.fd) : static_cast<void>(close(endpoint.fd));
  const Reply answer = endpoint.failed ? failure(endpoint, 0) : reply(Result::ok);
  endpoints_.erase(endpoints_.begin() + (&endpoint - endpoints_.data()));
  return answer;
}

// --- What the kernel does -------------------------------------------------------------------------------

Endpoint* LinuxAdapter::find(Socket socket) {
  const auto found = std::find_if(endpoints_.begin(), endpoints_.end(),
                                  [socket](const Endpoint& endpoint) { return endpoint.socket == socket; });
  return socket != 0 && found != endpoints_.end() ? &*found : nullptr;
}

void LinuxAdapter::prepare_poll() {
  polled_.assign(1, {host_->tun(), POLLIN, 0});
  who_.clear();
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const Endpoint& endpoint = endpoints_[i];
    short events = 0;
    if (endpoint.connecting) events = POLLOUT;
    if (endpoint.listening) events = POLLIN;
    polled_.push_back({endpoint.fd, events, 0});
    who_.push_back(i);
  }
}

// Everything that is there to be seen; the kernel has done it before the call or the write returned.
void LinuxAdapter::observe(Sink& sink) {
  prepare_poll();
  const int happened = poll(polled_.data(), polled_.size(), 0);
  const Time at = looked_ = passed();
  if (happened <= 0) return;
  if (polled_[0].revents != 0) {
    while (const std::optional<Octets> packet = host_->read()) sink.datagram(at, *packet);
  }
  for (std::size_t i = 0; i < who_.size(); ++i)
    look_at(endpoints_[who_[i]], polled_[i + 1].revents, at, sink);
}

void LinuxAdapter::look_at(Endpoint& endpoint, short events, Time at, Sink& sink) {
  if (endpoint.listening) {
    if ((events & POLLIN) != 0) count_children(endpoint, at, sink);
    return;
  }
  endpoint.hung_up = (events & POLLHUP) != 0;
  if ((events & POLLERR) != 0 && note_error(endpoint, at, sink)) return;
  if (endpoint.connecting && (events & POLLOUT) != 0) {
    endpoint.connecting = false;
    sink.opened(at, endpoint.socket);
  }
}

// For a listener TCP_INFO has the children that wait in `tcpi_unacked`.
void LinuxAdapter::count_children(Endpoint& listener, Time at, Sink& sink) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(listener.fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  for (; listener.announced < info.tcpi_unacked; ++listener.announced) sink.acceptable(at, listener.socket);
}

bool LinuxAdapter::note_error(Endpoint& endpoint, Time at, Sink& sink) {
  const int error = pending_error(endpoint.fd);
  if (error == 0) return false;
  endpoint.failed = true;
  endpoint.connecting = false;
  endpoint.error = end_of(error);
  sink.failed(at, endpoint.socket, *endpoint.error);
  return true;
}

// Or until something happens. What has hung up would end every sleep; its errors are looked for now and then.
void LinuxAdapter::sleep_until(Time end) {
  constexpr Time longest_beside_hung_up = 100ms;
  prepare_poll();
  Time most = end - passed();
  for (std::size_t i = 0; i < who_.size(); ++i) {
    const Endpoint& endpoint = endpoints_[who_[i]];
    const bool ready = endpoint.hung_up || (endpoint.listening && endpoint.announced > 0);
    if (!ready) continue;
    polled_[i + 1].fd = -1;
    most = std::min(most, longest_beside_hung_up);
  }
  if (most <= Time{0}) return;
  const std::chrono::nanoseconds length = most;
  const timespec limit{length.count() / 1'000'000'000, length.count() % 1'000'000'000};
  ppoll(polled_.data(), polled_.size(), &limit, nullptr);
}

}  // namespace

std::unique_ptr<Adapter> make_linux() {
  return std::make_unique<LinuxAdapter>();
}

}  // namespace finwait
