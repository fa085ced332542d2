// How many random cases a second are played on one core, and where the time goes.
//
// Cases are played whole in this process, then once more in parts. For that a block of cases is recorded: the
// hypotheses that the generator looked at, and on a tape everything that went between session and adapter.
// Then each part runs alone on the recording, and nothing else is in its time:
//   generation         the events are drawn again, from the hypotheses recorded
//   stack              the tape's calls, datagrams and times are given to the adapter, whose answers nobody
//   judges oracle             stimuli and observations, taken apart beforehand, are given to an oracle
//   session and codec  what is left of a session whose adapter plays the tape, after the oracle's share
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "harness/codec.h"
#include "harness/worker.h"
#include "impl/stacks.h"
#include "properties/property.h"

namespace finwait::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// As in a run: a case that goes from one deviation to the next says nothing new.
constexpr int most_deviations = 6;
// Cases recorded at a time: few enough to stay in the cache.
constexpr std::uint64_t block = 40;

template <class Function>
Seconds time_of(Function function) {
  const auto start = Clock::now();
  function();
  return Clock::now() - start;
}

// ---- the tape: what goes between session and adapter --------------------------------------------------

struct Seen {
  enum class What : std::uint8_t { datagram, opened, acceptable, failed };
  What what;
  Time at;
  std::size_t offset, size;  ///< of a datagram, in the tape's octets
  Socket socket;
  Result why;
};

struct Exchange {
  enum class What : std::uint8_t { reset, deliver, call, advance, withheld };
  What what;
  std::uint64_t seed = 0;
  Time by{};
  Request request;
  Reply reply;
  std::string state;                     ///< what reply.state points to
  std::size_t offset = 0, size = 0;      ///< of the datagram or of the request's data
  std::size_t received = 0, octets = 0;  ///< of the reply's data
  std::size_t first_seen = 0, last_seen = 0;
  bool on_listener = false;
};

struct Tape {
  std::vector<Exchange> exchanges;
  std::vector<Seen> seen;
  std::vector<std::uint8_t> octets;

  std::size_t keep(Octets more) {
    octets.insert(octets.end(), more.begin(), more.end());
    return octets.size() - more.size();
  }
  Octets view(std::size_t offset, std::size_t size) const { return {octets.data() + offset, size}; }
  void clear() {
    exchanges.clear();
    seen.clear();
    octets.clear();
  }
};

// An adapter around another that keeps everything on the tape.
class RecordingAdapter final : public Adapter, private Sink {
 public:
  RecordingAdapter(Adapter& inner, Tape& tape) : inner_(inner), tape_(tape) {}

  void expect(const Event& event) {
    on_listener_ = event.kind == EventKind::close_listener;
    expecting_ = true;
  }

  Profile profile() const override { return inner_.profile(); }
  void reset(std::uint64_t seed) override {
    Exchange& exchange = begin(Exchange::What::reset);
    exchange.seed = seed;
    inner_.reset(seed);
  }
  Reply call(const Request& request, Sink& sink) override {
    Exchange& exchange = begin(Exchange::What::call);
    exchange.request = request;
    exchange.offset = tape_.keep(request.data);
    exchange.size = request.data.size();
    exchange.on_listener = on_listener_;
    outer_ = &sink;
    const Reply reply = inner_.call(request, *this);
    exchange.reply = reply;
    exchange.state = reply.state;
    exchange.received = tape_.keep(reply.data);
    exchange.octets = reply.data.size();
    end();
    return reply;
  }
  void deliver(Octets packet, Sink& sink) override {
    Exchange& exchange = begin(Exchange::What::deliver);
    exchange.offset = tape_.keep(packet);
    exchange.size = packet.size();
    outer_ = &sink;
    inner_.deliver(packet, *this);
    end();
  }
  void advance(Time by, Sink& sink) override {
    begin(Exchange::What::advance).by = by;
    outer_ = &sink;
    inner_.advance(by, *this);
    end();
  }
  /// Whether the last event that was expected has come.
  bool delivered_last() const { return !expecting_; }
  /// A segment that was not delivered, because the oracle's set had grown too large with it.
  void withhold(const model::Segment& segment) {
    std::vector<std::uint8_t> packet(max_datagram);
    const Profile own = profile();
    const Wire wire{own.tester_address, own.iut_address, Session::tester_port, Session::iut_port, segment};
    Exchange& exchange = begin(Exchange::What::withheld);
    exchange.size = encode(wire, packet);
    exchange.offset = tape_.keep({packet.data(), exchange.size});
  }

