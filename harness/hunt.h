// A hunt: rounds of cases bring sightings, and each new deviation is shrunk and set aside.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "harness/worker_pool.h"

namespace finwait {

/// A deviation with the smallest case that shows it.
struct Finding {
  Deviation deviation;
  Case smallest;
  std::uint64_t number = 0;  ///< of the case in which it was met first
};

struct RunSummary {
  std::uint64_t cases = 0;
  std::uint64_t events = 0;
  std::uint64_t inconclusive = 0;
  std::uint64_t shrink_plays = 0;
  std::uint64_t only_tainted = 0;  ///< deviations that were seen only behind another one in the same case
  std::uint64_t left_alone = 0;    ///< seen in cases that wait, and not looked into for lack of time
  bool interrupted = false;
  std::vector<Finding> findings;                    ///< distinct, in the order in which they were met
  std::map<model::Rule, std::uint64_t> advisories;  ///< cases in which a SHOULD was disregarded
  Coverage coverage;
};

/// Called after each round and each finding; false ends the run.
using RunProgress = std::function<bool(const RunSummary&)>;
/// Called for each new distinct finding, at once, so that nothing is lost.
using FindingSink = std::function<void(const Finding&)>;

/// Everything that a hunt knows: what has to be kept for it to go on another day.
struct HuntState {
  RunSummary summary;
  std::set<Deviation> known;                        ///< set aside from the start
  std::set<Deviation> passed_over;                  ///< these, and what was found or shrinks to what is known
  std::map<std::pair<Deviation, bool>, int> tries;  ///< that came to nothing, tainted or not
  std::vector<Sighting> waiting;                    ///< not looked into yet

  /// What the implementation was shown to do: set aside from the start, or found.
  std::set<Deviation> shown() const;
};

class Hunt {
 public:
  /// `on_retracted` is called at the end for findings whose script turned out to pass through another's
  /// deviation that leaves the state in doubt: they prove nothing of their own and are not in the summary.
  Hunt(const std::set<Deviation>& known, FindingSink on_finding, FindingSink on_retracted,
       RunProgress progress);
  /// Goes on where another one has stopped; says nothing of what that has found.
  Hunt(HuntState state, FindingSink on_finding, FindingSink on_retracted, RunProgress progress);

  /// From now on these workers play; the first one shrinks.
  void use(WorkerPool& workers) { workers_ = &workers; }
  /// Plays a round, and looks into what it brings until somebody interrupts.
  /// @return the round, without its sightings
  Round round(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  /// The same for cases that spend their time waiting. What they show only behind another deviation is left
  /// alone: to look for it elsewhere would take hours.
  Round round_of_waiting(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  /// From now on a finding has to show so many times in a row: for implementations in real time.
  void confirm(int times) { confirmations_ = times; }
  /// Looks into what was left when somebody interrupted.
  void look_into_waiting();
  /// Drops what proves nothing, once nothing more is to be played.
  void finish();

  const HuntState& state() const { return state_; }
  const RunSummary& summary() const { return state_.summary; }
  bool interrupted() const { return state_.summary.interrupted; }

 private:
  Round take(Round round);
  void leave_tainted(Round& round);
  Shrunk smallest_of(const Case& found, const Wanted& wanted);
  bool late() const { return std::chrono::steady_clock::now() > until_; }
  void count(const Round& round);
  void look_into(const Sighting& sighting);
  void tell_progress();

  WorkerPool* workers_ = nullptr;
  FindingSink on_finding_, on_retracted_;
  RunProgress progress_;
  HuntState state_;
  int confirmations_ = 0;
  std::chrono::steady_clock::time_point until_;  ///< for what waiting cases have shown
  bool waiting_ = false;                         ///< the workers have been given cases that wait
};

}  // namespace finwait
