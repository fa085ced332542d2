#include "harness/hunt.h"

#include <algorithm>
#include <utility>

#include "harness/shrink.h"

namespace finwait {

namespace {

// What does not show in a case of its own is tried so often before it is left alone.
constexpr int most_tries = 3;
// For what is seen in cases that wait: a run has to come to an end.
constexpr auto longest_look = std::chrono::seconds(30);

HuntState fresh(const std::set<Deviation>& known) {
  HuntState state;
  state.known = state.passed_over = known;
  return state;
}

}  // namespace

std::set<Deviation> HuntState::shown() const {
  std::set<Deviation> all = known;
  for (const Finding& finding : summary.findings) all.insert(finding.deviation);
  return all;
}

Hunt::Hunt(const std::set<Deviation>& known, FindingSink on_finding, FindingSink on_retracted,
           RunProgress progress)
    : Hunt(fresh(known), std::move(on_finding), std::move(on_retracted), std::move(progress)) {}

Hunt::Hunt(HuntState state, FindingSink on_finding, FindingSink on_retracted, RunProgress progress)
    : on_finding_(std::move(on_finding)),
      on_retracted_(std::move(on_retracted)),
      progress_(std::move(progress)),
      state_(std::move(state)) {
  state_.summary.interrupted = false;
}

void Hunt::tell_progress() {
  if (!progress_(state_.summary)) state_.summary.interrupted = true;
}

Round Hunt::round(std::uint64_t seed, std::uint64_t first, std::uint64_t cases) {
  workers_->remember(state_.shown(), state_.passed_over);
  return take(workers_->round(seed, first, cases));
}

Round Hunt::round_of_waiting(std::uint64_t seed, std::uint64_t first, std::uint64_t cases) {
  workers_->remember(state_.shown(), state_.passed_over);
  waiting_ = true;
  Round round = workers_->round_of_waiting(seed, first, cases);
  leave_tainted(round);
  // The later a waiting case, the less it waits.
  std::reverse(round.sightings.begin(), round.sightings.end());
  until_ = std::chrono::steady_clock::now() + longest_look;
  round = take(std::move(round));
  waiting_ = false;
  return round;
}

void Hunt::leave_tainted(Round& round) {
  std::erase_if(round.sightings, [&](const Sighting& sighting) {
    if (sighting.tainted) state_.tries[{sighting.deviation, true}] = most_tries;
    return sighting.tainted;
  });
}

Round Hunt::take(Round round) {
  count(round);
  std::move(round.sightings.begin(), round.sightings.end(), std::back_inserter(state_.waiting));
  round.sightings.clear();
  look_into_waiting();
  tell_progress();
  return round;
}

void Hunt::count(const Round& round) {
  RunSummary& summary = state_.summary;
  summary.cases += round.cases;
  summary.events += round.events;
  summary.inconclusive += round.inconclusive;
  summary.coverage.add(round.coverage);
  for (const model::RuleText& rule : model::rules()) {
    const std::uint64_t bit = model::advisory_bit(rule.rule);
    for (std::size_t i = 0; bit != 0 && i < round.advisories.size(); ++i) {
      if ((bit >> i) == 1 && round.advisories[i] > 0) summary.advisories[rule.rule] += round.advisories[i];
    }
  }
}

void Hunt::look_into_waiting() {
  if (!state_.waiting.empty()) workers_->remember(state_.shown(), state_.passed_over);
  std::size_t done = 0;
  for (; done < state_.waiting.size() && !interrupted(); ++done) look_into(state_.waiting[done]);
  state_.waiting.erase(state_.waiting.begin(), state_.waiting.begin() + static_cast<std::ptrdiff_t>(done));
}

Shrunk Hunt::smallest_of(const Case& found, const Wanted& wanted) {
  if (!waiting_) return shrink(found, wanted, workers_->one().first_hit());
  constexpr std::size_t most_plays = 1500, at_once = 192;
  // What takes long is not shrunk but reported as it is.
  static constexpr auto longest_play = std::chrono::seconds(5);
  bool slow = false;
  const FirstHit all_together = [this, &slow](const auto&... given) {
    if (late() || slow) return std::optional<Hit>();
    const auto begun = std::chrono::steady_clock::now();
    std::optional<Hit> hit = workers_->first_hit(given...);
    slow = std::chrono::steady_clock::now() - begun > longest_play;
    return hit;
  };
  return shrink(found, wanted, all_together, most_plays, at_once);
}

// Shrinks what was seen; a deviation that shrinks to one already known is the same one.
void Hunt::look_into(const Sighting& sighting) {
  if (state_.passed_over.contains(sighting.deviation)) return;
  if (waiting_ && late()) {
    ++state_.summary.left_alone;
    return;
  }
  // Behind others it may come to nothing for ever, and yet be seen where nothing goes before it.
  int& tries = state_.tries[{sighting.deviation, sighting.tainted}];
  if (tries >= most_tries) return;
  const Wanted wanted{sighting.deviation.rule, sighting.deviation.state};
  const Shrunk shrunk = smallest_of(sighting.found, wanted);
  state_.summary.shrink_plays += shrunk.plays;
  if (!shrunk.found || !workers_->shows(shrunk.smallest, wanted, confirmations_)) {
    ++tries;
    return;
  }
  state_.passed_over.insert(sighting.deviation);
  const bool is_new = shrunk.deviation == sighting.deviation ||  //
                      state_.passed_over.insert(shrunk.deviation).second;
  if (!is_new) return;
  state_.summary.findings.push_back({shrunk.deviation, shrunk.smallest, sighting.number});
  workers_->remember(state_.shown(), state_.passed_over);
  on_finding_(state_.summary.findings.back());
  tell_progress();
}

// Some findings were made before the deviation was known on which they rest.
void Hunt::finish() {
  workers_->remember(state_.shown());
  std::set<Deviation> unproved;
  for (const auto& [tried, times] : state_.tries) {
    if (!state_.passed_over.contains(tried.first)) unproved.insert(tried.first);
  }
  state_.summary.only_tainted = unproved.size();
  std::vector<Finding> findings;
  for (const Finding& finding : state_.summary.findings) {
    if (workers_->one().play(finding.smallest, finding.deviation.rule).doubtful) {
      on_retracted_(finding);
      ++state_.summary.only_tainted;
    } else {
      findings.push_back(finding);
    }
  }
  state_.summary.findings = std::move(findings);
}

}  // namespace finwait
