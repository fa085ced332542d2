// The command line, used as a user would: the built program, its output, its exit status.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Ended {
  int status = -1;
  std::string out;  ///< stdout and stderr
};

/// A folder of its own for each test, in which finwait is started.
class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "finwait-cli-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ended finwait(const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() + " && " FINWAIT_BINARY " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    Ended ended;
    std::array<char, 4096> buffer;
    std::size_t got = 0;
    while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) ended.out.append(buffer.data(), got);
    const int status = pclose(pipe);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ended;
  }

  /// A short run on lwIP; its traces and expectations lie in the test's folder.
  Ended run_lwip(const std::string& more = "") const {
    return finwait("run lwip 3.10.7.3 --cases 200 --seed 0x5eed " + own_places + more);
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<fs::path> traces() const {
    std::vector<fs::path> all;
    if (!fs::exists(folder_ / "traces/lwip")) return all;
    for (const auto& entry : fs::directory_iterator(folder_ / "traces/lwip")) all.push_back(entry.path());
    return all;
  }

  const std::string own_places = "--traces traces --expectations known.txt ";
  fs::path folder_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t begin = text.find_last_of('\n', end);
  return text.substr(begin + 1, end - begin);
}

// A script of something that any stack does rightly: listening.
const std::string mended =
    "// finwait: trace 1\n"
    "// rule: 3.10.1/passive-open-is-silent (prose)\n"
    "// iut: lwip VERSION; \n"
    "// at: CLOSED, open-passive\n"
    "// expect: deviates\n"
    "// seed: 0x1\n"
    "// isn: 0x1\n"
    "--ip_version=ipv4 --tolerance_usecs=100000\n"
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3  // finwait: open-passive\n";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// ---- usage ------------------------------------------------------------------------------------------

TEST_F(CommandLine, NamesWhatIsNear) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"rnu lwip", "unknown command \"rnu\"; did you mean \"run\"?"},
      {"run lwip --sede 5", "has no option \"--sede\"; did you mean \"--seed\"?"},
      {"run refernce", "unknown stack \"refernce\"; did you mean \"reference\"?"},
      {"run reference 3.10.7.33", "no property matches \"3.10.7.33\"; did you mean \"3.10.7.3\""},
      {"run reference nothing-like-this", "\"finwait list --properties\" names them"},
      {"explain 3.10.7.3/rst-without-ack-is-droped", "did you mean \"3.10.7.3/rst-without-ack-is-dropped\""},
      {"run reference --time 5 --no-save", "expected a time such as 500ms"},
      {"run reference --cases many --no-save", "--cases: expected a number such as 20000"},
      {"run", "finwait run --help"},
      {"", "a command is missing"},
      {"replay nowhere.pkt", "cannot read nowhere.pkt"},
      {"run reference --workers 0 --no-save", "--workers: expected 1 to 256"},
      {"explore", "finwait explore --help"},
      {"explore reference --alphabet coer --no-save",
       "expected core or full, found \"coer\"; did you mean \"core\"?"},
      {"explore reference --depth 0 --no-save", "--depth: expected 1 to 12"},
      {"explore reference --depth many --no-save", "--depth: expected a number"},
      {"explore reference --resume --no-save",
       "nothing to resume: cannot read finwait-explore-reference.checkpoint"},
  };
  for (const auto& [arguments, message] : cases) {
    const Ended ended = finwait(arguments);
    EXPECT_EQ(ended.status, 3) << arguments << "\n" << ended.out;
    EXPECT_TRUE(contains(ended.out, message)) << arguments << "\n" << ended.out;
  }
}

