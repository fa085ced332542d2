// The breadth-first walk over all worlds.
#include "verification/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "verification/successors.h"

namespace finwait::verification {

using model::State;

// ---- the set of worlds ------------------------------------------------------------------------------

namespace {

std::size_t hash(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(key ^ key >> 29);
}

}  // namespace

// Where the key is, or would be.
std::size_t Worlds::slot(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash(key) & mask;
  while (slots_[slot] != none && keys_[slots_[slot]] != key) slot = (slot + 1) & mask;
  return slot;
}

void Worlds::grow() {
  slots_.assign(slots_.size() * 2, none);
  for (std::uint32_t i = 0; i < keys_.size(); ++i) slots_[slot(keys_[i])] = i;
}

bool Worlds::add(World world, std::uint32_t parent) {
  const std::uint64_t key = world.key();
  std::uint64_t& recent = recent_[hash(key) & (recent_.size() - 1)];
  if (recent == key) return false;
  recent = key;
  std::uint32_t& found = slots_[slot(key)];
  if (found != none) return false;
  found = size();
  keys_.push_back(key);
  parents_.push_back(parent);
  if (keys_.size() * 3 > slots_.size() * 2) grow();
  return true;
}

std::uint32_t Worlds::find(World world) const {
  return slots_[slot(world.key())];
}

// ---- what is the same world -------------------------------------------------------------------------

Channel Search::remembered(const Channel& channel, Side side, PairId pair) {
  if (!options_.reduced) return channel;
  Channel rest;
  for (const FlightId flight : channel) {
    if (!pairs_.forgotten(pair, side, flight)) rest.insert(flight);
  }
  return rest;
}

// Incarnations are numbered anew where one has been forgotten or has begun.
World Search::normalised(World world) {
  std::array<std::uint8_t, 2> alive = pairs_.incarnations(world.pair);
  for (const Side side : {Side::a, Side::b}) {
    for (const FlightId flight : channels_.at(world.channel[index(side)])) {
      const auto& sets = pairs_.flights().incarnations(flight, side);
      for (std::size_t whose = 0; whose < 2; ++whose)
        alive[whose] = static_cast<std::uint8_t>(alive[whose] | sets[whose]);
    }
  }
  const std::array<std::uint8_t, 2>& records = pairs_.records(world.pair);
  const auto in_order = [&](std::size_t i) {
    return (alive[i] & (alive[i] + 1u)) == 0 && (records[i] & ~alive[i]) == 0;
  };
  if (in_order(0) && in_order(1)) return world;
  const Renaming names = compressed(alive);
  World result;
  result.pair = pairs_.renamed(world.pair, alive);
  for (const Side side : {Side::a, Side::b}) {
    Channel channel;
    for (const FlightId flight : channels_.at(world.channel[index(side)]))
      channel.insert(pairs_.flights().renamed(flight, side, names));
    result.channel[index(side)] = channels_.intern(channel);
  }
  return result;
}

// ---- the walk ---------------------------------------------------------------------------------------

Search::Search(const Scenario& scenario, const Options& options)
    : scenario_(scenario), options_(options), pairs_(scenario_, options_) {}

void Search::violate(Property property, std::string why, std::uint32_t from, World to) {
  if (report_.violation) return;
  report_.violation = Violation{property, std::move(why), trace(from, &to)};
}

bool Search::walk() {
  worlds_.add(World{}, Worlds::none);
  std::uint32_t level_end = 1;
  for (std::uint32_t i = 0; i < worlds_.size(); ++i) {
    if (i == level_end) {
      if (++report_.depth == options_.depth || worlds_.size() > options_.most_worlds) return false;
      level_end = worlds_.size();
    }
    successors(worlds_.at(i), [&](World next, const Move& move) {
      ++report_.transitions;
      if (move.pair != nullptr && move.pair->broken != Property::none) {
        violate(move.pair->broken, move.pair->why, i, next);
      } else if (worlds_.add(next, i) && pairs_.broken(next.pair) != Property::none) {
        violate(pairs_.broken(next.pair), pairs_.why(next.pair), i, next);
      }
    });
    if (report_.violation) return false;
  }
  return true;
}

// After the walk, when every segment is known.
void Search::check_spent() {
  for (std::uint32_t i = 0; i < worlds_.size(); ++i) {
    const PairId pair = worlds_.at(i).pair;
    pairs_.check_spent(pair);
    successors(worlds_.at(i), [&](World, const Move& move) {
      if (move.pair != nullptr) pairs_.check_spent(pair, move.pair->next);
    });
  }
}

// In the order of their names, as they are printed.
void Search::collect_pairs() {
  std::map<std::string, std::uint32_t> first;
  for (std::uint32_t i = 0; i < worlds_.size(); ++i) {
    const auto [a, b] = states(i);
    first.try_emplace(fmt::format("{} {}", model::name(a), model::name(b)), i);
  }
  for (const auto& [names, world] : first) {
    report_.pairs.push_back(states(world));
    if (options_.ways) report_.ways.push_back(trace(world, nullptr));
  }
}

std::pair<State, State> Search::states(std::uint32_t world) const {
  const PairId pair = worlds_.at(world).pair;
  return {pairs_.endpoint(pair, Side::a).h.state, pairs_.endpoint(pair, Side::b).h.state};
}

Report Search::run() {
  const auto start = std::chrono::steady_clock::now();
  report_.closed = walk();
  if (report_.closed && options_.reduced) check_liveness();
  if (options_.check && !report_.violation) check_spent();
  collect_pairs();
  report_.worlds = worlds_.size();
  report_.endpoints = {pairs_.endpoints(Side::a).size(), pairs_.endpoints(Side::b).size()};
  report_.segments = pairs_.flights().size();
  report_.megabytes = worlds_.bytes() >> 20;
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report_;
}

}  // namespace finwait::verification
