// Replay of a saved finding, judged by the oracle and never by the script's text.
#pragma once

#include <string>

#include "harness/finding.h"
#include "harness/worker.h"

namespace finwait {

/// A source without cases, for a worker that only plays given ones.
class NoCases final : public CaseSource {
 public:
  CaseSetup begin(std::uint64_t, std::uint64_t) override { return {}; }
  std::optional<Event> next(const model::Hypothesis&) override { return {}; }
  void end(std::span<const model::Hypothesis>) override {}
};

enum class ReplayVerdict : std::uint8_t {
  reproduced,    ///< the saved deviation came first, every time
  fixed,         ///< its state and event were reached, and nothing was broken, every time
  flaky,         ///< sometimes the one, sometimes another
  another_way,   ///< another rule was broken, or the same one elsewhere
  inconclusive,  ///< the saved state and event were not reached
};

struct Replayed {
  ReplayVerdict verdict = ReplayVerdict::inconclusive;
  int deviated = 0;  ///< times that the saved deviation was seen
  int played = 0;
  Deviation other;              ///< of another_way
  std::size_t other_event = 0;  ///< which event broke it, from 1
};

/// Plays the finding's case `times` times.
Replayed replay(Worker& worker, const AdapterFactory& make_adapter, const SavedFinding& finding,
                int times = 10);

/// "reproduced 10/10", "FIXED", "flaky 7/10", "fails in another way: ...", "inconclusive: ...".
std::string to_text(const Replayed& replayed);

}  // namespace finwait
