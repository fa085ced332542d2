// packetdrill's language as a syntax tree: what finwait's traces are written in and read from.
//
// A `Script` holds every construct of the language that TCP scripts use, comments included, for
// finwait's own comments (`// finwait: ...`, `// IUT: ...`) are what a replay goes by. `print` writes
// the canonical form, and `parse_script(print(script))` is `script` again. Not held, because they
// mean nothing: blank lines, how an event is spread over lines, leading zeros and the kind of a
// comment (`/* */` becomes `//`).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/segment.h"

namespace finwait {

namespace script {

using Micros = std::chrono::microseconds;

// ---------------------------------------------------------------------------------------- times

/// When an event happens. Seconds in the text, microseconds here, never negative.
struct When {
  enum class Kind : std::uint8_t {
    absolute,  ///< `1.5`: since the first event
    relative,  ///< `+1.5`: since the moment at which the previous event really ended
    any,       ///< `*`: whenever it comes; `>` only
  };
  Kind kind = Kind::relative;
  Micros from{0};
  std::optional<Micros> until{};  ///< `from~until`, both of the same kind; `>` only

  bool operator==(const When&) const = default;
};

inline When at(Micros time) {
  return {When::Kind::absolute, time, {}};
}
inline When after(Micros delay) {
  return {When::Kind::relative, delay, {}};
}
/// `+from~+until`
inline When between(Micros from, Micros until) {
  return {When::Kind::relative, from, until};
}
inline When whenever() {
  return {When::Kind::any, Micros{0}, {}};
}

// -------------------------------------------------------------------------------------- packets

/// The control bits as a script writes them: `S.`, `FP.`, `-`.
struct Flags {
  std::uint8_t bits = 0;                 ///< of `model::Flag`
  bool ae = false;                       ///< `A`, the AE bit of AccECN
  std::optional<std::uint8_t> accecn{};  ///< a digit 0 to 7 that sets the three AccECN bits at once

  bool operator==(const Flags&) const = default;
};

/// `seq:end(length)`, where end = seq + length without a wrap; SYN and FIN do not count.
struct Range {
  std::uint32_t seq = 0;
  std::uint32_t length = 0;
  bool any_seq = false;  ///< `...(length)`, `>` only
  bool raw = false;      ///< `!`: seq stands on the wire as written

