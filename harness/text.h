// Text for people: wrapped sentences, times, names that are near to a misspelt one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/adapter.h"

namespace finwait {

/// The words of `text` on lines of at most `width` columns; a longer word stands alone on its line.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// The lines of wrap(), each behind `indent`; the last one ends in a line end too.
std::string wrapped(std::string_view text, std::size_t width, std::string_view indent);

/// Single edits (insert, delete, replace, swap neighbours) that lead from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Those of the names that `word` may have meant, the nearest first, at most three: few edits away, or
/// containing it.
std::vector<std::string> near_matches(std::string_view word, const std::vector<std::string>& names);

/// `; did you mean "a" or "b"?`, or nothing where no name is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

/// Seconds without trailing zeros: "0.5", "60".
std::string seconds_text(Time time);

/// The text without blanks at either end.
std::string_view trimmed(std::string_view text);

/// The parts between separators, trimmed; none is left out.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A lower-case name that is safe in any file system: letters, digits, '.', '_' and '-'.
std::string file_safe(std::string_view text);

}  // namespace finwait
