#include "harness/event.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

namespace finwait {

using model::Hypothesis;
using model::Segment;
using model::Seq;
using model::State;

namespace {

constexpr std::array<std::string_view, event_kind_count> kind_names{
    "segment", "wait",  "open-passive", "open-active", "accept", "send",
    "receive", "close", "close-full",   "abort",       "status", "close-listener"};
constexpr std::array<std::string_view, 4> seq_names{"ISN", "RCV.NXT", "RCV.NXT+RCV.WND", "0"};
constexpr std::array<std::string_view, 3> ack_names{"SND.NXT", "SND.UNA", "ISS"};
constexpr std::array<std::string_view, 3> wait_names{"", "2MSL", "patience"};
constexpr std::array<std::string_view, 7> seq_class_names{
    "any", "outside-left", "straddles-left", "left-edge", "inside", "right-edge", "outside-right"};
constexpr std::array<std::string_view, 6> ack_class_names{"none", "old", "current", "part", "all", "unsent"};

struct FlagLetter {
  std::uint8_t flag;
  char letter;
};
// packetdrill's order: S F R P U E W, and ACK as a dot at the end.
constexpr std::array flag_letters{FlagLetter{model::SYN, 'S'}, FlagLetter{model::FIN, 'F'},
                                  FlagLetter{model::RST, 'R'}, FlagLetter{model::PSH, 'P'},
                                  FlagLetter{model::URG, 'U'}, FlagLetter{model::ECE, 'E'},
                                  FlagLetter{model::CWR, 'W'}, FlagLetter{model::ACK, '.'}};

std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (const FlagLetter& entry : flag_letters) {
    if (flags & entry.flag) text += entry.letter;
  }
  return text.empty() ? "-" : text;
}

std::string offset_text(std::int64_t offset) {
  return offset == 0 ? "" : fmt::format("{:+d}", offset);
}

std::string milliseconds_text(std::int32_t ms, bool with_sign) {
  const char* unit = ms % 1000 == 0 ? "s" : "ms";
  const std::int32_t value = ms % 1000 == 0 ? ms / 1000 : ms;
  return with_sign ? fmt::format("{:+d}{}", value, unit) : fmt::format("{}{}", value, unit);
}

template <std::size_t N>
std::string_view at(const std::array<std::string_view, N>& names, std::size_t index) {
  return names.at(index);
}

// Reads words of the form key=value; each problem carries its column.
class EventReader {
 public:
  EventReader(std::string_view text, EventError& error) : text_(text), error_(error) {}

  std::optional<Event> read() {
    const std::string_view first = word();
    if (first.empty()) return fail("expected an event");
    Event event;
    if (first == "<") return segment(event);
    for (std::size_t i = 1; i < kind_names.size(); ++i) {
      if (kind_names[i] != first) continue;
      event.kind = static_cast<EventKind>(i);
      if (event.kind == EventKind::wait) return wait(event);
      if (event.kind == EventKind::send || event.kind == EventKind::receive) return count(event);
      return end(event);
    }
    return fail(fmt::format("expected \"<\", \"wait\" or a user call, found \"{}\"", first));
  }

 private:
  std::string_view word() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    start_ = at_;
    while (at_ < text_.size() && text_[at_] != ' ') ++at_;
    return text_.substr(start_, at_ - start_);
  }

  std::nullopt_t fail(std::string what) {
    error_ = {start_ + 1, std::move(what)};
    return std::nullopt;
  }

  std::optional<Event> end(const Event& event) {
    const std::string_view rest = word();
    if (!rest.empty()) return fail(fmt::format("expected the end of the event, found \"{}\"", rest));
    return event;
  }

