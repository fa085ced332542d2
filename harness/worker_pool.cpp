#include "harness/worker_pool.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

namespace finwait {

namespace {

// Small enough that no worker waits long for the last one, large enough that orders cost nothing.
constexpr std::uint64_t slices_a_round = 16, largest_slice = most_ends;

}  // namespace

struct WorkerPool::Slices {
  std::uint64_t first, count, size;

  std::uint64_t number() const { return (count + size - 1) / size; }
  std::uint64_t begin(std::uint64_t slice) const { return first + slice * size; }
  std::uint64_t length(std::uint64_t slice) const { return std::min(size, count - slice * size); }
};

// Has the workers play all slices, each the next one when it is free.
class WorkerPool::Division {
 public:
  Division(std::vector<std::unique_ptr<Worker>>& workers, std::uint64_t seed, const Slices& slices)
      : workers_(workers),
        seed_(seed),
        slices_(slices),
        at_(workers.size(), nothing),
        done_(slices.number()) {}

  std::vector<Round> operator()() {
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) give(worker);
    while (playing_ > 0) {
      wait_for_answers();
      for (std::size_t i = 0; i < polled_.size(); ++i) {
        if (polled_[i].revents != 0) take(who_[i]);
      }
    }
    return std::move(done_);
  }

 private:
  static constexpr std::uint64_t nothing = ~std::uint64_t{0};

  void give(std::size_t worker) {
    at_[worker] = nothing;
    if (next_ == slices_.number()) return;
    at_[worker] = next_++;
    ++playing_;
    workers_[worker]->begin_round(seed_, slices_.begin(at_[worker]), slices_.length(at_[worker]));
  }

  void take(std::size_t worker) {
    if (!workers_[worker]->take_answer()) return;
    done_[at_[worker]] = workers_[worker]->take_round();
    --playing_;
    give(worker);
  }

  void wait_for_answers() {
    polled_.clear();
    who_.clear();
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      if (at_[worker] == nothing) continue;
      polled_.push_back({workers_[worker]->answers(), POLLIN, 0});
      who_.push_back(worker);
    }
    while (poll(polled_.data(), polled_.size(), -1) < 0) {
      if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for a worker");
    }
  }

  std::vector<std::unique_ptr<Worker>>& workers_;
  std::uint64_t seed_;
  Slices slices_;
  std::vector<std::uint64_t> at_;  // the slice that each worker plays
  std::vector<Round> done_;
  std::uint64_t next_ = 0;
  std::size_t playing_ = 0;
  std::vector<pollfd> polled_;
  std::vector<std::size_t> who_;  // the worker of each of these
};

namespace {

// The parts as one worker would have told them.
class Merged {
 public:
  void add(Round&& part) {
    whole_.cases += part.cases;
    whole_.events += part.events;
    whole_.inconclusive += part.inconclusive;
    whole_.coverage.add(part.coverage);
    whole_.ends.insert(whole_.ends.end(), part.ends.begin(), part.ends.end());
    whole_.advisories.resize(std::max(whole_.advisories.size(), part.advisories.size()));
    for (std::size_t i = 0; i < part.advisories.size(); ++i) whole_.advisories[i] += part.advisories[i];
    for (Sighting& sighting : part.sightings) {
      if (seen_.contains({sighting.deviation, false})) continue;
      if (!seen_.insert({sighting.deviation, sighting.tainted}).second) continue;
      whole_.sightings.push_back(std::move(sighting));
    }
  }
  Round take() { return std::move(whole_); }

 private:
  Round whole_;
  std::set<std::pair<Deviation, bool>> seen_;  // and whether behind another one
};

}  // namespace

WorkerPool::WorkerPool(const AdapterFactory& adapter, CaseSource& source, unsigned workers) {
  for (unsigned i = 0; i < std::max(workers, 1u); ++i)
    workers_.push_back(std::make_unique<Worker>(adapter, source));
}

Round WorkerPool::divided(std::uint64_t seed, const Slices& slices) {
  Merged merged;
  for (Round& part : Division(workers_, seed, slices)()) merged.add(std::move(part));
  return merged.take();
}

Round WorkerPool::round(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  return divided(seed, {first, count, std::clamp<std::uint64_t>(count / slices_a_round, 1, largest_slice)});
}

Round WorkerPool::round_of_waiting(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  return divided(seed, {first, count, 1});
}

std::vector<std::optional<Hit>> WorkerPool::hits(const CaseSetup& setup, std::span<const Events> candidates,
                                                 const Wanted& wanted) {
  std::vector<std::future<std::optional<Hit>>> played;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    played.push_back(std::async(std::launch::async,
                                [&, i] { return workers_[i]->first_hit(setup, {candidates[i]}, wanted); }));
  }
  std::vector<std::optional<Hit>> all;
  for (auto& one_played : played) all.push_back(one_played.get());
  return all;
}

std::optional<Hit> WorkerPool::first_hit(const CaseSetup& setup, const std::vector<Events>& candidates,
                                         const Wanted& wanted) {
  const std::span<const Events> all(candidates);
  for (std::size_t done = 0; done < all.size(); done += workers_.size()) {
    const auto part = hits(setup, all.subspan(done, std::min(workers_.size(), all.size() - done)), wanted);
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i]) return Hit{done + i, part[i]->played};
    }
  }
  return std::nullopt;
}

bool WorkerPool::shows(const Case& given, const Wanted& wanted, int times) {
  for (int left = times; left > 0;) {
    const std::size_t now = std::min(workers_.size(), static_cast<std::size_t>(left));
    const auto part = hits(given.setup, std::vector<Events>(now, given.events), wanted);
    if (!std::all_of(part.begin(), part.end(), [](const auto& hit) { return hit.has_value(); })) return false;
    left -= static_cast<int>(now);
  }
  return true;
}

void WorkerPool::remember(const std::set<Deviation>& known, const std::set<Deviation>& passed_over) {
  for (const auto& worker : workers_) worker->remember(known, passed_over);
}

void WorkerPool::steer(const std::vector<Cell>& missing) {
  for (const auto& worker : workers_) worker->steer(missing);
}

unsigned default_workers() {
  return std::max(std::thread::hardware_concurrency(), 1u);
}

}  // namespace finwait