TEST_F(CommandLine, HelpsAndLists) {
  for (const char* command : {"", "run", "explore", "replay", "accept", "list", "explain"}) {
    const Ended ended = finwait(std::string(command) + " --help");
    EXPECT_EQ(ended.status, 0) << command;
    EXPECT_TRUE(contains(ended.out, "Usage:")) << ended.out;
  }
  const Ended all = finwait("list");
  EXPECT_EQ(all.status, 0);
  for (const char* part :
       {"Stacks", "Properties", "Rules", "reference", "3.10.7.3/rst-without-ack-is-dropped"}) {
    EXPECT_TRUE(contains(all.out, part)) << part;
  }
  EXPECT_FALSE(contains(finwait("list --stacks").out, "Rules"));
  const Ended rule = finwait("explain 3.10.7.3/rst-without-ack-is-dropped");
  EXPECT_TRUE(contains(rule.out, "\"Otherwise (no ACK), drop the segment and return.\"")) << rule.out;
  EXPECT_TRUE(contains(finwait("explain 3.10.7.3").out, "3.10.7.3/syn-ack-establishes"));
  EXPECT_EQ(finwait("--version").status, 0);
}

TEST_F(CommandLine, RefusesAFolderThatCannotBeWrittenBeforeTheRun) {
  write("traces", "a file, not a folder");
  const Ended ended = finwait("run reference --cases 1000000 --traces traces");
  EXPECT_EQ(ended.status, 3);
  EXPECT_TRUE(contains(ended.out, "traces/reference")) << ended.out;
  EXPECT_FALSE(contains(ended.out, "cases,")) << ended.out;
}

TEST_F(CommandLine, SaysWhereAScriptIsMalformed) {
  write("bad.pkt", with(mended, "CLOSED", "CLOSD"));
  const Ended ended = finwait("replay bad.pkt");
  EXPECT_EQ(ended.status, 3);
  EXPECT_TRUE(contains(ended.out, "bad.pkt:4:8: expected a state")) << ended.out;
}

// ---- explore ----------------------------------------------------------------------------------------

class ExploringCli : public CommandLine {
 protected:
  static constexpr const char* checkpoint = "finwait-explore-mutant-closed-reset-with-ack.checkpoint";
  const std::string command = "explore mutant:closed-reset-with-ack --alphabet core " + own_places;

