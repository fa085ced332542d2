#include "harness/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "harness/text.h"

namespace finwait {

namespace {

constexpr std::string_view event_mark = "finwait:";
constexpr std::size_t head_width = 110;

const std::vector<std::string>& state_list() {
  static const std::vector<std::string> names(model::state_names.begin(), model::state_names.end());
  return names;
}

// Only for a message, so it need not be fast.
std::vector<std::string> event_class_names() {
  std::vector<std::string> names;
  for (std::size_t kind = 1; kind < event_kind_count; ++kind) {
    names.push_back(to_text(EventClass{static_cast<EventKind>(kind)}));
  }
  for (unsigned bits = 0; bits < 32; ++bits) {
    for (int seq = 0; seq <= static_cast<int>(SeqClass::outside_right); ++seq) {
      for (int ack = 0; ack <= static_cast<int>(AckClass::unsent); ++ack) {
        const EventClass plain{EventKind::segment,         static_cast<std::uint8_t>(bits), false, false,
                               static_cast<SeqClass>(seq), static_cast<AckClass>(ack)};
        if (!(bits & model::PSH)) names.push_back(to_text(plain));
      }
    }
  }
  return names;
}

/// A place in the text, and what is written there.
struct Located {
  std::string_view text;
  int line = 1;
  int column = 1;
};

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const auto [last, status] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  return status == std::errc{} && last == text.data() + text.size();
}

// The script's comments with their places, which the syntax tree does not keep.
class FindingReader {
 public:
  FindingReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  std::variant<SavedFinding, ScriptError> read() {
    scan();
    if (!head() || !events()) return error_;
    return std::move(finding_);
  }

 private:
  void scan() {
    bool in_head = true;
    int number = 0;
    for (std::string_view rest = text_; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      in_head = in_head && line.starts_with("//");
      if (in_head) {
        take_head_line(line, number);
      } else {
        take_event(line, number);
      }
    }
    last_line_ = number;
  }

  void take_head_line(std::string_view line, int number) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view key = trimmed(line.substr(2, colon - 2)), value = trimmed(line.substr(colon + 1));
    const auto offset =
        static_cast<int>(value.empty() ? line.size() : static_cast<std::size_t>(value.data() - line.data()));
    head_.try_emplace(std::string(key), Located{value, number, offset + 1});
  }

  void take_event(std::string_view line, int number) {
    const std::size_t comment = line.find("//");
    if (comment == std::string_view::npos) return;
    const std::size_t mark = line.find(event_mark, comment + 2);
    // The mark stands first in its comment: elsewhere the word is somebody's remark.
    if (mark == std::string_view::npos || !trimmed(line.substr(comment + 2, mark - comment - 2)).empty())
      return;
    const std::size_t start = mark + event_mark.size();
    const std::string_view rest = line.substr(start);
    events_.push_back({rest.substr(0, rest.find("//")), number, static_cast<int>(start) + 1});
  }

  bool fail(const Located& place, std::string what) {
    error_ = {std::string(file_), place.line, place.column, std::move(what)};
    return false;
  }

  const Located* value(std::string_view key) {
    const auto found = head_.find(std::string(key));
    if (found != head_.end()) return &found->second;
    fail({{}, 1, 1}, fmt::format("expected a line \"// {}: ...\" in the head", key));
    return nullptr;
  }

  bool head() { return format() && rule() && iut() && identity() && expect() && seeds(); }

  bool format() {
    const Located* format = value("finwait");
    if (format == nullptr) return false;
    return format->text == "trace 1" ||
           fail(*format, fmt::format("expected \"trace 1\", found \"{}\"", format->text));
  }

  bool rule() {
    const Located* rule = value("rule");
    if (rule == nullptr) return false;
    std::string what;
    const auto id = read_rule(rule->text.substr(0, rule->text.find(' ')), what);
    if (!id) return fail(*rule, what);
    finding_.deviation.rule = *id;
    return true;
  }

  bool iut() {
    const Located* iut = value("iut");
    if (iut == nullptr) return false;
    const std::size_t semicolon = std::min(iut->text.find(';'), iut->text.size());
    const std::string_view who = trimmed(iut->text.substr(0, semicolon));
    const std::size_t blank = who.find(' ');
    if (blank == std::string_view::npos) {
      return fail(*iut, fmt::format("expected \"NAME VERSION; PROFILE\", found \"{}\"", iut->text));
    }
    finding_.stack = who.substr(0, blank);
    finding_.version = trimmed(who.substr(blank));
    if (semicolon < iut->text.size()) finding_.profile = trimmed(iut->text.substr(semicolon + 1));
    return true;
  }

  bool identity() {
    const Located* at = value("at");
    if (at == nullptr) return false;
    const std::string what = read_identity(at->text, finding_.deviation);
    return what.empty() || fail(*at, what);
  }

