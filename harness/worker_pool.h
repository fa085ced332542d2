// Several workers that play the cases of a round at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "harness/worker.h"

namespace finwait {

/// A round is cut into slices that depend on its length alone, and merged in the order of the cases: any
/// number of workers gives the same result.
class WorkerPool {
 public:
  /// @throws std::system_error where no process or memory is to be had.
  WorkerPool(const AdapterFactory& adapter, CaseSource& source, unsigned workers);

  /// As Worker::round().
  /// @throws std::runtime_error where the adapter throws.
  Round round(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  /// The same in slices of one case, for cases that spend their time waiting.
  Round round_of_waiting(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  /// As Worker::first_hit(), but the candidates are played at the same time: for those that wait.
  /// @throws std::runtime_error where the adapter throws.
  std::optional<Hit> first_hit(const CaseSetup& setup, const std::vector<Events>& candidates,
                               const Wanted& wanted);
  /// Whether the case shows what is wanted so many times, played at the same time.
  bool shows(const Case& given, const Wanted& wanted, int times);
  // For all workers, as in Worker.
  void remember(const std::set<Deviation>& known, const std::set<Deviation>& passed_over = {});
  void steer(const std::vector<Cell>& missing);
  /// For what is played one by one: the first worker.
  Worker& one() { return *workers_.front(); }

 private:
  struct Slices;
  class Division;
  // What each candidate shows, one a worker.
  std::vector<std::optional<Hit>> hits(const CaseSetup& setup, std::span<const Events> candidates,
                                       const Wanted& wanted);
  Round divided(std::uint64_t seed, const Slices& slices);

  std::vector<std::unique_ptr<Worker>> workers_;
};

/// As many workers as there are cores for this process.
unsigned default_workers();

}  // namespace finwait
