// lwIP itself: one to a process, since its state is in global variables.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "harness/adapter.h"
#include "impl/lwip/arena.h"
#include "impl/lwip/snapshot.h"

struct netif;
struct pbuf;

namespace finwait::lwip {

/// Where lwIP's datagrams go.
class Link {
 public:
  virtual void transmit(Octets packet) = 0;

 protected:
  ~Link() = default;
};

/// lwIP with one network interface, its timers and its way back to the state right after `lwip_init`.
class Stack {
 public:
  /// lwIP looks at its timers at multiples of this.
  static constexpr Time tick = 250ms;

  /// Started at the first call.
  /// \throws std::runtime_error if this build of lwIP does not let itself be reset.
  static Stack& instance();

  /// Nothing of what happened since the start is left. `user` gets the datagrams from now on.
  void reset(std::uint64_t seed, Link* user);
  /// Keeps where it stands in the middle of a case; false under AddressSanitizer.
  bool keep();
  void return_to_kept();
  bool belongs_to(const Link* user) const { return link_ == user; }
  void release(const Link* user);

  /// A datagram from the peer; dropped, as a driver would, if lwIP has no memory for it.
  void input(Octets packet);
  /// Runs the timers that are due at the tick with this number (tick 1 is at 250 ms).
  void run_timers(std::uint64_t number);
  /// Runs what lwIP has left for later (datagrams to itself).
  void settle();

 private:
  Stack();
  void add_interface();
  void check_interposition();
  void put_back();
  void transmit(pbuf* packet);

  netif* interface_ = nullptr;
  Link* link_ = nullptr;
  std::vector<std::uint8_t> gathered_;
  std::unique_ptr<Snapshot> pages_;
  struct Kept {
    Snapshot pages;
    Arena::Copy heap;
    std::uint32_t next_iss = 0, now_ms = 0;
  };
  std::unique_ptr<Kept> kept_;
};

}  // namespace finwait::lwip
