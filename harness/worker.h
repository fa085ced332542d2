// A worker: a forked process in which cases are played, so that a crash of the implementation ends a case and
// not the run.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/shrink.h"

namespace finwait {

/// A deviation that a random case has met, with the case up to there.
struct Sighting {
  std::uint64_t number = 0;  ///< of the case
  Case found;
  Deviation deviation;
  bool tainted = false;  ///< after another deviation in the same case
};

/// A set of arrows of the transition table, by their numbers.
using Arrows = std::bitset<256>;

/// What a round of cases has brought.
struct Round {
  std::uint64_t cases = 0;
  std::uint64_t events = 0;
  std::uint64_t inconclusive = 0;
  /// In the order of the cases: the first of each deviation, and the first that is not tainted.
  std::vector<Sighting> sightings;
  std::vector<std::uint64_t> advisories;  ///< by bit: cases in which the SHOULD was disregarded
  std::vector<CaseEnd> ends;  ///< of each case, if the round is short enough to have room for them
  Coverage coverage;
  /// Of the transition table: taken under some hypothesis, behind a deviation too.
  Arrows arrows() const;
};
/// The most cases of a round for which there is room.
inline constexpr std::size_t most_ends = 1024;

using AdapterFactory = std::function<std::unique_ptr<Adapter>()>;

class Worker {
 public:
  /// @throws std::system_error where no process or memory is to be had.
  Worker(AdapterFactory adapter, CaseSource& source);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Both throw std::runtime_error where the adapter throws.

  /// Plays the cases first .. first+count-1 of the source. Known deviations are repaired and passed over.
  Round round(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  // The same in steps, for whoever has several workers.
  void begin_round(std::uint64_t seed, std::uint64_t first, std::uint64_t count);
  /// Readable where take_answer() does not have to wait; may be another one after each call of it.
  int answers() const { return from_child_; }
  /// Takes the next answer of the child; true at the end of the round.
  bool take_answer();
  /// After the end: what the round has brought.
  Round take_round() { return std::move(round_); }
  /// Plays one given case, see finwait::play(); a crash is a deviation from `finwait/iut-survives`. Doubts
  /// are those of the deviations given with remember().
  Played play(const Case& given, model::Rule target = model::Rule::none);
  /// The first of the candidates that shows what is wanted; all are sent at once.
  std::optional<Hit> first_hit(const CaseSetup& setup, const std::vector<Events>& candidates,
                               const Wanted& wanted);
  FirstHit first_hit() {
    return [this](const auto&... given) { return first_hit(given...); };
  }
  /// From now on these are known. Those that are only passed over are not reported again either, but nobody
  /// has shown that the implementation has them: they put nothing in doubt.
  void remember(const std::set<Deviation>& known, const std::set<Deviation>& passed_over = {});
  /// From now on the source leads some of the cases to these cells.
  void steer(const std::vector<Cell>& missing);
  /// What the implementation printed last before it ended its process: the text of a failed assertion,
  /// mostly.
  const std::string& last_output() const { return last_output_; }

 private:
  struct BlackBox;
  class Child;

  void spawn();
  [[noreturn]] void be_the_child(int in, int out);
  void reap();
  void replace_the_child();
  std::optional<Hit> first_of(const CaseSetup& setup, std::span<const Events> candidates, model::Rule target,
                              const Wanted* wanted);
  Played crash_of(const Events& events) const;
  bool read(void* data, std::size_t size);
  void send_round();
  bool read_sighting();
  void take_crash();
  void end_round();
  void send_known();
  void send_missing();
  Case case_in_box() const;
  std::string played_text() const;

  AdapterFactory adapter_;
  CaseSource& source_;
  BlackBox* box_ = nullptr;
  pid_t pid_ = -1;
  int to_child_ = -1, from_child_ = -1;
  int output_ = -1;  ///< a file in memory that takes what the implementation prints
  std::string last_output_;
  std::set<Deviation> known_, passed_over_;
  std::vector<Cell> missing_;
  Round round_;                                              ///< in progress, or not taken yet
  std::uint64_t seed_ = 0, first_ = 0, next_ = 0, end_ = 0;  ///< what is left of it
  bool adapter_failed_ = false;  ///< the last child ended because its adapter threw
};

}  // namespace finwait
