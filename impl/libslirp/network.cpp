#include "impl/libslirp/network.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace finwait::libslirp {
namespace {

// libslirp takes 0 for "never" in places.
constexpr std::chrono::seconds start_of_time{1000};
constexpr std::uint32_t network_address = 0x0a000200, network_mask = 0xffffff00;
constexpr std::uint32_t name_server = 0x0a000203;
constexpr std::size_t frame_header = 14;
constexpr std::array<std::uint8_t, 6> guest_mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
// More turns than it takes to move all that the buffers hold. libslirp does not rest where a program has hung
// up with text left for it: it reads the end of the stream again and again, and while the guest's window is
// closed sends a FIN each time. A host would spin; here time must go on.
constexpr int most_turns = 32;

// What is allocated while it lives is no leak. slirp_remove_guestfwd() forgets the path of a service.
class LeakOfLibslirp {
#if defined(__SANITIZE_ADDRESS__)
  __lsan::ScopedDisabler disabler_;
#endif
};

in_addr internet(std::uint32_t address) {
  in_addr result{};
  result.s_addr = htonl(address);
  return result;
}

bool carries_ipv4(const std::uint8_t* frame, std::size_t octets) {
  return octets > frame_header && frame[12] == 0x08 && frame[13] == 0x00;
}

std::string rfc_name(std::string state) {
  if (state == "SYN_RCVD") return "SYN-RECEIVED";
  std::replace(state.begin(), state.end(), '_', '-');
  return state;
}

// In the abstract name space, so that nothing is left of it anywhere.
socklen_t abstract_name(sockaddr_un& address, std::uint64_t number) {
  address = {};
  address.sun_family = AF_UNIX;
  const std::string text = "finwait-libslirp-" + std::to_string(getpid()) + "-" + std::to_string(number);
  text.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
}

}  // namespace

Network::Network(Observer& observer) : observer_(observer) {
  callbacks_.send_packet = send_packet;
  callbacks_.guest_error = [](const char*, void*) {};
  callbacks_.clock_get_ns = clock;
  // The one timer is that of IPv6's router advertisements, which are off.
  callbacks_.timer_new = [](SlirpTimerCb, void*, void* self) { return self; };
  callbacks_.timer_free = [](void*, void*) {};
  callbacks_.timer_mod = [](void*, std::int64_t, void*) {};
  callbacks_.register_poll_fd = [](int descriptor, void* self) {
    auto& network = *static_cast<Network*>(self);
    ++network.activity_;
    network.observer_.took(descriptor);
  };
  callbacks_.unregister_poll_fd = [](int descriptor, void* self) {
    auto& network = *static_cast<Network*>(self);
    ++network.activity_;
    network.observer_.closes(descriptor);
  };
  callbacks_.notify = [](void*) {};
}

Network::~Network() {
  stop();
}

void Network::start() {
  stop();
  now_ = Time{0};
  SlirpConfig config{};
  config.version = 3;
  config.restricted = 1;  // the guest reaches nothing but services: no segment leaves this process
  config.in_enabled = true;
  config.vnetwork = internet(network_address);
  config.vnetmask = internet(network_mask);
  config.vhost = internet(host_address);
  config.vdhcp_start = internet(guest_address);
  config.vnameserver = internet(name_server);
  config.disable_dns = true;
  slirp_ = slirp_new(&config, &callbacks_, this);
  if (slirp_ == nullptr) throw std::runtime_error("libslirp: slirp_new has refused the configuration");
  introduce_guest();
  settle();
}

void Network::stop() {
  if (slirp_ != nullptr) slirp_cleanup(std::exchange(slirp_, nullptr));
}

// The guest's ARP announcement: without it libslirp would ask first and keep the datagrams back.
void Network::introduce_guest() {
  std::array<std::uint8_t, 42> frame{};
  const std::array<std::uint8_t, 8> request = {0, 1, 8, 0, 6, 4, 0, 1};
  const in_addr guest = internet(guest_address);
  std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
  std::copy(guest_mac.begin(), guest_mac.end(), frame.begin() + 6);
  frame[12] = 0x08;
  frame[13] = 0x06;
  std::copy(request.begin(), request.end(), frame.begin() + 14);
  std::copy(guest_mac.begin(), guest_mac.end(), frame.begin() + 22);
  std::memcpy(&frame[28], &guest, sizeof guest);
  std::memcpy(&frame[38], &guest, sizeof guest);
  slirp_input(slirp_, frame.data(), static_cast<int>(frame.size()));
}

bool Network::add_service(const std::string& path, std::uint16_t port) {
  [[maybe_unused]] const LeakOfLibslirp leak;
  in_addr address = internet(service_address);
  return slirp_add_unix(slirp_, path.c_str(), &address, port) == 0;
}

void Network::remove_service(std::uint16_t port) {
  slirp_remove_guestfwd(slirp_, internet(service_address), port);
}

