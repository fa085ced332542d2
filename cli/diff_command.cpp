// finwait diff: what one run shows that another does not, by rule.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/run_file.h"
#include "cli/stack_check.h"
#include "cli/terminal.h"

namespace finwait::cli {

namespace {

/// Lines of one kind of difference, below the rules that they are of.
class Section {
 public:
  void add(const RunFile::Identity& identity, const RunEntry& entry, const std::string& more) {
    const auto& [rule, at] = identity;
    if (rule != rule_) {
      rule_ = rule;
      const std::string number = entry.requirement.empty() ? "" : ", " + entry.requirement;
      text_ += fmt::format("  {} ({}{})\n", rule, entry.level, number);
    }
    text_ += fitted(fmt::format("    {}{}", at, more.empty() ? "" : ": " + more)) + "\n";
    ++count_;
  }

  std::string text(const std::string& title) const {
    return count_ == 0 ? "" : fmt::format("{}\n{}\n", title, text_);
  }
  std::size_t count() const { return count_; }

 private:
  std::string rule_, text_;
  std::size_t count_ = 0;
};

std::string changes(const RunEntry& before, const RunEntry& after) {
  std::string text;
  const auto note = [&](std::string_view what, const auto& from, const auto& to) {
    if (from == to) return;
    text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", what, from, to);
  };
  note("standing", before.standing, after.standing);
  note("events", before.events, after.events);
  note("level", before.level, after.level);
  note("requirement", before.requirement, after.requirement);
  return text;
}

class Difference {
 public:
  Difference(const RunFile& before, const RunFile& after) {
    for (const auto& [identity, entry] : after.entries) {
      if (entry.shown()) look_at(identity, find(before, identity), entry);
    }
    for (const auto& [identity, entry] : before.entries) {
      if (!entry.shown() || find(after, identity) != nullptr) continue;
      const bool told = after.entries.contains(identity);
      gone_.add(identity, entry, told ? "FIXED" : "");
    }
  }

  std::string text() const {
    return new_.text(red("NEW")) + gone_.text(green("GONE")) + changed_.text(yellow("CHANGED"));
  }
  std::string summary() const {
    return fmt::format("{} new, {} gone, {} changed", new_.count(), gone_.count(), changed_.count());
  }
  bool none() const { return new_.count() + gone_.count() + changed_.count() == 0; }

 private:
  static const RunEntry* find(const RunFile& run, const RunFile::Identity& identity) {
    const auto found = run.entries.find(identity);
    return found == run.entries.end() || !found->second.shown() ? nullptr : &found->second;
  }

  void look_at(const RunFile::Identity& identity, const RunEntry* before, const RunEntry& after) {
    if (before == nullptr) return new_.add(identity, after, after.trace);
    const std::string what = changes(*before, after);
    if (!what.empty()) changed_.add(identity, after, what);
  }

  Section new_, gone_, changed_;
};

std::string head(const std::string& file, const RunFile& run) {
  const auto shown = std::count_if(run.entries.begin(), run.entries.end(),
                                   [](const auto& entry) { return entry.second.shown(); });
  return fmt::format("{}: {} {}, {} cases, seed {:#x}{}: {}\n", file, run.stack, run.version, run.cases,
                     run.seed, run.interrupted ? ", interrupted" : "",
                     plural(static_cast<std::size_t>(shown), "deviation"));
}

}  // namespace

int diff_command(const DiffArguments& arguments) {
  const RunFile before = read_run_file(arguments.before);
  const RunFile after = read_run_file(arguments.after);
  const Difference difference(before, after);
  fmt::print("{}{}\n{}{}\n", head(arguments.before, before), head(arguments.after, after), difference.text(),
             difference.summary());
  return difference.none() ? as_expected : unexpected;
}

}  // namespace finwait::cli
