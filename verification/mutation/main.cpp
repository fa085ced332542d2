// finwait_mutation: plants faults in the model, one at a time, and says which of them the properties catch.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/exit_status.h"
#include "verification/mutation/campaign.h"
#include "verification/mutation/survivors.h"

namespace finwait::mutation {

namespace {

struct Arguments {
  Campaign campaign;
  std::size_t sample = 0;
  std::vector<int> numbers;
  std::string survivors = FINWAIT_SURVIVORS;
  bool list = false;
};

int parse(int argc, char** argv, Arguments& arguments) {
  CLI::App app{
      "Plants faults in the reference model, one at a time: the stack acts by it and the oracle judges, then "
      "the other way round."};
  app.footer(
      "Exit status: 0 what survives is explained, 1 it is not, or an explanation is out of date, 3 usage,\n"
      "4 the tester has failed.");
  arguments.campaign.workers = std::max(1u, std::thread::hardware_concurrency());
  app.add_option("--sample", arguments.sample, "Only so many, drawn by the seed; default: all");
  app.add_option("--mutant", arguments.numbers, "Only these, by the numbers of --list")
      ->check(CLI::Range(-1, static_cast<int>(mutants().size()) - 1));
  app.add_option("--seed", arguments.campaign.seed, "Of the cases and the sample")->capture_default_str();
  app.add_option("--cases", arguments.campaign.cases,
                 "Cases for each fault and each of the two roles, at most")
      ->capture_default_str();
  app.add_option("--workers", arguments.campaign.workers, "Processes (default: one a core)")
      ->check(CLI::Range(1, 256));
  app.add_option("--survivors", arguments.survivors,
                 "What is explained (default: verification/mutation/survivors.txt)");
  app.add_flag("--list", arguments.list, "Lists the faults, and runs none");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::as_expected : cli::usage;
  }
  return -1;
}

std::vector<int> chosen(const Arguments& arguments) {
  if (!arguments.numbers.empty()) return arguments.numbers;
  std::vector<int> all(mutants().size());
  std::iota(all.begin(), all.end(), 0);
  if (arguments.sample == 0 || arguments.sample >= all.size()) return all;
  std::mt19937_64 random(arguments.campaign.seed);
  std::shuffle(all.begin(), all.end(), random);
  all.resize(arguments.sample);
  std::sort(all.begin(), all.end());
  return all;
}

std::string text_of(int number) {
  if (number < 0) return "the model as it is";
  const Mutant& mutant = mutants()[static_cast<std::size_t>(number)];
  return fmt::format("{:5}  model/{}:{}  {}  {}: {}", number, mutant.file, mutant.line, mutant.function,
                     mutant.change, mutant.text);
}

struct Score {
  int caught = 0, equivalent = 0, open = 0, unexplained = 0;
  int total() const { return caught + equivalent + open + unexplained; }
};

class Report {
 public:
  explicit Report(const std::string& survivors) : explained_(read_survivors(survivors)), file_(survivors) {}

  void take(int number, Fate fate) {
    if (number < 0) {
      fmt::print("{}: {}\n", text_of(number), name(fate));
      wrong_ = wrong_ || fate != Fate::survived;
      return;
    }
    const Mutant& mutant = mutants()[static_cast<std::size_t>(number)];
    const bool explained = explained_.contains(identity(mutant));
    Score& score = by_file_[std::string(mutant.file)];
    ++fates_[fate];
    if (fate != Fate::survived) {
      ++score.caught;
      if (explained) out_of_date_.push_back(number);
    } else if (explained) {
      const bool open = explained_.at(identity(mutant)).starts_with("open");
      ++(open ? score.open : score.equivalent);
    } else {
      ++score.unexplained;
      unexplained_.push_back(number);
    }
  }

  int print(bool all) {
    fmt::print("{:22} {:>7} {:>8} {:>11} {:>6} {:>12}\n", "model/", "faults", "caught", "equivalent", "open",
               "unexplained");
    Score sum;
    for (const auto& [file, score] : by_file_) {
      line(file, score);
      sum.caught += score.caught;
      sum.equivalent += score.equivalent;
      sum.open += score.open;
      sum.unexplained += score.unexplained;
    }
    line("", sum);
    for (const auto& [fate, count] : fates_) {
      if (fate != Fate::survived) fmt::print("  caught by: {:24} {:>7}\n", name(fate), count);
    }
    const int visible = sum.total() - sum.equivalent;
    if (visible > 0)
      fmt::print("score: {:.1f} % of {} faults that change anything\n", 100.0 * sum.caught / visible,
                 visible);
    std::sort(unexplained_.begin(), unexplained_.end());
    for (const int number : unexplained_) fmt::print("survived, unexplained: {}\n", text_of(number));
    for (const int number : out_of_date_)
      fmt::print("caught, though {} explains why not: {}\n", file_, text_of(number));
    if (all) unknown();
    return wrong_ || !unexplained_.empty() || !out_of_date_.empty() ? cli::unexpected : cli::as_expected;
  }

 private:
  static void line(const std::string& file, const Score& score) {
    fmt::print("{:22} {:>7} {:>8} {:>11} {:>6} {:>12}\n", file, score.total(), score.caught, score.equivalent,
               score.open, score.unexplained);
  }

  void unknown() {
    std::set<std::string> known;
    for (const Mutant& mutant : mutants()) known.insert(identity(mutant));
    for (const auto& entry : explained_) {
      if (known.contains(entry.first)) continue;
      fmt::print("{} explains what is not there any more: {}\n", file_, entry.first);
      wrong_ = true;
    }
  }

  std::map<std::string, std::string> explained_;
  std::string file_;
  std::map<std::string, Score> by_file_;
  std::map<Fate, int> fates_;
  std::vector<int> unexplained_, out_of_date_;
  bool wrong_ = false;
};

int carry_out(const Arguments& arguments) {
  if (arguments.list) {
    for (int number = 0; number < static_cast<int>(mutants().size()); ++number)
      fmt::print("{}\n", text_of(number));
    return cli::as_expected;
  }
  Report report(arguments.survivors);
  std::vector<int> numbers = chosen(arguments);
  const bool all = numbers.size() == mutants().size();
  if (arguments.numbers.empty()) numbers.insert(numbers.begin(), -1);  // nothing is caught that is not there
  run(arguments.campaign, numbers, [&](int number, Fate fate) { report.take(number, fate); });
  return report.print(all);
}

}  // namespace

}  // namespace finwait::mutation

int main(int argc, char** argv) {
  try {
    finwait::mutation::Arguments arguments;
    const int status = finwait::mutation::parse(argc, argv, arguments);
    return status >= 0 ? status : finwait::mutation::carry_out(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "finwait_mutation: {}\n", error.what());
    return finwait::cli::broken;
  }
}
