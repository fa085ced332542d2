#include "properties/steering.h"

#include <algorithm>

#include "properties/aim.h"

namespace finwait {

using model::ACK;
using model::FIN;
using model::Hypothesis;
using model::State;

namespace {

// Of a hundred cases so many lead to missing cells, as long as there are any.
constexpr std::uint32_t share_of_cases = 25;
// Of a hundred events behind the road so many are drawn like any other, for variety.
constexpr std::uint32_t share_of_chance = 20;
constexpr int most_tries = 12;

bool needs_outstanding(const EventClass& event) {
  return event.ack == AckClass::part || event.ack == AckClass::all;
}

// What is missing before the class can be aimed at: octets in flight, or a window.
Event preparation(Dice& dice, const EventClass& wanted, const Hypothesis& h) {
  if (needs_outstanding(wanted) && h.unsent() == 0 && !h.fin_queued)
    return send(dice.percent(50) ? 100 : 1000);
  if (!needs_outstanding(wanted) && dice.percent(50)) return receive();
  return dice.percent(80) ? wait_ms(500) : wait_ms(2000, WaitBase::patience);
}

}  // namespace

void Steering::set_missing(const std::vector<Cell>& missing) {
  missing_ = missing;
  for (auto& of_state : by_state_) of_state.clear();
  for (const Cell& cell : missing) by_state_[static_cast<std::size_t>(cell.state)].push_back(cell.event);
}

bool Steering::takes(Dice& dice) const {
  return !missing_.empty() && dice.percent(share_of_cases);
}

roads::Road Steering::begin(Dice& dice) {
  target_ = missing_[dice.below(static_cast<std::uint32_t>(missing_.size()))];
  target_met_ = false;
  tried_.clear();
  return roads::to(dice, target_.state, needs_outstanding(target_.event));
}

Event Steering::next(Dice& dice, const Hypothesis& h) {
  if (h.state == target_.state && !target_met_) {
    const auto event = aim_at(target_.event, h);
    target_met_ = event.has_value();
    if (target_met_) tried_.push_back(target_.event);
    return event ? *event : preparation(dice, target_.event, h);
  }
  if (!dice.percent(share_of_chance)) {
    if (const auto event = shot(dice, h)) return *event;
  }
  return draw_event(dice, h);
}

std::optional<Event> Steering::shot(Dice& dice, const Hypothesis& h) {
  const auto& wanted = by_state_[static_cast<std::size_t>(h.state)];
  for (int i = 0; i < most_tries && !wanted.empty(); ++i) {
    const EventClass& candidate = wanted[dice.below(static_cast<std::uint32_t>(wanted.size()))];
    if (std::find(tried_.begin(), tried_.end(), candidate) != tried_.end()) continue;
    if (const auto event = aim_at(candidate, h)) {
      tried_.push_back(candidate);
      return event;
    }
  }
  return {};
}

}  // namespace finwait
