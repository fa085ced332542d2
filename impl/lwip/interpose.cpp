#include "impl/lwip/interpose.h"

#include <cstddef>
#include <cstring>
#include <utility>

namespace finwait::lwip {

Environment& environment() {
  static Environment instance;
  return instance;
}

}  // namespace finwait::lwip

// These take the place of the library's functions of the same names, since the executable comes first where
// the loader looks for symbols. Their types are written out here and not taken from lwIP's headers, because
// those differ from version to version: an argument more or less does no harm to these functions.
extern "C" {

void* mem_malloc(std::size_t octets) {
  return finwait::lwip::environment().arena.allocate(octets);
}

void* mem_calloc(std::size_t count, std::size_t octets) {
  if (octets != 0 && count > finwait::lwip::Arena::capacity / octets) return nullptr;
  void* block = mem_malloc(count * octets);
  if (block != nullptr) std::memset(block, 0, count * octets);
  return block;
}

void mem_free(void* block) {
  finwait::lwip::environment().arena.release(block);
}

// Shrinks a block; lwIP relies on its staying where it is.
void* mem_trim(void* block, std::size_t) {
  return block;
}

// For source builds (LWIP_HOOK_TCP_ISN).
std::uint32_t finwait_lwip_next_iss(void) {
  finwait::lwip::Environment& environment = finwait::lwip::environment();
  return std::exchange(environment.next_iss, environment.next_iss + environment.iss_stride);
}

std::uint32_t tcp_next_iss(void*) {
  return finwait_lwip_next_iss();
}

std::uint32_t sys_now(void) {
  return finwait::lwip::environment().now_ms;
}

// The adapter calls the TCP timers itself, always.
void tcp_timer_needed(void) {}

// A datagram that lwIP sends to itself waits for its thread, which is never started.
signed char tcpip_try_callback(void (*function)(void*), void* argument) {
  finwait::lwip::environment().work.push_back({function, argument});
  return 0;  // ERR_OK
}

}  // extern "C"