  std::uint64_t end() const { return std::uint64_t{seq} + length; }
  bool operator==(const Range&) const = default;
};

/// `/udp(source>destination)`: TCP over UDP.
struct Udp {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  bool operator==(const Udp&) const = default;
};

struct Nop {
  bool operator==(const Nop&) const = default;
};
struct Eol {
  bool operator==(const Eol&) const = default;
};
struct SackOk {
  bool operator==(const SackOk&) const = default;
};
struct Mss {
  std::uint16_t octets = 0;
  bool operator==(const Mss&) const = default;
};
struct WindowScale {
  std::uint8_t shift = 0;
  bool operator==(const WindowScale&) const = default;
};
struct SackBlock {
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  bool operator==(const SackBlock&) const = default;
};
struct Sack {
  std::vector<SackBlock> blocks{};  ///< at least one
  bool operator==(const Sack&) const = default;
};
struct Timestamps {
  std::optional<std::uint32_t> val{};  ///< none: `val ...`
  std::uint32_t ecr = 0;
  bool operator==(const Timestamps&) const = default;
};
struct FastOpen {
  bool experimental = false;  ///< `FOEXP`
  std::string cookie{};       ///< hex digits, zeros kept, or a word that is defined elsewhere
  bool operator==(const FastOpen&) const = default;
};
struct Md5 {
  std::string digest{};  ///< hex digits, or `valid`
  bool operator==(const Md5&) const = default;
};
/// The whole option area in hex digits; stands alone.
struct RawOptions {
  std::string hex{};
  bool operator==(const RawOptions&) const = default;
};
using TcpOption =
    std::variant<Nop, Eol, SackOk, Mss, WindowScale, Sack, Timestamps, FastOpen, Md5, RawOptions>;

/// `<mss 1460,nop,wscale 7>` in wire order, their sizes a multiple of 4 octets and at most 40.
struct TcpOptions {
  bool any = false;  ///< `<...>`, `>` only; then the list is empty
  std::vector<TcpOption> list{};
  bool operator==(const TcpOptions&) const = default;
};

/// One TCP segment; numbers are relative to each side's initial sequence number.
struct Segment {
  Flags flags{};
  Range range{};
  std::optional<std::uint32_t> ack{};
  std::optional<std::uint16_t> win{};  ///< the raw field, never scaled; required on `<`
  std::optional<std::uint16_t> urg{};
  std::optional<TcpOptions> options{};
  std::optional<Udp> udp{};
  bool operator==(const Segment&) const = default;
};

/// `icmp unreachable frag_needed mtu 1300 [1:1001(1000)]`; names are not checked.
struct Icmp {
  std::string type{};
  std::string code{};  ///< may be empty
  std::optional<std::uint32_t> mtu{};
  std::optional<std::uint16_t> id{};
  std::optional<Range> quoted{};  ///< the TCP header that it quotes
  std::optional<Udp> udp{};       ///< only with `quoted`
  bool operator==(const Icmp&) const = default;
};

/// One item of the IP part: `[ect0]`, `[ttl 64]`.
struct IpItem {
  enum class Kind : std::uint8_t {
    noecn,
    ect0,
    ect1,
    ect01,
    ce,
    tos,
    traffic_class,
    flow_label,
    ttl,
    hop_limit
  };
  Kind kind = Kind::noecn;
  std::uint32_t value = 0;  ///< of tos, traffic_class, flow_label, ttl and hop_limit; else 0
  bool operator==(const IpItem&) const = default;
};

struct Packet {
  enum class Direction : std::uint8_t {
    inject,  ///< `<`: the tester sends it to the IUT
    expect,  ///< `>`: the IUT has to send it
  };
  Direction direction = Direction::inject;
  std::vector<IpItem> ip{};
  std::variant<Segment, Icmp> content{};
  bool operator==(const Packet&) const = default;
};

inline Packet inject(Segment segment) {
  return {Packet::Direction::inject, {}, std::move(segment)};
}
inline Packet expect(Segment segment) {
  return {Packet::Direction::expect, {}, std::move(segment)};
}
/// `<...>`
inline TcpOptions any_options() {
  return {true, {}};
}

// ---------------------------------------------------------------------------------------- calls

struct Expr;

/// `...`: an address, a length or a buffer that the runner fills in.
struct Ellipsis {
  bool operator==(const Ellipsis&) const = default;
};
struct Number {
  std::int64_t value = 0;
  bool hex = false;  ///< only where not negative
  bool operator==(const Number&) const = default;
};
struct String {
  std::string text{};  ///< as written between the quotes, escapes included
  bool more = false;   ///< `"abc"...`
  bool operator==(const String&) const = default;
};
// The members of these three have no initializers: `Expr` is not complete yet.
/// `[1, 2]`: a pointer to values.
struct Array {
  std::vector<Expr> items;
  bool operator==(const Array& other) const;
};
/// `{onoff=1, linger=0}`
struct Struct {
  std::vector<Expr> items;
  bool operator==(const Struct& other) const;
};
/// `O_RDWR`, `onoff=1`, `msg_iov(1)=[...]`.
struct Word {
  std::string name;
  std::optional<std::vector<Expr>> arguments;
  std::vector<Expr> value;  ///< what follows `=`: none or one
  bool operator==(const Word& other) const;
};
using Term = std::variant<Ellipsis, Number, String, Array, Struct, Word>;

/// Terms joined by `|`. At least one; only the last may be a `Word` with a value.
/// Numbers and words convert, so that `{3, "F_SETFL", flags({"O_RDWR", "O_NONBLOCK"})}` is a list of
/// arguments.
struct Expr {
  std::vector<Term> terms{};

