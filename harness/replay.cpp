#include "harness/replay.h"

#include <fmt/format.h>

#include "harness/account.h"

namespace finwait {

Replayed replay(Worker& worker, const AdapterFactory& make_adapter, const SavedFinding& finding, int times) {
  Replayed result;
  int passed = 0, otherwise = 0;
  for (; result.played < times; ++result.played) {
    const Played played = worker.play(finding.smallest, finding.deviation.rule);
    const bool whole = played.events == finding.smallest.events.size();
    if (played.outcome == Outcome::pass) {
      ++passed;
    } else if (played.outcome == Outcome::fail && played.deviation == finding.deviation && whole) {
      ++result.deviated;
    } else if (played.outcome == Outcome::fail) {
      ++otherwise;
      result.other = played.deviation;
      result.other_event = played.events;
    }
  }
  if (result.deviated == times) {
    result.verdict = ReplayVerdict::reproduced;
  } else if (result.deviated > 0) {
    result.verdict = ReplayVerdict::flaky;
  } else if (otherwise > 0) {
    result.verdict = ReplayVerdict::another_way;
  } else if (passed == times && still_reached(make_adapter, finding)) {
    result.verdict = ReplayVerdict::fixed;
  }
  return result;
}

std::string to_text(const Replayed& replayed) {
  switch (replayed.verdict) {
    case ReplayVerdict::reproduced:
      return fmt::format("reproduced {}/{}", replayed.deviated, replayed.played);
    case ReplayVerdict::fixed: return "FIXED";
    case ReplayVerdict::flaky: return fmt::format("flaky {}/{}", replayed.deviated, replayed.played);
    case ReplayVerdict::another_way:
      return fmt::format("fails in another way: {} at {} (event {})", model::text(replayed.other.rule).id,
                         identity_text(replayed.other), replayed.other_event);
    case ReplayVerdict::inconclusive:
      return "inconclusive: the saved state and event are not reached any more";
  }
  return {};
}

}  // namespace finwait
