#include "cli/run_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "cli/store.h"

namespace finwait::cli {

namespace {

class RunFileReader {
 public:
  explicit RunFileReader(const std::filesystem::path& path) : path_(path) {}

  RunFile operator()() {
    const std::string text = text_of(path_);
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      ++line_;
      take(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    // They are written last, so where they are missing the file has been cut.
    if (!totals_) fail("expected the totals in the last line");
    return std::move(run_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UsageError(fmt::format("{}:{}: {}; --json of \"finwait run\" writes such files", path_.string(),
                                 std::max(line_, 1), what));
  }

  void take(std::string_view line) {
    if (totals_) fail("expected nothing behind the totals");
    value_ = nlohmann::json::parse(line, nullptr, false);
    if (!value_.is_object()) fail("expected an object of JSON");
    value_.contains("rule") ? take_finding() : take_totals();
  }

  void take_finding() {
    const RunFile::Identity identity{text("rule"), fmt::format("{}, {}", text("state"), text("event"))};
    RunEntry entry{text("level"), text("requirement"), text("standing"), number("events"), text("trace")};
    if (!standing_from(entry.standing))
      fail(fmt::format("expected a standing such as \"known\", found \"{}\"", entry.standing));
    // One identity may have several scripts: that the stack deviates is what counts.
    RunEntry& there = run_.entries.try_emplace(identity, entry).first->second;
    if (!there.shown()) there = entry;
  }

  void take_totals() {
    run_.stack = text("stack");
    run_.version = text("version");
    run_.cases = number("cases");
    run_.seed = number("seed");
    run_.interrupted = of("interrupted", &nlohmann::json::is_boolean, "true or false").get<bool>();
    totals_ = true;
  }

  using Is = bool (nlohmann::json::*)() const noexcept;
  const nlohmann::json& of(const char* key, Is is, const char* what) const {
    const auto found = value_.find(key);
    if (found == value_.end()) fail(fmt::format("expected \"{}\"", key));
    if (!((*found).*is)()) fail(fmt::format("expected {} as \"{}\", found {}", what, key, found->dump()));
    return *found;
  }
  std::string text(const char* key) const {
    return of(key, &nlohmann::json::is_string, "a text").get<std::string>();
  }
  std::uint64_t number(const char* key) const {
    return of(key, &nlohmann::json::is_number_unsigned, "a count").get<std::uint64_t>();
  }

  std::filesystem::path path_;
  int line_ = 0;
  nlohmann::json value_;
  RunFile run_;
  bool totals_ = false;
};

}  // namespace

bool RunEntry::shown() const {
  return standing != name(Standing::fixed);
}

RunFile read_run_file(const std::filesystem::path& path) {
  return RunFileReader(path)();
}

}  // namespace finwait::cli
