#include "verification/pairs.h"

#include <fmt/format.h>

#include <algorithm>

#include "verification/spent.h"

namespace finwait::verification {

using model::le;
using model::State;

namespace {

std::uint64_t key_of(PairId id, Side side, FlightId flight) {
  return static_cast<std::uint64_t>(id) << 32 | index(side) << 16 | flight;
}

}  // namespace

Pairs::Pairs(const Scenario& scenario, const Options& options)
    : scenario_(scenario),
      options_(options),
      endpoints_{Endpoints{Side::a, scenario.a_actively, options.fault, options.plain, flights_},
                 Endpoints{Side::b, true, options.fault, options.plain, flights_}} {
  const EndpointId a = endpoints(Side::a).intern(Endpoint{}), b = endpoints(Side::b).intern(Endpoint{});
  intern(a, b);
}

PairId Pairs::intern(EndpointId a, EndpointId b) {
  const auto [found, added] = ids_.try_emplace(static_cast<std::uint32_t>(a) << 16 | b);
  if (!added) return found->second;
  found->second = static_cast<PairId>(pairs_.size());
  Entry& entry = pairs_.emplace_back();
  entry.endpoint = {a, b};
  for (const Side side : {Side::a, Side::b}) {
    const EndpointId each = entry.endpoint[index(side)];
    for (std::size_t whose = 0; whose < 2; ++whose)
      entry.incarnations[whose] =
          static_cast<std::uint8_t>(entry.incarnations[whose] | endpoints(side).incarnations(each)[whose]);
    entry.records[index(side)] = endpoints(side).record(each);
  }
  judge(entry);
  return found->second;
}

PairId Pairs::beside(PairId id, Side side, EndpointId next) {
  const auto& both = pairs_[id].endpoint;
  return side == Side::a ? intern(next, both[1]) : intern(both[0], next);
}

PairId Pairs::renamed(PairId id, std::array<std::uint8_t, 2> alive) {
  return intern(endpoints(Side::a).renamed(at(id, Side::a), alive),
                endpoints(Side::b).renamed(at(id, Side::b), alive));
}

bool Pairs::forgotten(PairId id, Side side, FlightId flight) {
  Entry& entry = pairs_[id];
  FlightSet& known = entry.known[index(side)];
  FlightSet& result = entry.forgotten[index(side)];
  if (!known.test(flight)) {
    known.set(flight);
    result.set(flight, endpoints(side).repeat_set(at(id, side)).test(flight) ||
                           spent(flights_.at(flight), side, endpoint(id, side), endpoint(id, other(side))));
  }
  return result.test(flight);
}

// ---- moves ------------------------------------------------------------------------------------------

PairMove Pairs::move(PairId id, Side side, const LocalStep& step) {
  PairMove move;
  move.side = side;
  move.step = &step;
  move.next = beside(id, side, step.next);
  move.broken = step.broken;
  move.why = step.why;
  for (const FlightId flight : step.left) {
    if (!forgotten(move.next, side, flight)) move.left.push_back(flight);
  }
  judge(move);
  return move;
}

// Moves that lead to the same are one.
void Pairs::append(std::vector<PairMove>& moves, PairMove move) {
  const bool same = std::any_of(moves.begin(), moves.end(), [&](const PairMove& m) {
    return m.next == move.next && m.step->sent == move.step->sent && m.broken == move.broken &&
           m.kind == move.kind;
  });
  if (!same) moves.push_back(std::move(move));
}

const Deliveries& Pairs::delivered(PairId id, Side side, FlightId flight) {
  const std::uint64_t key = key_of(id, side, flight);
  const auto [found, added] = delivered_.try_emplace(key);
  if (!added) return found->second;
  Deliveries result;
  for (const LocalStep& step : endpoints(side).delivered(at(id, side), flight)) {
    PairMove next = move(id, side, step);
    next.flight = flight;
    const bool nothing = next.next == id && step.sent.empty() && step.broken == Property::none;
    if (nothing) {
      result.ignored = true;
    } else {
      append(result.moves, std::move(next));
    }
  }
  return delivered_[key] = std::move(result);
}

const std::vector<PairMove>& Pairs::exchanges(PairId id, Side side) {
  if (pairs_[id].exchanges_known[index(side)]) return pairs_[id].exchanges[index(side)];
  std::vector<PairMove> moves;
  for (const FlightId flight : endpoints(other(side)).repeats(at(id, other(side)))) {
    for (const PairMove& each : delivered(id, side, flight).moves) append(moves, each);
  }
  pairs_[id].exchanges_known[index(side)] = true;
  return pairs_[id].exchanges[index(side)] = std::move(moves);
}

const std::vector<PairMove>& Pairs::own(PairId id, Side side) {
  if (pairs_[id].own_known[index(side)]) return pairs_[id].own[index(side)];
  std::vector<PairMove> moves;
  const auto add = [&](const LocalStep& step, PairMove::Kind kind, FlightId flight, Event event) {
    PairMove next = move(id, side, step);
    next.kind = kind;
    next.flight = flight;
    next.event = event;
    moves.push_back(std::move(next));
  };
  const EndpointId self = at(id, side);
  for (const LocalStep& step : endpoints(side).sends(self))
    add(step, PairMove::Kind::send, step.sent.front(), Event::open);
  if (!options_.reduced) {
    for (const LocalStep& step : endpoints(side).repeat_steps(self))
      add(step, PairMove::Kind::send, step.sent.front(), Event::open);
  }
  for (std::size_t i = 0; i < event_count; ++i) {
    const auto event = static_cast<Event>(i);
    if (!scenario_.aborts && (event == Event::abort || event == Event::user_timeout)) continue;
    for (const LocalStep& step : endpoints(side).on(self, event)) add(step, PairMove::Kind::event, 0, event);
  }
  pairs_[id].own_known[index(side)] = true;
  return pairs_[id].own[index(side)] = std::move(moves);
}

const std::vector<Reply>& Pairs::answered(PairId id, Side side, FlightId flight) {
  const auto [found, added] = answered_.try_emplace(key_of(id, side, flight));
  if (!added) return found->second;
  std::vector<Reply> replies;
  const Side peer = other(side);
  for (const LocalStep& step : endpoints(side).delivered(at(id, side), flight)) {
    const PairId next = beside(id, side, step.next);
    replies.push_back({next, &step, nullptr});
    if (!step.answers) continue;
    const PairId sent = beside(id, side, step.answered);
    for (const LocalStep& second : endpoints(peer).delivered(at(id, peer), step.answer))
      replies.push_back({beside(sent, peer, second.next), &step, &second});
  }
  return answered_[key_of(id, side, flight)] = std::move(replies);
}

const std::vector<Reply>& Pairs::retransmissions(PairId id, Side side) {
  const auto [found, added] = retransmissions_.try_emplace(key_of(id, side, 0));
  if (!added) return found->second;
  std::vector<Reply> replies;
  for (const FlightId flight : endpoints(other(side)).repeats(at(id, other(side)))) {
    if (flights_.at(flight).is_pure_ack()) continue;  // not owed
    for (const Reply& reply : answered(id, side, flight)) {
      const bool changes = reply.next != id || !reply.step->sent.empty();
      const bool known = std::any_of(replies.begin(), replies.end(), [&](const Reply& r) {
        return r.next == reply.next && r.step == reply.step && r.second == reply.second;
      });
      if (changes && !known) replies.push_back(reply);
    }
  }
  return retransmissions_[key_of(id, side, 0)] = std::move(replies);
}

// ---- safety -----------------------------------------------------------------------------------------

namespace {

bool same_incarnation(Mark one, Mark two) {
  return one != 0 && two != 0 && incarnation(one) == incarnation(two);
}

// RCV.NXT lies in [peer's SND.UNA, peer's SND.NXT], and IRS is the peer's ISS.
bool agrees(const Endpoint& one, const Endpoint& peer) {
  return one.h.irs == peer.h.iss && le(peer.h.snd_una, one.h.rcv_nxt) && le(one.h.rcv_nxt, peer.h.snd_nxt);
}

}  // namespace

void Pairs::judge(Entry& entry) {
  for (const Side side : {Side::a, Side::b}) {
    const Endpoint& one = endpoints(side).at(entry.endpoint[index(side)]);
    const Endpoint& peer = endpoints(other(side)).at(entry.endpoint[index(other(side))]);
    const bool both = one.h.state == State::established && peer.h.state == State::established;
    if (both && !agrees(one, peer)) {
      entry.broken = Property::numbers_agree;
      entry.why = fmt::format("RCV.NXT of {} does not lie between SND.UNA and SND.NXT of the other",
                              side == Side::a ? 'A' : 'B');
    }
    const Mark most = endpoints(side).most_ack(entry.endpoint[index(side)]);
    if (same_incarnation(most, peer.record.sent_end) && offset(most) > offset(peer.record.sent_end)) {
      entry.broken = Property::no_ack_of_what_was_not_sent;
      entry.why = fmt::format("{} may acknowledge {}, and only numbers below {} were sent",
                              side == Side::a ? 'A' : 'B', offset(most), offset(peer.record.sent_end));
    }
  }
}

void Pairs::judge(PairMove& move) {
  if (move.broken != Property::none || !move.step->told.eof) return;
  const Endpoint& reader = endpoint(move.next, move.side);
  const Endpoint& giver = endpoint(move.next, other(move.side));
  const Mark irs = mark_of(other(move.side), reader.h.irs);
  if (!same_incarnation(irs, giver.record.sent_end)) return;
  const model::Seq read = move.step->read;
  if (read == giver.record.given) return;
  move.broken = Property::nothing_lost_before_eof;
  move.why = fmt::format("the end of the stream is told after {} octets, and {} were given", read,
                         giver.record.given);
}

}  // namespace finwait::verification
