#include "harness/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace finwait {

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.emplace_back(word);
    } else {
      lines.back().append(" ").append(word);
    }
  }
  return lines;
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string result;
  for (const std::string& line : wrap(text, width > indent.size() ? width - indent.size() : 1)) {
    result.append(indent).append(line).append("\n");
  }
  return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  using Row = std::vector<std::size_t>;
  Row before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last.back();
}

std::vector<std::string> near_matches(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t most = 3;
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& name : names) {
    const std::size_t edits = edit_distance(word, name);
    const bool contains = word.size() >= 3 && name.find(word) != std::string::npos;
    if (edits <= 1 + std::min(word.size(), name.size()) / 4) {
      ranked.emplace_back(edits, name);
    } else if (contains) {
      ranked.emplace_back(1000 + edits, name);  // behind every misspelling
    }
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.resize(std::min(ranked.size(), most));
  std::vector<std::string> near;
  for (auto& entry : ranked) near.push_back(std::move(entry.second));
  return near;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string> near = near_matches(word, names);
  if (near.empty()) return {};
  return fmt::format("; did you mean \"{}\"?", fmt::join(near, "\" or \""));
}

std::string seconds_text(Time time) {
  std::string text = fmt::format("{}.{:06d}", time.count() / 1000000, time.count() % 1000000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string file_safe(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    const auto octet = static_cast<unsigned char>(letter);
    const bool plain = std::isalnum(octet) != 0 || letter == '.' || letter == '_' || letter == '-';
    safe += plain ? static_cast<char>(std::tolower(octet)) : '-';
  }
  return safe;
}

}  // namespace finwait
