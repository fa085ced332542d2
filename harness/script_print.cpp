// The canonical form of a script: see PACKETDRILL's syntax for the language, script.h for the tree.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "harness/script.h"

namespace finwait {
namespace script {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void add(std::string_view text) { out_ += text; }
  template <typename... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  template <typename List, typename PrintOne>
  void join(const List& list, std::string_view separator, PrintOne print_one) {
    bool first = true;
    for (const auto& one : list) {
      if (!first) add(separator);
      first = false;
      print_one(one);
    }
  }

  /// A comment's text is one line whatever was put into it: a crash report may hold several.
  void one_line(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n\f\v");
    for (const char c : text.substr(0, last + 1)) out_ += c == '\n' || c == '\r' ? ' ' : c;
  }

  void comment(std::string_view text) {
    add("//");
    if (!text.empty()) add(" ");
    one_line(text);
  }

  void head_line(const HeadLine& line) {
    put("// {}:", line.key);
    if (!line.value.empty()) add(" ");
    one_line(line.value);
  }

  void option(const Option& option) {
    put("--{}", option.name);
    if (!option.value.empty()) put("={}", option.value);
  }

  /// Seconds in up to six decimals without trailing zeros.
  void seconds(Micros time) {
    const auto micros = time.count();
    put("{}", micros / 1'000'000);
    if (micros % 1'000'000 == 0) return;
    std::string fraction = fmt::format("{:06}", micros % 1'000'000);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    put(".{}", fraction);
  }

  void when(const When& when) {
    if (when.kind == When::Kind::any) return add("*");
    const std::string_view sign = when.kind == When::Kind::relative ? "+" : "";
    add(sign);
    seconds(when.from);
    if (!when.until) return;
    put("~{}", sign);
    seconds(*when.until);
  }

  void flags(const Flags& flags) {
    static constexpr std::array<std::pair<std::uint8_t, char>, 7> letters{{{model::SYN, 'S'},
                                                                           {model::FIN, 'F'},
                                                                           {model::RST, 'R'},
                                                                           {model::PSH, 'P'},
                                                                           {model::URG, 'U'},
                                                                           {model::ECE, 'E'},
                                                                           {model::CWR, 'W'}}};
    const std::size_t before = out_.size();
    for (const auto& [bit, letter] : letters) {
      if (flags.bits & bit) out_ += letter;
    }
    if (flags.ae) add("A");
    if (flags.accecn) put("{}", *flags.accecn);
    if (flags.bits & model::ACK) add(".");
    if (out_.size() == before) add("-");
  }

  void range(const Range& range) {
    if (range.any_seq) {
      put("...({})", range.length);
    } else {
      put("{}:{}({})", range.seq, range.end(), range.length);
    }
    if (range.raw) add("!");
  }

  void udp(const std::optional<Udp>& udp) {
    if (udp) put(" /udp({}>{})", udp->source, udp->destination);
  }

  void fast_open(const FastOpen& option) {
    add(option.experimental ? "FOEXP" : "FO");
    if (!option.cookie.empty()) put(" {}", option.cookie);
  }

  void timestamps(const Timestamps& option) {
    if (option.val) {
      put("TS val {} ecr {}", *option.val, option.ecr);
    } else {
      put("TS val ... ecr {}", option.ecr);
    }
  }

  void sack(const Sack& option) {
    add("sack ");
    join(option.blocks, " ", [&](const SackBlock& block) { put("{}:{}", block.left, block.right); });
  }

  void tcp_option(const TcpOption& option) {
    std::visit(
        Overloaded{[&](const Nop&) { add("nop"); }, [&](const Eol&) { add("eol"); },
                   [&](const SackOk&) { add("sackOK"); }, [&](const Mss& mss) { put("mss {}", mss.octets); },
                   [&](const WindowScale& scale) { put("wscale {}", scale.shift); },
                   [&](const Sack& sack_option) { sack(sack_option); },
                   [&](const Timestamps& ts) { timestamps(ts); }, [&](const FastOpen& fo) { fast_open(fo); },
                   [&](const Md5& md5) { put("md5 {}", md5.digest); },
                   [&](const RawOptions& raw) { add(raw.hex); }},
        option);
  }

