#include "harness/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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
#include <utility>

#include "model/machine.h"

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
  std::uint64_t end_at;  // place of the first case among the round's
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
  std::array<CaseEnd, most_ends> ends{};
  Coverage coverage;

  Tally& tally() { return deviated ? coverage.behind : coverage.met; }
};

Arrows Round::arrows() const {
  Arrows taken;
  for (std::size_t i = 0; i < model::arrow_count; ++i) {
    if (coverage.met.rows[i] + coverage.behind.rows[i] > 0) taken.set(i);
  }
  return taken;
}

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
    source_.begin_round();
    prefix_is_kept_ = false;
    for (std::uint64_t i = 0; i < order.count; ++i) {
      CaseEnd end;  // for those that find no room
      play_case(order.seed, order.first + i,
                order.end_at + i < most_ends ? box_.ends[order.end_at + i] : end);
    }
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
    told_.clear();
    prefix_is_kept_ = false;  // what lies behind a doubt has changed
  }

  void steer() {
    std::vector<Cell> missing(message_.take<std::uint64_t>());
    message_.take(missing.data(), missing.size());
    source_.steer(missing);
  }

  void play_case(std::uint64_t seed, std::uint64_t number, CaseEnd& end) {
    box_.number = number;
    box_.events = 0;
    box_.tainted = false;
    note_deviated(false);
    box_.setup = source_.begin(seed, number);
    end.why = source_.void_case();
    if (end.why != CaseEnd::Why::played) return;
    if (!begin_behind_prefix()) session_.start(box_.setup);
    while (box_.events < max_events) {
      if (source_.prefix() > 0 && box_.events == source_.prefix() && !prefix_is_kept_) keep_prefix();
      if (source_.looks_here()) look(end);
      const std::optional<Event> event = source_.next(session_.oracle().front());
      if (!event) break;
      box_.event[box_.events++] = *event;
      const Outcome outcome = session_.play(*event);
      note_cell(outcome);
      if (!event_goes_on(outcome)) break;
      if (session_.oracle().contradicted()) break;
      if (doubts_.contains(session_.history().back())) box_.tainted = true;
    }
    end.why = source_.void_case();
    if (end.why != CaseEnd::Why::played) return;
    if (!box_.tainted) source_.end(session_.oracle().set());
    count_advisories(session_.advisories());
    box_.events_played += box_.events;
    ++box_.cases;
  }

  // An event that was not judged covers nothing.
  void note_cell(Outcome outcome) {
    const Cell& cell = session_.history().back();
    const bool judged = outcome != Outcome::inconclusive && !session_.oracle().contradicted();
    if (judged && supports(session_.profile(), cell.event.kind)) ++box_.tally().of(cell);
  }

  // Cases with a long prefix in common begin where it ends.
  bool begin_behind_prefix() {
    prefix_is_kept_ = prefix_is_kept_ && source_.same_prefix();
    if (!prefix_is_kept_) return false;
    session_.return_to_kept();
    source_.skip_prefix();
    box_.events = static_cast<std::uint32_t>(source_.prefix());
    box_.tainted = prefix_is_tainted_;
    note_deviated(prefix_has_deviated_);
    return true;
  }

  void keep_prefix() {
    prefix_is_kept_ = session_.keep();
    prefix_is_tainted_ = box_.tainted;
    prefix_has_deviated_ = box_.deviated;
  }

  // What follows is counted apart.
  void note_deviated(bool deviated) {
    box_.deviated = deviated;
    session_.count_arrows_in(&box_.tally().rows);
  }

  void look(CaseEnd& end) {
    const std::optional<std::uint64_t> fingerprint = session_.fingerprint();
    end.fingerprint = fingerprint.value_or(0);
    end.looked = fingerprint.has_value();
    end.tainted = box_.tainted;
  }

  // True where the case goes on after the event.
  bool event_goes_on(Outcome outcome) {
    for (int deviations = 0; outcome == Outcome::fail; ++deviations) {
      if (worth_telling(session_.deviation())) report();
      if (deviations == most_deviations) return false;
      if (!session_.about_time_alone()) {
        box_.tainted = true;
        note_deviated(true);
      }
      outcome = session_.go_on();
    }
    if (outcome == Outcome::inconclusive) ++box_.inconclusive;
    return outcome == Outcome::pass;
  }

  // Once, and once more where no other deviation comes before it: only that proves something of its own.
  bool worth_telling(const Deviation& deviation) {
    if (known_.contains(deviation) || told_.contains({deviation, false})) return false;
    return told_.insert({deviation, box_.tainted}).second;
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
    prefix_is_kept_ = false;
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
  std::set<std::pair<Deviation, bool>> told_;  ///< since then, and whether behind another deviation
  Doubts doubts_;
  bool prefix_is_kept_ = false;  ///< of the last case
  bool prefix_is_tainted_ = false, prefix_has_deviated_ = false;
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
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail("no process for a worker");
  if (pid_ == 0) {
    close(down[1]);
    close(up[0]);
    signal(SIGINT, SIG_IGN);  // the parent decides when to stop
    // The end of a pipe does not tell that the parent has gone: other workers hold copies of it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
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
  if (adapter_failed_) throw std::runtime_error("the adapter has failed: " + last_output_ + played_text());
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

void Worker::begin_round(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  round_ = Round{};
  *box_ = BlackBox{};
  seed_ = seed;
  first_ = next_ = first;
  end_ = first + count;
  if (count > 0) send_round();
}

void Worker::send_round() {
  box_->number = next_;
  Message(Command::round).put(RoundOrder{seed_, next_, end_ - next_, next_ - first_}).send(to_child_);
}

bool Worker::take_answer() {
  if (next_ < end_) {
    Answer answer{};
    const bool alive = read(&answer, sizeof answer);
    if (alive && answer == Answer::sighting && read_sighting()) return false;
    if (!alive || answer != Answer::round_done) {
      take_crash();
      if (next_ < end_) return false;
    }
  }
  end_round();
  return true;
}

// For whoever mends the adapter: what it was shown.
std::string Worker::played_text() const {
  if (next_ >= end_ || box_->events == 0) return {};
  std::string text = "\nit was playing";
  for (const Event& event : case_in_box().events) text += "\n  " + to_text(event);
  return text;
}

// False where the child has died before the end of what it had to tell.
bool Worker::read_sighting() {
  SightingHead head{};
  if (!read(&head, sizeof head)) return false;
  Sighting sighting{head.number, {head.setup, {}}, head.deviation, head.tainted};
  sighting.found.events.resize(head.events);
  if (!read(sighting.found.events.data(), head.events * sizeof(Event))) return false;
  round_.sightings.push_back(std::move(sighting));
  return true;
}

// The implementation has ended the process. The case up to there is a finding; the round goes on behind it.
void Worker::take_crash() {
  const bool seen =
      std::any_of(round_.sightings.begin(), round_.sightings.end(),
                  [&](const Sighting& sighting) { return sighting.deviation == box_->last_words; });
  const bool known = known_.contains(box_->last_words) || passed_over_.contains(box_->last_words);
  if (!seen && !known) {
    round_.sightings.push_back({box_->number, case_in_box(), box_->last_words, box_->tainted});
  }
  ++box_->tally().of({box_->last_words.state, box_->last_words.event});
  box_->events_played += box_->events;
  ++box_->cases;
  next_ = box_->number + 1;
  replace_the_child();
  if (next_ < end_) send_round();
}

void Worker::end_round() {
  next_ = end_;
  round_.cases = box_->cases;
  round_.events = box_->events_played;
  round_.inconclusive = box_->inconclusive;
  round_.advisories.assign(box_->advisories.begin(), box_->advisories.end());
  round_.coverage = box_->coverage;
  if (end_ - first_ <= most_ends)
    round_.ends.assign(box_->ends.begin(), box_->ends.begin() + static_cast<std::ptrdiff_t>(end_ - first_));
}

Round Worker::round(std::uint64_t seed, std::uint64_t first, std::uint64_t count) {
  begin_round(seed, first, count);
  while (!take_answer()) {
  }
  return take_round();
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
