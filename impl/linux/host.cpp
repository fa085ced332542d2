#include "impl/linux/host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "harness/child.h"

namespace finwait::kernel {

namespace {

constexpr const char* device = "finwait";
constexpr std::uint32_t netmask = 0xffffff00;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(fmt::format("linux: {}: {}", what, std::strerror(errno)));
}

/// A file descriptor, closed at the end.
class Descriptor {
 public:
  Descriptor(int fd, const std::string& what) : fd_(fd) {
    if (fd_ < 0) fail(what);
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void write_file(const std::string& path, std::string_view text) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC), "cannot open " + path);
  const ssize_t size = ::write(file.get(), text.data(), text.size());
  if (size != static_cast<ssize_t>(text.size())) fail(fmt::format("cannot write \"{}\" to {}", text, path));
}

// Root in namespaces of its own, whoever this is outside.
void enter_namespaces() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    fail(
        "no user and network namespace is to be had (they need CONFIG_USER_NS, user.max_user_namespaces "
        "above 0 "
        "and a process of one thread)");
  }
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", fmt::format("0 {} 1", user));
  write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

// What would make a run depend on an earlier one, answer for a while only, or negotiate what is not judged.
void pin_settings() {
  constexpr std::array settings = {
      std::pair{"tcp_syncookies", "0"},
      std::pair{"tcp_timestamps", "0"},
      std::pair{"tcp_sack", "0"},
      std::pair{"tcp_dsack", "0"},
      std::pair{"tcp_window_scaling", "0"},
      std::pair{"tcp_ecn", "0"},
      std::pair{"tcp_fastopen", "0"},
      std::pair{"tcp_invalid_ratelimit", "0"},
      std::pair{"tcp_challenge_ack_limit", "2147483647"},
      std::pair{"tcp_autocorking", "0"},
      std::pair{"tcp_moderate_rcvbuf", "0"},
      std::pair{"tcp_no_metrics_save", "1"},
      std::pair{"tcp_tw_reuse", "0"},
      std::pair{"tcp_recovery", "0"},
      std::pair{"tcp_early_retrans", "0"},
      std::pair{"tcp_mtu_probing", "0"},
      std::pair{"tcp_congestion_control", "reno"},
      // Larger ones let the kernel keep a window beyond the 65535 octets that it can advertise unscaled.
      std::pair{"tcp_rmem", "4096 65536 65536"},
  };
  for (const auto& [name, value] : settings) write_file(std::string("/proc/sys/net/ipv4/") + name, value);
  write_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
  // A kernel without IPv6 sends no router solicitations either.
  const std::string no_ipv6 = fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", device);
  if (access(no_ipv6.c_str(), W_OK) == 0) write_file(no_ipv6, "1");
}

sockaddr_in address(std::uint32_t host) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(host);
  return result;
}

ifreq request_of_device() {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

void set_address(int socket, unsigned long what, std::uint32_t value) {
  ifreq request = request_of_device();
  const sockaddr_in text = address(value);
  std::memcpy(&request.ifr_addr, &text, sizeof text);
  if (ioctl(socket, what, &request) != 0) fail("cannot set the address of the TUN device");
}

// A netlink message: its header, a body, and attributes.
template <class Body>
class Message {
 public:
  Message(std::uint16_t type, std::uint16_t flags, const Body& body) {
    header().nlmsg_len = NLMSG_LENGTH(sizeof(Body));
    header().nlmsg_type = type;
    header().nlmsg_flags = flags;
    std::memcpy(NLMSG_DATA(&header()), &body, sizeof body);
  }

  void add(std::uint16_t type, const void* data, std::size_t size) {
    auto* attribute = reinterpret_cast<rtattr*>(bytes_.data() + NLMSG_ALIGN(header().nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    std::memcpy(RTA_DATA(attribute), data, size);
    header().nlmsg_len = NLMSG_ALIGN(header().nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  }
  void add(std::uint16_t type, std::uint32_t value) { add(type, &value, sizeof value); }

  /// 0, or the kernel's error, positive.
  int exchange(int netlink) {
    if (send(netlink, bytes_.data(), header().nlmsg_len, 0) < 0) fail("cannot send to netlink");
    if (recv(netlink, bytes_.data(), bytes_.size(), 0) < 0) fail("cannot receive from netlink");
    if (header().nlmsg_type != NLMSG_ERROR) return 0;
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(&header()))->error;
  }

 private:
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  alignas(nlmsghdr) std::array<char, 1024> bytes_{};
};

// The kernel's delayed ACKs depend on heuristics over the connection's past; on this route there are none.
void replace_route() {
  const Descriptor netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "no route netlink");
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = 24;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_KERNEL;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  Message<rtmsg> message(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, route);
  ifreq request = request_of_device();
  const Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "no socket");
  if (ioctl(any.get(), SIOCGIFINDEX, &request) != 0) fail("the TUN device has no index");
  message.add(RTA_DST, htonl(iut_address & netmask));
  message.add(RTA_PREFSRC, htonl(iut_address));
  message.add(RTA_OIF, static_cast<std::uint32_t>(request.ifr_ifindex));
  struct {
    rtattr head;
    std::uint32_t value;
  } const quick{{RTA_LENGTH(sizeof(std::uint32_t)), RTAX_QUICKACK}, 1};
  message.add(RTA_METRICS, &quick, sizeof quick);
  errno = message.exchange(netlink.get());
  if (errno != 0) fail("cannot set the route to the tester");
}

}  // namespace

