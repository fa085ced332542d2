#include "harness/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/child.h"
#include "harness/failure.h"
#include "harness/text.h"

namespace finwait {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds limit{20};
constexpr int most_repairs = 6;

/// An adapter that can be told to swallow everything: so a stimulus that ends the process can still be
/// written down.
class MutableAdapter final : public Adapter {
 public:
  explicit MutableAdapter(std::unique_ptr<Adapter> adapter) : adapter_(std::move(adapter)) {}

  void mute() { muted_ = true; }

  Profile profile() const override { return adapter_->profile(); }
  void reset(std::uint64_t seed) override { adapter_->reset(seed); }
  Reply call(const Request& request, Sink& sink) override {
    return muted_ ? Reply{} : adapter_->call(request, sink);
  }
  void deliver(Octets packet, Sink& sink) override {
    if (!muted_) adapter_->deliver(packet, sink);
  }
  void advance(Time by, Sink& sink) override {
    if (!muted_) adapter_->advance(by, sink);
  }
  std::optional<Time> next_timer() const override { return adapter_->next_timer(); }
  std::string probe(Socket socket) const override { return adapter_->probe(socket); }

 private:
  std::unique_ptr<Adapter> adapter_;
  bool muted_ = false;
};

// One case with everything kept.
class Playback {
 public:
  Playback(const AdapterFactory& make_adapter, const SavedFinding& finding, bool mute_last)
      : adapter_(make_adapter()),
        session_(adapter_),
        setup_(finding.smallest.setup),
        rule_(finding.deviation.rule) {
    const Case& given = finding.smallest;
    session_.keep_trace();
    session_.start(given.setup);
    for (std::size_t i = 0; i < given.events.size(); ++i) {
      const bool last = i + 1 == given.events.size();
      if (last) last_begin_ = session_.trace().size();
      if (last && mute_last) adapter_.mute();
      outcome_ = session_.play(given.events[i]);
      for (int repairs = 0; outcome_ == Outcome::fail && passes_over(last) && repairs < most_repairs;
           ++repairs) {
        outcome_ = session_.go_on();
      }
    }
  }

  const Session& session() const { return session_; }
  model::Seq tester_isn() const { return setup_.tester_isn; }
  bool failed() const { return outcome_ == Outcome::fail; }

  /// The index of the failing entry; the number of entries where none failed.
  std::size_t failing() const {
    const auto& trace = session_.trace();
    if (!failed()) return trace.size();
    for (std::size_t i = last_begin_; i < trace.size(); ++i) {
      if (trace[i].fails) return i;
    }
    return trace.size();
  }
  FailedCase failed_case(std::size_t index) const {
    return {session_.profile(), session_.trace(),          index,          session_.about_time_alone(),
            session_.now(),     session_.deviation().rule, session_.dead()};
  }

 private:
  // As finwait::play() does; and for a script, what follows an earlier failure still counts.
  bool passes_over(bool last) const {
    return !last || (session_.about_time_alone() && session_.deviation().rule != rule_);
  }

