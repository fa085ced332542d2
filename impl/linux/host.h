// The host that the running kernel is tested as: a user and network namespace of this process's own, and a
// TUN device whose other end is the tester.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/adapter.h"

namespace finwait::kernel {

constexpr std::uint32_t iut_address = 0x0a000001, tester_address = 0x0a000002;

class Host {
 public:
  /// The host of this process; a forked one gets its own. The process is in its namespaces from then on.
  /// @throws std::runtime_error with what is missing.
  static Host& of_this_process();

  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  int tun() const { return tun_; }
  /// The packet is through the kernel's TCP, answers and all, when this returns.
  void write(Octets packet) const;
  /// The next TCP packet that the kernel has sent, valid until the next call; none: there is no more.
  std::optional<Octets> read();
  /// Ends whatever the kernel has between these ports in any state, half-open and TIME-WAIT too.
  void destroy(std::uint16_t local_port, std::uint16_t remote_port);
  /// The sockets that there are in the namespace, in any state: number and state of each.
  std::string leftovers();

 private:
  Host();
  void make_tun();
  void open_diagnosis();

  pid_t process_;
  int tun_ = -1;
  int diagnosis_ = -1;  ///< of sock_diag
};

/// What is missing to check the kernel here; empty: nothing. Found out in a process of its own.
std::string missing();

}  // namespace finwait::kernel
