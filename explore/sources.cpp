#include "explore/sources.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>

#include "properties/dice.h"

namespace finwait {

using model::ACK;
using model::FIN;
using model::State;

CaseSetup setup_of(std::uint64_t seed) {
  Dice dice{rc::Random(seed)};
  CaseSetup setup;
  // Wrap-around is where arithmetic goes wrong: just below 2^32 often.
  setup.tester_isn =
      dice.percent(35) ? static_cast<model::Seq>(-dice.between(1, 400)) : static_cast<model::Seq>(dice.any());
  setup.iut_seed = dice.any();
  return setup;
}

roads::Road shortest_road(State state) {
  const roads::Road established = roads::established_active();
  Event crossing_fin = segment(FIN | ACK);
  crossing_fin.ack_offset = -1;
  switch (state) {
    case State::closed: return roads::closed();
    case State::listen: return roads::listen();
    case State::syn_sent: return roads::syn_sent();
    case State::syn_received: return roads::syn_received_passive();
    case State::established: return established;
    case State::fin_wait_1: return roads::then(established, {close()});
    case State::fin_wait_2: return roads::then(established, {close(), segment(ACK)});
    case State::close_wait: return roads::then(established, {segment(FIN | ACK)});
    case State::closing: return roads::then(established, {close(), crossing_fin});
    case State::last_ack: return roads::then(established, {segment(FIN | ACK), close()});
    case State::time_wait: return roads::then(established, {close(), segment(FIN | ACK)});
  }
  throw std::logic_error("a state without a road");
}

namespace {

// An octet from before the window has to be acknowledged (§3.10.7.4, first): the answer shows state, SND.NXT
// and RCV.NXT, before anything else can hide who is to blame for them.
Event old_octet() {
  Event event = segment(ACK, 1);
  event.seq_offset = -1;
  return event;
}

}  // namespace

// ---- any sequence -----------------------------------------------------------------------------------

SequenceSource::SequenceSource(Alphabet alphabet, std::uint64_t seed)
    : alphabet_(std::move(alphabet)), seed_(seed), setup_(setup_of(seed)) {}

CaseSetup SequenceSource::begin(std::uint64_t, std::uint64_t number) {
  at_ = 0;
  why_ = CaseEnd::Why::played;
  tail_begins_ = begin_sequence(number);
  same_prefix_ = number_ / alphabet_.size() == number / alphabet_.size();
  if (!same_prefix_) setup_ = setup_of(seed_of(number));
  number_ = number;
  return setup_;
}

std::optional<Event> SequenceSource::next(const model::Hypothesis& h) {
  const std::size_t at = at_++;
  if (at < tail_begins_) return event(at, h);
  switch (at - tail_begins_) {
    case 0: return receive();
    case 1: return old_octet();
    case 2: return wait_ms(1000);
    case 3: return receive();
    default: return {};
  }
}

// ---- every sequence ---------------------------------------------------------------------------------

EverySequence::EverySequence(const Alphabet& alphabet, std::uint64_t seed, const std::vector<Root>& roots)
    : SequenceSource(alphabet, seed) {
  for (const Root& root : roots) {
    std::uint64_t count = 1;
    for (std::size_t i = 0; i < root.depth; ++i) count *= alphabet.size();
    parts_.push_back({shortest_road(root.state), root.depth, size_, size_ + count});
    size_ += count;
  }
}

std::size_t EverySequence::begin_sequence(std::uint64_t number) {
  part_ = &*std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) { return number < part.last; });
  std::uint64_t rest = number - part_->first;
  // The last letter changes fastest, so that neighbours have most in common.
  for (std::size_t i = part_->depth; i-- > 0; rest /= alphabet().size())
    letters_.at(i) = static_cast<std::uint16_t>(rest % alphabet().size());
  return part_->road.size() + part_->depth;
}

std::optional<Event> EverySequence::event(std::size_t at, const model::Hypothesis& h) {
  if (at < part_->road.size()) return part_->road[at];
  return event_of(alphabet()[letters_.at(at - part_->road.size())], h);
}

// Numbers that cross 2^32 soon or late, and chance in the stack, are different from prefix to prefix.
std::uint64_t EverySequence::seed_of(std::uint64_t number) const {
  return seed() + (number / alphabet().size() + 1) * 0x9e3779b97f4a7c15u;
}

// ---- level by level ---------------------------------------------------------------------------------

namespace {

// What an event does, in numbers: two with equal ones are the same stimulus.
using Stimulus = std::tuple<EventKind, std::uint8_t, model::Seq, model::Seq, std::uint16_t, std::uint16_t,
                            std::uint16_t, bool, WaitBase, std::int32_t, std::uint32_t>;

Stimulus stimulus_of(const Event& event, const model::Hypothesis& h, model::Seq tester_isn) {
  if (event.kind != EventKind::segment) {
    return {event.kind, 0, 0, 0, 0, 0, 0, false, event.wait_base, event.wait_ms, event.count};
  }
  const model::Segment segment = resolve(event, h, tester_isn);
  return {event.kind, event.flags,        segment.seq,    segment.ack, event.len, event.wnd,
          event.mss,  event.bad_checksum, WaitBase::zero, 0,           0};
}

}  // namespace

void NextLevel::set_level(std::vector<Path> paths, std::size_t length, bool wanted) {
  paths_ = std::move(paths);
  length_ = length;
  node_ = ~std::uint64_t{0};
  look(wanted);
}

void NextLevel::begin_round() {
  SequenceSource::begin_round();
  node_ = ~std::uint64_t{0};
}

Path NextLevel::path(std::uint64_t number) const {
  Path path = paths_.at(number / alphabet().size());
  path.at(length_) = static_cast<std::uint16_t>(number % alphabet().size());
  return path;
}

std::size_t NextLevel::begin_sequence(std::uint64_t number) {
  const std::uint64_t node = number / alphabet().size();
  letter_ = number % alphabet().size();
  if (node != node_) {
    node_ = node;
    prefix_.clear();
    choices_.clear();
  }
  if (!choices_.empty()) why(choices_[letter_].why);
  return length_ + 1;
}

std::optional<Event> NextLevel::event(std::size_t at, const model::Hypothesis& h) {
  if (at < length_) {
    // Played before, it meant what it means now.
    if (at == prefix_.size()) prefix_.push_back(event_of(alphabet()[paths_[node_].at(at)], h).value());
    return prefix_[at];
  }
  if (choices_.empty()) resolve_letters(h);
  const Choice& choice = choices_[letter_];
  why(choice.why);
  if (choice.why != CaseEnd::Why::played) return {};
  return choice.event;
}

void NextLevel::resolve_letters(const model::Hypothesis& h) {
  std::set<Stimulus> seen;
  for (const Letter& letter : alphabet()) {
    Choice& choice = choices_.emplace_back();
    const std::optional<Event> event = event_of(letter, h);
    if (!event) {
      choice.why = CaseEnd::Why::impossible;
      continue;
    }
    choice.event = *event;
    if (!seen.insert(stimulus_of(*event, h, tester_isn())).second) choice.why = CaseEnd::Why::equal;
  }
}

}  // namespace finwait