  bool expect() {
    const Located* expect = value("expect");
    if (expect == nullptr) return false;
    if (expect->text != "deviates" && expect->text != "conforms") {
      return fail(*expect, fmt::format("expected \"deviates\" or \"conforms\", found \"{}\"", expect->text));
    }
    finding_.deviates = expect->text == "deviates";
    return true;
  }

  template <class Number>
  bool number(std::string_view key, Number& into) {
    const Located* place = value(key);
    if (place == nullptr) return false;
    if (read_number(place->text, into)) return true;
    return fail(*place,
                fmt::format("expected a number of {} bits, found \"{}\"", 8 * sizeof into, place->text));
  }

  bool seeds() {
    return number("seed", finding_.smallest.setup.iut_seed) &&
           number("isn", finding_.smallest.setup.tester_isn);
  }

  bool events() {
    for (const Located& place : events_) {
      EventError why;
      const std::string_view text = place.text.substr(0, place.text.find_last_not_of(" \t\r") + 1);
      const auto event = event_from_text(text, why);
      if (!event) {
        return fail({text, place.line, place.column + static_cast<int>(why.column) - 1}, why.what);
      }
      finding_.smallest.events.push_back(*event);
    }
    if (events_.empty())
      return fail({{}, last_line_, 1}, "expected an event: a comment \"// finwait: EVENT\"");
    if (events_.size() > max_events) {
      return fail(events_[max_events], fmt::format("expected at most {} events", max_events));
    }
    return true;
  }

  std::string_view text_, file_;
  std::map<std::string, Located> head_;
  std::vector<Located> events_;
  int last_line_ = 1;
  SavedFinding finding_;
  ScriptError error_;
};

}  // namespace

std::string profile_text(const Profile& profile) {
  const bool real = profile.clock == Profile::Clock::real;
  return fmt::format("msl={} tick={} clock={}", seconds_text(profile.msl), seconds_text(profile.tick),
                     real ? "real" : "virtual");
}

std::string identity_text(const Deviation& deviation) {
  return fmt::format("{}, {}", model::name(deviation.state), to_text(deviation.event));
}

std::string trace_name(const Deviation& deviation) {
  const std::string event = to_text(deviation.event);
  // A rule's id has one slash, states are written in capitals.
  return fmt::format("{}--{}--{}.pkt", file_safe(model::text(deviation.rule).id),
                     model::name(deviation.state), file_safe(event));
}

std::string trace_folder(std::string_view stack) {
  return file_safe(stack);
}

script::Head head_of(const SavedFinding& finding) {
  const model::RuleText& rule = model::text(finding.deviation.rule);
  script::Head head;
  head.add("finwait", "trace 1");
  head.add("rule", fmt::format("{} ({})", rule.id, name(rule.level)));
  for (std::string& line : wrap(rule.sentence, head_width)) head.add("says", std::move(line));
  head.add("iut", fmt::format("{} {}; {}", finding.stack, finding.version, finding.profile));
  head.add("at", identity_text(finding.deviation));
  head.add("expect", finding.deviates ? "deviates" : "conforms");
  head.add("seed", fmt::format("{:#x}", finding.smallest.setup.iut_seed));
  head.add("isn", fmt::format("{:#x}", finding.smallest.setup.tester_isn));
  return head;
}

std::string event_comment(const Event& event) {
  return fmt::format("{} {}", event_mark, to_text(event));
}

std::variant<SavedFinding, ScriptError> read_finding(std::string_view text, std::string_view file_name) {
  auto parsed = parse_script(text, file_name);
  if (auto* error = std::get_if<ScriptError>(&parsed)) return std::move(*error);
  return FindingReader(text, file_name).read();
}

std::string read_identity(std::string_view text, Deviation& deviation) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos)
    return fmt::format("expected \"STATE, EVENT CLASS\", found \"{}\"", text);
  const std::string_view state = trimmed(text.substr(0, comma)), event = trimmed(text.substr(comma + 1));
  const auto& states = state_list();
  const auto found = std::find(states.begin(), states.end(), state);
  if (found == states.end()) {
    return fmt::format("expected a state such as \"SYN-SENT\", found \"{}\"{}", state,
                       did_you_mean(state, states));
  }
  deviation.state = static_cast<model::State>(found - states.begin());
  const auto event_class = event_class_from_text(event);
  if (!event_class) {
    return fmt::format("expected a class of events such as \"RST seq:inside\" or \"close\", found \"{}\"{}",
                       event, did_you_mean(event, event_class_names()));
  }
  deviation.event = *event_class;
  return {};
}

std::optional<model::Rule> read_rule(std::string_view id, std::string& error) {
  const auto rule = model::find_rule(id);
  if (rule) return rule;
  std::vector<std::string> ids;
  for (const model::RuleText& text : model::rules()) ids.emplace_back(text.id);
  error = fmt::format("unknown rule \"{}\"{}", id, did_you_mean(id, ids));
  return {};
}

}  // namespace finwait
