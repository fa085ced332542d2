// The successors of a world; included where they are enumerated.
#pragma once

#include "verification/search.h"

namespace finwait::verification {

// One step of move.side, with every set of its older segments that may still be in flight. `in` is what is
// left of the other direction.
template <class Visit>
void Search::apply(World world, Move& move, const PairMove& pair, const Channel& in, Visit& visit) {
  const Side side = pair.side;
  move.pair = &pair;
  World next;
  next.pair = pair.next;
  next.channel[index(other(side))] = channels_.intern(remembered(in, other(side), next.pair));
  const Channel before = channels_.at(world.channel[index(side)]);
  const Channel out = remembered(before, side, next.pair);
  const auto finish = [&](Channel channel) {
    for (const FlightId flight : pair.step->sent) {
      const bool forgotten = options_.reduced && pairs_.forgotten(next.pair, side, flight);
      if (!forgotten && channel.size() < options_.capacity) channel.insert(flight);  // else it is lost
    }
    next.channel[index(side)] = channels_.intern(channel);
    visit(normalised(next), move);
  };
  move.left.clear();
  finish(out);
  const bool nothing_in_flight = pair.kind == PairMove::Kind::event && pair.event == Event::time_wait_timeout;
  if (!options_.reduced || nothing_in_flight || pair.left.empty()) return;
  const auto extend = [&](const auto& self, std::size_t from, const Channel& channel,
                          std::size_t flying) -> void {
    if (flying >= options_.capacity) return;
    for (std::size_t k = from; k < pair.left.size(); ++k) {
      if (channel.contains(pair.left[k])) continue;
      Channel larger = channel;
      larger.insert(pair.left[k]);
      move.left.push_back(pair.left[k]);
      finish(larger);
      self(self, k + 1, larger, flying + 1);
      move.left.pop_back();
    }
  };
  extend(extend, 0, out, before.size());
}

template <class Visit>
void Search::successors(World world, Visit&& visit) {
  for (const Side side : {Side::a, Side::b}) {
    const Channel in = channels_.at(world.channel[index(other(side))]);
    const Channel out = channels_.at(world.channel[index(side)]);
    Move move;
    for (const FlightId flight : in) {
      move.flight = flight;
      for (const PairMove& pair : pairs_.delivered(world.pair, side, flight).moves) {
        move.stays = false;
        apply(world, move, pair, in.without(flight), visit);
        move.stays = true;
        apply(world, move, pair, in, visit);
      }
    }
    move.stays = false;
    if (options_.reduced && in.size() < options_.capacity) {
      move.just_sent = true;
      for (const PairMove& pair : pairs_.exchanges(world.pair, side)) {
        move.flight = pair.flight;
        apply(world, move, pair, in, visit);
      }
      move.just_sent = false;
    }
    for (const PairMove& pair : pairs_.own(world.pair, side)) {
      const bool quiet = pair.kind == PairMove::Kind::event && pair.event == Event::time_wait_timeout;
      if (quiet && !(in.empty() && out.empty())) continue;  // no segment outlives 2MSL
      move.flight = pair.flight;
      apply(world, move, pair, in, visit);
    }
    move.pair = nullptr;
    move.side = side;
    move.left.clear();
    for (const FlightId flight : out) {
      move.flight = flight;
      World next = world;
      next.channel[index(side)] = channels_.intern(out.without(flight));
      visit(normalised(next), move);
    }
  }
}

}  // namespace finwait::verification