  void SetUp() override {
    CommandLine::SetUp();
    write("known.txt", "");
  }
  /// Starts it, and sends the signal once `now` says so.
  template <class Now>
  int interrupt(const std::string& arguments, int signal, Now now) const {
    const pid_t pid = fork();
    if (pid == 0) {
      const std::string line = "exec " FINWAIT_BINARY " " + arguments;
      if (chdir(folder_.c_str()) != 0 || freopen("out.txt", "w", stdout) == nullptr) _exit(99);
      execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
      _exit(98);
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!now() && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(pid, signal);
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::vector<std::string> scripts() const {
    std::vector<std::string> all;
    const fs::path folder = folder_ / "traces/mutant-closed-reset-with-ack";
    if (!fs::exists(folder)) return all;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != ".pkt") continue;
      std::ifstream file(entry.path());
      all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  bool kept() const { return fs::exists(folder_ / checkpoint); }
};

TEST_F(ExploringCli, SaysWhatWasSearched) {
  const Ended ended = finwait("explore reference --depth 2 --json totals.json --no-save");
  EXPECT_EQ(ended.status, 0) << ended.out;
  for (const char* part :
       {"core  24 letters to depth 2 from each state, without any cut: 6336 sequences",
        "full  837 letters to depth 2 from the start, level by level", "arrows of the transition table",
        "letters that mean nothing where they stand", "branches at a state met before"}) {
    EXPECT_TRUE(contains(ended.out, part)) << part << "\n" << ended.out;
  }
  const auto totals = nlohmann::json::parse(last_line(read("totals.json")));
  EXPECT_EQ(totals.at("explored").at(0).at("sequences"), 6336);
  EXPECT_EQ(totals.at("explored").at(1).at("levels").size(), 2u);
  EXPECT_TRUE(totals.at("complete"));
  EXPECT_FALSE(fs::exists(folder_ / "finwait-explore-reference.checkpoint"));
}

class CoverageCli : public CommandLine {};

TEST_F(CoverageCli, SaysWhatWasMetAndWhatIsMissing) {
  const Ended ended = finwait("coverage reference --cases 300 --json cells.json");
  EXPECT_EQ(ended.status, 1) << ended.out;  // so few cases do not meet all that can be met
  EXPECT_TRUE(contains(last_line(ended.out), " reachable cells, ")) << ended.out;
  EXPECT_TRUE(contains(last_line(ended.out), " rows; 300 cases, seed 0x5eed")) << ended.out;
  const auto cells = nlohmann::json::parse(read("cells.json")).at("cells");
  const auto met = std::count_if(cells.begin(), cells.end(), [](const auto& cell) {
    return cell.at("reach") == "reachable" && cell.at("met").template get<std::uint64_t>() > 0;
  });
  EXPECT_TRUE(contains(last_line(ended.out), ": " + std::to_string(met) + " of ")) << ended.out;
}

TEST_F(CoverageCli, RefusesWhatItCannotDo) {
  const Ended unknown = finwait("coverage refrence");
  EXPECT_EQ(unknown.status, 3);
  EXPECT_TRUE(contains(unknown.out, "did you mean \"reference\"?")) << unknown.out;
  const Ended unwritable = finwait("coverage reference --cases 10 --json nowhere/cells.json");
  EXPECT_EQ(unwritable.status, 4);
  EXPECT_TRUE(contains(unwritable.out, "cannot write nowhere/cells.json")) << unwritable.out;
}

TEST_F(ExploringCli, GoesOnAfterCtrlC) {
  const std::string whole = last_line(finwait(command + "--depth 3 --no-save").out);
  EXPECT_TRUE(contains(whole, " new, 0 fixed")) << whole;
  const int status =
      interrupt(command + "--depth 3 --workers 1", SIGINT, [this] { return !scripts().empty(); });
  EXPECT_EQ(status, 1);
  EXPECT_TRUE(contains(last_line(read("out.txt")), "interrupted")) << read("out.txt");
  EXPECT_TRUE(contains(read("out.txt"), "\"--resume\" goes on from finwait-explore-")) << read("out.txt");
  ASSERT_TRUE(kept());
  const std::string octets = read(checkpoint);
  // Nothing but --resume with the same search touches it.
  const Ended anew = finwait(command + "--depth 3");
  EXPECT_EQ(anew.status, 3);
  EXPECT_TRUE(contains(anew.out, "\"--resume\" goes on with it")) << anew.out;
  const Ended other = finwait(command + "--depth 2 --resume");
  EXPECT_EQ(other.status, 3);
  EXPECT_TRUE(contains(other.out, "it is of another exploration; searches: expected core to depth 2"))
      << other.out;
  EXPECT_EQ(read(checkpoint), octets);
  const Ended resumed = finwait(command + "--depth 3 --resume");
  EXPECT_EQ(last_line(resumed.out), whole);
  EXPECT_FALSE(kept());
  const std::vector<std::string> in_pieces = scripts();
  fs::remove_all(folder_ / "traces");
  finwait(command + "--depth 3");
  EXPECT_EQ(scripts(), in_pieces);
}

TEST_F(ExploringCli, SlowGoesOnAfterItWasKilled) {
  const std::string whole = last_line(finwait(command + "--depth 4 --no-save").out);
  EXPECT_EQ(interrupt(command + "--depth 4", SIGKILL, [this] { return kept(); }), -1);
  ASSERT_TRUE(kept());
  const Ended resumed = finwait(command + "--depth 4 --resume");
  EXPECT_EQ(last_line(resumed.out), whole);
  EXPECT_EQ(resumed.status, 1);
  EXPECT_FALSE(kept());
}

TEST_F(ExploringCli, RefusesACheckpointThatIsDamaged) {
  write(checkpoint, "finwait exploration 1\nnothing that anybody could go on from\n");
  const Ended ended = finwait(command + "--resume");
  EXPECT_EQ(ended.status, 3);
  EXPECT_TRUE(contains(ended.out, std::string("cannot resume from ") + checkpoint + ": it is damaged"))
      << ended.out;
  EXPECT_TRUE(contains(read(checkpoint), "nothing that anybody"));
}

// ---- a run and what follows from it -----------------------------------------------------------------

#ifndef FINWAIT_LWIP_MISSING

class OnLwip : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    write("known.txt", "");
  }
  std::string version() const {
    const std::string list = finwait("list --stacks").out;
    const std::size_t at = list.find_first_not_of(' ', list.find("lwip") + 4);
    return list.substr(at, list.find(' ', at) - at);
  }
  std::string mended_here() const { return with(mended, "VERSION", version()); }
  /// Accepts until nothing is new: what is known is passed over, so the same cases may lead further.
  void accept_all() const {
    ASSERT_EQ(run_lwip().status, 1);
    for (int rounds = 0; rounds < 8; ++rounds) {
      ASSERT_EQ(finwait("accept lwip --reason why --bug https://bugs.example/7 " + own_places).status, 0);
      if (run_lwip().status == 0) return;
    }
    FAIL() << "a run on known deviations does not end as expected";
  }
};

