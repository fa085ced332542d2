#include "harness/runner.h"

#include <algorithm>

namespace finwait {

RunSummary run(WorkerPool& workers, const RunOptions& options, const FindingSink& on_finding,
               const FindingSink& on_retracted, const RunProgress& progress) {
  Hunt hunt(options.known, on_finding, on_retracted, progress);
  hunt.use(workers);
  hunt.confirm(options.confirmations);
  const auto start = std::chrono::steady_clock::now();
  const auto in_time = [&] {
    return !options.time || std::chrono::steady_clock::now() - start < *options.time;
  };
  std::uint64_t played = 0;
  while (played < options.cases && in_time() && !hunt.interrupted()) {
    const std::uint64_t count = std::min(options.round, options.cases - played);
    workers.steer(hunt.summary().coverage.missing(options.to_meet));
    hunt.round(options.seed, played, count);
    played += count;
  }
  if (options.waiting_cases > 0 && !hunt.interrupted()) {
    const std::unique_ptr<WorkerPool> many = options.waiting_workers();
    hunt.use(*many);
    hunt.round_of_waiting(options.seed, first_waiting_case, options.waiting_cases);
    hunt.use(workers);
  }
  hunt.finish();
  return hunt.summary();
}

}  // namespace finwait
