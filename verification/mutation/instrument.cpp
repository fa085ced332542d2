// finwait_instrument: copies the model's sources with a switch at each place where a fault can be planted,
// and lists the faults. Usage: finwait_instrument OUTPUT_FOLDER SOURCE...
//
// The faults, planted mechanically:
//   target      a row of the transition table leads to another state
//   action      a row's action is left out
//   negate      the condition of an `if` is turned round
//   boundary    lt() and le(), which compare sequence numbers, change places
//   off-by-one  < and <=, > and >= change places
//   drop        a statement that assigns or calls is left out
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Words of code that only names findings and counts advisories: no verdict depends on it.
constexpr std::array naming_words{"blame",   "silence", "culprit",     "cause", "explained",    "in_kind",
                                  "suspect", "origin",  "advis",       "past",  "taken",        "acked_rule",
                                  "why",     "event",   "window_grew", "early", "contradicted", "_rule"};
// Functions that do nothing else.
constexpr std::array naming_functions{"rule_of",
                                      "while_gone",
                                      "keep_origin",
                                      "gone_before",
                                      "blamed",
                                      "suspected",
                                      "suspected_ack",
                                      "suspect",
                                      "unlicensed",
                                      "suspect_window",
                                      "taken_with",
                                      "shows_later",
                                      "rule_of_unacceptable",
                                      "first_of",
                                      "rule_of_text",
                                      "rule_of_reset",
                                      "suspected_fin",
                                      "suspected_by_closed_user",
                                      "advisory_bit",
                                      "noted_musts",
                                      "contradicts",
                                      "type_name",
                                      "state_numbers",
                                      "arrows"};

enum class Kind { word, number, text, sign };
struct Token {
  Kind kind;
  std::size_t begin, end;
  int line;
};

struct Edit {
  std::size_t at;
  std::size_t remove;
  std::string insert;
};

bool any_of(const auto& list, std::string_view text, bool within) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view each) {
    return within ? text.find(each) != text.npos : text == each;
  });
}

std::string literal(std::string_view text) {
  std::string result = "\"";
  bool space = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      space = true;
      continue;
    }
    if (space) result += ' ';
    space = false;
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// One source file.
class File {
 public:
  File(std::filesystem::path path, std::vector<std::string>& mutants)
      : path_(std::move(path)), mutants_(mutants) {
    std::ifstream in(path_);
    std::ostringstream all;
    all << in.rdbuf();
    if (!in) throw std::runtime_error(path_.string() + ": cannot be read");
    source_ = all.str();
    split();
  }

