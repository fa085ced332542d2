// A session plays one case: it resolves symbolic events against the oracle's first hypothesis, performs them
// through the adapter, and has the oracle judge everything that the implementation does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/codec.h"
#include "harness/event.h"
#include "model/oracle.h"

namespace finwait {

/// What a case is played with beside its events.
struct CaseSetup {
  model::Seq tester_isn = 0;
  std::uint64_t iut_seed = 0;  ///< handed to Adapter::reset
  bool operator==(const CaseSetup&) const = default;
};

/// Everything that was seen in a case, for people: only kept where a script or a diagram is wanted.
struct TraceEntry {
  enum class What : std::uint8_t { stimulus, sent, opened, acceptable, failed, undecodable };
  What what = What::stimulus;
  Time at{};
  Event event;             ///< of a stimulus
  model::Segment segment;  ///< stimulus or sent; its text points into `octets`
  std::vector<std::uint8_t> octets;
  Result result = Result::ok;   ///< of a call, or why a connection failed
  std::uint32_t count = 0;      ///< octets taken or returned
  std::string state;            ///< of a status call; the error of an undecodable datagram
  model::Seq iss = 0, irs = 0;  ///< the oracle's first hypothesis before the entry, to print relative numbers
  bool iss_known = false;
  model::State before = model::State::closed;
  std::vector<model::Hypothesis> set;  ///< the oracle's set after the entry
  bool fails = false;                  ///< the finding is here
};

/// A rule that the implementation has broken.
struct Deviation {
  model::Rule rule = model::Rule::none;
  model::State state = model::State::closed;  ///< of the first hypothesis when the event to blame came
  EventClass event;
  bool operator==(const Deviation&) const = default;
  auto operator<=>(const Deviation&) const = default;
};

enum class Outcome : std::uint8_t { pass, fail, inconclusive };

/// Whether the implementation has what this kind of event asks for: segments and time always, calls if it
/// lists them.
bool supports(const Profile& profile, EventKind kind);

/// How long a wait is for this implementation.
Time length_of_wait(const Event& wait, const Profile& profile);

/// The model's claims out of an adapter's profile.
model::Claims claims_of(const Profile& profile);

class Session final : private Sink {
 public:
  explicit Session(Adapter& adapter);

  void start(const CaseSetup& setup);
  /// Plays one event. After `fail`, `deviation()` says what was broken, and `go_on()` must come before the
  /// next.
  Outcome play(const Event& event);
  /// Repairs the oracle's set after a failure, so that the case can go on (tainted), and judges what is left
  /// of the event.
  Outcome go_on();

  const Deviation& deviation() const { return deviation_; }
  /// The obituaries of the failure.
  std::span<const model::Obituary> dead() const { return oracle_.dead(); }
  const model::Oracle& oracle() const { return oracle_; }
  const Profile& profile() const { return profile_; }
  Time now() const { return now_; }
  /// The state and class that a deviation would be named after: of the last event.
  model::State state() const { return state_; }
  const EventClass& event_class() const { return class_; }
  /// Writes the state and class of each event here before it is played: what is left of a crash.
  void leave_word_in(Deviation* place) { last_words_ = place; }
  /// From now on the arrows of the transition table that the oracle takes are added to `counts`, or to
  /// nothing.
  void count_arrows_in(model::ArrowCounts* counts) { oracle_.count_arrows_in(counts); }
  /// New bits of model::advisory_bit since the start of the case.
  std::uint64_t advisories() const { return advisories_; }
  /// The number of the event that the deviation is named after, from 0.
  std::size_t culprit() const { return culprit_; }
  /// Whether the deviation is one of time alone, which leaves no doubt about the state and taints nothing.
  bool about_time_alone() const { return noted_; }
  /// State and class of each event played, in order.
  struct Met {
    model::State state;
    EventClass event;
    auto operator<=>(const Met&) const = default;
  };
  const std::vector<Met>& history() const { return history_; }

  /// Where the case stands: the oracle's set and the implementation's own state as one number, if it tells
  /// that.
  std::optional<std::uint64_t> fingerprint() const;

  /// Keeps where the case stands, for return_to_kept() after whatever comes next; false: the adapter cannot.
  bool keep();
  void return_to_kept();

  /// From now on every entry is kept.
  void keep_trace() { keep_trace_ = true; }
  const std::vector<TraceEntry>& trace() const { return trace_; }

  static constexpr std::uint16_t iut_port = 8080;
  static constexpr std::uint16_t tester_port = 40000;

 private:
  struct Observation {
    TraceEntry::What what;
    Time at;
    std::size_t offset, size;
    Socket socket;
    Result why;
  };

  void datagram(Time at, Octets packet) override;
  void opened(Time at, Socket socket) override;
  void acceptable(Time at, Socket listener) override;
  void failed(Time at, Socket socket, Result why) override;

  void forget_observations();
  void form(const Event& event);
  model::Verdict play_segment(const Event& event);
  model::Verdict play_call(const Event& event);
  model::Verdict play_wait(const Event& event);
  Request request_for(const Event& event);
  void settle_sockets(const Request& request, const Reply& reply);
  Outcome judge();
  model::Verdict judge(const Observation& observation);
  model::Verdict judge_datagram(const Observation& observation);
  Outcome conclude(model::Verdict verdict);
  void record_stimulus(const Event& event);
  void record(const Observation& observation, bool fails);

  struct Kept {
    model::Oracle::Place oracle;
    Time now{};
    Socket next_socket = 1, listener = 0, connection = 0;
    std::uint32_t sent = 0;
    std::vector<Met> history;
    std::uint64_t advisories = 0;
  };

  Adapter& adapter_;
  Profile profile_;
  model::Oracle oracle_;
  CaseSetup setup_;
  Time now_{};
  std::vector<Observation> observations_;
  std::vector<std::uint8_t> octets_;  ///< of the datagrams in observations_
  std::size_t judged_ = 0;
  std::vector<std::uint8_t> payload_;
  std::vector<std::uint8_t> packet_;
  model::Segment stimulus_;
  Socket next_socket_ = 1, listener_ = 0, connection_ = 0;
  std::uint32_t sent_ = 0;  ///< octets that the connection's SENDs have taken
  Deviation deviation_;
  Deviation* last_words_ = nullptr;
  std::vector<Met> history_;
  std::size_t culprit_ = 0;
  bool noted_ = false;
  model::State state_ = model::State::closed;
  EventClass class_;
  std::uint64_t advisories_ = 0;
  Kept kept_;
  bool keep_trace_ = false;
  std::vector<TraceEntry> trace_;
};

}  // namespace finwait