TEST_F(OnLwip, WhatIsNewIsSavedThenKnownOnceAccepted) {
  write("known.txt", "# by hand\n");
  const Ended first = run_lwip("--json findings.json");
  EXPECT_EQ(first.status, 1) << first.out;
  EXPECT_FALSE(traces().empty());
  EXPECT_TRUE(contains(first.out, "permitted")) << first.out;
  EXPECT_TRUE(contains(last_line(first.out), "200 cases")) << first.out;
  // Known, but not accepted: still new.
  EXPECT_EQ(run_lwip().status, 1);
  accept_all();
  const std::string known = read("known.txt");
  EXPECT_TRUE(known.starts_with("# by hand\n"));
  EXPECT_TRUE(contains(known, "reason: why\nlink: https://bugs.example/7\n")) << known;
  const Ended again = run_lwip();
  EXPECT_EQ(again.status, 0) << again.out;
  EXPECT_TRUE(contains(again.out, "Known deviations")) << again.out;
  EXPECT_TRUE(contains(last_line(again.out), ", 0 new, 0 fixed")) << again.out;
  EXPECT_EQ(finwait("accept lwip " + own_places).status, 0);
  EXPECT_EQ(read("known.txt"), known);
}

TEST_F(OnLwip, OneSeedGivesOneOutput) {
  const std::string first = run_lwip("--no-save").out;
  EXPECT_EQ(run_lwip("--no-save").out, first);
  EXPECT_TRUE(traces().empty());
}

TEST_F(OnLwip, AnyNumberOfWorkersGivesOneOutput) {
  const std::string alone = run_lwip("--no-save --workers 1").out;
  EXPECT_EQ(run_lwip("--no-save --workers 2").out, alone);
}

TEST_F(OnLwip, JsonHasALineForEachFindingAndTheTotals) {
  run_lwip("--json findings.json");
  std::ifstream file(folder_ / "findings.json");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(lines.size(), traces().size() + 1);
  EXPECT_EQ(lines.back().at("cases"), 200);
  EXPECT_EQ(lines.back().at("new"), traces().size());
  EXPECT_EQ(lines.back().at("seed"), 0x5eed);
  for (const char* key : {"stack", "version", "rule", "clause", "level", "requirement", "state", "event",
                          "events", "trace", "known"}) {
    EXPECT_TRUE(lines.front().contains(key)) << key;
  }
  EXPECT_TRUE(fs::exists(folder_ / std::string(lines.front().at("trace"))));
}

TEST_F(OnLwip, ReplaysWhatItSaved) {
  run_lwip();
  const Ended all = finwait("replay traces/lwip/*.pkt");
  EXPECT_EQ(all.status, 0) << all.out;
  EXPECT_TRUE(contains(all.out, ": reproduced 10/10\n")) << all.out;
  const Ended walk = finwait("replay -v " + traces().front().string());
  EXPECT_TRUE(contains(walk.out, "no hypothesis is left")) << walk.out;
  EXPECT_TRUE(contains(walk.out, "SND.NXT=")) << walk.out;
}

