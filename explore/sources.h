// Where the sequences of an exhaustive search come from: each has a number, from which everything in it
// follows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "harness/case.h"
#include "properties/alphabet.h"
#include "properties/roads.h"

namespace finwait {

/// The deepest search.
inline constexpr std::size_t most_letters = 12;

/// What the sequences of a search are played with that have this seed.
CaseSetup setup_of(std::uint64_t seed);

/// The shortest road into each state.
roads::Road shortest_road(model::State state);

/// Plays a road, some letters, and at last what shows everything that is owed and can be read.
class SequenceSource : public CaseSource {
 public:
  SequenceSource(Alphabet alphabet, std::uint64_t seed);

  void begin_round() override { number_ = ~std::uint64_t{0}; }
  CaseSetup begin(std::uint64_t seed, std::uint64_t number) final;
  std::optional<Event> next(const model::Hypothesis& h) final;
  void end(std::span<const model::Hypothesis>) final {}
  bool looks_here() const final { return looks_ && at_ == tail_begins_; }
  CaseEnd::Why void_case() const final { return why_; }
  std::size_t prefix() const final { return tail_begins_ - std::min<std::size_t>(tail_begins_, 1); }
  bool same_prefix() const final { return same_prefix_; }
  void skip_prefix() final { at_ = prefix(); }

  const Alphabet& alphabet() const { return alphabet_; }
  /// Whether the states are looked at that the sequences lead to.
  bool looks() const { return looks_; }

 protected:
  /// Prepares the sequence with this number: how many events it has before the tail.
  virtual std::size_t begin_sequence(std::uint64_t number) = 0;
  /// The event at this place of the sequence; nothing where there is none, and why() says why.
  virtual std::optional<Event> event(std::size_t at, const model::Hypothesis& h) = 0;

  /// The seed of what the sequence is played with; it is that of all with the same prefix.
  virtual std::uint64_t seed_of(std::uint64_t) const { return seed_; }

  std::uint64_t seed() const { return seed_; }
  void look(bool wanted) { looks_ = wanted; }
  void why(CaseEnd::Why why) { why_ = why; }
  model::Seq tester_isn() const { return setup_.tester_isn; }

 private:
  Alphabet alphabet_;
  std::uint64_t seed_;
  CaseSetup setup_;
  std::size_t at_ = 0, tail_begins_ = 0;
  bool looks_ = true;
  CaseEnd::Why why_ = CaseEnd::Why::played;
  std::uint64_t number_ = ~std::uint64_t{0};  ///< of the last case
  bool same_prefix_ = false;
};

/// Every sequence of letters from some states, each as deep as is said.
class EverySequence final : public SequenceSource {
 public:
  struct Root {
    model::State state;
    std::size_t depth;
  };
  EverySequence(const Alphabet& alphabet, std::uint64_t seed, const std::vector<Root>& roots);

  /// How many sequences there are.
  std::uint64_t size() const { return size_; }

 private:
  struct Part {
    roads::Road road;
    std::size_t depth;
    std::uint64_t first, last;  ///< numbers of its sequences
  };

  std::size_t begin_sequence(std::uint64_t number) override;
  std::optional<Event> event(std::size_t at, const model::Hypothesis& h) override;
  std::uint64_t seed_of(std::uint64_t number) const override;

  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
  const Part* part_ = nullptr;
  std::array<std::uint16_t, most_letters> letters_{};
};

/// Letters that lead from the start of a case to a state.
using Path = std::array<std::uint16_t, most_letters>;

/// Each letter behind each of some paths of one length.
class NextLevel final : public SequenceSource {
 public:
  NextLevel(const Alphabet& alphabet, std::uint64_t seed) : SequenceSource(alphabet, seed) {}

  void begin_round() override;

  /// The paths, of `length` letters each; `look`: whether the states are wanted that the sequences lead to.
  void set_level(std::vector<Path> paths, std::size_t length, bool look);

  std::uint64_t size() const { return paths_.size() * alphabet().size(); }
  std::uint64_t paths() const { return paths_.size(); }
  /// The path that the sequence with this number is.
  Path path(std::uint64_t number) const;

 private:
  std::size_t begin_sequence(std::uint64_t number) override;
  std::optional<Event> event(std::size_t at, const model::Hypothesis& h) override;
  void resolve_letters(const model::Hypothesis& h);

  struct Choice {
    Event event;
    CaseEnd::Why why = CaseEnd::Why::played;
  };

  std::vector<Path> paths_;
  std::size_t length_ = 0;
  std::uint64_t node_ = ~std::uint64_t{0};  ///< of which prefix and choices are
  std::size_t letter_ = 0;
  std::vector<Event> prefix_;
  std::vector<Choice> choices_;  ///< by letter; none yet
};

}  // namespace finwait
