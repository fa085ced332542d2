// What the snapshot and the arena must tell AddressSanitizer, and nothing in other builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define FINWAIT_LWIP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FINWAIT_LWIP_ASAN 1
#endif
#endif

#ifdef FINWAIT_LWIP_ASAN
#include <sanitizer/asan_interface.h>
#define FINWAIT_LWIP_UNCHECKED __attribute__((no_sanitize("address")))
#else
#define FINWAIT_LWIP_UNCHECKED
#endif

namespace finwait::lwip {

#ifdef FINWAIT_LWIP_ASAN
constexpr bool address_sanitizer = true;
inline void poison(const void* from, std::size_t octets) {
  __asan_poison_memory_region(from, octets);
}
inline void unpoison(const void* from, std::size_t octets) {
  __asan_unpoison_memory_region(from, octets);
}
#else
constexpr bool address_sanitizer = false;
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
#endif

}  // namespace finwait::lwip
