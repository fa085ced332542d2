// Expectations: the deviations of a stack that are known and accepted, as a text that is reviewed as a diff.
//
//   # a comment
//   rule: 3.10.7.3/rst-without-ack-is-dropped
//   at: SYN-SENT, RST
//   versions: 2.1.3, 2.2.1
//   reason: a line, or several such lines
//   link: https://...
//   trace: 3.10.7.3-rst-without-ack-is-dropped--SYN-SENT--rst.pkt
//
// Blank lines separate the entries. `versions: *` holds for every version; `reason` and `link` may be
// missing.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/finding.h"

namespace finwait {

struct Expectation {
  Deviation deviation;
  std::vector<std::string> versions;
  std::vector<std::string> reasons;
  std::string link;
  std::string trace;  ///< the file's name in the stack's folder of traces
  int line = 0;       ///< of its first line; 0: not from a file

  bool holds_for(std::string_view version) const;
};

/// Two deviations in the order of the file: by rule id, then state, then event.
bool stands_before(const Deviation& a, const Deviation& b);

class Expectations {
 public:
  /// Reads the text; an error says where and what was expected.
  static std::variant<Expectations, ScriptError> parse(std::string_view text, std::string_view file_name);

  const std::vector<Expectation>& entries() const { return entries_; }
  /// The first entry with this identity, for whatever version; with a trace, the entry that names it. One
  /// identity may have several scripts where a version does not do what the script of another does.
  const Expectation* find(const Deviation& deviation, std::string_view trace = {}) const;
  /// The entry with this identity that holds for the version.
  const Expectation* find_for(const Deviation& deviation, std::string_view version) const;
  /// The deviations that are accepted for the version.
  std::set<Deviation> deviations_of(std::string_view version) const;
  const std::string& text() const { return text_; }

  /// Puts the entry where it belongs in the order; everything else stays as it is, byte for byte.
  void add(const Expectation& entry);
  /// Lets the entry with this identity and trace hold for one more version.
  void add_version(const Deviation& deviation, std::string_view trace, std::string_view version);
  /// Takes the entry with this identity and trace out, with its comments and the blank line that parts it
  /// from the next one; everything else stays as it is, byte for byte. The undoing of add().
  void remove(const Deviation& deviation, std::string_view trace);
  /// Lets the entry hold no longer for the version, which must not be its only one. The undoing of
  /// add_version().
  void remove_version(const Deviation& deviation, std::string_view trace, std::string_view version);

 private:
  struct Place {
    std::size_t begin = 0;  ///< of the entry's block, comments in it included; but not the file's head
    std::size_t end = 0;    ///< behind the last line's end
    std::size_t versions_begin = 0, versions_end = 0;
  };

  /// The index of the entry with this identity and trace.
  std::optional<std::size_t> index_of(const Deviation& deviation, std::string_view trace) const;

  void reread();

  std::string text_, file_;
  std::vector<Expectation> entries_;
  std::vector<Place> places_;  ///< of each entry
};

/// The entry as it stands in the file.
std::string to_text(const Expectation& entry);

}  // namespace finwait
