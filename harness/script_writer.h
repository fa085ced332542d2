// Writes what was seen in a case as the events of a packetdrill script.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/script.h"
#include "harness/session.h"

namespace finwait {

/// Sequence numbers as a script writes them: relative to each side's SYN, modulo 2^32.
struct ScriptNumbers {
  model::Seq tester_isn = 0;        ///< of the tester's first SYN; until it is sent, what it would be
  std::optional<model::Seq> iss{};  ///< known once the IUT's SYN was seen; until then its side is raw

  std::uint32_t tester(model::Seq seq) const { return seq - tester_isn; }
  std::uint32_t iut(model::Seq seq) const { return iss ? seq - *iss : seq; }

  /// A segment of the tester's, or nothing where it lies across 2^32, which the language cannot say.
  std::optional<script::Segment> injected(const model::Segment& segment) const;
  /// A segment of the IUT's; with `as_seen` its window and options too, else only what a script should ask
  /// for.
  std::optional<script::Segment> emitted(const model::Segment& segment, bool as_seen) const;
  /// A segment of the IUT's in words, whether the language can say it or not.
  std::string text(const model::Segment& segment) const;
};

/// The name by which packetdrill knows this result of a call: "ECONNRESET"; empty where it is no error.
std::string_view errno_name(EventKind call, Result result);
/// What the call returned, in a script's words: "100", "-1 EAGAIN".
std::string result_text(EventKind call, Result result, std::uint32_t count);

/// What is to stand at the failing line.
struct Failure {
  std::optional<script::Segment> required{};  ///< what the RFC asks for, if that is known
  script::Micros within{0};                   ///< by when
  std::string observed;                       ///< behind `// IUT:`: what came instead
  std::optional<Result> permitted{};          ///< of a call
  std::uint32_t permitted_count = 0;
};

class ScriptWriter {
 public:
  ScriptWriter(const Profile& profile, model::Seq tester_isn) : profile_(profile), numbers_{tester_isn, {}} {}

  /// Adds an entry of the trace; `failure` where it is the failing one.
  void add(const TraceEntry& entry, const Failure* failure = nullptr);
  /// Adds what was due behind the last entry and did not come.
  void add_missing(const Failure& failure);
  /// The crash that the last entry's stimulus led to.
  void add_crash(std::string_view how);

  const ScriptNumbers& numbers() const { return numbers_; }
  /// Everything so far; of an odd case with nothing that packetdrill could do, a socket stands in for it.
  const std::vector<script::Item>& items() const { return items_; }
  std::vector<script::Item> finish();

 private:
  void stimulus(const TraceEntry& entry, const Failure* failure);
  void segment(const TraceEntry& entry);
  void call(const TraceEntry& entry, const Failure* failure);
  void opening(const TraceEntry& entry, const Failure* failure);
  void call_on(int descriptor, const TraceEntry& entry, const Failure* failure);
  void sent(const TraceEntry& entry, const Failure* failure);
  void told(const TraceEntry& entry, const Failure* failure);
  void need_socket();
  void timed(Time at, script::Action action, std::string comment = {});
  void timed(script::When when, Time at, script::Action action, std::string comment = {});
  void remark(std::string text) { items_.push_back(script::Comment{std::move(text)}); }
  std::string stimulus_comment(const TraceEntry& entry, const Failure* failure);
  std::string delay(Time at) const;
  script::Micros since(Time at) const { return at > previous_ ? at - previous_ : Time{0}; }

  const Profile& profile_;
  ScriptNumbers numbers_;
  std::vector<script::Item> items_;
  bool begun_ = false;
  Time previous_{};  ///< of the last event that has a time
  Time last_{};      ///< of the last entry
  std::optional<model::State> shown_;
  std::string new_state_;         ///< the state that the entry at hand leads to, where it is another
  bool tester_syn_seen_ = false;  ///< since the last OPEN
  int next_descriptor_ = 3, listener_ = 0, connection_ = 0;
  int unused_ = 0;  ///< a socket that is bound and nothing else
};

}  // namespace finwait
