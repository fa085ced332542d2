#include "harness/runner.h"

#include <algorithm>

#include "harness/shrink.h"

namespace finwait {

namespace {

// A deviation that was seen only behind others is tried so often before it is left alone.
constexpr int most_tries = 3;

class Run {
 public:
  Run(Worker& worker, const RunOptions& options, const FindingSink& on_finding,
      const FindingSink& on_retracted, const RunProgress& progress)
      : worker_(worker),
        options_(options),
        on_finding_(on_finding),
        on_retracted_(on_retracted),
        progress_(progress),
        known_(options.known),
        passed_over_(options.known) {}

  RunSummary operator()() {
    const auto start = std::chrono::steady_clock::now();
    const auto in_time = [&] {
      return !options_.time || std::chrono::steady_clock::now() - start < *options_.time;
    };
    while (summary_.cases < options_.cases && in_time() && !summary_.interrupted) {
      const std::uint64_t count = std::min(options_.round, options_.cases - summary_.cases);
      worker_.remember(known_, passed_over_);
      worker_.steer(summary_.coverage.missing(options_.to_meet));
      take(worker_.round(options_.seed, summary_.cases, count));
      if (!progress_(summary_)) summary_.interrupted = true;
    }
    retract();
    return std::move(summary_);
  }

 private:
  void take(const Round& round) {
    summary_.cases += round.cases;
    summary_.events += round.events;
    summary_.inconclusive += round.inconclusive;
    summary_.coverage.add(round.coverage);
    for (const model::RuleText& rule : model::rules()) {
      const std::uint64_t bit = model::advisory_bit(rule.rule);
      for (std::size_t i = 0; bit != 0 && i < round.advisories.size(); ++i) {
        if ((bit >> i) == 1 && round.advisories[i] > 0) summary_.advisories[rule.rule] += round.advisories[i];
      }
    }
    for (const Sighting& sighting : round.sightings) {
      if (summary_.interrupted) return;
      look_into(sighting);
    }
  }

  // Shrinks what was seen; a deviation that shrinks to one already known is the same one.
  void look_into(const Sighting& sighting) {
    if (passed_over_.contains(sighting.deviation)) return;
    const Wanted wanted{sighting.deviation.rule, sighting.deviation.state};
    const Shrunk shrunk = shrink(sighting.found, wanted, worker_.first_hit());
    summary_.shrink_plays += shrunk.plays;
    if (!shrunk.found) {
      if (++tries_[sighting.deviation] >= most_tries) {
        passed_over_.insert(sighting.deviation);
        ++summary_.only_tainted;
      }
      return;
    }
    passed_over_.insert(sighting.deviation);
    if (shrunk.deviation != sighting.deviation && !passed_over_.insert(shrunk.deviation).second) return;
    known_.insert(shrunk.deviation);
    worker_.remember(known_, passed_over_);
    summary_.findings.push_back({shrunk.deviation, shrunk.smallest, sighting.number});
    on_finding_(summary_.findings.back());
    if (!progress_(summary_)) summary_.interrupted = true;
  }

  // Findings that were made before the deviation was known on which they rest.
  void retract() {
    std::set<Deviation> kept = options_.known;
    for (const Finding& finding : summary_.findings) kept.insert(finding.deviation);
    worker_.remember(kept);
    std::vector<Finding> findings;
    for (const Finding& finding : summary_.findings) {
      if (worker_.play(finding.smallest, finding.deviation.rule).doubtful) {
        on_retracted_(finding);
        ++summary_.only_tainted;
      } else {
        findings.push_back(finding);
      }
    }
    summary_.findings = std::move(findings);
  }

  Worker& worker_;
  const RunOptions& options_;
  const FindingSink& on_finding_;
  const FindingSink& on_retracted_;
  const RunProgress& progress_;
  RunSummary summary_;
  std::set<Deviation> known_;        ///< shown by a case in which they come first
  std::set<Deviation> passed_over_;  ///< looked into already
  std::map<Deviation, int> tries_;
};

}  // namespace

RunSummary run(Worker& worker, const RunOptions& options, const FindingSink& on_finding,
               const FindingSink& on_retracted, const RunProgress& progress) {
  return Run(worker, options, on_finding, on_retracted, progress)();
}

}  // namespace finwait
