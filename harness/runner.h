// A run: rounds of random cases; what they break is shrunk, set aside, and the run goes on.
#pragma once

#include <chrono>
#include <optional>
#include <set>

#include "harness/hunt.h"

namespace finwait {

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint64_t cases = 20000;  ///< without a time budget: exactly so many, repeatable to the byte
  std::optional<std::chrono::milliseconds> time;  ///< with one: until it is over, or `cases` are played
  std::uint64_t round = 500;                      ///< what is learnt is merged after so many cases
  std::set<Deviation> known;                      ///< set aside from the start
  std::vector<Cell> to_meet;                      ///< cells that cases are led to until each was met
  /// In real time: cases that wait, numbered from first_waiting_case, played at the end.
  std::uint64_t waiting_cases = 0;
  std::function<std::unique_ptr<WorkerPool>()> waiting_workers;  ///< who plays those, many at the same time
  int confirmations = 0;                                         ///< see Hunt::confirm()
};

/// See Hunt for the callbacks.
RunSummary run(WorkerPool& workers, const RunOptions& options, const FindingSink& on_finding,
               const FindingSink& on_retracted, const RunProgress& progress);

}  // namespace finwait
