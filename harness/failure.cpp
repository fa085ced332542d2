#include "harness/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/text.h"
#include "model/stream.h"
#include "model/timeouts.h"
#include "model/user_calls.h"

namespace finwait {

namespace {

using model::Hypothesis;
using model::Owed;
using model::Rule;

constexpr std::array<std::string_view, model::owed_count> owed_names{"SYN",
                                                                     "SYN,ACK",
                                                                     "ACK",
                                                                     "data",
                                                                     "FIN",
                                                                     "retransmission",
                                                                     "probe",
                                                                     "notice of ESTABLISHED",
                                                                     "a child to accept",
                                                                     "notice of the failure"};

bool is_call(EventKind kind) {
  return kind != EventKind::segment && kind != EventKind::wait;
}

// ---- segments owed ----------------------------------------------------------------------------------

script::Segment bare(std::uint8_t flags, std::uint32_t seq, std::optional<std::uint32_t> ack) {
  script::Segment segment;
  segment.flags.bits = flags;
  segment.range.seq = seq;
  segment.ack = ack;
  if (flags & model::SYN) segment.options = script::any_options();
  return segment;
}

// The forms of §3.10's resets.
script::Segment reset_segment(const model::Reset& reset, const ScriptNumbers& numbers) {
  if (reset.forms & model::at_seg_ack) return bare(model::RST, numbers.iut(reset.acked), {});
  if (reset.forms & model::at_snd_nxt) return bare(model::RST, numbers.iut(reset.next_low), {});
  // <SEQ=0> is a number on the wire, not of the connection.
  return bare(model::RST | model::ACK, numbers.iut(0), numbers.tester(reset.end));
}

// Where the form is known, not only that something is owed.
std::optional<script::Segment> owed_segment(const Hypothesis& h, Owed owed, const ScriptNumbers& numbers) {
  const std::uint32_t iss = h.iss_known ? numbers.iut(h.iss) : 0;
  const std::uint32_t ack = numbers.tester(h.rcv_nxt);
  switch (owed) {
    case Owed::syn: return bare(model::SYN, iss, {});
    case Owed::syn_ack: return bare(model::SYN | model::ACK, iss, ack);
    case Owed::ack: return bare(model::ACK, numbers.iut(h.snd_nxt), ack);
    case Owed::fin:
      if (h.unsent() > 0) return {};
      return bare(model::FIN | model::ACK, numbers.iut(h.stream_end()), ack);
    default: return {};
  }
}

struct Due {
  std::optional<script::Segment> segment{};
  std::string_view name;
  Time by{};
};

std::optional<Due> due_by(const Hypothesis& h, Rule rule, const ScriptNumbers& numbers) {
  for (std::size_t i = 0; i < h.reset_count; ++i) {
    const model::Reset& reset = h.resets.at(i);
    if (reset.owed && reset.why == rule) return Due{reset_segment(reset, numbers), "RST", reset.by};
  }
  for (std::size_t i = 0; i < h.owed.size(); ++i) {
    if (h.owed.at(i).why != rule) continue;
    return Due{owed_segment(h, static_cast<Owed>(i), numbers), owed_names.at(i), h.owed.at(i).by};
  }
  return {};
}

// Where what did not come is blamed on an earlier event, the duty has a rule of its own.
std::optional<Due> overdue_in(const Hypothesis& h, Time now, const ScriptNumbers& numbers) {
  std::optional<Due> first;
  for (std::size_t i = 0; i < h.owed.size(); ++i) {
    const model::Duty& duty = h.owed.at(i);
    if (duty.why == Rule::none || duty.by > now || (first && first->by <= duty.by)) continue;
    first = Due{owed_segment(h, static_cast<Owed>(i), numbers), owed_names.at(i), duty.by};
  }
  return first;
}

std::optional<Due> due_in(const FailedCase& failed, const model::Obituary& obituary,
                          const ScriptNumbers& numbers) {
  const auto due = due_by(obituary.hypothesis, obituary.rule, numbers);
  const bool silent = failed.entry().event.kind == EventKind::wait && is_missing(failed);
  return due || !silent ? due : overdue_in(obituary.hypothesis, failed.now, numbers);
}

std::optional<Due> first_due(const FailedCase& failed, const ScriptNumbers& numbers) {
  for (const model::Obituary& obituary : failed.dead) {
    if (const auto due = due_in(failed, obituary, numbers)) return due;
  }
  return {};
}

// ---- results of calls -------------------------------------------------------------------------------

struct Returned {
  Result result;
  std::uint32_t count;
  bool operator==(const Returned&) const = default;
};

model::UserCall user_call(const Event& event, Result result) {
  static constexpr std::array<Call, event_kind_count> calls{
      Call::status,  Call::status, Call::open_passive, Call::open_active, Call::accept, Call::send,
      Call::receive, Call::close,  Call::close_full,   Call::abort,       Call::status, Call::close_full};
  model::UserCall call;
  call.call = calls.at(static_cast<std::size_t>(event.kind));
  call.on_listener = event.kind == EventKind::close_listener;
  call.asked = event.count;
  call.result = result;
  return call;
}

// Whether the oracle would have let this result pass under this hypothesis.
bool allowed(const FailedCase& failed, const Hypothesis& dead, const model::UserCall& call) {
  const model::Claims claims = claims_of(failed.profile);
  model::Chooser chooser;
  do {
    Hypothesis h = dead;
    model::Step step{h, chooser, claims, failed.entry().at};
    model::expire(step);
    if (model::user_calls(step, call) == Rule::none) return true;
  } while (chooser.next());
  return false;
}

std::vector<std::uint8_t> readable_text(const Hypothesis& h, std::uint32_t asked) {
  const std::uint32_t there = model::lt(h.user_nxt, h.text_end()) ? h.text_end() - h.user_nxt : 0;
  std::vector<std::uint8_t> octets(std::min(there, asked));
  for (std::uint32_t i = 0; i < octets.size(); ++i) octets[i] = model::tester_octet(h.user_nxt + i);
  return octets;
}

std::vector<Returned> results_allowed(const FailedCase& failed, const Hypothesis& dead) {
  static constexpr std::array results{
      Result::ok,      Result::pending,   Result::closing,       Result::reset,
      Result::refused, Result::timed_out, Result::no_connection, Result::exists};
  const Event& event = failed.entry().event;
  std::vector<Returned> allowed_ones;
  const std::vector<std::uint8_t> octets = readable_text(dead, event.count);
  for (const Result result : results) {
    model::UserCall call = user_call(event, result);
    if (result == Result::ok && event.kind == EventKind::send) call.count = event.count;
    if (result == Result::ok && event.kind == EventKind::receive) {
      if (octets.empty()) continue;
      call.received = octets;
      call.count = static_cast<std::uint32_t>(octets.size());
    }
    if (allowed(failed, dead, call)) allowed_ones.push_back({result, call.count});
  }
  return allowed_ones;
}

std::string results_in_words(const FailedCase& failed, const Hypothesis& dead) {
  std::vector<std::string> words;
  for (const Returned& returned : results_allowed(failed, dead)) {
    words.push_back(result_text(failed.entry().event.kind, returned.result, returned.count));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

// ---- what was seen ----------------------------------------------------------------------------------

std::string seen(const FailedCase& failed, const ScriptNumbers& numbers) {
  const TraceEntry& entry = failed.entry();
  switch (entry.what) {
    case TraceEntry::What::sent: return numbers.text(entry.segment);
    case TraceEntry::What::opened: return "the user is told that the connection is open";
    case TraceEntry::What::acceptable: return "a child can be accepted";
    case TraceEntry::What::failed:
      return fmt::format("the user is told {}", errno_name(EventKind::receive, entry.result));
    case TraceEntry::What::undecodable: return entry.state;
    case TraceEntry::What::stimulus: break;
  }
  if (entry.event.kind == EventKind::status) return fmt::format("state {}", entry.state);
  if (!is_call(entry.event.kind)) return "nothing";
  return fmt::format("= {}", result_text(entry.event.kind, entry.result, entry.count));
}

// When the segment that was sent last was sent before.
std::string intervals(const FailedCase& failed, const ScriptNumbers& numbers) {
  const TraceEntry* last = nullptr;
  std::vector<std::string> waited;
  for (std::size_t i = failed.failing + 1; i-- > 0;) {
    const TraceEntry& entry = failed.trace[i];
    if (entry.what != TraceEntry::What::sent) continue;
    if (last == nullptr) last = &entry;
    if (entry.segment.seq != last->segment.seq || entry.segment.flags != last->segment.flags) continue;
    const Time now = last->at - entry.at;
    if (now > Time{0}) waited.push_back(seconds_text(now));
  }
  if (last == nullptr) return "no transmission";
  if (waited.empty()) return fmt::format("{} was sent once", numbers.text(last->segment));
  return fmt::format("{} was sent before {} seconds ago", numbers.text(last->segment),
                     fmt::join(waited, ", "));
}

bool fails_in_the_call(const FailedCase& failed) {
  return failed.entry().what == TraceEntry::What::stimulus && is_call(failed.entry().event.kind) &&
         !is_missing(failed);
}

}  // namespace

bool is_missing(const FailedCase& failed) {
  if (failed.about_time_alone) return true;  // no segment is wrong, only when they came
  if (failed.entry().what != TraceEntry::What::stimulus && failed.entry().fails &&
      !failed.entry().set.empty())
    return true;
  if (failed.entry().what != TraceEntry::What::stimulus) return false;
  if (!is_call(failed.entry().event.kind)) return true;
  return std::any_of(failed.dead.begin(), failed.dead.end(), [](const model::Obituary& obituary) {
    return due_by(obituary.hypothesis, obituary.rule, {}).has_value();
  });
}

Failure failure_of(const FailedCase& failed, const ScriptNumbers& numbers) {
  Failure failure;
  if (failed.about_time_alone) {
    failure.observed = intervals(failed, numbers);
    return failure;
  }
  const auto due = first_due(failed, numbers);
  if (due) failure.required = due->segment;
  if (is_missing(failed)) {
    const Time late = due ? std::max(due->by - failed.entry().at, Time{0}) : Time{0};
    failure.within = late;
    failure.observed = "nothing";
    if (late > Time{0}) failure.observed += fmt::format(" by +{}", seconds_text(late));
    if (due && !due->segment) failure.observed += fmt::format(", {} is due", due->name);
    return failure;
  }
  failure.observed = seen(failed, numbers);
  if (fails_in_the_call(failed)) {
    const auto results = results_allowed(failed, failed.dead.front().hypothesis);
    if (!results.empty()) failure.permitted = results.front().result;
    if (!results.empty()) failure.permitted_count = results.front().count;
  }
  return failure;
}

std::vector<std::string> permitted_by(const FailedCase& failed, const ScriptNumbers& numbers) {
  std::vector<std::string> all;
  for (const model::Obituary& obituary : failed.dead) {
    const model::RuleText& rule = model::text(obituary.rule);
    std::string line{name(obituary.hypothesis.state)};
    const auto due = due_in(failed, obituary, numbers);
    if (due && due->segment) {
      line += fmt::format(": > {}", print(*due->segment));
    } else if (due) {
      line += fmt::format(": {}", due->name);
    } else if (fails_in_the_call(failed)) {
      const std::string results = results_in_words(failed, obituary.hypothesis);
      if (!results.empty()) line += fmt::format(": result {}", results);
    }
    std::string_view meaning = rule.meaning;
    if (meaning.starts_with(line.substr(0, line.find(':')) + ": "))
      meaning.remove_prefix(meaning.find(": ") + 2);
    line += fmt::format("; {}", meaning);
    if (obituary.rule != failed.rule) line += fmt::format(" ({})", rule.id);
    if (std::find(all.begin(), all.end(), line) == all.end()) all.push_back(std::move(line));
  }
  return all;
}

std::vector<std::string> duties_text(const Hypothesis& h) {
  std::vector<std::string> all;
  const auto add = [&](std::string_view what, Time by, Rule why) {
    all.push_back(fmt::format("owes {} by {} ({})", what, seconds_text(by), model::text(why).id));
  };
  for (std::size_t i = 0; i < h.reset_count; ++i) {
    if (h.resets.at(i).owed && h.resets.at(i).why != Rule::none)
      add("RST", h.resets.at(i).by, h.resets.at(i).why);
  }
  for (std::size_t i = 0; i < h.owed.size(); ++i) {
    if (h.owed.at(i).why != Rule::none) add(owed_names.at(i), h.owed.at(i).by, h.owed.at(i).why);
  }
  return all;
}

}  // namespace finwait
