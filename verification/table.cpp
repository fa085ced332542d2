#include "verification/table.h"

#include <algorithm>
#include <bit>

namespace finwait::verification {

namespace {

void refer(std::uint8_t& set, Mark m) {
  if (m != 0) set = static_cast<std::uint8_t>(set | 1u << incarnation(m));
}

}  // namespace

FlightId Flights::intern(const Flight& flight) {
  const auto [found, added] = ids_.try_emplace(flight.key());
  if (!added) return found->second;
  if (flights_.size() == most_flights) throw std::length_error("the exploration meets too many segments");
  found->second = static_cast<FlightId>(flights_.size());
  flights_.push_back(flight);
  for (const Side sender : {Side::a, Side::b}) {
    std::array<std::uint8_t, 2> sets{};
    refer(sets[index(sender)], flight.seq);
    refer(sets[index(other(sender))], flight.ack);
    incarnations_[index(sender)].push_back(sets);
  }
  return found->second;
}

FlightId Flights::renamed(FlightId id, Side sender, const Renaming& names) {
  return intern(verification::renamed(at(id), sender, names));
}

ChannelId Channels::intern(const Channel& channel) {
  const auto add = [&] {
    channels_.push_back(channel);
    return next_id<ChannelId>(channels_.size() - 1, "contents of a channel");
  };
  const FlightId* ids = channel.begin();
  if (channel.size() <= 2 && (channel.empty() || ids[channel.size() - 1] + 1 < low)) {
    const std::size_t first = channel.empty() ? 0 : ids[0] + 1u,
                      second = channel.size() < 2 ? 0 : ids[1] + 1u;
    std::uint32_t& id = small_[first * low + second];
    if (id == 0) id = add() + 1u;
    return static_cast<ChannelId>(id - 1);
  }
  const auto [found, added] = ids_.try_emplace(channel.key());
  if (added) found->second = add();
  return found->second;
}

Renaming compressed(std::array<std::uint8_t, 2> alive) {
  Renaming names;
  for (std::size_t side = 0; side < 2; ++side) {
    for (unsigned i = 0; i < most_incarnations; ++i) {
      const unsigned below = alive[side] & ((1u << i) - 1);
      names.to[side][i] = static_cast<std::uint8_t>(std::popcount(below));
    }
  }
  return names;
}

EndpointId Endpoints::intern(const Endpoint& endpoint) {
  const auto [found, added] = ids_.try_emplace(endpoint);
  if (!added) return found->second;
  found->second = next_id<EndpointId>(endpoints_.size(), "endpoints");
  Entry& entry = endpoints_.emplace_back();
  entry.endpoint = endpoint;
  entry.incarnations = verification::incarnations(endpoint, side());
  const Mark end = endpoint.record.sent_end;
  entry.record = static_cast<std::uint8_t>(end == 0 ? 0 : 1u << incarnation(end));
  return found->second;
}

EndpointId Endpoints::renamed(EndpointId id, std::array<std::uint8_t, 2> alive) {
  const std::uint32_t key =
      static_cast<std::uint32_t>(id) << 16 | static_cast<std::uint32_t>(alive[0]) << 8 | alive[1];
  const auto known = renamed_.find(key);
  if (known != renamed_.end()) return known->second;
  Endpoint endpoint = at(id);
  if ((record(id) & ~alive[index(side())]) != 0) endpoint.record = {};
  const EndpointId result = intern(verification::renamed(endpoint, side(), compressed(alive)));
  renamed_.emplace(key, result);
  return result;
}

std::vector<LocalStep> Endpoints::local(EndpointId from, const std::vector<Outcome>& outcomes) {
  std::vector<LocalStep> steps;
  for (const Outcome& outcome : outcomes) {
    LocalStep step;
    step.next = intern(outcome.next);
    step.answers = outcome.answers;
    if (step.answers) {
      step.answer = flights_.intern(outcome.answer);
      step.answered = intern(outcome.answered);
    }
    step.told = outcome.told;
    step.read = outcome.read;
    step.broken = outcome.broken;
    step.why = outcome.why;
    for (const Flight& flight : outcome.sent) step.sent.push_back(flights_.intern(flight));
    if (step.next != from) {
      const std::vector<FlightId>& before = repeats(from);
      const std::vector<FlightId>& after = repeats(step.next);
      std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                          std::back_inserter(step.left));
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void Endpoints::find_sends(EndpointId id) {
  if (endpoints_[id].sends_known) return;
  endpoints_[id].sends_known = true;
  std::vector<Outcome> changing;
  std::vector<FlightId> repeats;
  Mark most_ack = 0;
  for (Outcome& outcome : stepper_.sends(endpoints_[id].endpoint)) {
    const FlightId flight = flights_.intern(outcome.sent.front());
    most_ack = std::max(most_ack, outcome.sent.front().ack);
    if (outcome.next == endpoints_[id].endpoint) {
      repeats.push_back(flight);
    } else {
      changing.push_back(std::move(outcome));
    }
  }
  std::sort(repeats.begin(), repeats.end());
  Entry& entry = endpoints_[id];
  for (const FlightId flight : repeats) {
    entry.repeat_set.set(flight);
    LocalStep step;
    step.next = id;
    step.sent.push_back(flight);
    entry.repeat_steps.push_back(std::move(step));
  }
  entry.repeats = std::move(repeats);
  entry.most_ack = most_ack;
  entry.sends = local(id, changing);
}

const std::vector<LocalStep>& Endpoints::sends(EndpointId id) {
  find_sends(id);
  return endpoints_[id].sends;
}

const std::vector<FlightId>& Endpoints::repeats(EndpointId id) {
  find_sends(id);
  return endpoints_[id].repeats;
}

const std::vector<LocalStep>& Endpoints::delivered(EndpointId id, FlightId flight) {
  Entry& entry = endpoints_[id];
  if (entry.delivered.size() <= flight) entry.delivered.resize(flights_.size());
  if (!entry.delivered[flight]) {
    std::vector<LocalStep> steps = local(id, stepper_.delivered(entry.endpoint, flights_.at(flight)));
    entry.delivered[flight] = std::move(steps);
  }
  return *entry.delivered[flight];
}

const std::vector<LocalStep>& Endpoints::on(EndpointId id, Event event) {
  Entry& entry = endpoints_[id];
  auto& steps = entry.events[static_cast<std::size_t>(event)];
  if (steps) return *steps;
  std::vector<Outcome> outcomes;
  const Endpoint& e = entry.endpoint;
  switch (event) {
    case Event::open: outcomes = stepper_.opens(e, opens_actively_); break;
    case Event::give: outcomes = stepper_.gives(e); break;
    case Event::close: outcomes = stepper_.closes(e); break;
    case Event::abort: outcomes = stepper_.aborts(e); break;
    case Event::user_timeout: outcomes = stepper_.user_timeout(e); break;
    case Event::time_wait_timeout: outcomes = stepper_.time_wait_timeout(e); break;
  }
  std::vector<LocalStep> found = local(id, outcomes);
  steps = std::move(found);
  return *steps;
}

}  // namespace finwait::verification
