#include "harness/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <type_traits>

namespace finwait {

namespace {

enum class Command : std::uint8_t { round, play, remember, steer };
enum class Answer : std::uint8_t { sighting, round_done, played };

constexpr int advisory_bits = 64;
// The exit status of a child whose adapter has thrown.
constexpr int adapter_has_failed = 125;
// A case that goes from one deviation to the next says nothing new.
constexpr int most_deviations = 6;

struct RoundOrder {
  std::uint64_t seed, first, count;
};
// Plays candidates up to the first that shows what is wanted, or, if nothing is, the only one.
struct PlayOrder {
  CaseSetup setup;
  model::Rule target;
  bool only_wanted;
  std::optional<model::State> state;
  std::uint32_t candidates;
};
struct PlayedAnswer {
  Answer answer;
  bool hit;
  Hit first;
};
struct SightingHead {
  std::uint64_t number;
  CaseSetup setup;
  std::uint32_t events;
  Deviation deviation;
  bool tainted;
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool write_all(int fd, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int fd, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// What goes to a child, in one write: its size, then the command and what belongs to it.
class Message {
 public:
  explicit Message(Command command) { put(std::uint64_t{0}).put(command); }

  template <class T>
  Message& put(const T& value) {
    return put(&value, 1);
  }
  template <class T>
  Message& put(const T* values, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* bytes = reinterpret_cast<const char*>(values);
    bytes_.insert(bytes_.end(), bytes, bytes + count * sizeof(T));
    return *this;
  }
  Message& put(const Events& events) {
    return put(static_cast<std::uint32_t>(events.size())).put(events.data(), events.size());
  }

  // A child that has just died is noticed when its answer is read.
  void send(int fd) {
    const std::uint64_t size = bytes_.size() - sizeof size;
    std::memcpy(bytes_.data(), &size, sizeof size);
    write_all(fd, bytes_.data(), bytes_.size());
  }

 private:
  std::vector<char> bytes_;
};

// The child's end of a message.
class Received {
 public:
  // False where the parent has gone.
  bool receive(int fd) {
    std::uint64_t size = 0;
    at_ = 0;
    if (!read_all(fd, &size, sizeof size)) return false;
    bytes_.resize(size);
    return read_all(fd, bytes_.data(), size);
  }

  template <class T>
  T take() {
    T value{};
    take(&value, 1);
    return value;
  }
  template <class T>
  void take(T* values, std::size_t count) {
    if (count == 0) return;
    std::memcpy(values, bytes_.data() + at_, count * sizeof(T));
    at_ += count * sizeof(T);
  }

 private:
  std::vector<char> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

// What the parent can read after the child has crashed.
struct Worker::BlackBox {
  std::uint64_t number = 0;  // of the case, or of the candidate
  std::uint64_t cases = 0, events_played = 0, inconclusive = 0;
  std::array<std::uint64_t, advisory_bits> advisories{};
  CaseSetup setup;
  std::uint32_t events = 0;
  Deviation last_words;
  bool tainted = false;
  bool deviated = false;  // before, in the same case
  std::array<Event, max_events> event{};
  Coverage coverage;
};

// ---- the child --------------------------------------------------------------------------------------

class Worker::Child {
 public:
  Child(BlackBox& box, Adapter& adapter, CaseSource& source, int in, int out)
      : box_(box), session_(adapter), source_(source), in_(in), out_(out) {
    session_.leave_word_in(&box_.last_words);
  }

  void serve() {
    while (message_.receive(in_)) {
      switch (message_.take<Command>()) {
        case Command::round: round(); break;
        case Command::play: play_given(); break;
        case Command::remember: remember(); break;
        case Command::steer: steer();
      }
    }
  }

 private:
  template <class T>
  void answer(const T& value) {
    if (!write_all(out_, &value, sizeof value)) _exit(0);  // the parent has gone
  }

  void round() {
    const auto order = message_.take<RoundOrder>();
    for (std::uint64_t i = 0; i < order.count; ++i) random_case(order.seed, order.first + i);
    answer(Answer::round_done);
  }

  std::set<Deviation> take_deviations() {
    std::set<Deviation> deviations;
    for (auto left = message_.take<std::uint64_t>(); left > 0; --left) {
      deviations.insert(message_.take<Deviation>());
    }
    return deviations;
  }

  void remember() {
    known_ = take_deviations();
    doubts_ = doubts_of(known_);
    known_.merge(take_deviations());
  }

  void steer() {
    std::vector<Cell> missing(message_.take<std::uint64_t>());
    message_.take(missing.data(), missing.size());
    source_.steer(missing);
  }

  void random_case(std::uint64_t seed, std::uint64_t number) {
    box_.number = number;
    box_.events = 0;
    box_.tainted = box_.deviated = false;
    session_.count_arrows_in(&tally().rows);
    box_.setup = source_.begin(seed, number);
    session_.start(box_.setup);
    while (box_.events < max_events) {
      const std::optional<Event> event = source_.next(session_.oracle().front());
      if (!event) break;
      box_.event[box_.events++] = *event;
      ++box_.events_played;
      const Outcome outcome = session_.play(*event);
      note_cell(outcome);
      if (!event_goes_on(outcome)) break;
      if (session_.oracle().contradicted()) break;
      if (doubts_.contains(session_.history().back())) box_.tainted = true;
    }
    if (!box_.tainted) source_.end(session_.oracle().set());
    count_advisories(session_.advisories());
    ++box_.cases;
  }

  Tally& tally() { return box_.deviated ? box_.coverage.behind : box_.coverage.met; }

  // An event that was not judged covers nothing.
  void note_cell(Outcome outcome) {
    const Cell& cell = session_.history().back();
    const bool judged = outcome != Outcome::inconclusive && !session_.oracle().contradicted();
    if (judged && supports(session_.profile(), cell.event.kind)) ++tally().of(cell);
  }

  // True where the case goes on after the event.
  bool event_goes_on(Outcome outcome) {
    for (int deviations = 0; outcome == Outcome::fail; ++deviations) {
      if (known_.insert(session_.deviation()).second) report();
      if (deviations == most_deviations) return false;
      if (!session_.about_time_alone()) {
        box_.tainted = box_.deviated = true;
        session_.count_arrows_in(&tally().rows);
      }
      outcome = session_.go_on();
    }
    if (outcome == Outcome::inconclusive) ++box_.inconclusive;
    return outcome == Outcome::pass;
  }

  void report() {
    answer(Answer::sighting);
    answer(SightingHead{box_.number, box_.setup, box_.events, session_.deviation(), box_.tainted});
    if (!write_all(out_, box_.event.data(), box_.events * sizeof(Event))) _exit(0);
  }

  void count_advisories(std::uint64_t bits) {
    for (int bit = 0; bits != 0; ++bit, bits >>= 1) {
      if (bits & 1) ++box_.advisories[static_cast<std::size_t>(bit)];
    }
  }

  void play_given() {
    const auto order = message_.take<PlayOrder>();
    const Wanted wanted{order.target, order.state};
    Case given{order.setup, {}};
    PlayedAnswer result{Answer::played, false, {}};
    for (std::uint32_t i = 0; i < order.candidates && !result.hit; ++i) {
      box_.number = i;
      given.events.resize(message_.take<std::uint32_t>());
      message_.take(given.events.data(), given.events.size());
      result.first = {i, finwait::play(session_, given, doubts_, order.target)};
      result.hit = !order.only_wanted || wanted.shown_by(result.first.played);
    }
    answer(result);
  }

  BlackBox& box_;
  Session session_;
  CaseSource& source_;
  int in_, out_;
  Received message_;
  std::set<Deviation> known_;
  Doubts doubts_;
};

// ---- the parent -------------------------------------------------------------------------------------

Worker::Worker(AdapterFactory adapter, CaseSource& source) : adapter_(std::move(adapter)), source_(source) {
  void* memory = mmap(nullptr, sizeof(BlackBox), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("no memory to share with a worker");
  box_ = new (memory) BlackBox;
  spawn();
}

Worker::~Worker() {
  reap();
  munmap(box_, sizeof(BlackBox));
}

void Worker::spawn() {
  std::array<int, 2> down{}, up{};
  if (pipe2(down.data(), O_CLOEXEC) != 0 || pipe2(up.data(), O_CLOEXEC) != 0) fail("no pipe to a worker");
  output_ = memfd_create("finwait-worker", MFD_CLOEXEC);
  if (output_ < 0) fail("no memory for a worker's output");
  pid_ = fork();
  if (pid_ < 0) fail("no process for a worker");
  if (pid_ == 0) {
    close(down[1]);
    close(up[0]);
    signal(SIGINT, SIG_IGN);  // the parent decides when to stop
    dup2(output_, STDOUT_FILENO);
    dup2(output_, STDERR_FILENO);
    be_the_child(down[0], up[1]);
  }
  close(down[0]);
  close(up[1]);
  to_child_ = down[1];
  from_child_ = up[0];
  if (!known_.empty() || !passed_over_.empty()) send_known();
  if (!missing_.empty()) send_missing();
}

// Nothing may leave the child but through _exit(): what lies above on the stack is the parent's.
void Worker::be_the_child(int in, int out) {
  try {
    const std::unique_ptr<Adapter> adapter = adapter_();
    Child(*box_, *adapter, source_, in, out).serve();
    _exit(0);
  } catch (const std::exception& error) {
    // What an adapter throws is its own failure, not the implementation's.
    const std::string_view what = error.what();
    write_all(STDERR_FILENO, what.data(), what.size());
  }
  _exit(adapter_has_failed);
}

void Worker::reap() {
  if (pid_ < 0) return;
  close(to_child_);
  close(from_child_);
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  constexpr off_t most = 1000;
  const off_t size = lseek(output_, 0, SEEK_END);
  last_output_.resize(static_cast<std::size_t>(std::min(size, most)));
  if (pread(output_, last_output_.data(), last_output_.size(), std::max<off_t>(0, size - most)) < 0)
    last_output_.clear();
  close(output_);
  adapter_failed_ = WIFEXITED(status) && WEXITSTATUS(status) == adapter_has_failed;
}

void Worker::replace_the_child() {
  reap();
  if (adapter_failed_) throw std::runtime_error("the adapter has failed: " + last_output_);
  spawn();
}

bool Worker::read(void* data, std::size_t size) {
  return read_all(from_child_, data, size);
}

void Worker::remember(const std::set<Deviation>& known, const std::set<Deviation>& passed_over) {
  known_ = known;
  passed_over_ = passed_over;
  send_known();
}

void Worker::send_known() {
  Message message(Command::remember);
  for (const auto* deviations : {&known_, &passed_over_}) {
    message.put(static_cast<std::uint64_t>(deviations->size()));
    for (const Deviation& deviation : *deviations) message.put(deviation);
  }
  message.send(to_child_);
}

void Worker::steer(const std::vector<Cell>& missing) {
  missing_ = missing;
  send_missing();
}

void Worker::send_missing() {
  Message(Command::steer)
      .put(static_cast<std::uint64_t>(missing_.size()))
      .put(missing_.data(), missing_.size())
      .send(to_child_);
}

Case Worker::case_in_box() const {
  return {box_->setup, {box_->event.begin(), box_->event.begin() + box_->events}};
}

// False where the worker has died before the end of the round.
bool Worker::read_round(Round& round) {
  Answer answer{};
  while (read(&answer, sizeof answer)) {
    if (answer == Answer::round_done) return true;
    SightingHead head{};
    if (!read(&head, sizeof head)) return false;
    Sighting sighting{head.number, {head.setup, {}}, head.deviation, head.tainted};
    sighting.found.events.resize(head.events);
    if (!read(sighting.found.events.data(), head.events * sizeof(Event))) return false;
    round.sightings.push_back(std::move(sighting));
  }
  return false;
}

Round Worker::round(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  Round round;
  *box_ = BlackBox{};
  const std::uint64_t end = first + count;
  while (first < end) {
    box_->number = first;
    Message(Command::round).put(RoundOrder{seed, first, end - first}).send(to_child_);
    if (read_round(round)) break;
    // The implementation has ended the process. The case up to there is a finding; the round goes on behind
    // it.
    const bool seen =
        std::any_of(round.sightings.begin(), round.sightings.end(),
                    [&](const Sighting& sighting) { return sighting.deviation == box_->last_words; });
    const bool known = known_.contains(box_->last_words) || passed_over_.contains(box_->last_words);
    if (!seen && !known) {
      round.sightings.push_back({box_->number, case_in_box(), box_->last_words, box_->tainted});
    }
    Tally& tally = box_->deviated ? box_->coverage.behind : box_->coverage.met;
    ++tally.of({box_->last_words.state, box_->last_words.event});
    ++box_->cases;
    first = box_->number + 1;
    replace_the_child();
  }
  round.cases = box_->cases;
  round.events = box_->events_played;
  round.inconclusive = box_->inconclusive;
  round.advisories.assign(box_->advisories.begin(), box_->advisories.end());
  round.coverage = box_->coverage;
  return round;
}

Played Worker::play(const Case& given, model::Rule target) {
  return first_of(given.setup, {&given.events, 1}, target, nullptr)->played;
}

std::optional<Hit> Worker::first_hit(const CaseSetup& setup, const std::vector<Events>& candidates,
                                     const Wanted& wanted) {
  return first_of(setup, candidates, wanted.rule, &wanted);
}

std::optional<Hit> Worker::first_of(const CaseSetup& setup, std::span<const Events> candidates,
                                    model::Rule target, const Wanted* wanted) {
  for (std::size_t done = 0; done < candidates.size(); ++done) {
    Message message(Command::play);
    const auto left = static_cast<std::uint32_t>(candidates.size() - done);
    message.put(PlayOrder{setup, target, wanted != nullptr, wanted ? wanted->state : std::nullopt, left});
    for (const Events& events : candidates.subspan(done)) message.put(events);
    box_->number = 0;
    message.send(to_child_);
    PlayedAnswer answer{};
    if (read(&answer, sizeof answer)) {
      if (!answer.hit) return std::nullopt;
      return Hit{done + answer.first.index, answer.first.played};
    }
    // The implementation has ended the process; what comes behind that candidate is played by a new one.
    replace_the_child();
    done += box_->number;
    const Hit crash{done, crash_of(candidates[done])};
    if (wanted == nullptr || wanted->shown_by(crash.played)) return crash;
  }
  return std::nullopt;
}

Played Worker::crash_of(const Events& events) const {
  Played played;
  played.outcome = Outcome::fail;
  played.deviation = box_->last_words;
  played.events = events.size();
  played.culprit = played.events - 1;
  return played;
}

}  // namespace finwait
