// Steering: cases that lead to cells which no case has met yet.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "harness/coverage.h"
#include "properties/dice.h"
#include "properties/roads.h"

namespace finwait {

class Steering {
 public:
  /// From now on these are the cells to be met.
  void set_missing(const std::vector<Cell>& missing);

  /// Whether the case that begins is to be one that leads to a missing cell. Draws nothing where none is
  /// missing.
  bool takes(Dice& dice) const;
  /// The road to one of them.
  roads::Road begin(Dice& dice);
  /// A shot at a missing cell of the state, what a shot needs first, or anything.
  Event next(Dice& dice, const model::Hypothesis& h);

 private:
  std::optional<Event> shot(Dice& dice, const model::Hypothesis& h);

  std::vector<Cell> missing_;
  std::array<std::vector<EventClass>, model::state_count> by_state_;
  Cell target_{};  ///< of the case
  bool target_met_ = false;
  std::vector<EventClass> tried_;  ///< in this case
};

}  // namespace finwait