  MutableAdapter adapter_;
  Session session_;
  CaseSetup setup_;
  model::Rule rule_;
  std::size_t last_begin_ = 0;
  Outcome outcome_ = Outcome::pass;
};

// Entries one by one; at the failing one, what was required, and what came.
void write_entry(ScriptWriter& writer, const Playback& playback, std::size_t index, Account* account) {
  const TraceEntry& entry = playback.session().trace()[index];
  if (index != playback.failing()) return writer.add(entry);
  const FailedCase failed = playback.failed_case(index);
  const bool missing = is_missing(failed);
  if (missing) writer.add(entry);
  const Failure failure = failure_of(failed, writer.numbers());
  if (account != nullptr) {
    account->permitted = permitted_by(failed, writer.numbers());
    const bool segment = !missing && entry.what == TraceEntry::What::sent;
    account->observed = fmt::format("{}{}", segment ? "> " : "", failure.observed);
  }
  if (missing) {
    writer.add_missing(failure);
  } else {
    writer.add(entry, &failure);
  }
}

std::string script_text(const SavedFinding& finding, std::vector<script::Item> items) {
  Script script;
  script.head = head_of(finding);
  script.options = {{"ip_version", "ipv4"}, {"tolerance_usecs", "100000"}};
  script.items = std::move(items);
  return print(script);
}

Account account_in_child(const AdapterFactory& make_adapter, const SavedFinding& finding,
                         const std::string& crash) {
  const Playback playback(make_adapter, finding, !crash.empty());
  Account account;
  ScriptWriter writer(playback.session().profile(), playback.tester_isn());
  const auto& trace = playback.session().trace();
  if (crash.empty()) {
    for (std::size_t i = 0; i < trace.size(); ++i) write_entry(writer, playback, i, &account);
  } else {
    for (const TraceEntry& entry : trace) writer.add(entry);
    writer.add_crash(crash);
    account.permitted = {std::string(model::text(model::Rule::iut_survives).meaning)};
    account.observed = crash;
  }
  account.script = script_text(finding, writer.finish());
  return account;
}

std::string packed(const Account& account) {
  const json value{
      {"script", account.script}, {"permitted", account.permitted}, {"observed", account.observed}};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Account unpacked(const std::string& text) {
  const json value = json::parse(text);
  return {value.at("script"), value.at("permitted"), value.at("observed")};
}

std::string crash_text(const ChildEnd& end) {
  return end.output.empty() ? end.how : fmt::format("{}: {}", end.how, end.output);
}

// ---- the walk ---------------------------------------------------------------------------------------

std::string set_text(std::span<const model::Hypothesis> set, const model::Claims& claims,
                     const ScriptNumbers& numbers) {
  std::vector<std::pair<std::string, int>> lines;
  for (const model::Hypothesis& h : set) {
    std::string line = describe(h, claims, numbers);
    const auto same =
        std::find_if(lines.begin(), lines.end(), [&](const auto& other) { return other.first == line; });
    if (same == lines.end()) {
      lines.emplace_back(std::move(line), 1);
    } else {
      ++same->second;
    }
  }
  std::string text;
  for (const auto& [line, count] : lines) {
    text += fmt::format("      {}{}\n", line, count > 1 ? fmt::format("  ({} hypotheses)", count) : "");
  }
  return text;
}

std::string item_text(const script::Item& item) {
  if (const auto* event = std::get_if<script::Event>(&item)) return print(*event);
  return fmt::format("// {}", std::get<script::Comment>(item).text);
}

std::string walk_in_child(const AdapterFactory& make_adapter, const SavedFinding& finding,
                          const std::string& crash) {
  const Playback playback(make_adapter, finding, !crash.empty());
  const Session& session = playback.session();
  ScriptWriter writer(session.profile(), playback.tester_isn());
  std::string text;
  std::size_t shown = 0;
  const auto show_items = [&] {
    for (; shown < writer.items().size(); ++shown)
      text += fmt::format("  {}\n", item_text(writer.items()[shown]));
  };
  for (std::size_t i = 0; i < session.trace().size(); ++i) {
    write_entry(writer, playback, i, nullptr);
    show_items();
    text += set_text(session.trace()[i].set, session.oracle().claims(), writer.numbers());
  }
  if (!crash.empty()) writer.add_crash(crash);
  show_items();
  if (playback.failed()) {
    text += "  no hypothesis is left:\n";
    for (const model::Obituary& dead : session.dead()) {
      text += set_text({&dead.hypothesis, 1}, session.oracle().claims(), writer.numbers());
      text += fmt::format("        removed by {}\n", model::text(dead.rule).id);
    }
  }
  return text + "\n";
}

// Runs `work` in a child; where the case ends the process, once more without its last event.
template <class Work>
std::string survived(const AdapterFactory& make_adapter, const SavedFinding& finding, Work work) {
  std::string crash;
  if (finding.deviation.rule == model::Rule::iut_survives) {
    const ChildEnd real = run_in_child(
        [&] {
          const Playback playback(make_adapter, finding, false);
          return std::string("survived");
        },
        limit);
    if (!real.finished) crash = crash_text(real);
  }
  const ChildEnd end = run_in_child([&] { return work(make_adapter, finding, crash); }, limit);
  if (!end.finished)
    throw std::runtime_error(fmt::format("a case could not be played again: {}", crash_text(end)));
  return end.text;
}

}  // namespace

Account give_account(const AdapterFactory& make_adapter, const SavedFinding& finding) {
  return unpacked(
      survived(make_adapter, finding, [](const auto& make, const auto& of, const std::string& crash) {
        return packed(account_in_child(make, of, crash));
      }));
}

std::string walk_through(const AdapterFactory& make_adapter, const SavedFinding& finding) {
  return survived(make_adapter, finding, walk_in_child);
}

bool still_reached(const AdapterFactory& make_adapter, const SavedFinding& finding) {
  const ChildEnd end = run_in_child(
      [&] {
        const std::unique_ptr<Adapter> adapter = make_adapter();
        Session session(*adapter);
        const Played played = play(session, finding.smallest, {}, finding.deviation.rule);
        const bool whole = played.outcome == Outcome::pass && played.events == finding.smallest.events.size();
        const Session::Met wanted{finding.deviation.state, finding.deviation.event};
        const auto& met = session.history();
        const bool reached = whole && std::find(met.begin(), met.end(), wanted) != met.end();
        return std::string(reached ? "yes" : "no");
      },
      limit);
  return end.text == "yes";
}

std::string describe(const model::Hypothesis& h, const model::Claims& claims,
                     const ScriptNumbers& script_numbers) {
  ScriptNumbers numbers = script_numbers;
  if (h.iss_known) numbers.iss = h.iss;  // a later connection's numbers read better from its own SYN
  std::string text{name(h.state)};
  if (h.iss_known)
    text += fmt::format("  SND.UNA={} SND.NXT={}", numbers.iut(h.snd_una), numbers.iut(h.snd_nxt));
  if (h.synchronized()) {
    text += fmt::format(" SND.WND={}", model::lt(h.snd_una, h.edge_high) ? h.edge_high - h.snd_una : 0);
  }
  if (h.state >= model::State::syn_received) {
    text += fmt::format("  RCV.NXT={}", numbers.tester(h.rcv_nxt));
    text += h.window_known ? fmt::format(" RCV.WND={}", h.rcv_wnd()) : " RCV.WND=?";
  }
  if (h.iss_known && h.unsent() > 0) text += fmt::format("  {} octets unsent", h.unsent());
  if (h.fin_queued && !h.fin_sent) text += "  CLOSE queued";
  if (h.state == model::State::time_wait) {
    text += fmt::format("  until {}", seconds_text(h.since + 2 * claims.msl));
  }
  for (const std::string& duty : duties_text(h)) text += fmt::format("\n        {}", duty);
  return text;
}

}  // namespace finwait