 private:
  Exchange& begin(Exchange::What what) {
    Exchange& exchange = tape_.exchanges.emplace_back();
    exchange.what = what;
    exchange.first_seen = exchange.last_seen = tape_.seen.size();
    expecting_ = false;
    return exchange;
  }
  void end() { tape_.exchanges.back().last_seen = tape_.seen.size(); }

  void datagram(Time at, Octets packet) override {
    tape_.seen.push_back({Seen::What::datagram, at, tape_.keep(packet), packet.size(), 0, Result::ok});
    outer_->datagram(at, packet);
  }
  void opened(Time at, Socket socket) override {
    tape_.seen.push_back({Seen::What::opened, at, 0, 0, socket, Result::ok});
    outer_->opened(at, socket);
  }
  void acceptable(Time at, Socket listener) override {
    tape_.seen.push_back({Seen::What::acceptable, at, 0, 0, listener, Result::ok});
    outer_->acceptable(at, listener);
  }
  void failed(Time at, Socket socket, Result why) override {
    tape_.seen.push_back({Seen::What::failed, at, 0, 0, socket, why});
    outer_->failed(at, socket, why);
  }

  Adapter& inner_;
  Tape& tape_;
  Sink* outer_ = nullptr;
  bool on_listener_ = false;
  bool expecting_ = false;
};

// An adapter that costs nothing: it does what is on the tape.
class TapeAdapter final : public Adapter {
 public:
  TapeAdapter(Profile profile, const Tape& tape) : profile_(std::move(profile)), tape_(tape) {}

  void rewind() { at_ = 0; }

  Profile profile() const override { return profile_; }
  void reset(std::uint64_t) override { next(Exchange::What::reset); }
  Reply call(const Request&, Sink& sink) override {
    const Exchange& exchange = next(Exchange::What::call);
    show(exchange, sink);
    Reply reply = exchange.reply;
    reply.data = tape_.view(exchange.received, exchange.octets);
    reply.state = exchange.state;
    return reply;
  }
  void deliver(Octets, Sink& sink) override { show(next(Exchange::What::deliver), sink); }
  void advance(Time, Sink& sink) override { show(next(Exchange::What::advance), sink); }

 private:
  const Exchange& next(Exchange::What what) {
    while (tape_.exchanges.at(at_).what == Exchange::What::withheld) ++at_;
    const Exchange& exchange = tape_.exchanges[at_++];
    if (exchange.what != what) throw std::logic_error("a case was not played as it was recorded");
    return exchange;
  }
  void show(const Exchange& exchange, Sink& sink) const {
    for (std::size_t i = exchange.first_seen; i < exchange.last_seen; ++i) {
      const Seen& seen = tape_.seen[i];
      switch (seen.what) {
        case Seen::What::datagram: sink.datagram(seen.at, tape_.view(seen.offset, seen.size)); break;
        case Seen::What::opened: sink.opened(seen.at, seen.socket); break;
        case Seen::What::acceptable: sink.acceptable(seen.at, seen.socket); break;
        case Seen::What::failed: sink.failed(seen.at, seen.socket, seen.why);
      }
    }
  }

  Profile profile_;
  const Tape& tape_;
  std::size_t at_ = 0;
};

// ---- sources: where events come from, and where they are kept --------------------------------------------

struct RecordedCase {
  std::uint64_t number;
  CaseSetup setup;
  std::vector<Event> events;
  std::vector<model::Hypothesis> looked_at;  ///< before each event, and at the end if it was reached
};

class RecordingSource final : public CaseSource {
 public:
  RecordingSource(CaseSource& inner, RecordingAdapter& adapter, std::vector<RecordedCase>& cases)
      : inner_(inner), adapter_(adapter), cases_(cases) {}

