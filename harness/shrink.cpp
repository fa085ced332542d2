#include "harness/shrink.h"

#include <rapidcheck.h>

#include <algorithm>

namespace finwait {

namespace {

// So many are tried near a case that rests on something doubtful.
constexpr std::size_t most_near = 600;

// Simpler forms of one event, the simplest first. No form may lead back to where it came from.
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
    add([](Event& e) { e.seq_offset = std::clamp(e.seq_offset, -1, 1); });
    add([](Event& e) { e.seq_offset /= 2; });
    add([](Event& e) { e.seq_offset += e.seq_offset > 0 ? -1 : e.seq_offset < 0 ? 1 : 0; });
    add([](Event& e) {
      e.ack_base = AckBase::snd_nxt;
      e.ack_offset = 0;
    });
    add([](Event& e) { e.ack_offset = 0; });
    add([](Event& e) { e.ack_offset = std::clamp(e.ack_offset, -1, 1); });
    add([](Event& e) { e.ack_offset /= 2; });
    add([](Event& e) { e.wnd = 65535; });
    add([](Event& e) {
      if (e.wnd != 65535) e.wnd = 0;
    });
    add([](Event& e) {
      if (e.wnd != 65535) e.wnd = static_cast<std::uint16_t>(e.wnd / 2);
    });
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
  if (event.kind == EventKind::receive) add([](Event& e) { e.count = 65535; });
  if (event.kind == EventKind::send || (event.kind == EventKind::receive && event.count != 65535)) {
    add([](Event& e) { e.count = std::min(e.count, 1u); });
    add([](Event& e) { e.count = std::max(e.count / 2, std::min(e.count, 1u)); });
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

rc::Seq<Events> without_chunks(const Events& events) {
  return rc::shrink::removeChunks(events);
}

class Shrinking {
 public:
  Shrinking(const Case& found, const Wanted& wanted, const FirstHit& first_hit, std::size_t most_plays,
            std::size_t at_once)
      : wanted_(wanted), first_hit_(first_hit), most_plays_(most_plays), at_once_(at_once) {
    shrunk_.smallest = found;
  }

  Shrunk operator()() {
    const Events events = shrunk_.smallest.events;
    const bool as_it_is = accept_one_of(rc::seq::just(events), 1);
    // Tainted: somewhere near, a case may break the rule before any other.
    if (!as_it_is &&
        !accept_one_of(rc::seq::concat(without_chunks(events), without_pairs(events)), most_near)) {
      return shrunk_;
    }
    // Fewer events first, then simpler ones: each pass goes as far as it leads.
    for (bool again = true; again && left() > 0;) {
      descend(without_chunks);
      again = descend(with_simpler_events);
      again = descend(without_pairs) || again;
    }
    return shrunk_;
  }

 private:
  using Smaller = rc::Seq<Events> (*)(const Events&);

  std::size_t left() const { return most_plays_ - std::min(most_plays_, shrunk_.plays); }

  bool descend(Smaller smaller) {
    bool changed = false;
    while (accept_one_of(smaller(shrunk_.smallest.events), left())) changed = true;
    return changed;
  }

  // Plays at most so many of the candidates; the first hit becomes the smallest.
  bool accept_one_of(rc::Seq<Events> candidates, std::size_t most) {
    std::vector<Events> batch;
    for (most = std::min(most, left()); most > 0; most -= batch.size()) {
      batch.clear();
      while (batch.size() < std::min(most, at_once_)) {
        auto candidate = candidates.next();
        if (!candidate) break;
        batch.push_back(std::move(*candidate));
      }
      if (batch.empty()) return false;
      const std::optional<Hit> hit = first_hit_(shrunk_.smallest.setup, batch, wanted_);
      shrunk_.plays += hit ? hit->index + 1 : batch.size();
      if (hit) return accept(std::move(batch[hit->index]), hit->played);
    }
    return false;
  }

  // Events behind the failing one are cut off.
  bool accept(Events events, const Played& played) {
    events.resize(played.events);
    shrunk_.smallest.events = std::move(events);
    shrunk_.deviation = played.deviation;
    return shrunk_.found = true;
  }

  const Wanted& wanted_;
  const FirstHit& first_hit_;
  std::size_t most_plays_, at_once_;
  Shrunk shrunk_;
};

}  // namespace

Shrunk shrink(const Case& found, const Wanted& wanted, const FirstHit& first_hit, std::size_t most_plays,
              std::size_t at_once) {
  return Shrinking(found, wanted, first_hit, most_plays, at_once)();
}

}  // namespace finwait
