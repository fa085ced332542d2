#include "harness/script.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "harness/files.h"

namespace finwait {

// How RapidCheck and GoogleTest show what failed.
void showValue(const Script& script, std::ostream& out) {
  out << print(script);
}
void PrintTo(const Script& script, std::ostream* out) {
  *out << print(script);
}

namespace {

using namespace script;
using std::chrono::microseconds;

std::string fixture(const std::string& name) {
  return std::get<std::string>(
      read_file(std::filesystem::path(FINWAIT_SOURCE_DIR) / "tests" / "scripts" / name));
}

/// The script, or an empty one and a failed test.
Script parsed(std::string_view text) {
  auto result = parse_script(text, "x.pkt");
  if (const auto* error = std::get_if<ScriptError>(&result)) {
    ADD_FAILURE() << error->text() << "\n" << text;
    return {};
  }
  return std::get<Script>(std::move(result));
}

std::string error_of(std::string_view text) {
  const auto result = parse_script(text, "x.pkt");
  const auto* error = std::get_if<ScriptError>(&result);
  return error != nullptr ? error->text() : "no error";
}

// -------------------------------------------------------------------------- arbitrary scripts

template <typename Number>
Number number_up_to(std::uint64_t max) {
  const auto any = [max] { return *rc::gen::inRange<std::uint64_t>(0, max + 1); };
  return static_cast<Number>(*rc::gen::element(any(), std::uint64_t{0}, max));
}
bool yes() {
  return *rc::gen::arbitrary<bool>();
}
int below(int end) {
  return *rc::gen::inRange(0, end);
}

std::string text_of(const std::string& characters, int longest) {
  std::string text;
  for (int left = below(longest + 1); left > 0; --left) text += *rc::gen::elementOf(characters);
  return text;
}

/// A word that begins with a letter, as names do.
std::string any_word() {
  static const std::string letters = "abcxyzABCXYZ_";
  std::string word(1, *rc::gen::elementOf(letters));
  return word.append(text_of(letters + "0189", 8));
}

std::string any_comment() {
  static const std::string characters = "ab/*`\"%{}#<>:. \t\\0\xc3\xa9";
  std::string text = yes() ? "finwait: " : "";
  text += text_of(characters, 12);
  text.erase(text.find_last_not_of(" \t") + 1);
  return text;
}

/// Text with escapes that does not end before `delimiter`.
std::string any_escaped(char delimiter, const std::string& characters) {
  std::string text = text_of(characters, 8);
  if (yes()) {
    text += '\\';
    text += delimiter;
    text += text_of(characters, 4);
  }
  if (yes()) text += "\\\\";
  return text;
}

microseconds any_micros() {
  return microseconds{number_up_to<std::int64_t>(999'999'999'999'999)};
}

When any_when(bool expects) {
  When when = yes() ? at(any_micros()) : after(any_micros());
  if (expects && below(4) == 0) return whenever();
  if (expects && yes()) when.until = std::max(when.from, any_micros());
  return when;
}

Flags any_flags() {
  Flags flags;
  flags.bits = number_up_to<std::uint8_t>(255);
  flags.ae = yes();
  const bool has_letter = (flags.bits & ~model::ACK) != 0 || flags.ae;
  if (has_letter && yes()) flags.accecn = number_up_to<std::uint8_t>(7);
  return flags;
}

Range any_range(bool expects) {
  Range range;
  range.raw = yes();
  range.any_seq = expects && yes();
  if (!range.any_seq) range.seq = number_up_to<std::uint32_t>(0xffffffff);
  range.length = number_up_to<std::uint32_t>(0xffffffff - range.seq);
  return range;
}

std::string any_hex(int octets) {
  std::string text;
  for (int i = 0; i < 2 * octets; ++i) text += *rc::gen::elementOf(std::string("0123456789abcdefABCDEF"));
  return text;
}

struct SizedOption {
  TcpOption option;
  int octets;
};

SizedOption any_tcp_option() {
  switch (below(9)) {
    case 0: return {Nop{}, 1};
    case 1: return {Eol{}, 1};
    case 2: return {SackOk{}, 2};
    case 3: return {Mss{number_up_to<std::uint16_t>(0xffff)}, 4};
    case 4: return {WindowScale{number_up_to<std::uint8_t>(255)}, 3};
    case 5: {
      Sack sack;
      const int blocks = 1 + below(4);
      for (int i = 0; i < blocks; ++i) {
        sack.blocks.push_back(
            {number_up_to<std::uint32_t>(0xffffffff), number_up_to<std::uint32_t>(0xffffffff)});
      }
      return {sack, 2 + 8 * blocks};
    }
    case 6: {
      Timestamps ts;
      if (yes()) ts.val = number_up_to<std::uint32_t>(0xffffffff);
      ts.ecr = number_up_to<std::uint32_t>(0xffffffff);
      return {ts, 10};
    }
    case 7: {
      const bool experimental = yes();
      const int octets = below(17);
      return {FastOpen{experimental, any_hex(octets)}, (experimental ? 4 : 2) + octets};
    }
    default: return {Md5{yes() ? "valid" : any_hex(16)}, 18};
  }
}

TcpOptions any_tcp_options(bool expects) {
  if (expects && below(3) == 0) return any_options();
  TcpOptions options;
  if (below(8) == 0) {
    options.list.emplace_back(RawOptions{any_hex(4 * (1 + below(10)))});
    return options;
  }
  int octets = 0;
  for (int left = 1 + below(5); left > 0; --left) {
    const SizedOption one = any_tcp_option();
    if (octets + one.octets > 40) continue;
    options.list.push_back(one.option);
    octets += one.octets;
  }
  for (; octets == 0 || octets % 4 != 0; ++octets) options.list.emplace_back(Nop{});
  return options;
}

std::optional<Udp> maybe_udp() {
  if (below(4) != 0) return {};
  return Udp{number_up_to<std::uint16_t>(0xffff), number_up_to<std::uint16_t>(0xffff)};
}

script::Segment any_segment(bool expects) {
  script::Segment segment;
  segment.flags = any_flags();
  segment.range = any_range(expects);
  if (yes()) segment.ack = number_up_to<std::uint32_t>(0xffffffff);
  if (!expects || yes()) segment.win = number_up_to<std::uint16_t>(0xffff);
  if (yes()) segment.urg = number_up_to<std::uint16_t>(0xffff);
  if (yes()) segment.options = any_tcp_options(expects);
  segment.udp = maybe_udp();
  return segment;
}

Icmp any_icmp() {
  Icmp icmp;
  icmp.type = any_word();
  if (yes()) icmp.code = any_word();
  if (yes()) icmp.mtu = number_up_to<std::uint32_t>(0xffffffff);
  if (yes()) icmp.id = number_up_to<std::uint16_t>(0xffff);
  if (yes()) {
    icmp.quoted = any_range(true);
    icmp.udp = maybe_udp();
  }
  return icmp;
}

IpItem any_ip_item(bool expects) {
  const auto kind = static_cast<IpItem::Kind>(below(10));
  switch (kind) {
    case IpItem::Kind::ect01: return {expects ? kind : IpItem::Kind::ect0, 0};
    case IpItem::Kind::flow_label: return {kind, number_up_to<std::uint32_t>(0xfffff)};
    case IpItem::Kind::tos:
    case IpItem::Kind::traffic_class:
    case IpItem::Kind::ttl:
    case IpItem::Kind::hop_limit: return {kind, number_up_to<std::uint32_t>(255)};
    default: return {kind, 0};
  }
}

Packet any_packet(bool expects) {
  Packet packet;
  packet.direction = expects ? Packet::Direction::expect : Packet::Direction::inject;
  if (below(3) == 0) {
    for (int left = 1 + below(3); left > 0; --left) packet.ip.push_back(any_ip_item(expects));
  }
  if (below(5) == 0) {
    packet.content = any_icmp();
  } else {
    packet.content = any_segment(expects);
  }
  return packet;
}

Expr any_expr(int depth);

std::vector<Expr> any_list(int depth) {
  std::vector<Expr> items;
  for (int left = below(4); left > 0; --left) items.push_back(any_expr(depth - 1));
  return items;
}

Term any_term(int depth, bool last) {
  switch (below(depth > 0 ? 6 : 4)) {
    case 0: return Ellipsis{};
    case 1: {
      const bool is_hex = yes();
      const auto value = number_up_to<std::int64_t>(0x7fffffffffffffff);
      return Number{!is_hex && yes() ? -value : value, is_hex};
    }
    case 2: return String{any_escaped('"', "ab 0`/*"), yes()};
    case 3: {
      Word word{any_word(), {}, {}};
      if (depth > 0 && yes()) word.arguments = any_list(depth);
      if (depth > 0 && last && yes()) word.value.push_back(any_expr(depth - 1));
      return word;
    }
    case 4: return Array{any_list(depth)};
    default: return Struct{any_list(depth)};
  }
}

Expr any_expr(int depth) {
  Expr expr;
  for (int left = below(4) == 0 ? 1 + below(3) : 1; left > 0; --left)
    expr.terms.push_back(any_term(depth, left == 1));
  return expr;
}

Call any_call() {
  Call call;
  call.name = any_word();
  call.arguments = any_list(3);
  call.result = yes() ? Expr{below(10) - 1} : any_expr(2);
  // A result that ends in a word would take the note for its arguments: so the language has it.
  if (!std::holds_alternative<Number>(call.result.terms.back())) return call;
  if (yes()) call.error_name = any_word();
  if (!call.error_name.empty() || yes()) call.note = any_word();
  while (!call.note.empty() && yes()) call.note.append(" ").append(any_word());
  return call;
}

Command any_command() {
  return {any_escaped('`', "ab \n/\"|")};
}

Event any_event() {
  switch (below(8)) {
    case 0:
    case 1:
    case 2: {
      const bool expects = yes();
      return event(any_when(expects), any_packet(expects), any_comment());
    }
    case 3: return event(any_when(false), any_command(), any_comment());
    case 4: return event(any_when(false), Code{text_of("ab =\n}{/\"`", 6)}, any_comment());
    default: {
      const When when = any_when(false);
      Call call = any_call();
      if (below(4) == 0) call.returns = std::max(when.from, any_micros());
      return event(when, call, any_comment());
    }
  }
}

template <typename List>
void add_comments(List& list) {
  for (int left = below(4) == 0 ? 1 + below(3) : 0; left > 0; --left) list.push_back(Comment{any_comment()});
}

Option any_option() {
  switch (below(5)) {
    case 0: return {"ip_version", *rc::gen::element<std::string>("ipv4", "ipv6", "\"ipv4-mapped-ipv6\"")};
    case 1: return {"tolerance_usecs", std::to_string(1 + below(1'000'000))};
    case 2: return {"local_ip", *rc::gen::element<std::string>("192.168.0.1", "fd3d:fa7b:d17d::1")};
    case 3: return {"define", any_word().append("=\"").append(any_escaped('"', "a -,/")).append("\"")};
    default: return {"strict_segments", ""};
  }
}

rc::Gen<Script> any_script() {
  return rc::gen::exec([] {
    Script script;
    for (int left = below(4); left > 0; --left) {
      std::string value = any_comment();
      script.head.add(*rc::gen::element<std::string>("finwait", "says", "x-2_Y"), value);
    }
    for (int left = below(3); left > 0; --left) script.options.push_back(any_option());
    if (!script.options.empty()) add_comments(script.remarks);
    add_comments(script.items);
    if (yes()) script.items.emplace_back(Event{std::nullopt, any_command(), any_comment()});
    Event first = any_event();
    first.when = yes() ? at(microseconds{0}) : after(microseconds{0});
    script.items.emplace_back(first);
    for (int left = *rc::gen::inRange(0, 12); left > 0; --left) {
      add_comments(script.items);
      script.items.emplace_back(any_event());
    }
    if (yes()) script.items.emplace_back(Event{std::nullopt, any_command(), any_comment()});
    add_comments(script.items);
    return script;
  });
}

RC_GTEST_PROP(ScriptProperty, WhatIsPrintedParsesToTheSameScript, ()) {
  const Script script = *any_script();
  const std::string text = print(script);
  const auto result = parse_script(text, "x.pkt");
  if (const auto* error = std::get_if<ScriptError>(&result)) RC_FAIL(error->text());
  const Script& again = std::get<Script>(result);
  RC_ASSERT(again == script);
  RC_ASSERT(print(again) == text);
}

// ------------------------------------------------------------------------------- mutilations

bool inside(const std::string& text, const ScriptError& error) {
  std::size_t begin = 0;
  for (int line = 1; line < error.line; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return false;
    ++begin;
  }
  const std::size_t length = std::min(text.find('\n', begin), text.size()) - begin;
  return error.line >= 1 && error.column >= 1 && static_cast<std::size_t>(error.column) <= length + 1;
}

/// Whether a text is read as it should be: an error lies inside it and says something; a script is
/// one that can be printed and read again.
testing::AssertionResult read_soundly(const std::string& text) {
  const auto result = parse_script(text, "x.pkt");
  if (const auto* error = std::get_if<ScriptError>(&result)) {
    if (inside(text, *error) && error->what.find("expected ") == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << error->text() << " in:\n" << text;
  }
  const std::string printed = print(std::get<Script>(result));
  const auto again = parse_script(printed, "x.pkt");
  if (again == result && print(std::get<Script>(again)) == printed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "not stable:\n" << text << "\nprinted:\n" << printed;
}

const std::string all_kinds_of_characters =
    std::string("\0", 1) + "\n\r\t \"#%()*+,-./059:<=>AS[\\]_`ax{|}~!\x80\xff";

RC_GTEST_PROP(ScriptProperty, AMutilatedScriptIsReadOrRefusedAtAPlaceInsideIt, ()) {
  const std::string whole = print(*any_script());
  for (int round = 0; round < 20; ++round) {
    std::string text = whole;
    for (int cuts = 1 + below(3); cuts > 0; --cuts) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      const char c = *rc::gen::elementOf(all_kinds_of_characters);
      switch (below(4)) {
        case 0: text.insert(at, 1, c); break;
        case 1: text.erase(at, 1); break;
        case 2: text.resize(at); break;
        default:
          if (at < text.size()) text[at] = c;
      }
    }
    const auto verdict = read_soundly(text);
    if (!verdict) RC_FAIL(verdict.message());
  }
}

class ScriptFixture : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Scripts, ScriptFixture,
                         testing::Values("last-ack-ends-closed.pkt", "challenge-ack-missing.pkt",
                                         "time-wait-expires.pkt", "every-construct.pkt"));

TEST_P(ScriptFixture, PrintsAsItStands) {
  const std::string text = fixture(GetParam());
  ASSERT_GT(text.size(), 500U);
  EXPECT_EQ(print(parsed(text)), text);
}

TEST_P(ScriptFixture, IsReadSoundlyWithAnyOneCharacterChanged) {
  const std::string whole = fixture(GetParam());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    ASSERT_TRUE(read_soundly(std::string(whole).erase(at, 1)));
    ASSERT_TRUE(read_soundly(whole.substr(0, at)));
    for (std::size_t kind = at % 4; kind < all_kinds_of_characters.size(); kind += 4) {
      const char c = all_kinds_of_characters[kind];
      std::string text = whole;
      text[at] = c;
      ASSERT_TRUE(read_soundly(text));
      text = whole;
      ASSERT_TRUE(read_soundly(text.insert(at, 1, c)));
    }
  }
}

// ------------------------------------------------------------------------------------ reading

TEST(Script, HoldsWhatAFindingSays) {
  const Script script = parsed(fixture("challenge-ack-missing.pkt"));
  EXPECT_EQ(script.head.first("rule"), "3.10.7.4/rst-in-window-challenge-ack (must)");
  EXPECT_EQ(script.head.all("says").size(), 2U);
  EXPECT_EQ(script.head.first("realtime"), std::nullopt);
  EXPECT_EQ(script.option("ip_version"), "ipv4");
  EXPECT_EQ(script.option("mtu"), std::nullopt);
  ASSERT_EQ(script.items.size(), 12U);

  const Event& connect = std::get<Event>(script.items[2]);
  const Call& call = std::get<Call>(connect.action);
  EXPECT_EQ(call.name, "connect");
  EXPECT_EQ(call.arguments, (std::vector<Expr>{3, filled_in(), filled_in()}));
  EXPECT_EQ(call.result, Expr{-1});
  EXPECT_EQ(call.error_name, "EINPROGRESS");
  EXPECT_EQ(call.note, "Operation now in progress");

  const Event& ack = std::get<Event>(script.items[5]);
  EXPECT_EQ(ack.when, between(microseconds{0}, microseconds{500'000}));
  EXPECT_EQ(ack.comment, "ESTABLISHED");

  const Event& missing = std::get<Event>(script.items[7]);
  EXPECT_EQ(missing.comment, "IUT: nothing by +0.5");
  const Packet& packet = std::get<Packet>(missing.action);
  EXPECT_EQ(packet.direction, Packet::Direction::expect);
  const auto& segment = std::get<script::Segment>(packet.content);
  EXPECT_EQ(segment.flags.bits, model::ACK);
  EXPECT_EQ(segment.range.seq, 1U);
  EXPECT_EQ(segment.ack, 1U);
  EXPECT_EQ(segment.win, std::nullopt);
}

TEST(Script, AScriptBuiltInCodeIsTheOneThatIsRead) {
  using namespace std::chrono_literals;
  Script built;
  const Script written = parsed(fixture("challenge-ack-missing.pkt"));
  built.head = written.head;
  built.options = {{"ip_version", "ipv4"}, {"tolerance_usecs", "100000"}};
  const auto now = after(0us);
  const auto soon = after(100ms);
  const auto dots = filled_in();
  const Expr error_option = "SO_ERROR";
  TcpOptions mss{false, {Mss{1460}}};
  built.items = {
      event(at(0us), Call{"socket", {dots, "SOCK_STREAM", "IPPROTO_TCP"}, 3}),
      event(now, Call{"fcntl", {3, "F_SETFL", flags({"O_RDWR", "O_NONBLOCK"})}, 0}),
      event(now, Call{"connect", {3, dots, dots}, -1, "EINPROGRESS", "Operation now in progress"}),
      event(now, expect({.flags = {model::SYN}, .options = any_options()}), "SYN-SENT"),
      event(soon, inject({.flags = {model::SYN | model::ACK}, .ack = 1, .win = 65535, .options = mss})),
      event(between(0us, 500ms), expect({.flags = {model::ACK}, .range = {1, 0}, .ack = 1}), "ESTABLISHED"),
      event(soon, inject({.flags = {model::RST}, .range = {2, 0}, .win = 65535}), "SEG.SEQ = RCV.NXT+1"),
      event(now, expect({.flags = {model::ACK}, .range = {1, 0}, .ack = 1}), "IUT: nothing by +0.5"),
      event(now, Call{"getsockopt", {3, "SOL_SOCKET", error_option, array({0}), array({4})}, 0}),
      event(soon, inject({.flags = {model::RST}, .range = {1, 0}, .win = 65535}), "SEG.SEQ = RCV.NXT"),
      event(now, Call{"getsockopt", {3, "SOL_SOCKET", error_option, array({"ECONNRESET"}), array({4})}, 0},
            "CLOSED"),
      event(now, Call{"close", {3}, 0}),
  };
  EXPECT_EQ(built, written);
  EXPECT_EQ(print(event(now, Call{"setsockopt",
                                  {4, "SOL_SOCKET", "SO_LINGER", structure({{"onoff", 1}, {"linger", 0}}), 8},
                                  0})),
            "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0");
  EXPECT_EQ(print(script::Segment{.flags = {model::RST | model::ACK}, .ack = 3, .win = 0}),
            "R. 0:0(0) ack 3 win 0");
}

/// What is written freely and what finwait makes of it.
struct Rewriting {
  const char* free;
  const char* canonical;
};

class Canonical : public testing::TestWithParam<Rewriting> {};

TEST_P(Canonical, Form) {
  EXPECT_EQ(print(parsed(GetParam().free)), GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, Canonical,
    testing::Values(
        // Line ends mean nothing; numbers lose what says nothing.
        Rewriting{"0\nsocket ( ... ,SOCK_STREAM,IPPROTO_TCP )=003 +00.100 close(3)=0",
                  "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0.1 close(3) = 0\n"},
        Rewriting{".0 close(3) = -0\r\n+ .5 close(3) = 0x0F\r\n", "0 close(3) = 0\n+0.5 close(3) = 0xf\n"},
        Rewriting{"0 close(3) = 0 1...1.2 read(3)=0 +1 ... 1.2 read(3)=0",
                  "0 close(3) = 0\n1...1.2 read(3) = 0\n+1...1.2 read(3) = 0\n"},
        Rewriting{"+0 > S 0:0(0)<...>*>WS. 0001:0001(0)", "+0 > S 0:0(0) <...>\n* > SW. 1:1(0)\n"},
        Rewriting{"+0 > ( ttl 1 , ect0 ) . 1:1(0) + 1 ~ + 2 > . 1:1(0)",
                  "+0 > [ttl 1, ect0] . 1:1(0)\n+1~+2 > . 1:1(0)\n"},
        Rewriting{"0.00000049 > P. 1:1(0) +0.9999999 > FP2. 1:1(0)", "0 > P. 1:1(0)\n+1 > FP2. 1:1(0)\n"},
        Rewriting{"--ip_version = ipv4\n--mtu=1500 --tolerance_usecs=1\n0 close(3) = 0",
                  "--ip_version=ipv4 --mtu=1500 --tolerance_usecs=1\n0 close(3) = 0\n"},
        // A comment stays with its event, or stands on a line of its own.
        Rewriting{"0 close(3) = 0 // one\n", "0 close(3) = 0  // one\n"},
        Rewriting{"0 close(3) = 0\n//two   \n", "0 close(3) = 0\n// two\n"},
        Rewriting{"0 close(3) // inside\n = 0 /* behind */ // too\n",
                  "// inside\n0 close(3) = 0  // behind too\n"},
        Rewriting{"0 close(3) = 0 /* first */ +0 close(4) = 0 // second",
                  "0 close(3) = 0  // first\n+0 close(4) = 0  // second\n"},
        Rewriting{"/*-\n * A licence with a ` in it\n */\n\n0 close(3) = 0",
                  "// -\n// * A licence with a ` in it\n0 close(3) = 0\n"},
        // Only what begins on line 1 is the head.
        Rewriting{"// a: b\n// c: d\n// no key\n// e: f\n0 close(3) = 0",
                  "// a: b\n// c: d\n// no key\n// e: f\n0 close(3) = 0\n"},
        Rewriting{"\n// a: b\n0 close(3) = 0", "\n// a: b\n0 close(3) = 0\n"},
        Rewriting{"// a: b\n\n\n// c: d\n--mtu=9 // e: f\n0 close(3) = 0",
                  "// a: b\n\n// c: d\n--mtu=9\n// e: f\n0 close(3) = 0\n"}));

TEST(Script, TheHeadEndsAtTheFirstOtherLine) {
  const Script script = parsed("// a: b\n// c: d\n// no key\n// e: f\n0 close(3) = 0");
  EXPECT_EQ(script.head.lines.size(), 2U);
  EXPECT_EQ(script.items.size(), 3U);
  EXPECT_TRUE(parsed("\n// a: b\n0 close(3) = 0").head.lines.empty());
}

TEST(Script, ALineEndInACommentCannotBreakTheScript) {
  Script script;
  script.head.add("iut", "two\nlines");
  script.items = {event(at(microseconds{0}), Call{"close", {3}, 0}, "IUT: crash\n+0 close(4) = 0\n")};
  EXPECT_EQ(print(script), "// iut: two lines\n0 close(3) = 0  // IUT: crash +0 close(4) = 0\n");
}

TEST(Script, DeepNestingIsRefusedBeforeTheStackEnds) {
  for (const char* open : {"[", "{", "f(", "a="}) {
    std::string text = "0 f(";
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_NE(error_of(text).find("expected at most 64 values inside each other"), std::string::npos) << open;
  }
}

// ------------------------------------------------------------------------------------- errors

struct Refusal {
  const char* text;
  const char* error;
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, WithPlaceAndReason) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().error);
}

const std::vector<Refusal> refusals{
    {"", "x.pkt:1:1: expected a time, found the end of the script"},
    {"0 socket(", "x.pkt:1:10: expected a value, found the end of the script"},
    {"1 close(3) = 0", "x.pkt:1:1: expected the first event at time 0, found \"1\""},
    {"* > S 0:0(0)", "x.pkt:1:1: expected the first event at time 0, found \"*\""},
    {"`true`", "x.pkt:1:7: expected a time, found the end of the script"},
    {"--foo=1\n0 close(3) = 0", "x.pkt:1:1: expected an option that packetdrill knows, found \"--foo\""},
    {"--mtu=big 0 close(3) = 0", "x.pkt:1:7: expected a number above 0 for --mtu, found \"big\""},
    {"--tolerance_usecs=0 0 close(3) = 0",
     "x.pkt:1:19: expected a number above 0 for --tolerance_usecs, found \"0\""},
    {"--ip_version=ipv5 0 close(3) = 0",
     "x.pkt:1:14: expected ipv4, ipv6 or \"ipv4-mapped-ipv6\" for --ip_version, found \"ipv5\""},
    {"--local_ip=\n0 close(3) = 0", "x.pkt:1:12: expected a value for --local_ip, found nothing"},
    {"0 close(3) = 0\n--mtu=1500",
     "x.pkt:2:1: expected an error's name, a note or the next event's time, found \"--mtu\""},
    {"0 close(3) = 0\n+0 < . 1:1(0) akc 1", "x.pkt:2:15: expected \"ack\" or \"win\", found \"akc\""},
    {"0 close(3) = 0\n+0 < . 1:1(0) ack 1", "x.pkt:2:20: expected \"win\", found the end of the script"},
    {"0 close(3) = 0\n+0 < . 1:1(0) ack 1 <mss 1460>", "x.pkt:2:21: expected \"win\", found \"<\""},
    {"0 close(3) = 0\n+0 > . 1:1(0) akc 1",
     "x.pkt:2:15: expected \"ack\", \"win\", \"urg\", options or the next event's time, found \"akc\""},
    {"0 close(3) = 0\n+0 > . 1:1(0) ack 1 win 1 ack 2",
     "x.pkt:2:27: expected \"urg\", options or the next event's time, found \"ack\""},
    {"0 close(3) = 0\n+0 > . 1:1(0) urg 1 win 1",
     "x.pkt:2:21: expected options or the next event's time, found \"win\""},
    {"0 close(3) = 0\n+0 > . 1:2(0)", "x.pkt:2:10: expected the end 1 (seq + length), found \"2\""},
    {"0 close(3) = 0\n+0 > . 4294967295:4294967296(1)",
     "x.pkt:2:19: expected the sequence number of the end (0 to 4294967295), found \"4294967296\""},
    {"0 close(3) = 0\n+0 > . 4294967295:0(1)",
     "x.pkt:2:19: expected an end of at most 4294967295, found \"0\""},
    {"0 close(3) = 0\n+0 > . 1:1(0) ack 4294967296",
     "x.pkt:2:19: expected the acknowledgment number (0 to 4294967295), found \"4294967296\""},
    {"0 close(3) = 0\n+0 < . 1:1(0) win 65536",
     "x.pkt:2:19: expected the window (0 to 65535), found \"65536\""},
    {"0 close(3) = 0\n+0 < S 0:0(0) win 1 <mss 1460,sackOK>",
     "x.pkt:2:21: expected options that fill a multiple of 4 octets, at most 40, found 6"},
    {"0 close(3) = 0\n+0 > S 0:0(0) <sack 1:2 2:3 3:4 4:5 5:6,nop,nop>",
     "x.pkt:2:15: expected options that fill a multiple of 4 octets, at most 40, found 44"},
    {"0 close(3) = 0\n+0 > S 0:0(0) <>",
     "x.pkt:2:16: expected one of mss, wscale, nop, eol, sackOK, sack, TS, FO, FOEXP, md5, found \">\""},
    {"0 close(3) = 0\n+0 > S 0:0(0) <mss>",
     "x.pkt:2:19: expected the maximum segment size (0 to 65535), found \">\""},
    {"0 close(3) = 0\n+0 > S 0:0(0) <mss 1 nop>", "x.pkt:2:22: expected \",\" or \">\", found \"nop\""},
    {"0 close(3) = 0\n+0 > S 0:0(0) <FO abc>",
     "x.pkt:2:19: expected an even number of hex digits, found \"abc\""},
    {"0 close(3) = 0\n+0 > S 0:0(0) <md5 abcd,nop,nop>",
     "x.pkt:2:20: expected 32 hex digits or \"valid\", found \"abcd\""},
    {"0 close(3) = 0\n+0 > S 0:0(0) <01010101,nop>",
     "x.pkt:2:24: expected a whole option area in hex digits to stand alone, found \",\""},
    {"0 close(3) = 0\n+0 < S 0:0(0) win 1 <...>",
     "x.pkt:2:22: expected options to send (\"...\" only matches), found \"...\""},
    {"0 close(3) = 0\n+0 < . ...(0) win 1",
     "x.pkt:2:8: expected a number to send (\"...\" only matches), found \"...\""},
    {"0 close(3) = 0\n* < . 1:1(0) win 1",
     "x.pkt:2:3: expected \">\" after \"*\" or a range of times, found \"<\""},
    {"0 close(3) = 0\n+0~+1 < . 1:1(0) win 1",
     "x.pkt:2:7: expected \">\" after \"*\" or a range of times, found \"<\""},
    {"0 close(3) = 0\n+0~+1 close(4) = 0",
     "x.pkt:2:7: expected \">\" after \"*\" or a range of times, found \"close\""},
    {"0 close(3) = 0\n+1~+0.5 > . 1:1(0)",
     "x.pkt:2:5: expected a second time not before the first, found \"0.5\""},
    {"0 close(3) = 0\n+1~2 > . 1:1(0)", "x.pkt:2:4: expected \"+\", found \"2\""},
    {"0 close(3) = 0\n+1...0.5 read(3) = 0",
     "x.pkt:2:6: expected the time of the return, not before that of the call, found \"0.5\""},
    {"0 close(3) = 0\n+1...2 > . 1:1(0)", "x.pkt:2:8: expected a call, found \">\""},
    {"0 close(3) = 0\n+1000000000 close(4) = 0",
     "x.pkt:2:2: expected a time below 1000000000 s, found \"1000000000\""},
    {"0 close(3) = 0\n+0 > X 1:1(0)",
     "x.pkt:2:6: expected flags (letters of SFRPUEWA, then \".\" for ACK), found \"X\""},
    {"0 close(3) = 0\n+0 > SS 1:1(0)",
     "x.pkt:2:6: expected flags (letters of SFRPUEWA, then \".\" for ACK), found \"SS\""},
    {"0 close(3) = 0\n+0 > S8 1:1(0)",
     "x.pkt:2:6: expected flags (letters of SFRPUEWA, then \".\" for ACK), found \"S8\""},
    {"0 close(3) = 0\n+0 > S.", "x.pkt:2:8: expected seq:end(length), found the end of the script"},
    {"0 close(3) = 0\n+0 < [ect01] . 1:1(0) win 1",
     "x.pkt:2:7: expected one codepoint to send (\"ect01\" only matches), found \"ect01\""},
    {"0 close(3) = 0\n+0 < [tos 16] . 1:1(0) win 1",
     "x.pkt:2:11: expected the value of tos (0x0 to 0xff), found \"16\""},
    {"0 close(3) = 0\n+0 < [ttl 256] . 1:1(0) win 1",
     "x.pkt:2:11: expected the value of ttl (0 to 255), found \"256\""},
    {"0 close(3) = 0\n+0 < [ttl 1) . 1:1(0) win 1", "x.pkt:2:12: expected \",\" or \"]\", found \")\""},
    {"0 close(3) = 0\n+0 < icmp",
     "x.pkt:2:10: expected the type of the ICMP message, found the end of the script"},
    {"0 close(3) = 0\n+0 < icmp unreachable mtu 1 [1:1(0)",
     "x.pkt:2:36: expected \"]\", found the end of the script"},
    {"0 close(3) = 0\n+0",
     "x.pkt:2:3: expected \"<\", \">\", a call, a command or code, found the end of the script"},
    {"0 close(3) = 0\n+0 < S 0:0(0)  // comment\n",
     "x.pkt:2:14: expected \"ack\" or \"win\", found the end of the script"},
    {"0 close(3) = 0\n+0 close(4) = 0 \"x\"",
     "x.pkt:2:17: expected an error's name, a note or the next event's time, found \"x\""},
    {"0 close(3) = 0\n+0 close 4", "x.pkt:2:10: expected \"(\", found \"4\""},
    {"0 close(3) = 0\n+0 close(4", "x.pkt:2:11: expected \",\" or \")\", found the end of the script"},
    {"0 close(3) = 0\n+0 close(4,) = 0", "x.pkt:2:12: expected a value, found \")\""},
    {"0 close(3) = 0\n+0 close(4) 0", "x.pkt:2:13: expected \"=\", found \"0\""},
    {"0 close(3) = 0\n+0 close(4) = -x",
     "x.pkt:2:16: expected a number (0 to 9223372036854775807), found \"x\""},
    {"0 close(3) = -1 EBADF\n+0 close(4) = 0",
     "x.pkt:2:1: expected \"(\" and the words of EBADF, found \"+\""},
    {"0 close(3) = -1 EBADF (Can't)", "x.pkt:1:27: expected a word of letters or \")\", found \"'\""},
    {"0 close(3) = -1 EBADF ()", "x.pkt:1:24: expected a word of letters, found \")\""},
    {"0 close(3) = 9223372036854775808",
     "x.pkt:1:14: expected a number (0 to 9223372036854775807), found \"9223372036854775808\""},
    {"0 close(3) = 0x8000000000000000",
     "x.pkt:1:14: expected a number of at most 0x7fffffffffffffff, found \"0x8000000000000000\""},
    {"0 write(3, \"abc", "x.pkt:1:12: expected '\"' at the end of this string"},
    {"0 write(3, [1, {a=1], 3) = 0", "x.pkt:1:20: expected \",\" or \"}\", found \"]\""},
    {"0 %{ assert x", "x.pkt:1:3: expected \"}%\" at the end of this code"},
    {"0 `sysctl", "x.pkt:1:3: expected \"`\" at the end of this command"},
    {"/* never\nends", "x.pkt:1:1: expected \"*/\" at the end of this comment"},
    {"0 close(3) = 0\n`true`\n+0 close(4) = 0",
     "x.pkt:3:1: expected the end of the script after an untimed command, found \"+\""},
    {"0 close(3) = 0\n#ifdef FreeBSD",
     "x.pkt:2:1: expected an error's name, a note or the next event's time, found \"#\""},
    {"0 close(3) = 0\n\xc3\xa9",
     "x.pkt:2:1: expected an error's name, a note or the next event's time, found \"\\xc3\""}};

INSTANTIATE_TEST_SUITE_P(Scripts, Refused, testing::ValuesIn(refusals));

}  // namespace
}  // namespace finwait
