// The command line, used as a user would: the built program, its output, its exit status.
#include <gtest/gtest.h>
#include <signal.h>
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
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/shell.h"

namespace {

namespace fs = std::filesystem;

using finwait::Ended;

/// finwait is started in a folder of its own for each test.
class CommandLine : public finwait::InOwnFolder {
 protected:
  Ended finwait(const std::string& arguments) const {
    return ::finwait::shell("cd " + folder_.string() + " && " FINWAIT_BINARY " " + arguments);
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
      {"forget reference", "expected --rule ID, --gone or both"},
      {"forget reference --rule 3.10.7.3/rst-without-ack-is-droped",
       "--rule: unknown rule \"3.10.7.3/rst-without-ack-is-droped\"; did you mean"},
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
  for (const char* command :
       {"", "run", "explore", "replay", "accept", "forget", "diff", "list", "explain"}) {
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
  EXPECT_EQ(totals.at("seed"), 0x5eed);
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

// ---- two runs ---------------------------------------------------------------------------------------

const std::string a_finding =
    R"({"rule":"9.9/of-another-version","state":"CLOSED","event":"SYN","level":"must","requirement":"MUST-1",)"
    R"("standing":"known","events":3,"trace":"a.pkt"})"
    "\n";
const std::string some_totals = R"({"stack":"toy","version":"1","cases":10,"seed":5,"interrupted":false})"
                                "\n";

TEST_F(CommandLine, DiffSaysWhatHasChanged) {
  write("a.json", a_finding + some_totals);
  write("b.json", with(with(a_finding, "known", "new"), "3", "2") + some_totals);
  const Ended changed = finwait("diff a.json b.json");
  EXPECT_EQ(changed.status, 1);
  EXPECT_EQ(changed.out,
            "a.json: toy 1, 10 cases, seed 0x5: 1 deviation\n"
            "b.json: toy 1, 10 cases, seed 0x5: 1 deviation\n\n"
            "CHANGED\n"
            "  9.9/of-another-version (must, MUST-1)\n"
            "    CLOSED, SYN: standing known -> new, events 3 -> 2\n\n"
            "0 new, 0 gone, 1 changed\n");
  write("b.json", with(a_finding, "known", "fixed") + some_totals);
  const Ended gone = finwait("diff a.json b.json");
  EXPECT_TRUE(contains(gone.out, "GONE\n  9.9/of-another-version (must, MUST-1)\n    CLOSED, SYN: FIXED\n"))
      << gone.out;
  EXPECT_TRUE(contains(finwait("diff b.json a.json").out, "NEW\n  9.9/of-another-version"));
  write("a.json", some_totals);  // what was gone already has not gone now
  EXPECT_EQ(finwait("diff b.json a.json").status, 0);
}

TEST_F(CommandLine, DiffSaysWhereAFileIsMalformed) {
  write("good.json", a_finding + some_totals);
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "bad.json:1: expected the totals in the last line"},
      {a_finding, "bad.json:1: expected the totals in the last line"},
      {a_finding + "{\"rule\":", "bad.json:2: expected an object of JSON"},
      {"[]\n" + some_totals, "bad.json:1: expected an object of JSON"},
      {a_finding + some_totals + a_finding, "bad.json:3: expected nothing behind the totals"},
      {with(a_finding, "state", "stat") + some_totals, "bad.json:1: expected \"state\""},
      {with(a_finding, "3", "-3") + some_totals, "bad.json:1: expected a count as \"events\", found -3"},
      {with(a_finding, "known", "knwon") + some_totals,
       "bad.json:1: expected a standing such as \"known\", found \"knwon\""},
      {a_finding + with(some_totals, "false", "0"), "bad.json:2: expected true or false as \"interrupted\""},
  };
  for (const auto& [text, message] : cases) {
    write("bad.json", text);
    for (const char* order : {"diff bad.json good.json", "diff good.json bad.json"}) {
      const Ended ended = finwait(order);
      EXPECT_EQ(ended.status, 3) << text;
      EXPECT_TRUE(contains(ended.out, message)) << text << "\n" << ended.out;
    }
  }
  EXPECT_EQ(finwait("diff good.json nowhere.json").status, 3);
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

TEST_F(OnLwip, AnOldReportStaysUntilTheNewOneIsThere) {
  for (const char* option : {"--json", "--coverage"}) {
    write("report.json", "an old report");
    const std::string arguments = std::string("run lwip 3.10.7.3 --time 60s --seed 1 --no-save ") +
                                  own_places + option + " report.json & sleep 1; kill -9 $!; wait $!";
    finwait(arguments);
    EXPECT_EQ(read("report.json"), "an old report") << option;
  }
  finwait("coverage lwip --cases 1000000 --json report.json & sleep 1; kill -9 $!; wait $!");
  EXPECT_EQ(read("report.json"), "an old report");
  const Ended folder = finwait("run lwip --cases 1000000 --no-save --json .");
  EXPECT_EQ(folder.status, 4);
  EXPECT_TRUE(contains(folder.out, "cannot write .: ")) << folder.out;
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

TEST_F(OnLwip, ForgetsWhatIsGoneAndNothingElse) {
  accept_all();
  const std::string known = read("known.txt");
  const std::string name = "3.10.1-mended.pkt";
  const std::string entry =
      "# by hand\nrule: 3.10.1/passive-open-is-silent\nat: CLOSED, open-passive\nversions: VERSION\ntrace: " +
      name + "\n\n";
  const auto expecting = [&](const std::string& versions) {
    write("known.txt", with(entry, "VERSION", versions) + known);
  };
  write("traces/lwip/" + name, mended_here());
  expecting(version());
  EXPECT_TRUE(contains(run_lwip().out, "FIXED"));
  const Ended gone = finwait("forget lwip --gone " + own_places);
  EXPECT_EQ(gone.status, 0) << gone.out;
  EXPECT_TRUE(contains(gone.out, "1 expectation forgotten, 0 for this version only")) << gone.out;
  EXPECT_TRUE(contains(gone.out, "  traces/lwip/" + name + "\n")) << gone.out;
  EXPECT_EQ(read("known.txt"), "# by hand\n" + known);  // the file's own head, where it stands there
  expecting("0.9, " + version());
  EXPECT_EQ(finwait("forget lwip --gone " + own_places).status, 0);
  EXPECT_EQ(read("known.txt"), with(entry, "VERSION", "0.9") + known);
  expecting("*");
  const Ended kept = finwait("forget lwip --gone " + own_places);
  EXPECT_EQ(kept.status, 1);
  EXPECT_TRUE(contains(kept.out, "known.txt:2: gone in " + version() + ", but \"versions: *\"")) << kept.out;
  EXPECT_EQ(read("known.txt"), with(entry, "VERSION", "*") + known);
}

TEST_F(OnLwip, ForgetsARuleByName) {
  accept_all();
  const std::string rule = "3.10.7.3/no-syn-no-rst-is-dropped";
  ASSERT_TRUE(contains(read("known.txt"), rule));
  const Ended still = finwait("forget lwip --gone --rule " + rule + " " + own_places);
  EXPECT_TRUE(contains(still.out, "0 expectations forgotten")) << still.out;
  const Ended named = finwait("forget lwip --rule " + rule + " " + own_places);
  EXPECT_EQ(named.status, 0) << named.out;
  EXPECT_FALSE(contains(read("known.txt"), rule));
  EXPECT_TRUE(contains(run_lwip("--no-save").out, "NEW " + rule));
}

TEST_F(OnLwip, TwoRunsAreCompared) {
  run_lwip("--json before.json");
  const Ended same = finwait("diff before.json before.json");
  EXPECT_EQ(same.status, 0) << same.out;
  EXPECT_EQ(last_line(same.out), "0 new, 0 gone, 0 changed");
  ASSERT_EQ(finwait("accept lwip " + own_places).status, 0);
  finwait("run lwip 3.10.7.3 --cases 0 --seed 0x5eed " + own_places + "--json after.json");
  const std::string all = std::to_string(traces().size());
  const Ended accepted = finwait("diff before.json after.json");
  EXPECT_EQ(accepted.status, 1);
  EXPECT_EQ(last_line(accepted.out), "0 new, 0 gone, " + all + " changed") << accepted.out;
  EXPECT_TRUE(contains(accepted.out, ": standing new -> known\n")) << accepted.out;
  write("empty.json", last_line(read("after.json")) + "\n");
  const Ended gone = finwait("diff after.json empty.json");
  EXPECT_EQ(gone.status, 1);
  EXPECT_EQ(last_line(gone.out), "0 new, " + all + " gone, 0 changed") << gone.out;
  EXPECT_EQ(last_line(finwait("diff empty.json after.json").out), all + " new, 0 gone, 0 changed");
}

// ---- reports for programs ---------------------------------------------------------------------------

class Reports : public OnLwip {
 protected:
  nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(read(name)); }
  pugi::xml_node suite() {
    const auto result = document_.load_file((folder_ / "report/junit.xml").c_str());
    EXPECT_TRUE(result) << result.description();
    return document_.child("testsuites").child("testsuite");
  }
  /// The testcases that have a child of this name, by their names.
  std::set<std::string> cases_with(const char* child) {
    std::set<std::string> names;
    for (const pugi::xml_node& test : suite().children("testcase")) {
      if (test.child(child)) names.insert(test.attribute("name").value());
    }
    return names;
  }
  std::set<std::string> rules_of(const nlohmann::json& objects, const char* key = "rule") const {
    std::set<std::string> rules;
    for (const auto& object : objects) rules.insert(object.at(key));
    return rules;
  }
  /// The exit status of a line of Python that may use what is in Debian's packages; 127 where it has not got
  /// the module.
  Ended python(const std::string& module, const std::string& line) const {
    write("line.py", line);
    return ::finwait::shell("cd " + folder_.string() +
                            " && for python in /usr/bin/python3 python3; do $python -c 'import " + module +
                            "' 2>/dev/null && { $python line.py; exit $?; }; done; exit 127");
  }
  Ended validate(const std::string& file) const {
    return python("jsonschema",
                  "import json, jsonschema\n"
                  "schema = json.load(open('" FINWAIT_SOURCE_DIR
                  "/docs/report.schema.json'))\n"
                  "jsonschema.Draft202012Validator.check_schema(schema)\n"
                  "jsonschema.Draft202012Validator(schema).validate(json.load(open('" +
                      file + "')))\n");
  }

 private:
  pugi::xml_document document_;
};

TEST_F(Reports, EachHasWhatIsNewAndAdvisoriesApart) {
  const Ended ended = run_lwip("--report report");
  EXPECT_EQ(ended.status, 1);
  const nlohmann::json report = json("report/findings.json");
  const auto& findings = report.at("findings");
  const auto& advisories = report.at("advisories");
  ASSERT_EQ(findings.size(), traces().size());
  ASSERT_FALSE(advisories.empty());
  EXPECT_EQ(report.at("exit_status"), 1);
  EXPECT_EQ(report.at("summary"), last_line(ended.out));
  for (const auto& finding : findings) {
    EXPECT_EQ(finding.at("standing"), "new");
    EXPECT_EQ(finding.at("script"), read(finding.at("trace")));
  }
  EXPECT_EQ(cases_with("failure"), rules_of(findings));
  EXPECT_EQ(cases_with("skipped"), rules_of(advisories));
  const std::string markdown = read("report/report.md");
  for (const std::string& rule : rules_of(findings)) EXPECT_TRUE(contains(markdown, rule)) << markdown;
  EXPECT_TRUE(contains(markdown, "| new | ")) << markdown;
  EXPECT_TRUE(contains(markdown, last_line(ended.out))) << markdown;
}

TEST_F(Reports, JUnitCountsWhatItHolds) {
  run_lwip("--report report");
  const std::string rules = finwait("list --rules").out;
  std::size_t count = 0;
  for (const pugi::xml_node& test : suite().children("testcase")) {
    const std::string name = test.attribute("name").value();
    if (contains(name, "/")) {
      EXPECT_TRUE(contains(rules, name)) << name;
    }
    ++count;
  }
  EXPECT_EQ(suite().attribute("tests").as_ullong(), count);
  EXPECT_EQ(suite().attribute("failures").as_ullong(), cases_with("failure").size());
  EXPECT_EQ(suite().attribute("skipped").as_ullong(), cases_with("skipped").size());
  EXPECT_EQ(suite().attribute("errors").as_ullong(), 0u);
  const std::string failure =
      suite()
          .find_child_by_attribute("testcase", "name", "3.10.7.3/no-syn-no-rst-is-dropped")
          .child_value("failure");
  for (const char* part :
       {"\"Fifth, if neither of the SYN or RST bits is set, then drop the segment and return.\"",
        "permitted: ", "observed: ", "--ip_version=ipv4", "finwait replay traces/lwip/"}) {
    EXPECT_TRUE(contains(failure, part)) << part << "\n" << failure;
  }
}

TEST_F(Reports, SarifNamesRulesAndPlaces) {
  run_lwip("--report report");
  const nlohmann::json sarif = json("report/sarif.json");
  EXPECT_EQ(sarif.at("version"), "2.1.0");
  const auto& run = sarif.at("runs").at(0);
  const auto& rules = run.at("tool").at("driver").at("rules");
  std::size_t errors = 0, notes = 0;
  for (const auto& result : run.at("results")) {
    const auto& rule = rules.at(result.at("ruleIndex").get<std::size_t>());
    EXPECT_EQ(rule.at("id"), result.at("ruleId"));
    EXPECT_FALSE(rule.at("help").at("text").get<std::string>().empty());
    result.at("level") == "error" ? ++errors : ++notes;
    EXPECT_EQ(result.at("level") == "note", result.at("properties").at("standing") == "advisory");
    const auto& place = result.at("locations").at(0).at("physicalLocation");
    EXPECT_TRUE(fs::is_regular_file(folder_ / place.at("artifactLocation").at("uri").get<std::string>()))
        << place;
  }
  EXPECT_EQ(errors, traces().size());
  EXPECT_EQ(notes, json("report/findings.json").at("advisories").size());
}

TEST_F(Reports, WhatIsKnownIsNoFailureAndWhatIsGoneIs) {
  accept_all();
  const std::string rule = "3.10.1/passive-open-is-silent", trace = "3.10.1-mended.pkt";
  ASSERT_EQ(run_lwip("--report report").status, 0);
  EXPECT_TRUE(cases_with("failure").empty());
  EXPECT_TRUE(cases_with("skipped").contains("3.10.7.3/no-syn-no-rst-is-dropped"));
  const auto sarif = json("report/sarif.json");
  for (const auto& result : sarif.at("runs").at(0).at("results")) {
    const bool known = result.at("properties").at("standing") == "known";
    EXPECT_EQ(result.contains("suppressions"), known) << result;
    if (known) {
      EXPECT_EQ(result.at("suppressions").at(0).at("justification"), "why\nhttps://bugs.example/7");
    }
  }
  write("traces/lwip/" + trace, mended_here());
  ASSERT_EQ(run_lwip("--report report").status, 1);
  EXPECT_EQ(cases_with("failure"), std::set<std::string>{rule});
  EXPECT_TRUE(contains(read("report/report.md"), "| fixed | [" + rule + "]")) << read("report/report.md");
}

TEST_F(Reports, AnyTextMakesAWholeFile) {
  accept_all();
  write("known.txt",
        with(read("known.txt"), "reason: why", "reason: \x1b[31m & <b> ]]> \xff \xef\xbf\xbf |"));
  ASSERT_EQ(run_lwip("--report report").status, 0);
  EXPECT_TRUE(contains(read("report/junit.xml"), "\xef\xbf\xbd[31m &amp; &lt;b&gt; ]]&gt;"));
  json("report/sarif.json");
  const Ended parsed = python("xml.parsers.expat",
                              "import xml.etree.ElementTree as tree\n"
                              "tree.parse('report/junit.xml')\n");
  if (parsed.status == 127)
    GTEST_SKIP() << "python3, a strict reader of XML, is missing (apt-get install python3)";
  EXPECT_EQ(parsed.status, 0) << parsed.out;
}

TEST_F(Reports, FindingsAreAsTheSchemaSays) {
  run_lwip("--report report");
  const Ended valid = validate("report/findings.json");
  if (valid.status == 127)
    GTEST_SKIP() << "python3-jsonschema is missing (apt-get install python3-jsonschema)";
  EXPECT_EQ(valid.status, 0) << valid.out;
  const nlohmann::json report = json("report/findings.json");
  for (const char* path :
       {"/format", "/totals/seed", "/findings/0/sentence", "/findings/0/script", "/advisories/0/cases"}) {
    const nlohmann::json::json_pointer key(path);
    nlohmann::json less = report, more = report;
    less[key.parent_pointer()].erase(key.back());
    write("less.json", less.dump());
    EXPECT_TRUE(contains(validate("less.json").out, "is a required property")) << path;
    more[key.parent_pointer()]["of-no-schema"] = 1;
    write("more.json", more.dump());
    EXPECT_TRUE(contains(validate("more.json").out, "of-no-schema")) << path;
  }
  accept_all();
  write("traces/lwip/3.10.1-mended.pkt", mended_here());
  run_lwip("--report report");
  const Ended known = validate("report/findings.json");
  EXPECT_EQ(known.status, 0) << known.out;
  ASSERT_EQ(finwait("explore reference --alphabet core --depth 1 --no-save --report report").status, 0);
  const Ended explored = validate("report/findings.json");
  EXPECT_EQ(explored.status, 0) << explored.out;
}

TEST_F(Reports, AFolderThatCannotBeWrittenIsRefusedBeforeTheRun) {
  write("report", "a file");
  const Ended ended = run_lwip("--report report");
  EXPECT_EQ(ended.status, 3);
  EXPECT_TRUE(contains(ended.out, "cannot make the folder report")) << ended.out;
  EXPECT_TRUE(traces().empty());
}

TEST_F(Reports, GitHubShowsWhatIsNewBesideItsScript) {
  const auto annotations = [this](const char* github) {
    const Ended ended =
        ::finwait::shell("cd " + folder_.string() + " && GITHUB_ACTIONS=" + github +
                         " " FINWAIT_BINARY " run lwip 3.10.7.3 --cases 200 --seed 0x5eed " + own_places);
    std::istringstream text(ended.out);
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("::")) lines.push_back(line);
    }
    return lines;
  };
  EXPECT_TRUE(annotations("").empty());
  std::size_t errors = 0;
  for (const std::string& line : annotations("true")) {
    if (line.starts_with("::notice title=")) continue;
    ++errors;
    EXPECT_TRUE(line.starts_with("::error file=traces/lwip/")) << line;
    EXPECT_TRUE(contains(line, ".pkt,line=1,title=")) << line;
    EXPECT_TRUE(contains(line, "\"%0Aobserved: ")) << line;
  }
  EXPECT_EQ(errors, traces().size());
}

// ---- expectations -----------------------------------------------------------------------------------

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

// --- libslirp
// ----------------------------------------------------------------------------------------------------

#ifndef FINWAIT_LIBSLIRP_MISSING

class LibslirpCli : public CommandLine {};

TEST_F(LibslirpCli, TwoRunsWithOneSeedFindTheSame) {
  const std::string run = "run libslirp 3.10.7.3 --cases 200 --no-save --expectations /dev/null --workers ";
  const Ended first = finwait(run + "1");
  EXPECT_EQ(first.status, 1) << first.out;
  EXPECT_EQ(finwait(run + "2").out, first.out);
}

// Each script shows what it says, ten times out of ten.
TEST_F(LibslirpCli, SlowSavedScriptsReproduce) {
  const std::string list = finwait("list --stacks").out;
  if (list.find("libslirp     4.7.0") == std::string::npos)
    GTEST_SKIP() << "the scripts are of 4.7.0:\n" << list;
  const Ended replayed = finwait("replay " FINWAIT_SOURCE_DIR "/traces/libslirp/*.pkt");
  EXPECT_EQ(replayed.status, 0) << replayed.out;
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