  void tcp_options(const TcpOptions& options) {
    add(" <");
    if (options.any) add("...");
    join(options.list, ",", [&](const TcpOption& option) { tcp_option(option); });
    add(">");
  }

  void segment(const Segment& segment) {
    flags(segment.flags);
    add(" ");
    range(segment.range);
    if (segment.ack) put(" ack {}", *segment.ack);
    if (segment.win) put(" win {}", *segment.win);
    if (segment.urg) put(" urg {}", *segment.urg);
    if (segment.options) tcp_options(*segment.options);
    udp(segment.udp);
  }

  void icmp(const Icmp& icmp) {
    put("icmp {}", icmp.type);
    if (!icmp.code.empty()) put(" {}", icmp.code);
    if (icmp.mtu) put(" mtu {}", *icmp.mtu);
    if (icmp.id) put(" id {}", *icmp.id);
    if (!icmp.quoted) return;
    add(" [");
    range(*icmp.quoted);
    udp(icmp.udp);
    add("]");
  }

  void ip_item(const IpItem& item) {
    switch (item.kind) {
      case IpItem::Kind::noecn: return add("noecn");
      case IpItem::Kind::ect0: return add("ect0");
      case IpItem::Kind::ect1: return add("ect1");
      case IpItem::Kind::ect01: return add("ect01");
      case IpItem::Kind::ce: return add("ce");
      case IpItem::Kind::tos: return put("tos 0x{:02x}", item.value);
      case IpItem::Kind::traffic_class: return put("class 0x{:02x}", item.value);
      case IpItem::Kind::flow_label: return put("flowlabel 0x{:x}", item.value);
      case IpItem::Kind::ttl: return put("ttl {}", item.value);
      case IpItem::Kind::hop_limit: return put("hlim {}", item.value);
    }
  }

  void packet(const Packet& packet) {
    add(packet.direction == Packet::Direction::inject ? "< " : "> ");
    if (!packet.ip.empty()) {
      add("[");
      join(packet.ip, ", ", [&](const IpItem& item) { ip_item(item); });
      add("] ");
    }
    std::visit(
        Overloaded{[&](const Segment& tcp) { segment(tcp); }, [&](const Icmp& message) { icmp(message); }},
        packet.content);
  }

  void list(const std::vector<Expr>& items) {
    join(items, ", ", [&](const Expr& item) { expr(item); });
  }

  void number(const Number& number) {
    if (number.hex) return put("0x{:x}", number.value);
    put("{}", number.value);
  }

  void word(const Word& word) {
    add(word.name);
    if (word.arguments) {
      add("(");
      list(*word.arguments);
      add(")");
    }
    for (const Expr& value : word.value) {
      add("=");
      expr(value);
    }
  }

  void bracketed(std::string_view open, const std::vector<Expr>& items, std::string_view close) {
    add(open);
    list(items);
    add(close);
  }

  void term(const Term& term) {
    std::visit(
        Overloaded{[&](const Ellipsis&) { add("..."); }, [&](const Number& value) { number(value); },
                   [&](const String& string) { put("\"{}\"{}", string.text, string.more ? "..." : ""); },
                   [&](const Array& array) { bracketed("[", array.items, "]"); },
                   [&](const Struct& fields) { bracketed("{", fields.items, "}"); },
                   [&](const Word& name) { word(name); }},
        term);
  }

  void expr(const Expr& expr) {
    join(expr.terms, "|", [&](const Term& one) { term(one); });
  }

  void call(const Call& call) {
    put("{}(", call.name);
    list(call.arguments);
    add(") = ");
    expr(call.result);
    if (!call.error_name.empty()) put(" {}", call.error_name);
    if (!call.note.empty()) put(" ({})", call.note);
  }