  template <class Number>
  static bool number(std::string_view digits, Number& value) {
    if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
    const auto [last, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return status == std::errc{} && last == digits.data() + digits.size() && !digits.empty();
  }

  // NAME, NAME+N or NAME-N; the longest name wins.
  template <std::size_t N, class Base>
  static bool symbol(std::string_view value, const std::array<std::string_view, N>& names, Base& base,
                     std::int32_t& offset) {
    std::size_t best = N;
    for (std::size_t i = 0; i < N; ++i) {
      if (!value.starts_with(names[i])) continue;
      if (best == N || names[i].size() > names[best].size()) best = i;
    }
    if (best == N) return false;
    base = static_cast<Base>(best);
    const std::string_view rest = value.substr(names[best].size());
    if (rest.empty()) return true;
    return (rest.front() == '+' || rest.front() == '-') && number(rest, offset);
  }

  std::optional<Event> segment(Event& event) {
    event.kind = EventKind::segment;
    if (!flags(event)) return fail("expected flags such as \"S\", \"F.\", \"P.\", \"R\" or \"-\"");
    for (std::string_view item = word(); !item.empty(); item = word()) {
      if (!field(event, item)) {
        return fail(fmt::format("expected seq=, ack=, len=, win=, mss= or bad-checksum, found \"{}\"", item));
      }
    }
    return event;
  }

  bool flags(Event& event) {
    const std::string_view letters = word();
    if (letters == "-") return true;
    for (const char letter : letters) {
      bool known = false;
      for (const FlagLetter& entry : flag_letters) {
        if (entry.letter != letter) continue;
        event.flags = static_cast<std::uint8_t>(event.flags | entry.flag);
        known = true;
      }
      if (!known) return false;
    }
    return !letters.empty();
  }

  static bool field(Event& event, std::string_view item) {
    if (item == "bad-checksum") return event.bad_checksum = true;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = item.substr(0, equals), value = item.substr(equals + 1);
    if (key == "seq") return symbol(value, seq_names, event.seq_base, event.seq_offset);
    if (key == "ack") return symbol(value, ack_names, event.ack_base, event.ack_offset);
    if (key == "len") return number(value, event.len);
    if (key == "win") return number(value, event.wnd);
    if (key == "mss") return number(value, event.mss);
    return false;
  }

  std::optional<Event> wait(Event& event) {
    std::string_view length = word();
    const std::string message = fmt::format(
        "expected a time such as \"500ms\", \"2s\", \"2MSL-1s\" or \"patience+1s\", found \"{}\"", length);
    for (std::size_t i = 1; i < wait_names.size(); ++i) {
      if (!length.starts_with(wait_names[i])) continue;
      event.wait_base = static_cast<WaitBase>(i);
      length.remove_prefix(wait_names[i].size());
      if (length.empty()) return end(event);
      if (length.front() != '+' && length.front() != '-') return fail(message);
      break;
    }
    std::int32_t scale = 1;
    if (length.ends_with("ms")) {
      length.remove_suffix(2);
    } else if (length.ends_with("s")) {
      length.remove_suffix(1);
      scale = 1000;
    } else {
      return fail(message);
    }
    if (!number(length, event.wait_ms) || std::abs(event.wait_ms) > 100'000'000 / scale) return fail(message);
    event.wait_ms *= scale;
    return end(event);
  }

  std::optional<Event> count(Event& event) {
    const std::string_view octets = word();
    if (!number(octets, event.count))
      return fail(fmt::format("expected a number of octets, found \"{}\"", octets));
    return end(event);
  }

  std::string_view text_;
  EventError& error_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
};

SeqClass seq_class(const Segment& segment, const Hypothesis& h) {
  if (h.state < State::syn_received) return SeqClass::any;
  const Seq nxt = h.rcv_nxt, edge = h.advertised;
  if (model::lt(segment.seq, nxt)) {
    return model::lt(nxt, segment.end()) ? SeqClass::straddles_left : SeqClass::outside_left;
  }
  if (segment.seq == nxt) return SeqClass::left_edge;
  if (!model::lt(segment.seq, edge)) return SeqClass::outside_right;
  return model::le(edge, segment.seq + (segment.len() > 0 ? segment.len() : 1)) ? SeqClass::right_edge
                                                                                : SeqClass::inside;
}

AckClass ack_class(const Segment& segment, const Hypothesis& h) {
  if (!segment.has(model::ACK)) return AckClass::none;
  if (h.state < State::syn_sent || h.state == State::listen || !h.iss_known) return AckClass::none;
  if (model::lt(segment.ack, h.snd_una)) return AckClass::old;
  if (model::lt(h.snd_nxt, segment.ack)) return AckClass::unsent;
  if (segment.ack == h.snd_una) return AckClass::current;
  return segment.ack == h.snd_nxt ? AckClass::all : AckClass::part;
}

}  // namespace