  std::string instrumented() {
    path_.filename() == "transition_table.cpp" ? table() : code();
    std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
    std::string result =
        "#include \"verification/mutation/mutation.h\"\n#line 1 \"" + path_.string() + "\"\n";
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
      result += source_.substr(at, edit.at - at) + edit.insert;
      at = edit.at + edit.remove;
    }
    return result + source_.substr(at);
  }

 private:
  std::string_view text(std::size_t i) const {
    if (i >= tokens_.size()) return {};
    return std::string_view(source_).substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin);
  }
  std::string_view between(std::size_t from, std::size_t to) const {  // tokens, both included
    return std::string_view(source_).substr(tokens_[from].begin, tokens_[to].end - tokens_[from].begin);
  }

  void split() {
    int line = 1;
    for (std::size_t i = 0; i < source_.size();) {
      const char c = source_[i];
      std::size_t end = i + 1;
      if (c == '\n') ++line;
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      } else if (c == '#') {  // a directive, with its continuation lines
        while (end < source_.size() && (source_[end] != '\n' || source_[end - 1] == '\\'))
          line += source_[end++] == '\n';
      } else if (c == '/' && source_[end] == '/') {
        end = std::min(source_.find('\n', i), source_.size());
      } else if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_') {
        while (std::isalnum(static_cast<unsigned char>(source_[end])) != 0 || source_[end] == '_') ++end;
        tokens_.push_back({Kind::word, i, end, line});
      } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
        while (std::isalnum(static_cast<unsigned char>(source_[end])) != 0 || source_[end] == '\'') ++end;
        tokens_.push_back({Kind::number, i, end, line});
      } else if (c == '"' || c == '\'') {
        while (source_[end] != c || source_[end - 1] == '\\') ++end;
        tokens_.push_back({Kind::text, i, ++end, line});
      } else {
        constexpr std::array signs{"<<=", ">>=", "<=", ">=", "==", "!=", "&&", "||", "->",
                                   "::",  "++",  "--", "+=", "-=", "|=", "&=", "<<"};
        for (const std::string_view sign : signs) {
          if (source_.compare(i, sign.size(), sign) != 0) continue;
          end = i + sign.size();
          break;
        }
        tokens_.push_back({Kind::sign, i, end, line});
      }
      i = end;
    }
  }

  std::size_t closing(std::size_t open) const {
    int depth = 0;
    for (std::size_t i = open; i < tokens_.size(); ++i) {
      const auto t = text(i);
      if (t == "(" || t == "{" || t == "[") ++depth;
      if ((t == ")" || t == "}" || t == "]") && --depth == 0) return i;
    }
    throw std::runtime_error(path_.string() + ": an open bracket in line " +
                             std::to_string(tokens_[open].line));
  }

  std::string plant(std::size_t token, std::string_view function, std::string_view change,
                    std::string_view what) {
    const std::string number = std::to_string(mutants_.size());
    const int twin = ++twins_[fmt::format("{} {} {}", function, change, what)];
    std::string text = literal(what);
    if (twin > 1) text.insert(text.size() - 1, fmt::format(" (number {})", twin));
    mutants_.push_back(fmt::format("{{{}, {}, {}, {}, {}}},", literal(path_.filename().string()),
                                   tokens_[token].line, literal(function), literal(change), text));
    return number;
  }

  // ---- the transition table ---------------------------------------------------------------------------

  void replace(std::string_view old, const std::string& with) {
    const std::size_t at = source_.find(old);
    if (at == source_.npos || source_.find(old, at + 1) != source_.npos)
      throw std::runtime_error(path_.string() + ": not found just once: " + std::string(old));
    edits_.push_back({at, old.size(), with});
  }

  void table() {
    std::vector<std::pair<std::size_t, std::size_t>> rows;  // "Row" and its last token
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (text(i) != "Row" || text(i + 1) != "<" || !std::isupper(static_cast<unsigned char>(text(i + 2)[0])))
        continue;
      std::size_t last = i;
      while (tokens_[last + 1].line == tokens_[i].line) ++last;
      rows.emplace_back(i, last);
    }
    const std::string first = std::to_string(mutants_.size());
    for (const auto& [begin, last] : rows) plant(begin, "row", "target", between(begin, last));
    const std::string first_action = std::to_string(mutants_.size());
    for (const auto& [begin, last] : rows) plant(begin, "row", "action", between(begin, last));
    replace("    Action{}(event, machine, source, target);",
            "    finwait::mutation::row = N;\n    if (!finwait::mutation::on(" + first_action +
                " + static_cast<int>(N))) Action{}(event, machine, source, target);");
    replace("  fsm.process_event(event);", "  finwait::mutation::row = -1;\n  fsm.process_event(event);");
    const std::string set =
        "  step.h.state = state_numbers().by_number[static_cast<std::size_t>(fsm.current_state()[0])];";
    replace(set, set + "\n  step.h.state = finwait::mutation::target(" + first + ", step.h.state);");
  }

  // ---- code -------------------------------------------------------------------------------------------

  void code() {
    std::vector<bool> blocks;  // for each open brace: is it a block of statements
    std::string function;
    int parens = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const auto t = text(i);
      if (t == "{") {
        const bool block = opens_block(i);
        if (block && std::find(blocks.begin(), blocks.end(), true) == blocks.end()) function = name_before(i);
        blocks.push_back(block);
      } else if (t == "}") {
        blocks.pop_back();
      } else if (t == "(" || t == "[") {
        ++parens;
      } else if (t == ")" || t == "]") {
        --parens;
      }
      const bool inside = !blocks.empty() && std::find(blocks.begin(), blocks.end(), true) != blocks.end();
      if (!inside || any_of(naming_functions, function, false)) continue;
      if (t == "if" && text(i + 1) == "(") negate(i, function);
      if ((t == "lt" || t == "le") && text(i + 1) == "(" && text(i - 1) != "::") boundary(i, function);
      if (t == "<" || t == "<=" || t == ">" || t == ">=") off_by_one(i, function);
      if (blocks.back() && begins_statement(i)) drop(i, function);
    }
  }

  bool opens_block(std::size_t brace) const {
    const auto before = text(brace - 1);
    if (before == ")" || before == "else" || before == "const" || before == "do") return true;
    if (before == ">" || before == "=" || before == "," || before == "(" || before == "{" ||
        before == "return")
      return false;
    // `-> Rule {` of a lambda, `case X: {`
    return before == ":" || text(brace - 2) == "->";
  }

  std::string name_before(std::size_t brace) const {
    std::size_t i = brace;
    while (i > 0 && text(i) != "(") --i;
    return std::string(text(i - 1));
  }

  // What stands on the way from the last `;`, `{` or `}` to the next `;` or `{`.
  bool names_only(std::size_t token) const {
    std::size_t from = token, to = token;
    while (from > 0 && text(from - 1) != ";" && text(from - 1) != "{" && text(from - 1) != "}") --from;
    while (to + 1 < tokens_.size() && text(to) != ";" && text(to) != "{") ++to;
    return any_of(naming_words, between(from, to), true);
  }

  void negate(std::size_t i, std::string_view function) {
    const std::size_t open = i + 1, close = closing(open);
    std::size_t first = open + 1;
    bool declares = false;
    for (std::size_t j = open + 1; j < close; ++j) {
      if (text(j) == ";") first = j + 1, declares = false;
      if (text(j) == "=") declares = true;
    }
    if (declares || any_of(naming_words, between(open, close), true)) return;
    const std::string n = plant(i, function, "negate", between(first, close - 1));
    edits_.push_back({tokens_[first].begin, 0, "finwait::mutation::flip(" + n + ", "});
    edits_.push_back({tokens_[close].begin, 0, ")"});
  }

  void boundary(std::size_t i, std::string_view function) {
    if (names_only(i)) return;
    const std::string n = plant(i, function, "boundary", between(i, closing(i + 1)));
    edits_.push_back({tokens_[i].begin, 2,
                      "(finwait::mutation::on(" + n + ") != " + (text(i) == "lt" ? "true" : "false") +
                          " ? finwait::model::lt : finwait::model::le)"});
  }

  void off_by_one(std::size_t i, std::string_view function) {
    const std::size_t begin = tokens_[i].begin, end = tokens_[i].end;
    if (source_[begin - 1] != ' ' || !std::isspace(static_cast<unsigned char>(source_[end]))) return;
    std::size_t from = i;
    while (text(from) != ";" && text(from) != "{" && text(from) != "}" && text(from) != "for") --from;
    if (text(from) == "for" || (text(from) == ";" && text(from - 1) != ")" && in_for(i)) || names_only(i))
      return;
    const std::string n = plant(i, function, "off-by-one", between(i - 1, i + 1));
    const std::string sign(text(i));
    const std::string second = sign[0] == '<' ? ">" : "<";
    edits_.push_back(
        {begin, end - begin, sign + " finwait::mutation::Boundary{" + n + "} " + second + sign.substr(1)});
  }

  // Bounds of loops are left alone: past the end of an array nothing is defined.
  bool in_for(std::size_t i) const {
    for (std::size_t j = i; j > 0 && text(j) != "{" && text(j) != "}"; --j) {
      if (text(j) == "for") return true;
    }
    return false;
  }

  bool begins_statement(std::size_t i) const {
    const auto before = text(i - 1);
    if (before == ";" || before == "{" || before == "}" || before == "else") return !in_for_head(i);
    if (before == ":") return follows_case(i - 1);
    if (before != ")") return false;
    int depth = 0;
    for (std::size_t j = i - 1;; --j) {
      if (text(j) == ")") ++depth;
      if (text(j) == "(" && --depth == 0) return text(j - 1) == "if" || text(j - 1) == "for";
    }
  }
  bool follows_case(std::size_t colon) const {
    std::size_t i = colon;
    while (i > 0 && text(i - 1) != ";" && text(i - 1) != "{" && text(i - 1) != "}") --i;
    for (std::size_t j = i; j < colon; ++j) {
      if (text(j) == "return" || text(j) == "?") return false;
    }
    return text(i) == "case" || text(i) == "default";
  }
  bool in_for_head(std::size_t i) const {
    int depth = 0;
    for (std::size_t j = i; j > 0 && text(j) != "{" && text(j) != "}"; --j) {
      if (text(j) == ")") ++depth;
      if (text(j) == "(" && --depth < 0) return text(j - 1) == "for" || text(j - 1) == "if";
    }
    return false;
  }

  void drop(std::size_t i, std::string_view function) {
    static constexpr std::array keywords{"return",  "if",    "for",      "while",   "switch",    "case",
                                         "default", "break", "continue", "const",   "constexpr", "static",
                                         "auto",    "using", "struct",   "throw",   "do",        "else",
                                         "goto",    "bool",  "int",      "template"};
    if (text(i) != "++" && text(i) != "--" && tokens_[i].kind != Kind::word) return;
    if (any_of(keywords, text(i), false)) return;
    std::size_t j = i + (tokens_[i].kind == Kind::word ? 1 : 2);
    while (text(j) == "::" || (text(j - 1) == "::" && tokens_[j].kind == Kind::word)) ++j;
    static constexpr std::array goes_on{".", "->", "(", "[", "=", "+=", "-=", "|=", ";"};
    if (!any_of(goes_on, text(j), false)) return;
    std::size_t end = i;
    for (int depth = 0; text(end) != ";" || depth > 0; ++end) {
      const auto t = text(end);
      if (t == "(" || t == "{" || t == "[") ++depth;
      if (t == ")" || t == "}" || t == "]") --depth;
    }
    if (any_of(naming_words, between(i, end), true)) return;
    const std::string n = plant(i, function, "drop", between(i, end));
    edits_.push_back({tokens_[i].begin, 0, "{ if (!finwait::mutation::on(" + n + ")) { "});
    edits_.push_back({tokens_[end].end, 0, " } }"});
  }

  std::filesystem::path path_;
  std::vector<std::string>& mutants_;
  std::string source_;
  std::vector<Token> tokens_;
  std::vector<Edit> edits_;
  std::map<std::string, int> twins_;  // faults that read the same in one function
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 3) throw std::runtime_error("usage: finwait_instrument OUTPUT_FOLDER SOURCE...");
    const std::filesystem::path folder = argv[1];
    std::vector<std::string> mutants;
    for (int i = 2; i < argc; ++i) {
      const std::filesystem::path source = argv[i];
      const std::string text = File(source, mutants).instrumented();
      std::ofstream(folder / source.filename()) << text;
    }
    std::ofstream list(folder / "mutants.inc");
    for (const std::string& mutant : mutants) list << mutant << '\n';
    if (!list) throw std::runtime_error((folder / "mutants.inc").string() + ": cannot be written");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "finwait_instrument: " << error.what() << '\n';
    return 4;
  }
}