TEST_F(OnLwip, WhatIsGoneIsFixedAndUnexpected) {
  accept_all();
  const std::string name = "3.10.1-mended.pkt";
  write("traces/lwip/" + name, mended_here());
  Ended ended = run_lwip();
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(contains(ended.out, name + ": FIXED")) << ended.out;
  EXPECT_TRUE(contains(last_line(ended.out), "1 fixed")) << ended.out;
  EXPECT_EQ(finwait("replay traces/lwip/" + name).status, 1);
  EXPECT_EQ(finwait("accept lwip " + own_places).status, 1);
  // As a regression trace it is what it should be.
  write("traces/lwip/" + name, with(mended_here(), "deviates", "conforms"));
  ended = run_lwip();
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_EQ(finwait("replay traces/lwip/" + name).status, 0);
}

TEST_F(OnLwip, AnExpectationWithoutItsTraceIsAnError) {
  accept_all();
  fs::remove(traces().front());
  const Ended ended = run_lwip();
  EXPECT_EQ(ended.status, 3);
  EXPECT_TRUE(contains(ended.out, "known.txt:")) << ended.out;
  EXPECT_TRUE(contains(ended.out, "expected the trace")) << ended.out;
}

TEST_F(OnLwip, AnExpectationOfAnotherVersionDoesNotCount) {
  accept_all();
  std::string known = read("known.txt");
  known = with(known, "versions: " + version(), "versions: 0.9");
  write("known.txt", known);
  EXPECT_EQ(run_lwip().status, 1);
  EXPECT_EQ(finwait("accept lwip " + own_places).status, 0);
  EXPECT_EQ(read("known.txt"), with(known, "versions: 0.9", "versions: 0.9, " + version()));
  EXPECT_EQ(run_lwip().status, 0);
}

TEST_F(OnLwip, CtrlCKeepsWhatWasFound) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (chdir(folder_.c_str()) != 0 || freopen("out.txt", "w", stdout) == nullptr) _exit(99);
    execl(FINWAIT_BINARY, "finwait", "run", "lwip", "3.10.7.3", "--time", "60s", "--seed", "1", "--traces",
          "traces", "--expectations", "known.txt", static_cast<char*>(nullptr));
    _exit(98);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (traces().empty() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGINT);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_FALSE(traces().empty());
  EXPECT_TRUE(contains(last_line(read("out.txt")), "interrupted")) << read("out.txt");
  EXPECT_EQ(finwait("replay traces/lwip/*.pkt").status, 0);
}

#endif

// ---- the running kernel -----------------------------------------------------------------------------

std::vector<std::string> found_in(const std::string& json) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin < json.size();) {
    const std::size_t end = json.find('\n', begin);
    const auto line = nlohmann::json::parse(json.substr(begin, end - begin));
    if (line.contains("rule"))
      found.push_back(line["rule"].dump() + line["state"].dump() + line["event"].dump());
    begin = end == std::string::npos ? json.size() : end + 1;
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST_F(CommandLine, TwoRunsOnLinuxFindTheSameSlow) {
  const std::string stacks = finwait("list --stacks").out;
  if (const std::size_t at = stacks.find("skipped here"); at != std::string::npos) {
    GTEST_SKIP() << stacks.substr(at, stacks.find('\n', at) - at);
  }
  write("known.txt", "");
  const std::string run = "run linux --cases 3000 --waiting 0 --no-save " + own_places;
  EXPECT_EQ(finwait(run + "--workers 1 --json first").status, 1);  // nothing is accepted
  EXPECT_EQ(finwait(run + "--workers 2 --json second").status, 1);
  const auto first = found_in(read("first"));
  EXPECT_GT(first.size(), 5u);
  EXPECT_EQ(first, found_in(read("second")));
}

}  // namespace