// The forward stands for this one connection: a lasting one would be a door that nobody asked for.
bool Network::connect_to_guest(int program, std::uint16_t port) {
  sockaddr_un door;
  const socklen_t size = abstract_name(door, forwards_++);
  const auto* at = reinterpret_cast<const sockaddr*>(&door);
  sockaddr_in guest{};
  guest.sin_family = AF_INET;
  guest.sin_addr = internet(guest_address);
  guest.sin_port = htons(port);
  const auto* to = reinterpret_cast<const sockaddr*>(&guest);
  if (slirp_add_hostxfwd(slirp_, at, size, to, sizeof guest, 0) != 0) return false;
  const bool connected = ::connect(program, at, size) == 0;
  if (connected) settle();
  slirp_remove_hostxfwd(slirp_, at, size, 0);
  return connected;
}

void Network::input(Octets packet) {
  std::array<std::uint8_t, 2048> frame;
  if (packet.size() > frame.size() - frame_header) {
    throw std::runtime_error("libslirp: a datagram of " + std::to_string(packet.size()) +
                             " octets is longer than the link carries");
  }
  std::fill_n(frame.begin(), 6, std::uint8_t{0x52});
  std::copy(guest_mac.begin(), guest_mac.end(), frame.begin() + 6);
  frame[12] = 0x08;
  frame[13] = 0x00;
  std::copy(packet.begin(), packet.end(), frame.begin() + frame_header);
  slirp_input(slirp_, frame.data(), static_cast<int>(frame_header + packet.size()));
}

// One round of a host's main loop, without its sleep. False: nothing was to be done.
bool Network::turn() {
  const std::uint64_t before = activity_;
  polled_.clear();
  wanted_ms_ = static_cast<std::uint32_t>(idle / 1ms);
  slirp_pollfds_fill(slirp_, &wanted_ms_, add_descriptor, this);
  const int ready = polled_.empty() ? 0 : ::poll(polled_.data(), polled_.size(), 0);
  slirp_pollfds_poll(slirp_, ready < 0 ? 1 : 0, events_of, this);
  return ready > 0 || activity_ != before;
}

Time Network::settle() {
  int turns = 0;
  while (turns < most_turns && turn()) ++turns;
  return std::chrono::milliseconds(wanted_ms_);
}

std::vector<Network::Connection> Network::connections() const {
  char* text = slirp_connection_info(slirp_);
  std::istringstream lines(text);
  std::free(text);  // GLib's memory is malloc's
  std::vector<Connection> all;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view tcp = "TCP[";
    const std::size_t at = line.find(tcp);
    const std::size_t end = line.find(']');
    if (at == std::string::npos || end == std::string::npos) continue;
    const std::size_t from = at + tcp.size();
    Connection connection;
    connection.state = rfc_name(line.substr(from, end - from));
    std::istringstream fields(line.substr(end + 1));
    fields >> connection.descriptor;
    std::string field;
    for (int n = 0; n < 4 && fields >> field; ++n) connection.ends += (n > 0 ? " " : "") + field;
    all.push_back(std::move(connection));
  }
  return all;
}

std::int64_t Network::clock(void* self) {
  return std::chrono::nanoseconds(start_of_time + static_cast<Network*>(self)->now_).count();
}

ssize_t Network::send_packet(const void* frame, std::size_t octets, void* self) {
  auto& network = *static_cast<Network*>(self);
  ++network.activity_;
  const auto* first = static_cast<const std::uint8_t*>(frame);
  if (carries_ipv4(first, octets)) {
    network.observer_.transmit({first + frame_header, octets - frame_header});
  }
  return static_cast<ssize_t>(octets);
}

int Network::add_descriptor(int descriptor, int events, void* self) {
  auto& network = *static_cast<Network*>(self);
  short wanted = 0;
  if ((events & SLIRP_POLL_IN) != 0) wanted |= POLLIN;
  if ((events & SLIRP_POLL_OUT) != 0) wanted |= POLLOUT;
  if ((events & SLIRP_POLL_PRI) != 0) wanted |= POLLPRI;
  network.polled_.push_back({descriptor, wanted, 0});
  network.observer_.watches(descriptor);
  return static_cast<int>(network.polled_.size()) - 1;
}

int Network::events_of(int index, void* self) {
  const short seen = static_cast<Network*>(self)->polled_[static_cast<std::size_t>(index)].revents;
  int events = 0;
  if ((seen & POLLIN) != 0) events |= SLIRP_POLL_IN;
  if ((seen & POLLOUT) != 0) events |= SLIRP_POLL_OUT;
  if ((seen & POLLPRI) != 0) events |= SLIRP_POLL_PRI;
  if ((seen & POLLERR) != 0) events |= SLIRP_POLL_ERR;
  if ((seen & POLLHUP) != 0) events |= SLIRP_POLL_HUP;
  return events;
}

}  // namespace finwait::libslirp
