// How a world was reached, line by line.
#include <fmt/format.h>

#include <algorithm>

#include "verification/successors.h"

namespace finwait::verification {

namespace {

char letter(Side side) {
  return side == Side::a ? 'A' : 'B';
}

std::string_view words(Event event, const Endpoint& before) {
  switch (event) {
    case Event::open: return "OPEN";
    case Event::give: return "SEND of one octet";
    case Event::close: return "CLOSE";
    case Event::abort: return "ABORT";
    case Event::user_timeout: return "user time-out";
    case Event::time_wait_timeout: return "TIME-WAIT time-out";
  }
  (void)before;
  return {};
}

std::string news(const LocalStep& step, char user) {
  std::string text;
  const auto add = [&](bool told, std::string_view what) {
    if (told) text += fmt::format("; {} {}", user, what);
  };
  add(step.told.opened, "is told: open");
  add(step.told.octet, "reads the octet");
  add(step.told.eof, "reads the end of the stream");
  add(step.told.failed, "is told: failed");
  return text;
}

}  // namespace

std::string Search::line(const Move& move) {
  const Flights& flights = pairs_.flights();
  if (move.pair == nullptr)
    return fmt::format("{} > {} is lost", letter(move.side), notation(flights.at(move.flight)));
  const PairMove& pair = *move.pair;
  const char mover = letter(pair.side), peer = letter(other(pair.side));
  std::string text;
  switch (pair.kind) {
    case PairMove::Kind::deliver:
      text = fmt::format("{} < {}", mover, notation(flights.at(move.flight)));
      text += move.just_sent ? fmt::format(" just sent by {}", peer)
              : move.stays   ? " sent before, twice"
                             : " sent before";
      break;
    case PairMove::Kind::send: text = fmt::format("{} >", mover); break;
    case PairMove::Kind::event:
      text = fmt::format("{} {}", mover, words(pair.event, pairs_.endpoint(pair.next, pair.side)));
      break;
  }
  const bool answers = pair.kind != PairMove::Kind::send;
  for (const FlightId flight : pair.step->sent)
    text += fmt::format("{} {}", answers ? fmt::format("; {} >", mover) : "", notation(flights.at(flight)));
  text += news(*pair.step, mover);
  for (const FlightId flight : move.left)
    text += fmt::format("; {} > {} sent before this", mover, notation(flights.at(flight)));
  return text;
}

std::string Search::trace(std::uint32_t from, const World* to) {
  std::vector<std::uint32_t> road;
  for (std::uint32_t i = from; i != Worlds::none; i = worlds_.parent(i)) road.push_back(i);
  std::reverse(road.begin(), road.end());
  std::string text;
  int number = 0;
  const auto row = [&](const std::string& what, PairId pair) {
    text +=
        fmt::format("{:4}  {:12} {:12}  {}\n", number++, model::name(pairs_.endpoint(pair, Side::a).h.state),
                    model::name(pairs_.endpoint(pair, Side::b).h.state), what);
  };
  text += fmt::format("      {:12} {}\n", "A", "B");
  row("", worlds_.at(road.front()).pair);
  const auto explain = [&](World before, World after, bool broken) {
    bool found = false;
    successors(before, [&](World next, const Move& move) {
      const bool breaks = move.pair != nullptr && move.pair->broken != Property::none;
      if (found || next.key() != after.key() ||
          (broken && !breaks && pairs_.broken(next.pair) == Property::none))
        return;
      found = true;
      row(line(move), after.pair);
    });
  };
  for (std::size_t i = 1; i < road.size(); ++i) explain(worlds_.at(road[i - 1]), worlds_.at(road[i]), false);
  if (to != nullptr) explain(worlds_.at(from), *to, true);
  return text;
}

}  // namespace finwait::verification
