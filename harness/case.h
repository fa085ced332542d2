// A case: what it is played with, and its events.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "harness/coverage.h"

namespace finwait {

using Events = std::vector<Event>;

struct Case {
  CaseSetup setup;
  Events events;
  bool operator==(const Case&) const = default;
};

/// What a search has to know of a case.
struct CaseEnd {
  enum class Why : std::uint8_t {
    played,
    impossible,  ///< its last event means nothing where it stands
    equal,       ///< the same as that of an earlier case
  };
  std::uint64_t fingerprint = 0;  ///< of where it stood when its source looked
  bool looked = false;            ///< it got there, and the stack could tell
  bool tainted = false;           ///< behind a deviation
  Why why = Why::played;
};

/// Cases from this number on may wait for an implementation in real time.
inline constexpr std::uint64_t first_waiting_case = std::uint64_t{1} << 62;

/// Where cases come from: events are drawn one by one, looking at the oracle's first hypothesis.
class CaseSource {
 public:
  virtual ~CaseSource() = default;
  /// From now on some of the cases lead to these cells, which no case has met yet.
  virtual void steer(const std::vector<Cell>& /*missing*/) {}
  /// Before the first case of a round: what was remembered of cases is to be forgotten, since which they were
  /// depends on the number of workers.
  virtual void begin_round() {}
  /// Begins the case with this number; everything in it follows from the two numbers and what was missing.
  virtual CaseSetup begin(std::uint64_t seed, std::uint64_t number) = 0;
  /// The next event, or nothing at the end of the case.
  virtual std::optional<Event> next(const model::Hypothesis& h) = 0;
  /// The case has ended without a deviation, with this set of hypotheses.
  virtual void end(std::span<const model::Hypothesis> set) = 0;

  // For a search that looks at where a case stands before it plays the last events.

  /// Whether the fingerprint is wanted here, before the next event is asked for.
  virtual bool looks_here() const { return false; }
  /// Why the case that has begun is none of its own, after begin() or next() have found out.
  virtual CaseEnd::Why void_case() const { return CaseEnd::Why::played; }
  /// How many of its first events the case shares with those around it; 0: none.
  virtual std::size_t prefix() const { return 0; }
  /// Whether they are those of the case begun before: then skip_prefix() has next() go on behind them.
  virtual bool same_prefix() const { return false; }
  virtual void skip_prefix() {}
};

/// The longest case that is recorded.
inline constexpr std::size_t max_events = 256;

/// How a given case went: up to its first deviation.
struct Played {
  Outcome outcome = Outcome::pass;
  Deviation deviation;
  std::size_t events = 0;        ///< played, the failing one included
  std::size_t culprit = 0;       ///< number of the event that the deviation is named after
  bool doubtful = false;         ///< an event before it was one whose deviations leave doubt about the state
  std::uint64_t advisories = 0;  ///< model::advisory_bit of each SHOULD disregarded
};

/// What a case must show: a first deviation from this rule, in this state if one is given, that rests on
/// nothing doubtful.
struct Wanted {
  model::Rule rule = model::Rule::none;
  std::optional<model::State> state;
  bool shown_by(const Played& played) const;
};

/// States and events at which the implementation is known to deviate in a way that leaves doubt about its
/// state.
using Doubts = std::set<Session::Met>;
/// Those of these deviations.
Doubts doubts_of(const std::set<Deviation>& known);

/// Plays the case until its end or first deviation. Deviations of time alone from other rules than `target`
/// are passed over if there is a target.
Played play(Session& session, const Case& given, const Doubts& doubts = {},
            model::Rule target = model::Rule::none);

}  // namespace finwait
