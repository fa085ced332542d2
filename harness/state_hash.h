// A state as one number: equal states, told value by value in one order, give equal numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace finwait {

class StateHash {
 public:
  template <class T>
  void add(T value) {
    if constexpr (std::is_enum_v<T>) {
      mix(static_cast<std::uint64_t>(static_cast<std::underlying_type_t<T>>(value)));
    } else {
      static_assert(std::is_integral_v<T>);
      mix(static_cast<std::uint64_t>(value));
    }
  }
  /// A length of time.
  void add(std::chrono::microseconds time) { mix(static_cast<std::uint64_t>(time.count())); }

  std::uint64_t value() const {
    const std::uint64_t once = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9u;
    return once ^ (once >> 31);
  }

 private:
  void mix(std::uint64_t value) {
    state_ = (state_ ^ value) * 0x9e3779b97f4a7c15u;
    state_ ^= state_ >> 32;
  }

  std::uint64_t state_ = 0x243f6a8885a308d3u;
};

}  // namespace finwait