  CaseSetup begin(std::uint64_t seed, std::uint64_t number) override {
    const CaseSetup setup = inner_.begin(seed, number);
    cases_.push_back({number, setup, {}, {}});
    return setup;
  }
  std::optional<Event> next(const model::Hypothesis& h) override {
    const auto event = inner_.next(h);
    cases_.back().looked_at.push_back(h);
    if (event) {
      cases_.back().events.push_back(*event);
      adapter_.expect(*event);
    }
    return event;
  }
  void end(std::span<const model::Hypothesis> set) override { inner_.end(set); }

 private:
  CaseSource& inner_;
  RecordingAdapter& adapter_;
  std::vector<RecordedCase>& cases_;
};

class RecordedSource final : public CaseSource {
 public:
  explicit RecordedSource(const std::vector<RecordedCase>& cases) : cases_(cases) {}

  CaseSetup begin(std::uint64_t, std::uint64_t number) override {
    current_ = &*std::find_if(cases_.begin(), cases_.end(),
                              [&](const RecordedCase& recorded) { return recorded.number == number; });
    at_ = 0;
    return current_->setup;
  }
  std::optional<Event> next(const model::Hypothesis&) override {
    if (at_ == current_->events.size()) return {};
    return current_->events[at_++];
  }
  void end(std::span<const model::Hypothesis>) override {}

 private:
  const std::vector<RecordedCase>& cases_;
  const RecordedCase* current_ = nullptr;
  std::size_t at_ = 0;
};

// ---- whole cases ------------------------------------------------------------------------------------------

struct Totals {
  std::uint64_t cases = 0, events = 0, deviating = 0, inconclusive = 0;
  Seconds whole{}, generation{}, session{}, oracle{}, stack{};
};

// How the event ended: known deviations are repaired and passed over, as in a run.
Outcome pass_over(Session& session, Outcome outcome) {
  for (int deviations = 0; outcome == Outcome::fail && deviations < most_deviations; ++deviations) {
    outcome = session.go_on();
  }
  return outcome;
}

struct Ended {
  std::uint64_t events = 0;
  bool deviates = false;
  bool inconclusive = false;
};

Ended play_case(Session& session, CaseSource& source, std::uint64_t seed, std::uint64_t number) {
  Ended ended;
  session.start(source.begin(seed, number));
  while (ended.events < max_events) {
    const auto event = source.next(session.oracle().front());
    if (!event) break;
    ++ended.events;
    Outcome outcome = session.play(*event);
    ended.deviates = ended.deviates || outcome == Outcome::fail;
    outcome = pass_over(session, outcome);
    ended.inconclusive = outcome == Outcome::inconclusive;
    if (outcome != Outcome::pass || session.oracle().contradicted()) return ended;
  }
  source.end(session.oracle().set());
  return ended;
}

// ---- the oracle alone
// ---------------------------------------------------------------------------------------

// What a session would have told its oracle, taken apart beforehand.
struct Judgement {
  enum class What : std::uint8_t {
    start,
    silent,
    segment,
    call,
    sent,
    opened,
    acceptable,
    failed,
    object,
    quiet
  };
  What what;
  Time now{};
  model::Segment segment;
  model::UserCall call;
  Result why = Result::ok;
  model::Rule rule = model::Rule::none;
};

class Brief {
 public:
  Brief(const Tape& tape, const Profile& profile) : tape_(tape), profile_(profile) {
    for (const Exchange& exchange : tape.exchanges) add(exchange);
  }
  const std::vector<Judgement>& judgements() const { return judgements_; }

 private:
  using What = Judgement::What;

  Judgement& say(What what, Time now) {
    Judgement& judgement = judgements_.emplace_back();
    judgement.what = what;
    judgement.now = now;
    return judgement;
  }

  void add(const Exchange& exchange) {
    switch (exchange.what) {
      case Exchange::What::reset:
        now_ = Time{0};
        listener_ = connection_ = 0;
        say(What::start, now_);
        return;
      case Exchange::What::withheld:
      case Exchange::What::deliver: add_segment(exchange); break;
      case Exchange::What::call: add_call(exchange); break;
      case Exchange::What::advance: say(What::silent, now_); now_ += exchange.by;
    }
    for (std::size_t i = exchange.first_seen; i < exchange.last_seen; ++i) add(tape_.seen[i]);
    say(What::quiet, now_);
  }

