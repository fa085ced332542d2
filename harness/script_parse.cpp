// A recursive descent over the tokens of a script; each function reads one rule of the grammar:
//
//   script  = {option} [COMMAND] event {event} [COMMAND] ;     option = "--" NAME ["=" value] ;
//   event   = time (packet | call | COMMAND | CODE) ;          num    = INT | FLOAT ;
//   time    = num | "+" num | "*" | num "~" num | "+" num "~" "+" num ;
//   packet  = ("<" | ">") [ip] (segment | icmp) ;
//   ip      = "[" item {"," item} "]" | "(" item {"," item} ")" ;
//   item    = "noecn" | "ect0" | "ect1" | "ect01" | "ce" | ("tos" | "class" | "flowlabel") HEX
//           | ("ttl" | "hlim") INT ;
//   segment = flags range ["ack" INT] ["win" INT] ["urg" INT] [opts] [udp] ;
//   flags   = "." | "-" | WORD ["."] ;
//   range   = (INT ":" INT | "...") "(" INT ")" ["!"] ;
//   opts    = "<" ("..." | HEXDIGITS | opt {"," opt}) ">" ;
//   opt     = "nop" | "eol" | "sackOK" | "mss" INT | "wscale" INT | "sack" INT ":" INT {INT ":" INT}
//           | "TS" "val" (INT | "...") "ecr" INT | ("FO" | "FOEXP") [INT | WORD] | "md5" (INT | WORD) ;
//   udp     = "/" "udp" "(" INT ">" INT ")" ;
//   icmp    = "icmp" WORD [WORD] ["mtu" INT] ["id" INT] ["[" range [udp] "]"] ;
//   call    = ["..." num] WORD "(" [list] ")" "=" expr [WORD note | note] ;
//   note    = "(" WORD {WORD} ")" ;                             list = expr {"," expr} ;
//   expr    = term {"|" term} ;
//   term    = "..." | ["-"] INT | HEX | STRING ["..."] | "[" [list] "]" | "{" [list] "}"
//           | WORD ["(" [list] ")"] ["=" expr] ;
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "harness/script.h"
#include "harness/script_lexer.h"

namespace finwait {
namespace script {
namespace {

constexpr std::uint64_t max_u8 = std::numeric_limits<std::uint8_t>::max();
constexpr std::uint64_t max_u16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t max_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t max_i64 = std::numeric_limits<std::int64_t>::max();
constexpr int max_depth = 64;  ///< of brackets in arguments: a text must not exhaust the stack
constexpr int max_option_octets = 40;
constexpr std::int64_t seconds_end = 1'000'000'000;  ///< times are below it
constexpr std::size_t max_quoted = 32;

/// Leaves the descent; never leaves `parse_script`.
struct Failure {
  Position where;
  std::string what;
};

/// A token as a message quotes it: short, on one line, printable.
std::string quote(const Token& token) {
  if (token.kind == TokenKind::end) return "the end of the script";
  if (token.source.empty()) return "nothing";
  std::string text;
  for (const char c : token.source.substr(0, max_quoted)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", octet);
    }
  }
  if (token.source.size() > max_quoted) text += "...";
  return token.kind == TokenKind::string ? text : fmt::format("\"{}\"", text);
}

/// The value of a run of digits, or nothing if it is above `max`.
std::optional<std::uint64_t> to_integer(std::string_view digits, std::uint64_t base, std::uint64_t max) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    if (digit > max || value > (max - digit) / base) return {};
    value = value * base + digit;
  }
  return value;
}

