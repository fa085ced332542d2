// Exhaustive search: every sequence of a few letters without any cut, and every letter of a large alphabet
// level by level, going on only from states that were not met before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "explore/sources.h"
#include "explore/states_met.h"
#include "harness/hunt.h"

namespace finwait {

/// What is searched with one alphabet.
struct Search {
  std::string name;  ///< of the alphabet
  Alphabet alphabet;
  std::size_t depth = 0;
  /// From where, without any cut. None: from the start of a case, level by level.
  std::vector<EverySequence::Root> roots;

  bool cuts() const { return roots.empty(); }
};

/// Both searches of a whole exploration, or one of them, for a stack with these user calls.
Search core_search(std::span<const model::Call> calls, std::size_t depth, std::size_t depth_from_closed);
Search full_search(std::span<const model::Call> calls, std::size_t depth);

struct ExploreOptions {
  std::vector<Search> searches;
  std::uint64_t seed = 1;  ///< of the initial sequence numbers and of what the stack draws by chance
  unsigned workers = 1;
  std::set<Deviation> known;  ///< set aside from the start
};

/// How one level of a search went; a search without a cut has one.
struct LevelCount {
  std::uint64_t from = 0;        ///< states from which it goes on
  std::uint64_t played = 0;      ///< sequences
  std::uint64_t impossible = 0;  ///< letters that mean nothing where they stand
  std::uint64_t equal = 0;       ///< letters that are the same stimulus as an earlier one there
  std::uint64_t met = 0;         ///< sequences that end in a state met before
  std::uint64_t ended = 0;       ///< sequences behind which stack or oracle cannot go on
  bool operator==(const LevelCount&) const = default;
};

struct SearchCount {
  std::vector<LevelCount> levels;
  std::uint64_t states = 0;  ///< different ones at the ends of sequences, where they were looked at
  Arrows arrows;             ///< of the transition table
  bool operator==(const SearchCount&) const = default;
};

/// How far an exploration has got: with what its hunt knows, all that has to be kept for it to go on later.
struct ExploreState {
  std::vector<SearchCount> counts;  ///< of the searches begun
  std::uint64_t search = 0;         ///< the one in progress, in the last level of its counts
  std::uint64_t next = 0;           ///< number of the level's next sequence
  StatesMet met;
  std::vector<Path> paths;       ///< to the states from which the level goes on
  std::vector<Path> next_paths;  ///< to the new states that it has found
};

class Explorer {
 public:
  /// Called after each round, when the exploration can be kept.
  using Keep = std::function<void(const ExploreState&, const HuntState&)>;

  Explorer(AdapterFactory adapter, const ExploreOptions& options, Hunt hunt, ExploreState state = {});

  /// Searches until all is done, or the hunt is interrupted.
  void operator()(const Keep& keep);
  /// Drops findings that prove nothing, once nothing more is to be played.
  void finish();

  bool complete() const { return state_.search == options_.searches.size() && hunt_.state().waiting.empty(); }
  const RunSummary& summary() const { return hunt_.summary(); }
  const ExploreState& state() const { return state_; }
  const HuntState& hunt() const { return hunt_.state(); }
  /// Sequences of the current level.
  std::uint64_t size() const { return size_; }

 private:
  const Search& search() const { return options_.searches[state_.search]; }
  LevelCount& level() { return state_.counts.back().levels.back(); }
  void begin_level(std::uint64_t from);
  void play_level(const Keep& keep);
  void end_level();
  void use_workers(std::unique_ptr<CaseSource> source);
  void take(const std::vector<CaseEnd>& ends);

  AdapterFactory adapter_;
  const ExploreOptions& options_;
  Hunt hunt_;
  ExploreState state_;
  std::uint64_t size_ = 0;
  std::unique_ptr<CaseSource> source_;
  NextLevel* next_level_ = nullptr;  ///< the source, if it goes level by level
  std::unique_ptr<WorkerPool> workers_;
};

}  // namespace finwait