  void add_segment(const Exchange& exchange) {
    const Decoded decoded = decode(tape_.view(exchange.offset, exchange.size));
    if (decoded.tcp_checksum_ok) {
      say(What::segment, now_).segment = decoded.wire.segment;
    } else {
      say(What::silent, now_);
    }
  }

  void add_call(const Exchange& exchange) {
    const Request& request = exchange.request;
    const Reply& reply = exchange.reply;
    model::UserCall& call = say(What::call, now_).call;
    call.call = request.call;
    call.on_listener = exchange.on_listener;
    call.on_connection = request.socket != 0;
    call.asked = static_cast<std::uint32_t>(request.count);
    call.result = reply.result;
    call.count = static_cast<std::uint32_t>(reply.count);
    call.received = tape_.view(exchange.received, exchange.octets);
    call.state = exchange.state;
    const bool granted = reply.result == Result::ok || reply.result == Result::pending;
    if (request.call == Call::open_passive && granted) listener_ = request.socket;
    if (request.call == Call::open_active && granted) connection_ = request.socket;
    if (request.call == Call::accept && reply.result == Result::ok) connection_ = request.child;
    if (exchange.on_listener && reply.result == Result::ok) listener_ = 0;
  }

  void add(const Seen& seen) {
    const Time at = std::min(seen.at, now_);
    switch (seen.what) {
      case Seen::What::datagram: add_datagram(at, tape_.view(seen.offset, seen.size)); break;
      case Seen::What::opened:
        if (seen.socket == connection_) say(What::opened, at);
        break;
      case Seen::What::acceptable:
        if (seen.socket == listener_) say(What::acceptable, at);
        break;
      case Seen::What::failed:
        if (seen.socket == connection_) say(What::failed, at).why = seen.why;
    }
  }

  void add_datagram(Time at, Octets packet) {
    const Decoded decoded = decode(packet);
    const Wire& wire = decoded.wire;
    if (!decoded.ok() || decoded.reserved_bits_set || decoded.options_malformed) {
      say(What::object, at).rule = model::Rule::header_is_well_formed;
    } else if (!decoded.ip_checksum_ok || !decoded.tcp_checksum_ok) {
      say(What::object, at).rule = model::Rule::checksum_is_sent;
    } else if (wire.source != profile_.iut_address || wire.destination != profile_.tester_address ||
               wire.source_port != Session::iut_port || wire.destination_port != Session::tester_port) {
      say(What::object, at).rule = model::Rule::local_address_stays;
    } else {
      say(What::sent, at).segment = wire.segment;
    }
  }

  const Tape& tape_;
  const Profile& profile_;
  std::vector<Judgement> judgements_;
  Time now_{};
  Socket listener_ = 0, connection_ = 0;
};

// The part of Session that only passes things on.
class Judge {
 public:
  explicit Judge(const Profile& profile)
      : oracle_(claims_of(profile)), quiet_(profile.clock == Profile::Clock::virtual_exact) {}

  void hear(const std::vector<Judgement>& judgements) {
    for (const Judgement& judgement : judgements) hear(judgement);
  }

 private:
  using What = Judgement::What;
  using Verdict = model::Verdict;

  void hear(const Judgement& j) {
    if (j.what == What::start) {
      oracle_.start();
      number_ = 0;
      return;
    }
    if (oracle_.contradicted()) return;
    const bool stimulus = j.what == What::silent || j.what == What::segment || j.what == What::call;
    if (stimulus) {
      oracle_.begin_event(number_++);
    } else if (oracle_.time(j.now, j.what == What::quiet && quiet_) == Verdict::fail) {
      oracle_.repair();
    }
    if (verdict_of(j) == Verdict::fail) oracle_.repair();
    if (j.what == What::quiet) advisories_ |= oracle_.advisories();
  }

  Verdict verdict_of(const Judgement& j) {
    switch (j.what) {
      case What::segment: return oracle_.segment(j.now, j.segment);
      case What::call: return oracle_.call(j.now, j.call);
      case What::sent: return oracle_.sent(j.now, j.segment);
      case What::opened: return oracle_.told_open(j.now);
      case What::acceptable: return oracle_.told_acceptable(j.now);
      case What::failed: return oracle_.told_failure(j.now, j.why);
      case What::object: return oracle_.object(j.now, j.rule);
      default: return Verdict::pass;
    }
  }