std::string to_text(const Event& event) {
  const std::string_view kind = at(kind_names, static_cast<std::size_t>(event.kind));
  switch (event.kind) {
    case EventKind::segment: {
      std::string text =
          fmt::format("< {} seq={}{}", flags_text(event.flags),
                      at(seq_names, static_cast<std::size_t>(event.seq_base)), offset_text(event.seq_offset));
      if (event.flags & model::ACK) {
        text += fmt::format(" ack={}{}", at(ack_names, static_cast<std::size_t>(event.ack_base)),
                            offset_text(event.ack_offset));
      }
      if (event.len > 0) text += fmt::format(" len={}", event.len);
      text += fmt::format(" win={}", event.wnd);
      if (event.mss > 0) text += fmt::format(" mss={}", event.mss);
      if (event.bad_checksum) text += " bad-checksum";
      return text;
    }
    case EventKind::wait: {
      const bool based = event.wait_base != WaitBase::zero;
      std::string text = fmt::format("wait {}", at(wait_names, static_cast<std::size_t>(event.wait_base)));
      if (!based || event.wait_ms != 0) text += milliseconds_text(event.wait_ms, based);
      return text;
    }
    case EventKind::send:
    case EventKind::receive: return fmt::format("{} {}", kind, event.count);
    default: return std::string(kind);
  }
}

std::optional<Event> event_from_text(std::string_view text, EventError& error) {
  return EventReader(text, error).read();
}

std::string to_text(const EventClass& event_class) {
  if (event_class.kind != EventKind::segment) {
    return std::string(at(kind_names, static_cast<std::size_t>(event_class.kind)));
  }
  std::string flags;
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 4> names{
      {{model::SYN, "SYN"}, {model::FIN, "FIN"}, {model::RST, "RST"}, {model::ACK, "ACK"}}};
  for (const auto& [flag, flag_name] : names) {
    if (!(event_class.flags & flag)) continue;
    if (!flags.empty()) flags += ',';
    flags += flag_name;
  }
  std::string text = flags.empty() ? "no-flags" : flags;
  if (event_class.seq != SeqClass::any) {
    text += fmt::format(" seq:{}", at(seq_class_names, static_cast<std::size_t>(event_class.seq)));
  }
  if (event_class.ack != AckClass::none) {
    text += fmt::format(" ack:{}", at(ack_class_names, static_cast<std::size_t>(event_class.ack)));
  }
  if (event_class.text) text += " text";
  if (event_class.bad_checksum) text += " bad-checksum";
  return text;
}

std::optional<EventClass> event_class_from_text(std::string_view text) {
  // The classes are few: the one that prints like this is meant.
  for (std::size_t kind = 1; kind < kind_names.size(); ++kind) {
    if (kind_names[kind] == text) return EventClass{static_cast<EventKind>(kind)};
  }
  for (unsigned flags = 0; flags < 32; ++flags) {
    if (flags & model::PSH) continue;
    for (std::size_t seq = 0; seq < seq_class_names.size(); ++seq) {
      for (std::size_t ack = 0; ack < ack_class_names.size(); ++ack) {
        for (const bool with_text : {false, true}) {
          for (const bool bad : {false, true}) {
            const EventClass candidate{
                EventKind::segment,         static_cast<std::uint8_t>(flags), with_text, bad,
                static_cast<SeqClass>(seq), static_cast<AckClass>(ack)};
            if (to_text(candidate) == text) return candidate;
          }
        }
      }
    }
  }
  return {};
}

Segment resolve(const Event& event, const Hypothesis& h, Seq tester_isn) {
  const bool had_connection = h.state >= State::syn_received || h.origin != model::Origin::fresh;
  Segment segment;
  segment.flags = event.flags;
  segment.wnd = event.wnd;
  Seq seq = tester_isn;
  if (event.seq_base != SeqBase::isn && had_connection) {
    seq = event.seq_base == SeqBase::rcv_nxt || !h.window_known ? h.rcv_nxt : h.advertised;
  }
  if (event.seq_base == SeqBase::zero) seq = 0;
  segment.seq = seq + static_cast<Seq>(event.seq_offset);
  if (segment.has(model::ACK)) {
    const Seq base = event.ack_base == AckBase::snd_nxt   ? h.snd_nxt
                     : event.ack_base == AckBase::snd_una ? h.snd_una
                                                          : h.iss;
    segment.ack = base + static_cast<Seq>(event.ack_offset);
  }
  if (segment.has(model::SYN) && event.mss > 0) segment.mss = event.mss;
  return segment;
}

EventClass classify(const Event& event, const Segment& segment, const Hypothesis& h) {
  EventClass result;
  result.kind = event.kind;
  if (event.kind != EventKind::segment) return result;
  result.flags = static_cast<std::uint8_t>(event.flags & (model::FIN | model::SYN | model::RST | model::ACK));
  result.text = event.len > 0;
  result.bad_checksum = event.bad_checksum;
  result.seq = seq_class(segment, h);
  result.ack = ack_class(segment, h);
  return result;
}

}  // namespace finwait
