#include "harness/shrink.h"

#include <rapidcheck.h>

namespace finwait {

namespace {

using Events = std::vector<Event>;

// Simpler forms of one event, the simplest first.
std::vector<Event> simpler(const Event& event) {
  std::vector<Event> forms;
  const auto add = [&](auto change) {
    Event form = event;
    change(form);
    if (form != event) forms.push_back(form);
  };
  if (event.kind == EventKind::segment) {
    add([](Event& e) { e.bad_checksum = false; });
    add([](Event& e) { e.len = 0; });
    add([](Event& e) { e.len = std::min<std::uint16_t>(e.len, 1); });
    add([](Event& e) { e.len = static_cast<std::uint16_t>(e.len / 2); });
    add([](Event& e) {
      if (e.len > 0) --e.len;
    });
    for (const std::uint8_t flag : {model::PSH, model::FIN, model::RST, model::SYN}) {
      add([&](Event& e) { e.flags = static_cast<std::uint8_t>(e.flags & ~flag); });
    }
    add([](Event& e) {
      e.seq_base = SeqBase::rcv_nxt;
      e.seq_offset = 0;
    });
    add([](Event& e) { e.seq_offset = 0; });
    add([](Event& e) { e.seq_offset = e.seq_offset > 0 ? 1 : -1; });
    add([](Event& e) { e.seq_offset /= 2; });
    add([](Event& e) { e.seq_offset += e.seq_offset > 0 ? -1 : e.seq_offset < 0 ? 1 : 0; });
    add([](Event& e) {
      e.ack_base = AckBase::snd_nxt;
      e.ack_offset = 0;
    });
    add([](Event& e) { e.ack_offset = 0; });
    add([](Event& e) { e.ack_offset = e.ack_offset > 0 ? 1 : -1; });
    add([](Event& e) { e.ack_offset /= 2; });
    add([](Event& e) { e.wnd = 65535; });
    add([](Event& e) {
      if (e.wnd != 65535) e.wnd = 0;
    });
    add([](Event& e) { e.wnd = static_cast<std::uint16_t>(e.wnd / 2); });
    add([](Event& e) {
      if (e.mss != 0) e.mss = 1460;
    });
    add([](Event& e) {
      if (e.mss != 1460) e.mss = 0;
    });
  }
  if (event.kind == EventKind::wait) {
    add([](Event& e) {
      e.wait_base = WaitBase::zero;
      e.wait_ms = std::clamp(e.wait_ms, 0, 1000);
    });
    add([](Event& e) { e.wait_ms = e.wait_ms / 1000 * 1000; });
    add([](Event& e) { e.wait_ms /= 2; });
    add([](Event& e) {
      if (e.wait_ms > 1000) e.wait_ms -= 1000;
    });
  }
  if (event.kind == EventKind::send || event.kind == EventKind::receive) {
    const bool receives = event.kind == EventKind::receive;
    add([&](Event& e) { e.count = receives ? 65535 : 1; });
    add([](Event& e) { e.count = std::max<std::uint32_t>(e.count / 2, 1); });
    add([](Event& e) {
      if (e.count > 1) --e.count;
    });
  }
  return forms;
}

rc::Seq<Events> without_pairs(const Events& events) {
  const std::size_t n = events.size();
  if (n < 2) return {};
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) pairs.emplace_back(i, j);
  }
  return rc::seq::map(rc::seq::fromContainer(std::move(pairs)), [events](const auto& pair) {
    Events rest;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i != pair.first && i != pair.second) rest.push_back(events[i]);
    }
    return rest;
  });
}

rc::Seq<Events> with_simpler_events(const Events& events) {
  std::vector<std::pair<std::size_t, Event>> changes;
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (const Event& form : simpler(events[i])) changes.emplace_back(i, form);
  }
  return rc::seq::map(rc::seq::fromContainer(std::move(changes)), [events](const auto& change) {
    Events changed = events;
    changed[change.first] = change.second;
    return changed;
  });
}

using Smaller = rc::Seq<Events> (*)(const Events&);

rc::Seq<Events> without_chunks(const Events& events) {
  return rc::shrink::removeChunks(events);
}

bool same(const Played& played, const Deviation& deviation, bool any_state) {
  return played.outcome == Outcome::fail && !played.doubtful && played.deviation.rule == deviation.rule &&
         (any_state || played.deviation.state == deviation.state);
}

}  // namespace

Shrunk shrink(const Case& found, const Deviation& deviation, const PlayCase& play, std::size_t most_plays,
              bool any_state) {
  Shrunk shrunk{found, deviation, false, 0};
  const auto accept = [&](const Events& events) {
    ++shrunk.plays;
    Case candidate{found.setup, events};
    const Played played = play(candidate);
    if (!same(played, deviation, any_state)) return false;
    candidate.events.resize(played.events);
    shrunk.smallest = std::move(candidate);
    shrunk.deviation = played.deviation;
    return shrunk.found = true;
  };
  if (!accept(found.events)) {
    // Tainted: somewhere near, a case may break the rule before any other.
    auto near = rc::seq::concat(rc::shrink::removeChunks(found.events), without_pairs(found.events));
    while (!shrunk.found && shrunk.plays < 600) {
      const auto candidate = near.next();
      if (!candidate) return shrunk;
      accept(*candidate);
    }
    if (!shrunk.found) return shrunk;
  }
  // Fewer events first, then simpler ones: each pass goes down its own tree as far as it leads.
  const auto descend = [&](Smaller smaller) {
    auto tree = rc::shrinkable::shrinkRecur(shrunk.smallest.events, smaller);
    auto shrinks = tree.shrinks();
    bool changed = false;
    while (shrunk.plays < most_plays) {
      const auto next = shrinks.next();
      if (!next) break;
      if (!accept(next->value())) continue;
      changed = true;
      // Events behind the failing one were cut off: go on from what is left.
      tree = rc::shrinkable::shrinkRecur(shrunk.smallest.events, smaller);
      shrinks = tree.shrinks();
    }
    return changed;
  };
  bool again = true;
  while (again && shrunk.plays < most_plays) {
    descend(without_chunks);
    again = descend(with_simpler_events);
    again = descend(without_pairs) || again;
  }
  return shrunk;
}

}  // namespace finwait
