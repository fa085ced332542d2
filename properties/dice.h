// Chance, drawn lazily from RapidCheck's generator.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <initializer_list>

namespace finwait {

class Dice {
 public:
  explicit Dice(const rc::Random& random) : random_(random) {}

  /// A number of 0 .. ways-1.
  std::uint32_t below(std::uint32_t ways) { return static_cast<std::uint32_t>(random_.next() % ways); }
  /// A number of low .. high.
  std::int32_t between(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(below(static_cast<std::uint32_t>(high - low + 1)));
  }
  bool percent(std::uint32_t chance) { return below(100) < chance; }
  std::uint64_t any() { return random_.next(); }

  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::uint32_t>(values.size()))];
  }

  template <class T>
  struct Weighted {
    std::uint32_t weight;
    T value;
  };
  template <class T>
  T weighted(std::initializer_list<Weighted<T>> values) {
    std::uint32_t sum = 0;
    for (const auto& entry : values) sum += entry.weight;
    std::uint32_t at = below(sum);
    for (const auto& entry : values) {
      if (at < entry.weight) return entry.value;
      at -= entry.weight;
    }
    return values.begin()->value;
  }

 private:
  rc::Random random_;
};

}  // namespace finwait