// ---- the host -----------------------------------------------------------------------------------------

Host& Host::of_this_process() {
  static std::unique_ptr<Host> host;
  if (host == nullptr || host->process_ != getpid()) {
    host.reset();  // of the parent: a copy of its descriptors
    host.reset(new Host);
  }
  return *host;
}

Host::Host() : process_(getpid()) {
  enter_namespaces();
  make_tun();
  pin_settings();
  replace_route();
  open_diagnosis();
}

Host::~Host() {
  if (tun_ >= 0) close(tun_);
  if (diagnosis_ >= 0) close(diagnosis_);
}

void Host::make_tun() {
  Descriptor tun(
      open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC),
      "no TUN device is to be had: /dev/net/tun (modprobe tun; it has to be readable and writable)");
  ifreq request = request_of_device();
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) fail("no TUN device is to be had in the namespace");
  const Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "no socket");
  set_address(any.get(), SIOCSIFADDR, iut_address);
  set_address(any.get(), SIOCSIFNETMASK, netmask);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) fail("the TUN device does not come up");
  tun_ = tun.release();
}

void Host::open_diagnosis() {
  diagnosis_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (diagnosis_ < 0) fail("no sock_diag is to be had (CONFIG_INET_DIAG)");
  destroy(1, 1);  // else it would be missed after the first case
}

void Host::write(Octets packet) const {
  if (::write(tun_, packet.data(), packet.size()) != static_cast<ssize_t>(packet.size()))
    fail("the TUN device does not take a packet");
}

std::optional<Octets> Host::read() {
  static std::array<std::uint8_t, 65536> packet;
  constexpr std::size_t protocol_at = 9;
  for (;;) {
    const ssize_t size = ::read(tun_, packet.data(), packet.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return {};
    if (size < 0) fail("the TUN device cannot be read");
    const bool tcp = static_cast<std::size_t>(size) > protocol_at && packet[protocol_at] == IPPROTO_TCP;
    if (tcp) return Octets(packet.data(), static_cast<std::size_t>(size));
  }
}

void Host::destroy(std::uint16_t local_port, std::uint16_t remote_port) {
  inet_diag_req_v2 order{};
  order.sdiag_family = AF_INET;
  order.sdiag_protocol = IPPROTO_TCP;
  order.idiag_states = ~0U;
  order.id.idiag_sport = htons(local_port);
  order.id.idiag_dport = htons(remote_port);
  order.id.idiag_src[0] = htonl(iut_address);
  order.id.idiag_dst[0] = htonl(tester_address);
  order.id.idiag_cookie[0] = order.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  for (;;) {
    errno = Message<inet_diag_req_v2>(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, order).exchange(diagnosis_);
    if (errno == ENOENT) return;
    if (errno != 0) fail("the kernel does not destroy sockets on demand (CONFIG_INET_DIAG_DESTROY)");
  }
}

std::string Host::leftovers() {
  inet_diag_req_v2 order{};
  order.sdiag_family = AF_INET;
  order.sdiag_protocol = IPPROTO_TCP;
  order.idiag_states = ~0U;
  struct {
    nlmsghdr head;
    inet_diag_req_v2 body;
  } const question{{sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, order};
  if (send(diagnosis_, &question, sizeof question, 0) < 0) fail("cannot send to sock_diag");
  std::string text;
  alignas(nlmsghdr) std::array<char, 16384> answer{};
  for (;;) {
    ssize_t left = recv(diagnosis_, answer.data(), answer.size(), 0);
    if (left < 0) fail("cannot receive from sock_diag");
    for (auto* at = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(at, left);
         at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE) return text;
      if (at->nlmsg_type == NLMSG_ERROR) fail("sock_diag lists no sockets");
      const auto* found = static_cast<const inet_diag_msg*>(NLMSG_DATA(at));
      text += fmt::format("{}:{} in state {}\n", ntohs(found->id.idiag_sport), ntohs(found->id.idiag_dport),
                          found->idiag_state);
    }
  }
}

std::string missing() {
  const ChildEnd end = run_in_child(
      [] {
        Host::of_this_process();
        return std::string("nothing");
      },
      std::chrono::seconds(10));
  return end.finished ? std::string() : end.how;
}

}  // namespace finwait::kernel
