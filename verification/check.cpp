// Normalisation 12 checked: what is called spent makes no difference when it comes, and is spent for good.
#include <fmt/format.h>

#include <algorithm>

#include "verification/pairs.h"
#include "verification/spent.h"

namespace finwait::verification {

namespace {

char letter(Side side) {
  return side == Side::a ? 'A' : 'B';
}

}  // namespace

bool Pairs::is_spent(PairId id, Side sender, FlightId flight) const {
  return spent(flights_.at(flight), sender, endpoint(id, sender), endpoint(id, other(sender)));
}

// Whether the receiver may come to where `step` leads it by a segment that its peer can send now.
bool Pairs::can_be_drawn(PairId id, Side side, const LocalStep& step) {
  std::vector<FlightId> segments = endpoints(other(side)).repeats(at(id, other(side)));
  for (const LocalStep& send : endpoints(other(side)).sends(at(id, other(side))))
    segments.push_back(send.sent.front());
  return std::any_of(segments.begin(), segments.end(), [&](FlightId flight) {
    const auto& steps = endpoints(side).delivered(at(id, side), flight);
    return std::any_of(steps.begin(), steps.end(),
                       [&](const LocalStep& s) { return s.next == step.next && s.sent == step.sent; });
  });
}

void Pairs::check_spent(PairId id) {
  if (!checked_.insert(static_cast<std::uint64_t>(id) << 32 | id).second) return;
  const auto count = static_cast<FlightId>(flights_.size());
  for (FlightId flight = 0; flight < count; ++flight) {
    for (const Side sender : {Side::a, Side::b}) {
      if (!is_spent(id, sender, flight)) continue;
      const Side receiver = other(sender);
      const std::vector<LocalStep> steps = endpoints(receiver).delivered(at(id, receiver), flight);
      for (const LocalStep& step : steps) {
        const bool stays = step.next == at(id, receiver);
        const bool silent = std::all_of(step.sent.begin(), step.sent.end(),
                                        [&](FlightId sent) { return is_spent(id, receiver, sent); });
        if (stays && (silent || can_be_drawn(id, receiver, step))) continue;
        throw std::logic_error(fmt::format("{} of {} in {} is called spent, and yet it counts in {}",
                                           notation(flights_.at(flight)), letter(sender),
                                           model::name(endpoint(id, sender).h.state),
                                           model::name(endpoint(id, receiver).h.state)));
      }
    }
  }
}

void Pairs::check_spent(PairId id, PairId next) {
  if (id == next || !checked_.insert(static_cast<std::uint64_t>(id) << 32 | next).second) return;
  const auto count = static_cast<FlightId>(flights_.size());
  for (FlightId flight = 0; flight < count; ++flight) {
    for (const Side sender : {Side::a, Side::b}) {
      if (!is_spent(id, sender, flight) || is_spent(next, sender, flight)) continue;
      throw std::logic_error(fmt::format(
          "{} of {} is spent between {} and {}, and not any more between {} and {}",
          notation(flights_.at(flight)), letter(sender), model::name(endpoint(id, Side::a).h.state),
          model::name(endpoint(id, Side::b).h.state), model::name(endpoint(next, Side::a).h.state),
          model::name(endpoint(next, Side::b).h.state)));
    }
  }
}

}  // namespace finwait::verification
