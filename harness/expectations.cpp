#include "harness/expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>

#include "harness/text.h"

namespace finwait {

namespace {

const std::vector<std::string> keys{"rule", "at", "versions", "reason", "link", "trace"};

/// One line of the text without its end.
struct Line {
  std::string_view text;
  std::size_t begin = 0;
  int number = 0;

  bool is_blank() const { return trimmed(text).empty(); }
  bool is_comment() const { return trimmed(text).starts_with('#'); }
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back({text.substr(begin, end - begin), begin, static_cast<int>(lines.size()) + 1});
    begin = end + 1;
  }
  return lines;
}

// Comments at the very beginning are the file's, even where no blank line parts them from an entry.
std::span<const Line>::iterator begin_of_entry(std::span<const Line> block) {
  if (block.front().begin != 0) return block.begin();
  return std::find_if(block.begin(), block.end(), [](const Line& line) { return !line.is_comment(); });
}

// One block of lines: an entry, or nothing but comments.
class BlockReader {
 public:
  explicit BlockReader(std::string_view file) : file_(file) {}

  bool read(std::span<const Line> block) {
    for (const Line& line : block) {
      if (line.is_comment()) continue;
      if (entry.line == 0) entry.line = line.number;
      if (!take(line)) return false;
    }
    return entry.line == 0 || complete(block.back());
  }

  Expectation entry;
  std::size_t versions_begin = 0, versions_end = 0;  ///< in the whole text
  ScriptError error;

 private:
  bool fail(int line, std::size_t column, std::string what) {
    error = {std::string(file_), line, static_cast<int>(column) + 1, std::move(what)};
    return false;
  }

  bool take(const Line& line) {
    const std::size_t colon = line.text.find(':');
    const std::string key{trimmed(line.text.substr(0, colon))};
    if (colon == std::string_view::npos || std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return fail(line.number, 0,
                  fmt::format("expected one of {}, found \"{}\"{}", fmt::join(keys, ", "), key,
                              did_you_mean(key, keys)));
    }
    if (key != "reason" && !seen_.insert(key).second)
      return fail(line.number, 0, fmt::format("\"{}\" stands here twice", key));
    const std::string_view value = trimmed(line.text.substr(colon + 1));
    const std::size_t column =
        value.empty() ? line.text.size() : static_cast<std::size_t>(value.data() - line.text.data());
    if (value.empty()) return fail(line.number, column, fmt::format("expected a value of \"{}\"", key));
    const std::string what = set(key, value);
    if (key == "versions") {
      versions_begin = line.begin + column;
      versions_end = versions_begin + value.size();
    }
    return what.empty() || fail(line.number, column, what);
  }

  // What is wrong with the value, or nothing.
  std::string set(const std::string& key, std::string_view value) {
    if (key == "rule") {
      std::string what;
      if (const auto rule = read_rule(value, what)) entry.deviation.rule = *rule;
      return what;
    }
    if (key == "at") return read_identity(value, entry.deviation);
    if (key == "versions") return set_versions(value);
    if (key == "reason") entry.reasons.emplace_back(value);
    if (key == "link") entry.link = value;
    if (key == "trace") entry.trace = value;
    if (key == "trace" && value.find('/') != std::string_view::npos)
      return "expected the name of a file, without a folder";
    return {};
  }

  std::string set_versions(std::string_view value) {
    for (const std::string_view version : split(value, ',')) {
      if (version.empty()) return "expected versions between commas, or \"*\"";
      entry.versions.emplace_back(version);
    }
    return {};
  }

  bool complete(const Line& last) {
    for (const char* key : {"rule", "at", "versions", "trace"}) {
      if (!seen_.contains(key))
        return fail(last.number, last.text.size(),
                    fmt::format("expected a line \"{}: ...\" in this entry", key));
    }
    return true;
  }

  std::string_view file_;
  std::set<std::string> seen_;
};

}  // namespace

bool Expectation::holds_for(std::string_view version) const {
  return std::any_of(versions.begin(), versions.end(),
                     [&](const std::string& entry) { return entry == "*" || entry == version; });
}

bool stands_before(const Deviation& a, const Deviation& b) {
  const auto key = [](const Deviation& deviation) {
    return std::tuple(model::text(deviation.rule).id, deviation.state, to_text(deviation.event));
  };
  return key(a) < key(b);
}

