// A libslirp with one guest: its clock, its link to the guest, and the loop that polls it as a host's would.
#pragma once

#include <poll.h>
#include <slirp/libslirp.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "impl/libslirp/translation.h"

namespace finwait::libslirp {

constexpr std::uint32_t host_address = 0x0a000202;     // from here libslirp connects to the guest
constexpr std::uint32_t guest_address = 0x0a00020f;    // the tester's
constexpr std::uint32_t service_address = 0x0a000264;  // here the guest finds the host's services

/// Told what libslirp does, while one of Network's functions runs.
class Observer {
 public:
  virtual void transmit(Octets packet) = 0;  ///< a datagram to the guest
  virtual void took(int descriptor) = 0;     ///< the host side of a connection, until it is closed
  virtual void watches(int descriptor) = 0;  ///< from ESTABLISHED on libslirp looks at the host side
  virtual void closes(int descriptor) = 0;   ///< the connection's control block is deleted

 protected:
  ~Observer() = default;
};

class Network {
 public:
  explicit Network(Observer& observer);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// A new libslirp, at time 0.
  void start();
  void stop();
  void set_time(Time now) { now_ = now; }

  /// Whoever connects to the port of `service_address` gets to the AF_UNIX listener at `path`.
  bool add_service(const std::string& path, std::uint16_t port);
  void remove_service(std::uint16_t port);
  /// Connects a program's socket through libslirp to the guest's port, whose SYN is sent before this returns.
  bool connect_to_guest(int program, std::uint16_t port);

  void input(Octets packet);
  /// Polls until nothing is left to do at this time, or libslirp finds no rest. Returns in what time it wants
  /// to be polled again; `idle` if it has nothing to wait for.
  Time settle();
  static constexpr Time idle = 1000ms;

  /// libslirp's own list of connections.
  struct Connection {
    std::string state;  ///< as the RFC writes it
    int descriptor = -1;
    std::string ends;  ///< source, port, destination, port
  };
  std::vector<Connection> connections() const;

 private:
  static std::int64_t clock(void* self);
  static ssize_t send_packet(const void* frame, std::size_t octets, void* self);
  static int add_descriptor(int descriptor, int events, void* self);
  static int events_of(int index, void* self);
  void introduce_guest();
  bool turn();

  Observer& observer_;
  SlirpCb callbacks_{};
  Slirp* slirp_ = nullptr;
  Time now_{0};
  std::uint64_t activity_ = 0;  // whatever libslirp does counts it up
  std::uint32_t wanted_ms_ = 0;
  std::uint64_t forwards_ = 0;
  std::vector<pollfd> polled_;
};

}  // namespace finwait::libslirp