/// Seconds, rounded to microseconds, or nothing if they are `seconds_end` or more.
std::optional<Micros> to_micros(std::string_view seconds) {
  constexpr std::int64_t million = 1'000'000;
  const std::size_t point = std::min(seconds.find('.'), seconds.size());
  std::string fraction(seconds.substr(std::min(point + 1, seconds.size())));
  fraction.resize(std::max<std::size_t>(fraction.size(), 7), '0');
  const auto whole = to_integer(seconds.substr(0, point), 10, seconds_end - 1);
  if (!whole) return {};
  const auto micros = static_cast<std::int64_t>(*to_integer(fraction.substr(0, 6), 10, million - 1));
  const Micros time{static_cast<std::int64_t>(*whole) * million + micros + (fraction[6] >= '5' ? 1 : 0)};
  return time < Micros{seconds_end * million} ? std::optional(time) : std::nullopt;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_number(const Token& token) {
  return token.kind == TokenKind::integer || token.kind == TokenKind::real;
}

/// `a, b or c`
std::string alternatives(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n\f\v") + 1);
}

/// The lines of a comment's text, as `//` comments would hold them.
std::vector<std::string> comment_lines(const Token& token) {
  std::string_view rest = token.text;
  if (token.kind == TokenKind::line_comment) {
    if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
    std::string line(without_trailing_blanks(rest));
    std::replace(line.begin(), line.end(), '\r', ' ');
    return {line};
  }
  std::vector<std::string> lines;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\f\v"), line.size()));
    line = without_trailing_blanks(line);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

struct OptionRule {
  std::string_view name;
  enum class Value { optional, any, number, positive, ip_version } value;
};
/// The options that packetdrill's TCP scripts use; it refuses names it does not know, and so do we.
constexpr std::array<OptionRule, 16> known_options{{{"ip_version", OptionRule::Value::ip_version},
                                                    {"tolerance_usecs", OptionRule::Value::positive},
                                                    {"mtu", OptionRule::Value::positive},
                                                    {"mss", OptionRule::Value::positive},
                                                    {"local_ip", OptionRule::Value::any},
                                                    {"remote_ip", OptionRule::Value::any},
                                                    {"bind_port", OptionRule::Value::number},
                                                    {"connect_port", OptionRule::Value::number},
                                                    {"tcp_ts_tick_usecs", OptionRule::Value::number},
                                                    {"tcp_ts_ecr_scaled", OptionRule::Value::optional},
                                                    {"non_fatal", OptionRule::Value::any},
                                                    {"strict_segments", OptionRule::Value::optional},
                                                    {"udp_encapsulation", OptionRule::Value::any},
                                                    {"tcp_md5_secret", OptionRule::Value::any},
                                                    {"init_scripts", OptionRule::Value::any},
                                                    {"define", OptionRule::Value::any}}};

struct IpRule {
  std::string_view name;
  IpItem::Kind kind;
  TokenKind value;  ///< end: none
  std::uint64_t max;
};
constexpr std::array<IpRule, 10> ip_rules{{{"noecn", IpItem::Kind::noecn, TokenKind::end, 0},
                                           {"ect0", IpItem::Kind::ect0, TokenKind::end, 0},
                                           {"ect1", IpItem::Kind::ect1, TokenKind::end, 0},
                                           {"ect01", IpItem::Kind::ect01, TokenKind::end, 0},
                                           {"ce", IpItem::Kind::ce, TokenKind::end, 0},
                                           {"tos", IpItem::Kind::tos, TokenKind::hex, max_u8},
                                           {"class", IpItem::Kind::traffic_class, TokenKind::hex, max_u8},
                                           {"flowlabel", IpItem::Kind::flow_label, TokenKind::hex, 0xfffff},
                                           {"ttl", IpItem::Kind::ttl, TokenKind::integer, max_u8},
                                           {"hlim", IpItem::Kind::hop_limit, TokenKind::integer, max_u8}}};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    for (const Token& token : tokenize(text)) {
      if (token.kind == TokenKind::line_comment || token.kind == TokenKind::block_comment) {
        comments_.push_back({token, tokens_.size()});
      } else {
        tokens_.push_back(token);
      }
    }
  }

  Script script() {
    Script result;
    head(result.head);
    while (here().kind == TokenKind::option_name) result.options.push_back(option());
    if (!result.options.empty()) {
      while (comment_inside()) take_comment(result.remarks);
    }
    events(result.items);
    while (next_comment_ < comments_.size()) take_comment(result.items);
    return result;
  }

 private:
  struct PlacedComment {
    Token token;
    std::size_t before;  ///< the index of the token that follows it
  };

  // ------------------------------------------------------------------------------- tokens

  const Token& here() const { return tokens_[at_]; }

  [[noreturn]] void fail_at(const Token& token, const std::string& what) const {
    throw Failure{token.begin, token.kind == TokenKind::bad ? std::string(token.text) : what};
  }
  [[noreturn]] void expected(const std::string& what) const { expected_at(here(), what); }
  [[noreturn]] void expected_at(const Token& token, const std::string& what) const {
    fail_at(token, fmt::format("expected {}, found {}", what, quote(token)));
  }

  Token take() {
    const Token token = here();
    if (token.kind == TokenKind::bad) expected("");
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }

  bool is(TokenKind kind) const { return here().kind == kind; }
  static bool matches(const Token& token, std::string_view text) {
    return (token.kind == TokenKind::word || token.kind == TokenKind::symbol) && token.text == text;
  }
  bool is(std::string_view text) const { return matches(here(), text); }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    take();
    return true;
  }
  void need(std::string_view text) {
    if (!accept(text)) expected(fmt::format("\"{}\"", text));
  }

  std::string word(std::string_view meaning) {
    if (!is(TokenKind::word)) expected(std::string(meaning));
    return std::string(take().text);
  }

  std::uint64_t integer(std::string_view meaning, std::uint64_t max) {
    const auto value = is(TokenKind::integer) ? to_integer(here().text, 10, max) : std::nullopt;
    if (!value) expected(fmt::format("{} (0 to {})", meaning, max));
    take();
    return *value;
  }
  std::uint16_t u16(std::string_view meaning) {
    return static_cast<std::uint16_t>(integer(meaning, max_u16));
  }
  std::uint32_t u32(std::string_view meaning) {
    return static_cast<std::uint32_t>(integer(meaning, max_u32));
  }

  /// Whether a new event, or the end, may stand here: what the last one left out is then left out for good.
  bool at_event_boundary() const {
    return is(TokenKind::end) || is(TokenKind::command) || is_number(here()) || is("+") || is("*");
  }

  // ----------------------------------------------------------------------------- comments

  /// Whether the next comment stands before the last token read.
  bool comment_inside() const {
    return next_comment_ < comments_.size() && comments_[next_comment_].before < at_;
  }

  template <typename List>
  void take_comment(List& list) {
    for (std::string& line : comment_lines(comments_[next_comment_].token))
      list.push_back(Comment{std::move(line)});
    ++next_comment_;
  }

  /// What stands behind the last token read, on its line.
  std::string trailing_comment() {
    std::string text;
    const int line = tokens_[at_ - 1].end.line;
    while (next_comment_ < comments_.size() && comments_[next_comment_].before == at_ &&
           comments_[next_comment_].token.begin.line == line) {
      for (const std::string& part : comment_lines(comments_[next_comment_].token)) {
        if (!text.empty() && !part.empty()) text += ' ';
        text += part;
      }
      ++next_comment_;
    }
    return text;
  }

  void head(Head& head) {
    for (int line = 1; next_comment_ < comments_.size(); ++line, ++next_comment_) {
      const auto& [token, before] = comments_[next_comment_];
      const bool in_place = before == 0 && token.begin.line == line && token.begin.column == 1;
      if (!in_place || token.kind != TokenKind::line_comment) return;
      const auto head_line = as_head_line(comment_lines(token).front());
      if (!head_line) return;
      head.lines.push_back(*head_line);
    }
  }

  // ------------------------------------------------------------------------------ options

  Option option() {
    const Token name = take();
    const auto rule = std::find_if(known_options.begin(), known_options.end(),
                                   [&](const OptionRule& one) { return one.name == name.text; });
    if (rule == known_options.end()) expected_at(name, "an option that packetdrill knows");
    if (!is(TokenKind::option_value) && rule->value == OptionRule::Value::optional)
      return {std::string(rule->name), ""};
    const bool given = is(TokenKind::option_value) && !here().text.empty();
    if (!given || !fits(rule->value, here().text)) {
      expected(fmt::format("{} for --{}", describe(rule->value), rule->name));
    }
    return {std::string(rule->name), std::string(take().text)};
  }

  static bool fits(OptionRule::Value rule, std::string_view value) {
    switch (rule) {
      case OptionRule::Value::number:
      case OptionRule::Value::positive: {
        const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
        const auto number = digits ? to_integer(value, 10, max_u32) : std::nullopt;
        return number && (*number > 0 || rule == OptionRule::Value::number);
      }
      case OptionRule::Value::ip_version:
        if (value.size() > 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
        return value == "ipv4" || value == "ipv6" || value == "ipv4-mapped-ipv6" ||
               value == "ipv4_mapped_ipv6";
      default: return true;
    }
  }

  static std::string_view describe(OptionRule::Value rule) {
    switch (rule) {
      case OptionRule::Value::number: return "a number";
      case OptionRule::Value::positive: return "a number above 0";
      case OptionRule::Value::ip_version: return "ipv4, ipv6 or \"ipv4-mapped-ipv6\"";
      default: return "a value";
    }
  }

  // ------------------------------------------------------------------------------- events

  void events(std::vector<Item>& items) {
    bool timed = false;
    if (is(TokenKind::command)) untimed_command(items);
    while (!is(TokenKind::end) || !timed) {
      if (timed && is(TokenKind::command)) {
        untimed_command(items);
        if (!is(TokenKind::end)) expected("the end of the script after an untimed command");
        return;
      }
      const Token first = here();
      Event one = event();
      const bool at_zero = one.when->kind != When::Kind::any && one.when->from == Micros{0};
      if (!timed && !at_zero) expected_at(first, "the first event at time 0");
      timed = true;
      add_event(items, std::move(one));
    }
  }

  void untimed_command(std::vector<Item>& items) {
    const std::string text(take().text);
    add_event(items, Event{std::nullopt, Command{text}, {}});
  }

  /// An event, after the comments that stand before it or inside it.
  void add_event(std::vector<Item>& items, Event event) {
    while (comment_inside()) take_comment(items);
    event.comment = trailing_comment();
    items.emplace_back(std::move(event));
  }

  Event event() {
    Event result;
    const When when = time();
    result.when = when;
    const bool expects_only = when.kind == When::Kind::any || when.until;
    if (expects_only && !is(">")) expected("\">\" after \"*\" or a range of times");
    if (is("<") || is(">")) {
      result.action = packet();
    } else if (is(TokenKind::ellipsis)) {
      take();
      const Micros returns = seconds(when.from, "the time of the return, not before that of the call");
      Call blocking = call();
      blocking.returns = returns;
      result.action = std::move(blocking);
    } else if (is(TokenKind::word)) {
      result.action = call();
    } else if (is(TokenKind::command)) {
      result.action = Command{std::string(take().text)};
    } else if (is(TokenKind::code)) {
      result.action = Code{std::string(take().text)};
    } else {
      expected("\"<\", \">\", a call, a command or code");
    }
    return result;
  }

  When time() {
    if (accept("*")) return whenever();
    const bool relative = accept("+");
    When result = relative ? after(Micros{0}) : at(Micros{0});
    result.from = seconds(Micros{0}, relative ? "a number of seconds" : "a time");
    if (!accept("~")) return result;
    if (relative) need("+");
    result.until = seconds(result.from, "a second time not before the first");
    return result;
  }

  Micros seconds(Micros earliest, std::string_view meaning) {
    if (!is_number(here())) expected(std::string(meaning));
    const std::optional<Micros> time = to_micros(here().text);
    if (!time) expected(fmt::format("a time below {} s", seconds_end));
    if (*time < earliest) expected(std::string(meaning));
    take();
    return *time;
  }

  // ------------------------------------------------------------------------------ packets

  Packet packet() {
    Packet result;
    result.direction = take().text == "<" ? Packet::Direction::inject : Packet::Direction::expect;
    if (is("[") || is("(")) result.ip = ip_part(result.direction);
    if (accept("icmp")) {
      result.content = icmp();
    } else {
      result.content = segment(result.direction);
    }
    return result;
  }

  std::vector<IpItem> ip_part(Packet::Direction direction) {
    const std::string_view close = take().text == "[" ? "]" : ")";
    std::vector<IpItem> items;
    do {
      items.push_back(ip_item(direction));
    } while (accept(","));
    if (!accept(close)) expected(fmt::format("\",\" or \"{}\"", close));
    return items;
  }

  IpItem ip_item(Packet::Direction direction) {
    const auto rule =
        std::find_if(ip_rules.begin(), ip_rules.end(), [&](const IpRule& one) { return is(one.name); });
    if (rule == ip_rules.end()) {
      expected("one of noecn, ect0, ect1, ect01, ce, tos, class, flowlabel, ttl, hlim");
    }
    if (rule->kind == IpItem::Kind::ect01 && direction == Packet::Direction::inject) {
      expected("one codepoint to send (\"ect01\" only matches)");
    }
    take();
    if (rule->value == TokenKind::end) return {rule->kind, 0};
    if (rule->value == TokenKind::integer) {
      return {rule->kind,
              static_cast<std::uint32_t>(integer(fmt::format("the value of {}", rule->name), rule->max))};
    }
    const auto value = is(TokenKind::hex) ? to_integer(here().text.substr(2), 16, rule->max) : std::nullopt;
    if (!value) expected(fmt::format("the value of {} (0x0 to 0x{:x})", rule->name, rule->max));
    take();
    return {rule->kind, static_cast<std::uint32_t>(*value)};
  }

  Segment segment(Packet::Direction direction) {
    const bool injected = direction == Packet::Direction::inject;
    Segment result;
    result.flags = flags();
    const Token range_begin = here();
    result.range = range();
    if (injected && result.range.any_seq) expected_at(range_begin, "a number to send (\"...\" only matches)");
    if (accept("ack")) result.ack = u32("the acknowledgment number");
    if (accept("win")) result.win = u16("the window");
    if (injected && !result.win) expected(result.ack ? "\"win\"" : "\"ack\" or \"win\"");
    if (accept("urg")) result.urg = u16("the urgent pointer");
    if (is("<")) result.options = tcp_options(direction);  // no packet: that would begin with its time
    result.udp = udp();
    if (!at_event_boundary()) expected(still_open(result));
    return result;
  }

  /// What may follow a segment as far as it is read.
  static std::string still_open(const Segment& segment) {
    const bool options = segment.options || segment.udp;
    const bool urg = options || segment.urg;
    const bool win = urg || segment.win;
    std::vector<std::string_view> open;
    if (!win && !segment.ack) open.emplace_back("\"ack\"");
    if (!win) open.emplace_back("\"win\"");
    if (!urg) open.emplace_back("\"urg\"");
    if (!options) open.emplace_back("options");
    open.emplace_back("the next event's time");
    return alternatives(open);
  }

  Flags flags() {
    Flags result;
    if (accept("-")) return result;
    if (is(TokenKind::word)) {
      if (!add_letters(result, here().text)) expected("flags (letters of SFRPUEWA, then \".\" for ACK)");
      take();
    } else if (!is(".")) {
      expected("flags (letters of SFRPUEWA, then \".\" for ACK)");
    }
    if (accept(".")) result.bits |= model::ACK;
    return result;
  }

  static bool add_letters(Flags& flags, std::string_view letters) {
    static constexpr std::string_view names = "FSRPxUEW";  // in the order of their bits; x: ACK is the point
    if (letters.size() > 1 && letters.back() >= '0' && letters.back() <= '7') {
      flags.accecn = static_cast<std::uint8_t>(letters.back() - '0');
      letters.remove_suffix(1);
    }
    for (const char letter : letters) {
      if (letter == 'A' && !flags.ae) {
        flags.ae = true;
        continue;
      }
      const std::size_t bit = letter == 'x' ? std::string_view::npos : names.find(letter);
      if (bit == std::string_view::npos || (flags.bits & (1U << bit)) != 0) return false;
      flags.bits = static_cast<std::uint8_t>(flags.bits | (1U << bit));
    }
    return true;
  }

  Range range() {
    Range result;
    if (is(TokenKind::ellipsis)) {
      take();
      result.any_seq = true;
      result.length = parenthesized_length();
    } else {
      if (!is(TokenKind::integer)) expected("seq:end(length)");
      result.seq = u32("a sequence number");
      need(":");
      const Token end = here();
      const std::uint32_t written_end = u32("the sequence number of the end");
      result.length = parenthesized_length();
      if (result.end() > max_u32) expected_at(end, fmt::format("an end of at most {}", max_u32));
      if (written_end != result.end())
        expected_at(end, fmt::format("the end {} (seq + length)", result.end()));
    }
    result.raw = accept("!");
    return result;
  }

  std::uint32_t parenthesized_length() {
    need("(");
    const std::uint32_t length = u32("the length");
    need(")");
    return length;
  }

  std::optional<Udp> udp() {
    if (!accept("/")) return {};
    need("udp");
    need("(");
    Udp result;
    result.source = u16("the source port");
    need(">");
    result.destination = u16("the destination port");
    need(")");
    return result;
  }

  Icmp icmp() {
    Icmp result;
    result.type = word("the type of the ICMP message");
    if (is(TokenKind::word) && !is("mtu") && !is("id")) result.code = take().text;
    if (accept("mtu")) result.mtu = u32("the MTU");
    if (accept("id")) result.id = u16("the id");
    if (accept("[")) {
      result.quoted = range();
      result.udp = udp();
      need("]");
    }
    return result;
  }

  // -------------------------------------------------------------------------- TCP options

  TcpOptions tcp_options(Packet::Direction direction) {
    const Token begin = take();
    if (is(TokenKind::ellipsis)) {
      if (direction == Packet::Direction::inject) expected("options to send (\"...\" only matches)");
      take();
      need(">");
      return any_options();
    }
    TcpOptions result;
    std::optional<int> octets = 0;  // none once a cookie is a word that is defined elsewhere
    do {
      result.list.push_back(tcp_option());
      const std::optional<int> size = size_of(result.list.back());
      octets = octets && size ? std::optional<int>(*octets + *size) : std::nullopt;
      const bool raw = std::holds_alternative<RawOptions>(result.list.back());
      if (raw && (result.list.size() > 1 || is(",")))
        expected("a whole option area in hex digits to stand alone");
    } while (accept(","));
    if (!accept(">")) expected("\",\" or \">\"");
    if (octets && (*octets % 4 != 0 || *octets > max_option_octets)) {
      fail_at(begin, fmt::format("expected options that fill a multiple of 4 octets, at most 40, found {}",
                                 *octets));
    }
    return result;
  }

  TcpOption tcp_option() {
    if (accept("nop")) return Nop{};
    if (accept("eol")) return Eol{};
    if (accept("sackOK")) return SackOk{};
    if (accept("mss")) return Mss{u16("the maximum segment size")};
    if (accept("wscale")) return WindowScale{static_cast<std::uint8_t>(integer("the window shift", max_u8))};
    if (accept("sack")) return sack();
    if (accept("TS")) return timestamps();
    if (accept("FO")) return FastOpen{false, cookie()};
    if (accept("FOEXP")) return FastOpen{true, cookie()};
    if (accept("md5")) return Md5{digest()};
    const bool digits = is(TokenKind::integer) || is(TokenKind::word);
    if (digits && is_hex(here().text) && here().text.size() % 2 == 0)
      return RawOptions{std::string(take().text)};
    expected("one of mss, wscale, nop, eol, sackOK, sack, TS, FO, FOEXP, md5");
  }

  Sack sack() {
    Sack result;
    do {
      const std::uint32_t left = u32("the left edge of a block");
      need(":");
      result.blocks.push_back({left, u32("the right edge of the block")});
    } while (is(TokenKind::integer));
    return result;
  }

  Timestamps timestamps() {
    Timestamps result;
    need("val");
    if (is(TokenKind::ellipsis)) {
      take();
    } else {
      result.val = u32("the timestamp or \"...\"");
    }
    need("ecr");
    result.ecr = u32("the timestamp echoed");
    return result;
  }

  /// The cookie keeps its text: it may begin with zeros, and may be a word that is defined elsewhere.
  std::string cookie() {
    if (!is(TokenKind::integer) && !is(TokenKind::word)) return {};
    if (is_hex(here().text) && here().text.size() % 2 != 0) expected("an even number of hex digits");
    return std::string(take().text);
  }

  std::string digest() {
    const bool digits = is(TokenKind::integer) || is(TokenKind::word);
    const bool valid = is("valid") || (digits && here().text.size() == 32 && is_hex(here().text));
    if (!valid) expected("32 hex digits or \"valid\"");
    return std::string(take().text);
  }

  /// Octets on the wire.
  static std::optional<int> size_of(const TcpOption& option) {
    struct Size {
      std::optional<int> operator()(const Nop&) const { return 1; }
      std::optional<int> operator()(const Eol&) const { return 1; }
      std::optional<int> operator()(const SackOk&) const { return 2; }
      std::optional<int> operator()(const Mss&) const { return 4; }
      std::optional<int> operator()(const WindowScale&) const { return 3; }
      std::optional<int> operator()(const Sack& sack) const {
        return 2 + 8 * static_cast<int>(sack.blocks.size());
      }
      std::optional<int> operator()(const Timestamps&) const { return 10; }
      std::optional<int> operator()(const FastOpen& option) const {
        if (!is_hex(option.cookie)) return {};
        return (option.experimental ? 4 : 2) + static_cast<int>(option.cookie.size() / 2);
      }
      std::optional<int> operator()(const Md5&) const { return 18; }
      std::optional<int> operator()(const RawOptions& raw) const {
        return static_cast<int>(raw.hex.size() / 2);
      }
    };
    return std::visit(Size{}, option);
  }

  // -------------------------------------------------------------------------------- calls

  Call call() {
    Call result;
    result.name = word("a call");
    need("(");
    result.arguments = list(")");
    need("=");
    result.result = expr();
    if (is(TokenKind::word)) {
      result.error_name = take().text;
      if (!is("(")) expected(fmt::format("\"(\" and the words of {}", result.error_name));
    }
    if (is("(")) result.note = note();
    if (!at_event_boundary()) {
      expected(result.note.empty() ? "an error's name, a note or the next event's time"
                                   : "the next event's time");
    }
    return result;
  }

  std::string note() {
    take();
    std::string words = word("a word of letters");
    while (is(TokenKind::word)) {
      words += ' ';
      words += take().text;
    }
    if (!accept(")")) expected("a word of letters or \")\"");
    return words;
  }

  /// A list, perhaps empty, with the bracket that ends it.
  std::vector<Expr> list(std::string_view close) {
    std::vector<Expr> items;
    if (accept(close)) return items;
    do {
      items.push_back(expr());
    } while (accept(","));
    if (!accept(close)) expected(fmt::format("\",\" or \"{}\"", close));
    return items;
  }

  Expr expr() {
    if (depth_ == max_depth) expected(fmt::format("at most {} values inside each other", max_depth));
    ++depth_;
    Expr result;
    do {
      result.terms.push_back(term());
    } while (accept("|"));
    --depth_;
    return result;
  }

  Term term() {
    switch (here().kind) {
      case TokenKind::ellipsis: return take(), Ellipsis{};
      case TokenKind::integer: return Number{decimal(false), false};
      case TokenKind::hex: return hex_number();
      case TokenKind::string: return string();
      case TokenKind::word: return named();
      default: break;
    }
    if (accept("-")) return Number{decimal(true), false};
    if (accept("[")) return Array{list("]")};
    if (accept("{")) return Struct{list("}")};
    expected("a value");
  }

  std::int64_t decimal(bool negative) {
    const auto value = static_cast<std::int64_t>(integer("a number", max_i64));
    return negative ? -value : value;
  }

  Number hex_number() {
    const auto value = to_integer(here().text.substr(2), 16, max_i64);
    if (!value) expected(fmt::format("a number of at most 0x{:x}", max_i64));
    take();
    return {static_cast<std::int64_t>(*value), true};
  }

  String string() {
    String result{std::string(take().text), false};
    if (is(TokenKind::ellipsis)) {
      take();
      result.more = true;
    }
    return result;
  }

  Word named() {
    Word result;
    result.name = take().text;
    if (accept("(")) result.arguments = list(")");
    if (accept("=")) result.value.push_back(expr());
    return result;
  }

  std::vector<Token> tokens_;
  std::vector<PlacedComment> comments_;
  std::size_t at_ = 0;
  std::size_t next_comment_ = 0;
  int depth_ = 0;
};

}  // namespace
}  // namespace script

std::variant<Script, ScriptError> parse_script(std::string_view text, std::string_view file_name) {
  try {
    return script::Parser(text).script();
  } catch (const script::Failure& failure) {
    return ScriptError{std::string(file_name), failure.where.line, failure.where.column, failure.what};
  }
}

}  // namespace finwait
