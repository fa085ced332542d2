#include "verification/mutation/survivors.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace finwait::mutation {

std::string identity(const Mutant& mutant) {
  return fmt::format("{} | {} | {} | {}", mutant.file, mutant.function, mutant.change, mutant.text);
}

std::map<std::string, std::string> read_survivors(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  std::map<std::string, std::string> all;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const std::size_t last = line.rfind(" | ");
    const bool whole =
        last != line.npos && std::count(line.begin(), line.end(), '|') >= 4 && last + 3 < line.size();
    if (!whole)
      throw std::runtime_error(
          fmt::format("{}:{}:1: expected FILE | FUNCTION | CHANGE | TEXT | WHY", file.string(), number));
    const std::string why = line.substr(last + 3);
    if (!why.starts_with("equivalent: ") && !why.starts_with("open: "))
      throw std::runtime_error(fmt::format("{}:{}:{}: expected \"equivalent: \" or \"open: \" and why",
                                           file.string(), number, last + 4));
    if (!all.emplace(line.substr(0, last), why).second)
      throw std::runtime_error(fmt::format("{}:{}:1: this mutant is there already", file.string(), number));
  }
  return all;
}

}  // namespace finwait::mutation