  Expr() = default;
  Expr(int number) : terms{Term{Number{number, false}}} {}
  Expr(std::int64_t number) : terms{Term{Number{number, false}}} {}
  Expr(const char* word) : terms{Term{Word{word, {}, {}}}} {}
  Expr(std::string word) : terms{Term{Word{std::move(word), {}, {}}}} {}
  Expr(Term term) { terms.push_back(std::move(term)); }
  bool operator==(const Expr& other) const { return terms == other.terms; }
};

inline bool Array::operator==(const Array& other) const {
  return items == other.items;
}
inline bool Struct::operator==(const Struct& other) const {
  return items == other.items;
}
inline bool Word::operator==(const Word& other) const {
  return name == other.name && arguments == other.arguments && value == other.value;
}

/// `...`
inline Expr filled_in() {
  return Term{Ellipsis{}};
}
/// `0x2`
inline Expr hex(std::int64_t value) {
  return Term{Number{value, true}};
}
/// `"text"`; the text carries its own escapes.
inline Expr quoted(std::string text) {
  return Term{String{std::move(text), false}};
}
/// `[4]`
inline Expr array(std::vector<Expr> items) {
  return Term{Array{std::move(items)}};
}
/// `{onoff=1, linger=0}`
Expr structure(const std::vector<std::pair<std::string, Expr>>& fields);
/// `O_RDWR|O_NONBLOCK`
Expr flags(const std::vector<std::string>& words);

/// `name(arguments) = result error_name (note)`
struct Call {
  std::string name{};
  std::vector<Expr> arguments{};
  Expr result{0};
  std::string error_name{};         ///< `ECONNRESET`; may be empty
  std::string note{};               ///< words of letters, digits and `_`; required after an error name
  std::optional<Micros> returns{};  ///< a call that blocks: when it returns, from the same base as its start
  bool operator==(const Call&) const = default;
};

/// A shell command, as written between the backquotes. finwait never runs one.
struct Command {
  std::string text{};
  bool operator==(const Command&) const = default;
};
/// As written between `%{` and `}%`.
struct Code {
  std::string text{};
  bool operator==(const Code&) const = default;
};

// --------------------------------------------------------------------------------------- script

/// A comment on a line of its own. No line ends, no blanks at the end.
struct Comment {
  std::string text{};
  bool operator==(const Comment&) const = default;
};

using Action = std::variant<Packet, Call, Command, Code>;

struct Event {
  std::optional<When> when{after(Micros{0})};  ///< none: an untimed command, first or last event of all
  Action action{};
  std::string comment{};  ///< what stands behind `//` on the event's (last) line; empty: no comment
  bool operator==(const Event&) const = default;
};

inline Event event(When when, Action action, std::string comment = {}) {
  return {when, std::move(action), std::move(comment)};
}

using Item = std::variant<Comment, Event>;

/// `// key: value`
struct HeadLine {
  std::string key{};  ///< a letter, then letters, digits, `-` and `_`
  std::string value{};
  bool operator==(const HeadLine&) const = default;
};

/// The comment that begins on line 1 and says what the script is about. Keys may repeat.
struct Head {
  std::vector<HeadLine> lines{};

  void add(std::string key, std::string value) { lines.push_back({std::move(key), std::move(value)}); }
  /// The value of the first line with this key.
  std::optional<std::string> first(std::string_view key) const;
  /// The values of all lines with this key, in order.
  std::vector<std::string> all(std::string_view key) const;
  bool operator==(const Head&) const = default;
};

/// Whether a comment of this text would be read as a line of the head if it stood there.
std::optional<HeadLine> as_head_line(std::string_view comment);

/// `--name` or `--name=value`
struct Option {
  std::string name{};
  std::string value{};  ///< as written, with its quotes; empty: none
  bool operator==(const Option&) const = default;
};

/// A segment in the notation of scripts, as `// IUT:` comments quote it: `S. 0:0(0) ack 1 win 65535`.
std::string print(const Segment& segment);
/// One event in canonical form, without a line end.
std::string print(const Event& event);

}  // namespace script

/// A whole script: head, remarks, options, then events and the comments between them.
struct Script {
  script::Head head{};
  std::vector<script::Comment> remarks{};  ///< between the head and the options; none without options
  std::vector<script::Option> options{};
  std::vector<script::Item> items{};  ///< at least one timed event

  /// The value of an option as written, if it is given; empty where it takes none.
  std::optional<std::string> option(std::string_view name) const;
  bool operator==(const Script&) const = default;
};

/// Why a text is no script.
struct ScriptError {
  std::string file;
  int line = 1;      ///< from 1
  int column = 1;    ///< from 1, in octets; one past the line's end where something is missing there
  std::string what;  ///< what was expected and what was found

  /// `file:line:column: what`
  std::string text() const;
  bool operator==(const ScriptError&) const = default;
};

/// Reads a script. Never throws for any text; `file_name` serves messages only.
///
/// Beyond the grammar it checks what would make a script mean nothing: numbers that do not fit
/// their field, end != seq + length, options that do not fill a multiple of 4 octets, a `<` line
/// without `win`, what only `>` lines may have, times that run backwards, a first event not at 0.
std::variant<Script, ScriptError> parse_script(std::string_view text, std::string_view file_name);

/// The canonical form: one event a line, one blank between tokens, comments after two blanks.
/// A line end inside a comment or a head line is written as a blank.
std::string print(const Script& script);

}  // namespace finwait