std::variant<Expectations, ScriptError> Expectations::parse(std::string_view text,
                                                            std::string_view file_name) {
  Expectations all;
  all.text_ = text;
  all.file_ = file_name;
  const std::vector<Line> lines = lines_of(text);
  for (auto begin = lines.begin(); begin != lines.end();) {
    const auto blank = std::find_if(begin, lines.end(), [](const Line& line) { return line.is_blank(); });
    if (begin == blank) {
      ++begin;
      continue;
    }
    BlockReader block(file_name);
    if (!block.read({begin, blank})) return block.error;
    if (block.entry.line != 0) {
      if (const Expectation* same = all.find(block.entry.deviation, block.entry.trace)) {
        return ScriptError{all.file_, block.entry.line, 1,
                           fmt::format("this deviation stands already in line {}", same->line)};
      }
      all.entries_.push_back(block.entry);
      const Line& first = *begin_of_entry({begin, blank});
      const std::size_t end = std::min((blank - 1)->begin + (blank - 1)->text.size() + 1, text.size());
      all.places_.push_back({first.begin, end, block.versions_begin, block.versions_end});
    }
    begin = blank;
  }
  return all;
}

const Expectation* Expectations::find_for(const Deviation& deviation, std::string_view version) const {
  for (const Expectation& entry : entries_) {
    if (entry.deviation == deviation && entry.holds_for(version)) return &entry;
  }
  return nullptr;
}

const Expectation* Expectations::find(const Deviation& deviation, std::string_view trace) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Expectation& entry) {
    return entry.deviation == deviation && (trace.empty() || entry.trace == trace);
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::set<Deviation> Expectations::deviations_of(std::string_view version) const {
  std::set<Deviation> deviations;
  for (const Expectation& entry : entries_) {
    if (entry.holds_for(version)) deviations.insert(entry.deviation);
  }
  return deviations;
}

void Expectations::add(const Expectation& entry) {
  const auto next = std::find_if(entries_.begin(), entries_.end(), [&](const Expectation& other) {
    return stands_before(entry.deviation, other.deviation);
  });
  if (next != entries_.end()) {
    text_.insert(places_[static_cast<std::size_t>(next - entries_.begin())].begin, to_text(entry) + "\n");
  } else {
    if (!text_.empty() && !text_.ends_with('\n')) text_ += '\n';
    if (!text_.empty() && !text_.ends_with("\n\n")) text_ += '\n';
    text_ += to_text(entry);
  }
  reread();
}

void Expectations::add_version(const Deviation& deviation, std::string_view trace, std::string_view version) {
  const auto index = index_of(deviation, trace);
  if (!index) return;
  text_.insert(places_[*index].versions_end, fmt::format(", {}", version));
  reread();
}

void Expectations::remove(const Deviation& deviation, std::string_view trace) {
  const auto index = index_of(deviation, trace);
  if (!index) return;
  auto [begin, end, versions_begin, versions_end] = places_[*index];
  // A blank line parts two entries: the one behind goes too, or, behind the last entry, the one before.
  if (end < text_.size()) {
    end = std::min(text_.find('\n', end), text_.size() - 1) + 1;
  } else if (begin >= 2 && text_[begin - 1] == '\n' && text_[begin - 2] == '\n') {
    --begin;
  }
  text_.erase(begin, end - begin);
  reread();
}

void Expectations::remove_version(const Deviation& deviation, std::string_view trace,
                                  std::string_view version) {
  const auto index = index_of(deviation, trace);
  if (!index) return;
  const Place& place = places_[*index];
  std::string_view rest(text_);
  rest = rest.substr(place.versions_begin, place.versions_end - place.versions_begin);
  std::string kept;
  for (bool more = true; more;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    if (trimmed(part) != version) kept.append(kept.empty() ? trimmed(part) : fmt::format(",{}", part));
    more = comma < rest.size();
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  text_.replace(place.versions_begin, place.versions_end - place.versions_begin, kept);
  reread();
}

std::optional<std::size_t> Expectations::index_of(const Deviation& deviation, std::string_view trace) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].deviation == deviation && entries_[i].trace == trace) return i;
  }
  return {};
}

void Expectations::reread() {
  auto again = parse(text_, file_);
  if (auto* error = std::get_if<ScriptError>(&again)) throw std::logic_error(error->text());
  *this = std::get<Expectations>(std::move(again));
}

std::string to_text(const Expectation& entry) {
  std::string text = fmt::format("rule: {}\nat: {}\nversions: {}\n", model::text(entry.deviation.rule).id,
                                 identity_text(entry.deviation), fmt::join(entry.versions, ", "));
  for (const std::string& reason : entry.reasons) text += fmt::format("reason: {}\n", reason);
  if (!entry.link.empty()) text += fmt::format("link: {}\n", entry.link);
  return text + fmt::format("trace: {}\n", entry.trace);
}

}  // namespace finwait
