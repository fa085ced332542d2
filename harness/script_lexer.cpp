#include "harness/script_lexer.h"

namespace finwait::script {
namespace {

// Not <cctype>: that depends on the locale and is undefined for negative char.
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}
bool is_option_value(char c) {
  return is_word(c) || c == '.' || c == ':' || c == '=';
}

template <typename Predicate>
bool all_of(std::string_view text, Predicate predicate) {
  for (const char c : text) {
    if (!predicate(c)) return false;
  }
  return true;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (next()) {
    }
    add(TokenKind::end, {}, last_end_);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  void step(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) {
      if (text_[at_] == '\n') {
        ++here_.line;
        here_.column = 1;
      } else {
        ++here_.column;
      }
    }
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) step(1);
  }

  template <typename Predicate>
  std::size_t run_length(std::size_t from, Predicate predicate) const {
    std::size_t length = 0;
    while (at_ + from + length < text_.size() && predicate(text_[at_ + from + length])) ++length;
    return length;
  }

  void add(TokenKind kind, std::string_view text, Position begin) {
    tokens_.push_back({kind, text, {}, begin, begin});
  }

  /// Adds the next `length` octets as one token that holds all but its delimiters.
  void take(TokenKind kind, std::size_t length, std::size_t opening = 0, std::size_t closing = 0) {
    const Position begin = here_;
    const std::string_view source = text_.substr(at_, length);
    step(length);
    tokens_.push_back({kind, source.substr(opening, length - opening - closing), source, begin, here_});
    if (kind != TokenKind::line_comment && kind != TokenKind::block_comment) last_end_ = here_;
  }

  bool bad(std::string_view what) {
    add(TokenKind::bad, what, here_);
    return false;
  }

  /// False at the end of the text, and where it cannot go on.
  bool next() {
    skip_blanks();
    if (at_ == text_.size()) return false;
    // Comments go first: what looks like a command or a string inside one is none.
    if (looking_at("//")) return line_comment();
    if (looking_at("/*"))
      return enclosed(TokenKind::block_comment, "/*", "*/", R"(expected "*/" at the end of this comment)");
    if (looking_at("%{"))
      return enclosed(TokenKind::code, "%{", "}%", R"(expected "}%" at the end of this code)");
    if (looking_at("--") && is_letter(peek(2))) return option();
    if (looking_at("...")) return take(TokenKind::ellipsis, 3), true;
    if (peek() == '`') return escaped(TokenKind::command, "expected \"`\" at the end of this command");
    if (peek() == '"') return escaped(TokenKind::string, "expected '\"' at the end of this string");
    if (is_word(peek())) return word_or_number();
    if (peek() == '.' && is_digit(peek(1))) return take(TokenKind::real, 1 + run_length(1, is_digit)), true;
    return take(TokenKind::symbol, 1), true;
  }

  bool line_comment() {
    take(TokenKind::line_comment, run_length(0, [](char c) { return c != '\n'; }), 2);
    return true;
  }

  bool enclosed(TokenKind kind, std::string_view open, std::string_view close, std::string_view missing) {
    const std::size_t end = text_.find(close, at_ + open.size());
    if (end == std::string_view::npos) return bad(missing);
    take(kind, end + close.size() - at_, open.size(), close.size());
    return true;
  }

  /// The length of what stands between two equal delimiters, both included; 0 if the second is missing.
  std::size_t escaped_length(std::size_t from, bool lines) const {
    const char delimiter = peek(from);
    for (std::size_t end = at_ + from + 1; end < text_.size(); ++end) {
      if (text_[end] == delimiter) return end + 1 - at_ - from;
      if (text_[end] == '\n' && !lines) return 0;
      if (text_[end] == '\\' && end + 1 < text_.size() && (lines || text_[end + 1] != '\n')) ++end;
    }
    return 0;
  }

  bool escaped(TokenKind kind, std::string_view missing) {
    const std::size_t length = escaped_length(0, kind == TokenKind::command);
    if (length == 0) return bad(missing);
    take(kind, length, 1, 1);
    return true;
  }

  bool word_or_number() {
    const std::size_t length = run_length(0, is_word);
    const std::string_view word = text_.substr(at_, length);
    if (!all_of(word, is_digit)) {
      const bool hex = length > 2 && (word.substr(0, 2) == "0x" || word.substr(0, 2) == "0X") &&
                       all_of(word.substr(2), is_hex_digit);
      take(hex ? TokenKind::hex : TokenKind::word, length);
      return true;
    }
    // A point belongs to the number only if a digit follows: `0...0.1` is `0` `...` `0.1`.
    const std::size_t fraction = peek(length) == '.' ? run_length(length + 1, is_digit) : 0;
    if (fraction == 0) return take(TokenKind::integer, length), true;
    return take(TokenKind::real, length + 1 + fraction), true;
  }

  /// `--name`, `--name=value`, `--name = value`, `--define=NAME="text"`: values have their own rule, for
  /// an address is neither a number nor a word.
  bool option() {
    take(TokenKind::option_name, 2 + run_length(2, is_word), 2);
    const std::size_t before = run_length(0, [](char c) { return c == ' ' || c == '\t'; });
    if (peek(before) != '=') return true;
    step(before + 1);
    step(run_length(0, [](char c) { return c == ' ' || c == '\t'; }));
    return option_value();
  }

  bool option_value() {
    std::size_t length = 0;
    while (true) {
      const std::size_t plain = run_length(length, is_option_value);
      length += plain;
      if (peek(length) != '"') break;
      const std::size_t string = escaped_length(length, false);
      if (string == 0) return step(length), bad("expected '\"' at the end of this string");
      length += string;
    }
    take(TokenKind::option_value, length);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Position here_;
  Position last_end_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace finwait::script
