// The oracle: the set of hypotheses that all observations so far allow. What empties it is a failure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "model/hypothesis.h"
#include "model/machine.h"
#include "model/user_calls.h"

namespace finwait::model {

/// `inconclusive`: the set has grown beyond what is worth following.
enum class Verdict : std::uint8_t { pass, fail, inconclusive };

/// Why one hypothesis was given up: the rule that the IUT would have broken under it.
struct Obituary {
  Hypothesis hypothesis;  ///< before the step
  Rule rule;
  std::uint16_t culprit;       ///< number of the event that is to blame
  bool explained;              ///< the rule was found by looking for the cause
  bool in_kind;                ///< the observation was of the kind that was due, though not in its form
  std::optional<State> state;  ///< in which that event found the hypothesis, where it is still known
};

/// A relation, not a prediction: every stimulus and every observation maps the set; a hypothesis under
/// which the IUT breaks a rule leaves it.
class Oracle {
 public:
  explicit Oracle(const Claims& claims);

  /// A new case: nothing is open, time is 0.
  void start();

  // Stimuli.
  /// Numbers the stimulus that comes next, and all that is observed up to the one after it.
  void begin_event(std::uint16_t number) {
    event_ = number;
    new_event_ = true;
  }
  Verdict segment(Time now, const Segment& segment);
  Verdict call(Time now, const UserCall& call);
  /// Time has passed up to `now` and everything stamped earlier has been observed; `quiet`: what is stamped
  /// `now` too.
  Verdict time(Time now, bool quiet = false);

  // Observations.
  Verdict sent(Time now, const Segment& segment);
  Verdict told_open(Time now);
  Verdict told_acceptable(Time now);
  Verdict told_failure(Time now, Result why);
  /// The IUT has broken a rule that holds under every hypothesis (a bad checksum, a wrong address).
  Verdict object(Time now, Rule rule);

  /// After `fail`: the last set with the rule that removed each; the first one names the finding.
  std::span<const Obituary> dead() const { return dead_; }
  /// A rule about time alone was broken under every hypothesis: tells so as a failure does, and changes
  /// nothing.
  void note(Rule rule);
  /// After `fail`: forgets the broken rule and adopts what was seen, so that the case can go on.
  void repair();

  /// Where it stands between two stimuli.
  struct Place {
    std::vector<Hypothesis> set;
    Time now{};
  };
  void keep(Place& place) const;
  void return_to(const Place& place);

  const Hypothesis& front() const { return set_.front(); }
  std::span<const Hypothesis> set() const { return set_; }
  /// Whether the tester has contradicted itself, so that nothing can be asserted any more.
  bool contradicted() const;
  /// SHOULDs that every remaining hypothesis assumes to be disregarded.
  std::uint64_t advisories() const;
  const Claims& claims() const { return claims_; }
  /// From now on the arrows that its hypotheses take are added to `counts`, or to nothing.
  void count_arrows_in(ArrowCounts* counts) { taken_ = counts == nullptr ? nullptr : counts->data(); }

  static constexpr std::size_t set_limit = 256;

 private:
  template <class Function>
  Verdict map(Time now, Function function);

  Claims claims_;
  std::vector<Hypothesis> set_, next_;
  std::vector<Obituary> dead_;
  Time now_{};
  std::uint16_t event_ = 0;
  bool new_event_ = true;
  Segment seen_{};
  UserCall called_{};
  std::uint64_t* taken_ = nullptr;
  enum class Cause : std::uint8_t { none, time, sent, call, failure } cause_ = Cause::none;
};

}  // namespace finwait::model