  model::Oracle oracle_;
  bool quiet_;
  std::uint16_t number_ = 0;
  std::uint64_t advisories_ = 0;
};

// ---- one stack
// ------------------------------------------------------------------------------------------------

struct NullSink final : Sink {
  void datagram(Time, Octets packet) override { octets += packet.size(); }
  void opened(Time, Socket) override { ++octets; }
  void acceptable(Time, Socket) override { ++octets; }
  void failed(Time, Socket, Result) override { ++octets; }
  std::uint64_t octets = 0;
};

std::vector<const Property*> chosen_properties(const std::vector<std::string>& selectors) {
  std::vector<const Property*> chosen;
  for (const std::string& selector : selectors) {
    const auto selected = select_properties(selector);
    if (selected.empty()) throw std::invalid_argument(fmt::format("no property matches \"{}\"", selector));
    chosen.insert(chosen.end(), selected.begin(), selected.end());
  }
  return chosen;
}

class Bench {
 public:
  Bench(const Stack& stack, const std::vector<const Property*>& chosen, std::uint64_t seed)
      : stack_(stack),
        seed_(seed),
        source_(chosen),
        worker_(stack.make, source_),
        adapter_(stack.make()),
        profile_(adapter_->profile()),
        whole_(*adapter_),
        recorder_(*adapter_, tape_),
        recorded_(recorder_),
        player_(profile_, tape_),
        played_(player_),
        judge_(profile_) {
    recorded_.keep_trace();
  }

  Totals run(std::uint64_t cases) {
    for (std::uint64_t first = 0; first < cases; first += block)
      measure(first, std::min(block, cases - first));
    return totals_;
  }

  const Profile& profile() const { return profile_; }
  std::uint64_t crashes() const { return crashes_; }

 private:
  // The cases that the stack survives: tried in a process of their own, since what ends it would end this
  // one.
  std::vector<std::uint64_t> survivors(std::uint64_t first, std::uint64_t count) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = first; number < first + count; ++number) {
      const Round round = worker_.round(seed_, number, 1);
      const bool crashed = std::any_of(
          round.sightings.begin(), round.sightings.end(),
          [](const Sighting& sighting) { return sighting.deviation.rule == model::Rule::iut_survives; });
      if (crashed) {
        ++crashes_;
      } else {
        numbers.push_back(number);
      }
    }
    return numbers;
  }

  void measure(std::uint64_t first, std::uint64_t count) {
    const std::vector<std::uint64_t> numbers = survivors(first, count);
    totals_.whole += time_of([&] {
      for (const std::uint64_t number : numbers) {
        const Ended ended = play_case(whole_, source_, seed_, number);
        ++totals_.cases;
        totals_.events += ended.events;
        totals_.deviating += ended.deviates ? 1 : 0;
        totals_.inconclusive += ended.inconclusive ? 1 : 0;
      }
    });
    record(numbers);
    totals_.generation += time_of([&] { generate(); });
    totals_.stack += time_of([&] { drive_the_stack(); });
    const Brief brief(tape_, profile_);
    const Seconds oracle = time_of([&] { judge_.hear(brief.judgements()); });
    totals_.oracle += oracle;
    player_.rewind();
    RecordedSource source(cases_);
    totals_.session += time_of([&] {
      for (const std::uint64_t number : numbers) play_case(played_, source, seed_, number);
    });
    totals_.session -= oracle;
  }

  void record(const std::vector<std::uint64_t>& numbers) {
    tape_.clear();
    cases_.clear();
    RecordingSource source(source_, recorder_, cases_);
    for (const std::uint64_t number : numbers) {
      const Ended ended = play_case(recorded_, source, seed_, number);
      const TraceEntry& last = recorded_.trace().back();
      const bool segment = last.what == TraceEntry::What::stimulus && last.event.kind == EventKind::segment;
      if (ended.inconclusive && segment && !last.event.bad_checksum && !recorder_.delivered_last()) {
        recorder_.withhold(last.segment);
      }
    }
  }

  void generate() {
    for (const RecordedCase& recorded : cases_) {
      source_.begin(seed_, recorded.number);
      for (const model::Hypothesis& h : recorded.looked_at) source_.next(h);
    }
  }

  void drive_the_stack() {
    for (const Exchange& exchange : tape_.exchanges) {
      switch (exchange.what) {
        case Exchange::What::reset: adapter_->reset(exchange.seed); break;
        case Exchange::What::deliver:
          adapter_->deliver(tape_.view(exchange.offset, exchange.size), sink_);
          break;
        case Exchange::What::advance: adapter_->advance(exchange.by, sink_); break;
        case Exchange::What::withheld: break;
        case Exchange::What::call: {
          Request request = exchange.request;
          request.data = tape_.view(exchange.offset, exchange.size);
          adapter_->call(request, sink_);
        }
      }
    }
  }

  const Stack& stack_;
  std::uint64_t seed_;
  PropertySource source_;
  Worker worker_;
  std::unique_ptr<Adapter> adapter_;
  Profile profile_;
  Session whole_;
  Tape tape_;
  RecordingAdapter recorder_;
  Session recorded_;
  TapeAdapter player_;
  Session played_;
  Judge judge_;
  std::vector<RecordedCase> cases_;
  NullSink sink_;
  Totals totals_;
  std::uint64_t crashes_ = 0;
};

