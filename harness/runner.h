// A run: rounds of random cases; what they break is shrunk, set aside, and the run goes on.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "harness/worker.h"

namespace finwait {

/// A deviation with the smallest case that shows it.
struct Finding {
  Deviation deviation;
  Case smallest;
  std::uint64_t number = 0;  ///< of the random case in which it was met first
};

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint64_t cases = 20000;  ///< without a time budget: exactly so many, repeatable to the byte
  std::optional<std::chrono::milliseconds> time;  ///< with one: until it is over, or `cases` are played
  std::uint64_t round = 500;                      ///< what is learnt is merged after so many cases
  std::set<Deviation> known;                      ///< set aside from the start
  std::vector<Cell> to_meet;                      ///< cells that cases are led to until each was met
};

struct RunSummary {
  std::uint64_t cases = 0;
  std::uint64_t events = 0;
  std::uint64_t inconclusive = 0;
  std::uint64_t shrink_plays = 0;
  std::uint64_t only_tainted = 0;  ///< deviations that were seen only behind another one in the same case
  bool interrupted = false;
  std::vector<Finding> findings;                    ///< distinct, in the order in which they were met
  std::map<model::Rule, std::uint64_t> advisories;  ///< cases in which a SHOULD was disregarded
  Coverage coverage;
};

/// Called after each round and each finding; false ends the run.
using RunProgress = std::function<bool(const RunSummary&)>;
/// Called for each new distinct finding, at once, so that nothing is lost.
using FindingSink = std::function<void(const Finding&)>;

/// `on_retracted` is called at the end for findings whose script turned out to pass through another's
/// deviation that leaves the state in doubt: they prove nothing of their own and are not in the summary.
RunSummary run(Worker& worker, const RunOptions& options, const FindingSink& on_finding,
               const FindingSink& on_retracted, const RunProgress& progress);

}  // namespace finwait
