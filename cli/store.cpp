#include "cli/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/program.h"
#include "harness/files.h"
#include "harness/text.h"

namespace finwait::cli {

namespace fs = std::filesystem;

namespace {

// The folder here, unless this is a build tree (which has one of that name too), else the one that comes with
// finwait.
fs::path found_here_or_with_finwait(const char* folder) {
  std::error_code ignored;
  const bool build_tree = fs::is_regular_file("CMakeCache.txt", ignored);
  if (!build_tree && fs::is_directory(folder, ignored)) return folder;
  return program().data / folder;
}

Stack present(Stack stack) {
  const std::string lacking = stack.lacking();
  if (!lacking.empty())
    throw UsageError(fmt::format("stack \"{}\" cannot be checked here: {}", stack.name, lacking));
  return stack;
}

}  // namespace

std::string text_of(const fs::path& path) {
  auto text = read_file(path);
  if (const auto* error = std::get_if<FileError>(&text)) throw UsageError(error->text);
  return std::get<std::string>(std::move(text));
}

Stack find_stack(const std::string& name) {
  std::vector<std::string> names;
  for (Stack& stack : stacks()) {
    if (stack.name == name) return present(std::move(stack));
    names.push_back(stack.name);
  }
  for (const MissingStack& missing : missing_stacks()) {
    if (missing.name == name)
      throw UsageError(fmt::format("stack \"{}\" is not in this build: {}", name, missing.why));
  }
  std::string near = did_you_mean(name, names);
  if (near.empty()) near = "; \"finwait list --stacks\" names them";
  throw UsageError(fmt::format("unknown stack \"{}\"{}", name, near));
}

fs::path Places::traces_of(const std::string& stack) const {
  if (!traces.empty()) return fs::path(traces) / trace_folder(stack);
  const fs::path found = found_here_or_with_finwait("traces") / trace_folder(stack);
  std::error_code ignored;
  return fs::is_directory(found, ignored) ? found : fs::path("traces") / trace_folder(stack);
}

fs::path Places::expectations_of(const std::string& stack) const {
  if (!expectations.empty()) return expectations;
  const fs::path impl = found_here_or_with_finwait("impl");
  for (const fs::path& folder : {impl / "agents" / trace_folder(stack), impl / trace_folder(stack)}) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) return folder / "expectations.txt";
  }
  return traces_of(stack) / "expectations.txt";
}

SavedTrace read_trace(const fs::path& path) {
  auto finding = read_finding(text_of(path), path.string());
  if (const auto* error = std::get_if<ScriptError>(&finding)) throw UsageError(error->text());
  return {path, std::get<SavedFinding>(std::move(finding))};
}

std::vector<SavedTrace> read_traces(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  std::vector<fs::path> paths;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".pkt") paths.push_back(at->path());
  }
  if (error) throw UsageError(fmt::format("cannot read {}: {}", shown(folder), error.message()));
  std::sort(paths.begin(), paths.end());
  std::vector<SavedTrace> traces;
  for (const fs::path& path : paths) traces.push_back(read_trace(path));
  return traces;
}

Expectations read_expectations(const Places& places, const std::string& stack) {
  const fs::path path = places.expectations_of(stack);
  std::error_code ignored;
  if (places.expectations.empty() && !fs::exists(path, ignored)) {
    return std::get<Expectations>(Expectations::parse("", path.string()));
  }
  auto parsed = Expectations::parse(text_of(path), path.string());
  if (const auto* error = std::get_if<ScriptError>(&parsed)) throw UsageError(error->text());
  return std::get<Expectations>(std::move(parsed));
}

bool prepare_folder(const fs::path& folder) {
  std::error_code error;
  const bool is_new = fs::create_directories(folder, error);
  if (error) throw UsageError(fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  // Permissions do not tell everything (a full or read-only disk): only writing does.
  const fs::path probe = folder / ".finwait-can-write";
  if (const auto failed = write_file_atomically(probe, "")) throw UsageError(*failed);
  fs::remove(probe, error);
  return is_new;
}

void check_writable(const fs::path& path) {
  if (path.empty()) return;
  if (const auto reason = why_not_writable(path)) throw std::runtime_error(*reason);
}

void write(const fs::path& path, const std::string& text) {
  if (const auto failed = write_file_atomically(path, text)) throw std::runtime_error(*failed);
}

std::string shown(const fs::path& path) {
  std::error_code ignored;
  const fs::path relative = fs::proximate(path, ignored);
  const bool is_inside = !relative.empty() && *relative.begin() != "..";
  return is_inside ? relative.string() : path.string();
}

}  // namespace finwait::cli