// ---- the table
// --------------------------------------------------------------------------------------------------

std::string compiler() {
#ifdef __clang__
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

void print_part(std::string_view name, Seconds time, const Totals& totals) {
  fmt::print("  {:<18} {:8.3f} µs an event {:5.1f} %\n", name,
             1e6 * time.count() / static_cast<double>(totals.events),
             100 * time.count() / totals.whole.count());
}

void print(const Bench& bench, const Totals& totals) {
  const auto cases = static_cast<double>(totals.cases), events = static_cast<double>(totals.events);
  const double seconds = totals.whole.count();
  fmt::print("\n{} {}: {:.0f} cases/s, {:.0f} events/s on one core\n", bench.profile().name,
             bench.profile().version, cases / seconds, events / seconds);
  fmt::print(
      "  {} cases of {:.1f} events on average; {:.0f} % go on behind a deviation, {:.1f} % are inconclusive",
      totals.cases, events / cases, 100 * static_cast<double>(totals.deviating) / cases,
      100 * static_cast<double>(totals.inconclusive) / cases);
  if (bench.crashes() > 0) fmt::print("; {} left out that end the stack's process", bench.crashes());
  fmt::print("\n");
  print_part("generation", totals.generation, totals);
  print_part("session and codec", totals.session, totals);
  print_part("oracle", totals.oracle, totals);
  print_part("stack", totals.stack, totals);
  print_part("whole", totals.whole, totals);
}

int bench_main(int argc, char** argv) {
  CLI::App app{
      "Measures how fast finwait plays random cases against each stack, in this process, on one core."};
  std::uint64_t cases = 4000, seed = 1;
  std::vector<std::string> selectors{"any"};
  app.add_option("selector", selectors, "Clauses or properties that cases are drawn from, as in a run")
      ->capture_default_str();
  app.add_option("--cases", cases, "Random cases for each stack")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--seed", seed, "Of the random cases")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const std::string_view build_type = FINWAIT_BUILD_TYPE;
  fmt::print("finwait {}: {} build, {}, {} cores; seed {}\n", FINWAIT_VERSION,
             build_type.empty() ? "unnamed" : build_type, compiler(), std::thread::hardware_concurrency(),
             seed);
  for (const Stack& stack : stacks()) {
    if (stack.name.starts_with("mutant:")) continue;  // as fast as what they are made of
    if (const std::string lacking = stack.lacking(); !lacking.empty()) {
      fmt::print("{}: skipped: {}\n", stack.name, lacking);
      continue;
    }
    if (stack.make()->profile().clock == Profile::Clock::real) {
      fmt::print("{}: left out, its waits take real time: time finwait run {} --waiting 0 --workers 1\n",
                 stack.name, stack.name);
      continue;
    }
    Bench bench(stack, chosen_properties(selectors), seed);
    print(bench, bench.run(cases));
  }
  return 0;
}

}  // namespace

}  // namespace finwait::bench

int main(int argc, char** argv) {
  try {
    return finwait::bench::bench_main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "finwait_bench: {}\n", error.what());
    return 1;
  }
}
