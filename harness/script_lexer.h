// The tokens of packetdrill's language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace finwait::script {

enum class TokenKind : std::uint8_t {
  end,
  integer,        ///< decimal, leading zeros allowed
  hex,            ///< `0x1f`
  real,           ///< `0.5`, `.5`
  word,           ///< letters, digits and `_`; may begin with a digit
  string,         ///< text: between the quotes
  command,        ///< text: between the backquotes
  code,           ///< text: between `%{` and `}%`
  ellipsis,       ///< `...`
  symbol,         ///< any other single character, known to the grammar or not
  option_name,    ///< text: without `--`
  option_value,   ///< text: as written; empty if nothing follows the `=`
  line_comment,   ///< text: behind `//`
  block_comment,  ///< text: between `/*` and `*/`
  bad,            ///< text: what is wrong, e.g. a string without its end
};

/// A place in the text: both from 1, the column in octets.
struct Position {
  int line = 1;
  int column = 1;
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;    ///< what it holds
  std::string_view source;  ///< how it is written
  Position begin;
  Position end;  ///< just behind it
};

/// All tokens in order, comments among them. Ends with one `end` token that stands just behind the
/// last token that is no comment, where something is missing; after a `bad` one nothing is read.
/// The views are into `text`.
std::vector<Token> tokenize(std::string_view text);

}  // namespace finwait::script
