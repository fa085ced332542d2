// What the mutated copy of the model is built with: each planted fault is a switch that one number turns on.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/state.h"

namespace finwait::mutation {

/// A fault that can be switched on: where it is and what it changes.
struct Mutant {
  std::string_view file;      ///< below model/
  int line = 0;               ///< in that file
  std::string_view function;  ///< or "row" for a row of the transition table
  std::string_view change;    ///< negate, boundary, off-by-one, drop, target, action
  std::string_view text;      ///< what is changed; numbered where a function has it more than once
};

/// Who is to act by the fault: the other one acts by the model as it is.
enum class Role : std::uint8_t { stack, oracle };

/// The fault that is on (none: -1), for whom, and who acts just now.
struct Switch {
  int mutant = -1;
  Role role = Role::stack;
  Role acting = Role::oracle;
};
inline Switch active;

inline bool on(int mutant) {
  return active.mutant == mutant && active.acting == active.role;
}

/// A condition, or its opposite.
inline bool flip(int mutant, bool condition) {
  return condition != on(mutant);
}

/// `a < b` written as `a < Boundary{n} > b` is `a <= b` while the fault is on; the others likewise.
struct Boundary {
  int mutant;
};
template <class A>
struct Half {
  const A& a;
  int mutant;
};
template <class A>
Half<A> operator<(const A& a, Boundary b) {
  return {a, b.mutant};
}
template <class A, class B>
bool operator>(Half<A> half, const B& b) {
  return on(half.mutant) ? half.a <= b : half.a < b;
}
template <class A>
Half<A> operator<=(const A& a, Boundary b) {
  return {a, b.mutant};
}
template <class A, class B>
bool operator>=(Half<A> half, const B& b) {
  return on(half.mutant) ? half.a < b : half.a <= b;
}
template <class A>
Half<A> operator>(const A& a, Boundary b) {
  return {a, b.mutant};
}
template <class A, class B>
bool operator<(Half<A> half, const B& b) {
  return on(half.mutant) ? half.a >= b : half.a > b;
}
template <class A>
Half<A> operator>=(const A& a, Boundary b) {
  return {a, b.mutant};
}
template <class A, class B>
bool operator<=(Half<A> half, const B& b) {
  return on(half.mutant) ? half.a > b : half.a >= b;
}

/// The row of the transition table that was taken last.
inline int row = -1;
/// Where that row leads: elsewhere, if its target is mutated. Rows have the numbers from `first` on.
inline model::State target(int first, model::State state) {
  if (row < 0 || !on(first + row)) return state;
  return static_cast<model::State>((static_cast<std::size_t>(state) + 1 + static_cast<std::size_t>(row) % 9) %
                                   model::state_count);
}

}  // namespace finwait::mutation