  void action(const Action& action) {
    std::visit(Overloaded{[&](const Packet& one) { packet(one); }, [&](const Call& one) { call(one); },
                          [&](const Command& command) { put("`{}`", command.text); },
                          [&](const Code& code) { put("%{{{}}}%", code.text); }},
               action);
  }

  void event(const Event& event) {
    if (event.when) {
      when(*event.when);
      const Call* blocking = std::get_if<Call>(&event.action);
      if (blocking != nullptr && blocking->returns) {
        add("...");
        seconds(*blocking->returns);
      }
      add(" ");
    }
    action(event.action);
    if (event.comment.empty()) return;
    add("  ");
    comment(event.comment);
  }

  void item(const Item& item) {
    std::visit(Overloaded{[&](const Comment& own_line) { comment(own_line.text); },
                          [&](const Event& one) { event(one); }},
               item);
    add("\n");
  }

 private:
  std::string out_;
};

/// The comment that comes right behind the head, if one does.
const Comment* first_comment(const Script& script) {
  if (!script.remarks.empty()) return &script.remarks.front();
  if (!script.options.empty() || script.items.empty()) return nullptr;
  return std::get_if<Comment>(&script.items.front());
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::optional<HeadLine> as_head_line(std::string_view comment) {
  const std::size_t colon = comment.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view key = comment.substr(0, colon);
  const bool begins_with_letter = is_key_character(key[0]) && (key[0] >= 'A') && key[0] != '_';
  if (!begins_with_letter || !std::all_of(key.begin(), key.end(), is_key_character)) return {};
  std::string_view value = comment.substr(colon + 1);
  if (!value.empty() && value[0] != ' ') return {};
  if (!value.empty()) value.remove_prefix(1);
  return HeadLine{std::string(key), std::string(value)};
}

std::optional<std::string> Head::first(std::string_view key) const {
  for (const HeadLine& line : lines) {
    if (line.key == key) return line.value;
  }
  return {};
}

std::vector<std::string> Head::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const HeadLine& line : lines) {
    if (line.key == key) values.push_back(line.value);
  }
  return values;
}

Expr structure(const std::vector<std::pair<std::string, Expr>>& fields) {
  Struct result;
  for (const auto& [name, value] : fields) result.items.emplace_back(Term{Word{name, {}, {value}}});
  return Term{std::move(result)};
}

Expr flags(const std::vector<std::string>& words) {
  Expr result;
  for (const std::string& word : words) result.terms.emplace_back(Word{word, {}, {}});
  return result;
}

std::string print(const Segment& segment) {
  Printer printer;
  printer.segment(segment);
  return printer.take();
}

std::string print(const Event& event) {
  Printer printer;
  printer.event(event);
  return printer.take();
}

}  // namespace script

std::optional<std::string> Script::option(std::string_view name) const {
  for (const script::Option& option : options) {
    if (option.name == name) return option.value;
  }
  return {};
}

std::string print(const Script& script) {
  script::Printer printer;
  for (const script::HeadLine& line : script.head.lines) {
    printer.head_line(line);
    printer.add("\n");
  }
  // An empty line ends the head, so that what only looks like one of its lines stays a comment.
  const script::Comment* next = script::first_comment(script);
  if (next != nullptr && script::as_head_line(next->text)) printer.add("\n");
  for (const script::Comment& remark : script.remarks) {
    printer.comment(remark.text);
    printer.add("\n");
  }
  printer.join(script.options, " ", [&](const script::Option& option) { printer.option(option); });
  if (!script.options.empty()) printer.add("\n");
  for (const script::Item& item : script.items) printer.item(item);
  return printer.take();
}

std::string ScriptError::text() const {
  return fmt::format("{}:{}:{}: {}", file, line, column, what);
}

}  // namespace finwait
