// Liveness: from every world met, is the goal still within reach of the protocol alone?
#include <algorithm>
#include <functional>

#include "verification/search.h"

namespace finwait::verification {

using model::Ending;
using model::Handle;
using model::State;

namespace {

bool opening(const Endpoint& e) {
  return e.h.state == State::syn_sent || e.h.opening();
}
// The user was told of a failure, or has ended the connection itself.
bool failed(const Endpoint& e) {
  const bool waits =
      e.h.state == State::time_wait && (e.h.handle == Handle::gone || e.h.ending != Ending::none);
  return e.ended() || waits;
}
// CLOSE is of one connection: what was queued in SYN-RECEIVED is gone with the return to LISTEN.
bool wants_no_more(const Endpoint& e) {
  return !e.opened || failed(e) || e.h.fin_queued || (e.h.state == State::listen && e.closed);
}
bool is_done(const Endpoint& e) {
  return e.h.state == State::closed || e.h.state == State::listen;
}
// FIN-WAIT-2 has no time-out (reading A48) and nothing to send: a peer who was aborted, and whose reset was
// lost, leaves it there for good.
bool is_left_behind(const Endpoint& e, const Endpoint& peer) {
  return e.h.state == State::fin_wait_2 && peer.ended();
}

}  // namespace

// What the protocol does by itself: segments in flight arrive, what is owed or not acknowledged is sent
// (again), TIME-WAIT ends. No user call, no loss, no duplicate, and no ACK that is not owed.
template <class Visit>
void Search::protocol_steps(World world, Visit&& visit) {
  const auto follow = [&](Side side, const Channel& in, const Reply& reply) {
    World next;
    next.pair = reply.next;
    Channel out = channels_.at(world.channel[index(side)]), back = in;
    for (const FlightId flight : reply.step->sent) {
      if (out.size() < options_.capacity) out.insert(flight);
    }
    if (reply.second != nullptr) {
      if (out.size() == options_.capacity) return false;  // no room for the answer
      for (const FlightId flight : reply.second->sent) {
        if (back.size() < options_.capacity) back.insert(flight);
      }
    }
    next.channel[index(side)] = channels_.intern(remembered(out, side, next.pair));
    next.channel[index(other(side))] = channels_.intern(remembered(back, other(side), next.pair));
    return visit(normalised(next));
  };
  for (const Side side : {Side::a, Side::b}) {
    const Channel in = channels_.at(world.channel[index(other(side))]);
    for (const FlightId flight : in) {
      for (const Reply& reply : pairs_.answered(world.pair, side, flight)) {
        if (follow(side, in.without(flight), reply)) return;
      }
    }
    if (in.size() < options_.capacity) {
      for (const Reply& reply : pairs_.retransmissions(world.pair, side)) {
        if (follow(side, in, reply)) return;
      }
    }
    for (const PairMove& move : pairs_.own(world.pair, side)) {
      const bool sends = move.kind == PairMove::Kind::send && !pairs_.flights().at(move.flight).is_pure_ack();
      const bool ends = move.kind == PairMove::Kind::event && move.event == Event::time_wait_timeout &&
                        in.empty() && channels_.at(world.channel[index(side)]).empty();
      if ((sends || ends) && follow(side, in, {move.next, move.step, nullptr})) return;
    }
  }
}

// One pass of backward reachability without the edges: of the worlds in `open` those stay from which no step
// leads into `reaches`. True where none is left, or nothing has changed.
bool Search::narrow(std::vector<std::uint32_t>& open, std::vector<bool>& reaches) {
  const std::size_t before = open.size();
  const auto done = [&](std::uint32_t i) {
    protocol_steps(worlds_.at(i), [&](World next) {
      const std::uint32_t found = worlds_.find(next);
      if (found != Worlds::none && reaches[found]) reaches[i] = true;
      return bool(reaches[i]);
    });
    return bool(reaches[i]);
  };
  open.erase(std::remove_if(open.begin(), open.end(), done), open.end());
  return open.empty() || open.size() == before;
}

// Worlds are gone through from the last to the first, again and again. At first those of `premise` alone,
// which mostly do; where they do not, a way may lead through others.
void Search::check_goal(Property property, std::string_view why, const Condition& premise,
                        const Condition& goal) {
  if (report_.violation) return;
  std::vector<bool> reaches(worlds_.size());
  const auto holds = [&](const Condition& condition, std::uint32_t i) {
    const PairId pair = worlds_.at(i).pair;
    return condition(pairs_.endpoint(pair, Side::a), pairs_.endpoint(pair, Side::b));
  };
  for (std::uint32_t i = 0; i < worlds_.size(); ++i) reaches[i] = holds(goal, i);
  std::vector<std::uint32_t> open;
  for (const bool all : {false, true}) {
    open.clear();
    for (std::uint32_t i = worlds_.size(); i-- > 0;) {
      if (!reaches[i] && (all || holds(premise, i))) open.push_back(i);
    }
    if (open.empty()) return;
    while (!narrow(open, reaches)) {
    }
    if (open.empty()) return;
  }
  open.erase(std::remove_if(open.begin(), open.end(), [&](std::uint32_t i) { return !holds(premise, i); }),
             open.end());
  if (!open.empty()) report_.violation = Violation{property, std::string(why), trace(open.back(), nullptr)};
}

void Search::check_liveness() {
  const auto both_opened = [](const Endpoint& a, const Endpoint& b) { return a.opened && b.opened; };
  const auto settled = [](const Endpoint& a, const Endpoint& b) {
    return (a.established() && b.established()) || failed(a) || failed(b);
  };
  // Where users abort, one side may be left half-open or in LISTEN; but nobody goes on opening for ever.
  if (!scenario_.aborts) {
    check_goal(Property::open_finishes,
               "no more step leads to ESTABLISHED on both sides, nor to a failure told", both_opened,
               settled);
  }
  check_goal(
      Property::open_finishes, "A goes on opening for ever",
      [](const Endpoint& a, const Endpoint&) { return a.opened; },
      [](const Endpoint& a, const Endpoint&) { return !opening(a); });
  check_goal(
      Property::open_finishes, "B goes on opening for ever",
      [](const Endpoint&, const Endpoint& b) { return b.opened; },
      [](const Endpoint&, const Endpoint& b) { return !opening(b); });
  check_goal(
      Property::close_finishes, "both users have closed, and no more step leads to CLOSED on both sides",
      [](const Endpoint& a, const Endpoint& b) { return wants_no_more(a) && wants_no_more(b); },
      [&](const Endpoint& a, const Endpoint& b) {
        if (is_done(a) && is_done(b)) return true;
        return scenario_.aborts && (is_left_behind(a, b) || is_left_behind(b, a));
      });
}

}  // namespace finwait::verification
