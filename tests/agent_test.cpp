// Agents: the protocol's text, agents that break it in each way, check-agent, and docs/agent-protocol.md.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "harness/text.h"
#include "impl/agent/agent_adapter.h"
#include "impl/agent/protocol.h"
#include "impl/agent/self_test.h"
#include "tests/shell.h"

namespace finwait {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::string source = FINWAIT_SOURCE_DIR;

std::string file_text(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What is said of the work; empty: it throws nothing.
std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// Everything in a profile, to compare.
std::string text_of(const Profile& p) {
  std::ostringstream text;
  text << p.name << '|' << p.version << '|' << static_cast<int>(p.clock);
  for (const Time time :
       {p.tick, p.msl, p.reaction, p.slack, p.step, p.throttle, p.patience, p.r2_syn, p.r2_data})
    text << '|' << time.count();
  text << '|' << p.receive_buffer << '|' << p.mss << '|' << p.listener_persists << '|' << p.iut_address << '|'
       << p.tester_address;
  for (const Call call : p.calls) text << '|' << name(call);
  return text.str();
}

// ---- what is asked --------------------------------------------------------------------------------------

TEST(AgentProtocol, Requests) {
  const std::vector<std::uint8_t> octets{0x00, 0xaf, 0x10};
  Request request;
  request.socket = 3;
  request.child = 4;
  request.local_port = 80;
  request.remote_port = 40000;
  request.data = octets;
  request.count = 100;
  const auto line = [&](Call call) {
    request.call = call;
    return agent::call_line(request);
  };
  EXPECT_EQ(agent::hello_line(), "hello finwait-agent 1");
  EXPECT_EQ(agent::reset_line(~std::uint64_t{0}), "reset 18446744073709551615");
  EXPECT_EQ(agent::deliver_line(octets), "deliver 00af10");
  EXPECT_EQ(agent::deliver_line({}), "deliver -");
  EXPECT_EQ(agent::advance_line(2s), "advance 2000000");
  EXPECT_EQ(line(Call::open_passive), "call open-passive 3 80 8");
  EXPECT_EQ(line(Call::open_active), "call open-active 3 80 40000");
  EXPECT_EQ(line(Call::accept), "call accept 3 4");
  EXPECT_EQ(line(Call::send), "call send 3 00af10");
  EXPECT_EQ(line(Call::receive), "call receive 3 100");
  EXPECT_EQ(line(Call::close), "call close 3");
  EXPECT_EQ(line(Call::close_full), "call close-full 3");
  EXPECT_EQ(line(Call::abort), "call abort 3");
  EXPECT_EQ(line(Call::status), "call status 3");
}

// ---- what is answered -----------------------------------------------------------------------------------

TEST(AgentProtocol, Observations) {
  using What = agent::Observation::What;
  const auto datagram = agent::read_observation("datagram 5 0aFf");
  ASSERT_TRUE(datagram);
  EXPECT_EQ(datagram->what, What::datagram);
  EXPECT_EQ(datagram->at, 5us);
  EXPECT_EQ(datagram->packet, (std::vector<std::uint8_t>{0x0a, 0xff}));
  const auto failed = agent::read_observation("failed 6 7 timed-out");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->what, What::failed);
  EXPECT_EQ(failed->socket, 7u);
  EXPECT_EQ(failed->why, Result::timed_out);
  EXPECT_EQ(agent::read_observation("opened 0 1")->what, What::opened);
  EXPECT_EQ(agent::read_observation("acceptable 0 1")->what, What::acceptable);
  EXPECT_FALSE(agent::read_observation("ok"));
  EXPECT_EQ(agent::read_crash("crashed panic: no buffer"), "panic: no buffer");
  EXPECT_FALSE(agent::read_crash("ok"));
}

TEST(AgentProtocol, Replies) {
  const std::vector<std::uint8_t> data{1, 2, 3};
  std::vector<std::uint8_t> octets;
  std::string state;
  Request request;
  request.data = data;
  request.count = 2;
  const auto reply = [&](Call call, std::string_view line) {
    request.call = call;
    return agent::read_reply(request, agent::read_answer(line), octets, state);
  };
  EXPECT_EQ(reply(Call::send, "ok 3").count, 3u);
  EXPECT_EQ(reply(Call::receive, "ok 0102").data.size(), 2u);
  EXPECT_TRUE(reply(Call::receive, "ok -").data.empty());
  EXPECT_EQ(reply(Call::status, "ok SYN-SENT").state, "SYN-SENT");
  EXPECT_EQ(reply(Call::send, "pending").result, Result::pending);
  const auto refusal = [&](Call call, std::string_view line) {
    return complaint([&] { reply(call, line); });
  };
  EXPECT_EQ(refusal(Call::send, "ok 4"), "expected at most the 3 octets that were to be sent, found \"4\"");
  EXPECT_EQ(refusal(Call::send, "ok"), "expected \"ok\" and how many octets were taken, found \"\"");
  EXPECT_EQ(refusal(Call::receive, "ok 010203"), "expected at most 2 octets, found \"010203\"");
  EXPECT_EQ(refusal(Call::status, "ok"), "expected \"ok\" and a state such as SYN-SENT, found \"\"");
  EXPECT_EQ(refusal(Call::close, "ok 1"), "expected the end of the line, found \"1\"");
  EXPECT_EQ(refusal(Call::send, "pending 1"), "expected the end of the line, found \"1\"");
}

TEST(AgentProtocol, RefusesWhatIsNoAnswer) {
  const auto refusal = [](std::string_view line) {
    return complaint([&] {
      if (!agent::read_observation(line)) agent::read_answer(line);
    });
  };
  const std::string no_octets = "expected octets as pairs of hexadecimal digits, or -, found ";
  EXPECT_EQ(refusal("datagram 0 4g"), no_octets + "\"4g\"");
  EXPECT_EQ(refusal("datagram 0 4"), no_octets + "\"4\"");
  EXPECT_EQ(refusal("datagram 0"), no_octets + "\"\"");
  EXPECT_EQ(refusal("datagram 0 40 40"), "expected the end of the line, found \"40\"");
  EXPECT_EQ(refusal("datagram soon 40"), "expected a time in microseconds, found \"soon\"");
  EXPECT_EQ(refusal("opened -1 1"), "expected a time in microseconds that is not negative, found \"-1\"");
  EXPECT_EQ(refusal("opened 99999999999999999999 1"),
            "expected a time in microseconds, found \"99999999999999999999\"");
  EXPECT_EQ(refusal("opened 0 x"), "expected a socket's number, found \"x\"");
  EXPECT_EQ(refusal("opened 0 4294967296"), "expected a socket's number, found \"4294967296\"");
  EXPECT_TRUE(refusal("failed 0 1 sad").starts_with("expected a result (ok, pending, "));
  EXPECT_TRUE(
      refusal("datagram 0 " + std::string(131072, '0')).starts_with("expected a datagram of at most 65535"));
  EXPECT_TRUE(
      refusal("OK").starts_with("expected datagram, opened, acceptable, failed, crashed or a result ("));
  EXPECT_TRUE(contains(refusal(""), "found \"\""));
}

TEST(AgentProtocol, RefusesWrongClaims) {
  Profile profile;
  const auto refusal = [&](std::string_view line) {
    return complaint([&] { agent::read_claim(line, profile); });
  };
  EXPECT_FALSE(agent::read_claim("ok", profile));
  EXPECT_TRUE(refusal("claim speed 9").starts_with("expected a claim (name, version, "));
  EXPECT_TRUE(contains(refusal("claim speed 9"), "found \"speed\""));
  for (const char* zero : {"tick", "msl", "step", "patience"}) {
    EXPECT_EQ(refusal(std::string("claim ") + zero + " 0"),
              "expected a time in microseconds greater than 0, found \"0\"");
  }
  for (const char* time : {"reaction", "slack", "throttle", "r2-syn", "r2-data"}) {
    EXPECT_EQ(refusal(std::string("claim ") + time + " 1s"), "expected a time in microseconds, found \"1s\"");
  }
  EXPECT_EQ(refusal("claim clock wall"), "expected virtual or real, found \"wall\"");
  EXPECT_EQ(refusal("claim mss 0"), "expected octets, 1 to 65535, found \"0\"");
  EXPECT_EQ(refusal("claim mss 65536"), "expected octets, 1 to 65535, found \"65536\"");
  EXPECT_EQ(refusal("claim receive-buffer -1"), "expected octets, found \"-1\"");
  EXPECT_EQ(refusal("claim listener-persists true"), "expected yes or no, found \"true\"");
  for (const char* address : {"10.0.0", "10.0.0.256", "10.0.0.1.2", "host"})
    EXPECT_TRUE(
        contains(refusal(std::string("claim iut-address ") + address), "an IPv4 address such as 10.0.0.1"));
  EXPECT_TRUE(refusal("claim calls send dance").starts_with("expected a user call (open-passive, "));
}

// ---- agents that break it -------------------------------------------------------------------------------

/// Scripts are written into a folder of their own.
class Agents : public InOwnFolder {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  agent::Command python(const std::string& text) const {
    std::ofstream(path("agent.py")) << text;
    return {"python3", path("agent.py")};
  }

  /// An example with each of its parts in place of another.
  using Changes = std::vector<std::pair<std::string, std::string>>;
  agent::Command changed(const std::string& example, const Changes& changes) const {
    std::string text = file_text(source + "/" + example);
    for (const auto& [from, to] : changes) {
      const std::size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << example << " has no \"" << from << "\" any more";
      if (at != std::string::npos) text.replace(at, from.size(), to);
    }
    return python(text);
  }
  agent::Command listening(const Changes& changes = {}) const {
    return changed("tests/agents/listening.py", changes);
  }
  agent::Command closed_port(const Changes& changes = {}) const {
    return changed("docs/examples/closed_port.py", changes);
  }

  Ended finwait(const std::string& arguments) const {
    return shell("cd " + folder_.string() + " && " FINWAIT_BINARY " " + arguments);
  }
};

/// The same by the program.
class AgentsCli : public Agents {};

class Ignored final : public Sink {
 public:
  void datagram(Time, Octets) override {}
  void opened(Time, Socket) override {}
  void acceptable(Time, Socket) override {}
  void failed(Time, Socket, Result) override {}
};

/// Everything that an adapter is asked for in a case.
void use(Adapter& adapter) {
  Ignored sink;
  const std::vector<std::uint8_t> packet(40);
  adapter.reset(1);
  adapter.advance(1s, sink);
  Request request;
  request.socket = 1;
  request.call = Call::send;
  request.data = packet;
  adapter.call(request, sink);
  request.call = Call::receive;
  request.count = 2;
  adapter.call(request, sink);
  adapter.advance(1s, sink);
}

/// A greeting, then an answer of one's own for each request.
std::string greets_then(const std::string& answer) {
  return "import os, sys, time\n"
         "for line in sys.stdin:\n"
         "    word = line.split()[0]\n"
         "    said = 'claim name bad\\nclaim version 1\\nok' if word == 'hello' else 'ok'\n"
         "    if line.startswith('call send'): said = 'ok 1'\n"
         "    if line.startswith('call receive'): said = 'ok 00'\n"
         "    end = '\\n'\n" +
         answer +
         "\n"
         "    sys.stdout.write(said + end)\n"
         "    sys.stdout.flush()\n";
}

struct Bad {
  const char* how;
  const char* answer;
  const char* complaint;
};

TEST_F(Agents, ThatKeepToTheProtocolAreHeard) {
  const auto adapter = make_agent(python(greets_then("")), 20s);
  EXPECT_EQ(adapter->profile().name, "bad");
  EXPECT_EQ(complaint([&] { use(*adapter); }), "");
}

TEST_F(Agents, ThatBreakTheProtocolAreRefused) {
  const Bad all[] = {
      {"unknown word", "    if word == 'reset': said = 'done'",
       "asked \"reset 1\" (line 2 of its input): line 4 of its output: expected datagram, "},
      {"wrong hex", "    if word == 'advance': said = 'datagram 0 xy\\nok'",
       "octets as pairs of hexadecimal digits"},
      {"time beyond", "    if word == 'advance': said = 'opened 2000001 1\\nok'",
       "expected a time from 0 to 1000000 microseconds, found 2000001"},
      {"time going back", "    if word == 'advance': said = 'opened 9 1\\nopened 8 1\\nok'",
       "expected a time from 9 to 1000000 microseconds, found 8"},
      {"ahead in a call", "    if word == 'call': said = 'opened 1000001 1\\nok 1'",
       "expected a time from 0 to 1000000 microseconds, found 1000001"},
      {"more sent than asked", "    if 'send' in line: said = 'ok 41'",
       "expected at most the 40 octets that were to be sent"},
      {"more received than asked", "    if 'receive' in line: said = 'ok 000000'",
       "expected at most 2 octets"},
      {"a call's result elsewhere", "    if word == 'advance': said = 'pending'",
       "expected \"ok\", found \"pending\""},
      {"something before time 0", "    if word == 'reset': said = 'opened 0 1\\nok'",
       "nothing has happened yet to cause \"opened\""},
      {"unknown claim", "    if word == 'hello': said = 'claim colour red\\nok'", "expected a claim (name, "},
      {"no name", "    if word == 'hello': said = 'claim version 1\\nok'", "the claim \"name\" is missing"},
      {"no version", "    if word == 'hello': said = 'claim name bad\\nok'",
       "the claim \"version\" is missing"},
      {"no claims", "    if word == 'hello': said = 'hello'",
       "expected \"claim NAME VALUE\" or \"ok\", found \"hello\""},
      {"ends", "    if word == 'reset': sys.exit(7)", "it has ended with exit status 7"},
      {"ends well", "    if word == 'reset': sys.exit(0)", "it has ended with exit status 0"},
      {"is killed", "    if word == 'reset': os.kill(os.getpid(), 11)", "it was ended by SIGSEGV"},
      {"half a line at its end", "    if word == 'reset': os.write(1, b'o'); os._exit(3)",
       "it has ended with exit status 3 in the middle of the line \"o\""},
      {"closes its output", "    if word == 'reset': os.close(0); os.close(1); time.sleep(60)",
       "it has closed its output"},
      {"never ends its line", "    while word == 'advance': os.write(1, b'o' * 65536)",
       "it does not end its line"},
      {"babbles after its answer", "    if word == 'advance': said = 'ok\\nok'",
       "before that it has said \"ok\" unasked"},
  };
  for (const Bad& bad : all) {
    SCOPED_TRACE(bad.how);
    const std::string why = complaint([&] { use(*make_agent(python(greets_then(bad.answer)), 20s)); });
    EXPECT_TRUE(contains(why, bad.complaint)) << "expected: " << bad.complaint << "\nfound: " << why;
    EXPECT_TRUE(contains(why, "agent python3 ")) << why;
  }
}

/// An agent that greets, is reset, and then does this: a shell starts soon enough for a short patience.
agent::Command after_reset(const std::string& then) {
  return {"sh", "-c",
          "read line; printf 'claim name bad\\nclaim version 1\\nok\\n'; read line; echo ok; " + then};
}

TEST_F(Agents, AreNotWaitedForEver) {
  const Bad all[] = {
      {"goes on", "read line; while :; do echo opened 0 1; sleep 0.02; done",
       "its answer has not come to its end within 1000 ms"},
      {"trickles", "read line; while :; do printf o; sleep 0.02; done",
       "its answer has not come to its end within 1000 ms"},
  };
  for (const Bad& bad : all) {
    SCOPED_TRACE(bad.how);
    const std::string why = complaint([&] { use(*make_agent(after_reset(bad.answer), 1000ms)); });
    EXPECT_TRUE(contains(why, bad.complaint)) << why;
  }
}

// So does a stack that hangs or crashes: a worker's end is a finding, with the script.
TEST_F(Agents, ThatEndOrFallSilentInACaseEndTheProcess) {
  EXPECT_DEATH(use(*make_agent(after_reset("sleep 60"), 1000ms)),
               "asked .advance 1000000. .line 3 of its input.: it has said nothing for 1000 ms");
  EXPECT_DEATH(use(*make_agent(after_reset("read line; exit 4"), 1000ms)), "it has ended with exit status 4");
}

TEST_F(Agents, ThatDoNotReadAreNotWaitedForEver) {
  const auto adapter = make_agent(after_reset("sleep 60"), 1000ms);
  Ignored sink;
  adapter->reset(1);
  const std::vector<std::uint8_t> text(1 << 20);
  Request request;
  request.call = Call::send;
  request.data = text;
  EXPECT_DEATH(adapter->call(request, sink), "it does not read its input .waited 1000 ms.");
}

TEST(AgentCommand, MayBeTypedAgain) {
  const std::string typed = agent::to_text({"printf", "%s.", "it's", "", "a b", "$HOME"});
  EXPECT_EQ(shell(typed).out, "it's..a b.$HOME.") << typed;
}

TEST_F(Agents, ThatCannotBeStartedAreNamed) {
  EXPECT_EQ(complaint([&] {
              make_agent({path("none"), "a b"});
            }),
            "cannot start the agent " + path("none") + " 'a b': No such file or directory");
  std::ofstream(path("plain")) << "";
  EXPECT_TRUE(contains(complaint([&] { make_agent({path("plain")}); }), "Permission denied"));
}

// ---- nothing is left of them ----------------------------------------------------------------------------

bool is_alive(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(status, line);
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.at(name_end + 2) != 'Z';
}

bool all_end(const std::vector<pid_t>& processes) {
  for (const auto deadline = std::chrono::steady_clock::now() + 5s;
       std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(10ms)) {
    bool some = false;
    for (const pid_t pid : processes) some = some || is_alive(pid);
    if (!some) return true;
  }
  return false;
}

/// An agent with a child that heeds nothing; both write their numbers into a file.
std::string with_a_child(const std::string& pids) {
  return "import os, signal, sys, time\n"
         "child = os.fork()\n"
         "if child == 0:\n"
         "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
         "    time.sleep(60)\n"
         "    os._exit(0)\n"
         "open('" +
         pids + "', 'w').write('%d %d\\n' % (os.getpid(), child))\n" +
         greets_then("    if word == 'advance': time.sleep(60)");
}

std::vector<pid_t> pids_in(const std::string& path) {
  for (const auto deadline = std::chrono::steady_clock::now() + 5s;
       std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(10ms)) {
    std::ifstream file(path);
    pid_t one = 0, two = 0;
    if (file >> one >> two) return {one, two};
  }
  return {};
}

TEST_F(Agents, EndWithTheirAdapter) {
  auto adapter = make_agent(python(with_a_child(path("pids"))), 20s);
  const auto pids = pids_in(path("pids"));
  ASSERT_EQ(pids.size(), 2u);
  for (const pid_t pid : pids) EXPECT_TRUE(is_alive(pid));
  adapter.reset();
  EXPECT_TRUE(all_end(pids));
}

TEST_F(AgentsCli, EndWhenFinwaitIsKilled) {
  const auto command = python(with_a_child(path("pids")));
  const pid_t program = fork();
  if (program == 0) {
    execl(FINWAIT_BINARY, "finwait", "check-agent", "--patience", "60s", "--", command[0].c_str(),
          command[1].c_str(), nullptr);
    _exit(127);
  }
  const auto pids = pids_in(path("pids"));
  ASSERT_EQ(pids.size(), 2u);
  std::this_thread::sleep_for(300ms);  // it waits in "advance"
  for (const pid_t pid : pids) EXPECT_TRUE(is_alive(pid));
  kill(program, SIGKILL);
  waitpid(program, nullptr, 0);
  EXPECT_TRUE(all_end(pids));
}

// ---- the program ----------------------------------------------------------------------------------------

TEST_F(AgentsCli, RunLikeAnyOtherStack) {
  closed_port();
  const Ended good = finwait("run --cases 200 --traces traces -- python3 agent.py");
  EXPECT_EQ(good.status, 0) << good.out;
  EXPECT_TRUE(contains(good.out, "closed-port 1: 200 cases")) << good.out;
}

TEST_F(AgentsCli, ShowWhatTheirStacksDoWrong) {
  closed_port({{" or flags & RST:", ":"}});
  const std::string command = " --traces traces -- python3 agent.py";
  const Ended bad = finwait("run --cases 200" + command);
  EXPECT_EQ(bad.status, 1) << bad.out;
  EXPECT_TRUE(contains(bad.out, "NEW 3.10.7.1/")) << bad.out;
  EXPECT_TRUE(contains(bad.out, ".pkt -- python3 agent.py\n")) << bad.out;
  const Ended again = finwait("replay traces/closed-port/*.pkt -- python3 agent.py");
  EXPECT_TRUE(contains(again.out, "reproduced 10/10")) << again.out;
}

TEST_F(AgentsCli, SlowCrashAsStacksDo) {
  closed_port(
      {{"    if words[0] == \"hello\":",
        "    if words[0] == \"deliver\" and now > 0:\n        return [\"crashed panic: out of buffers\"]\n"
        "    if words[0] == \"hello\":"}});
  const Ended ended = finwait("run 3.10.7.1 --cases 3 --traces traces -- python3 agent.py");
  EXPECT_EQ(ended.status, 1) << ended.out;
  EXPECT_TRUE(contains(ended.out, "NEW finwait/iut-survives")) << ended.out;
  EXPECT_TRUE(contains(ended.out, "panic: out of buffers")) << ended.out;
}

TEST_F(AgentsCli, FailAsAdaptersDo) {
  closed_port({{"        now += int(words[1])", "        return [\"done\"]"}});
  const Ended ended = finwait("run --cases 50 --traces traces -- python3 agent.py");
  EXPECT_EQ(ended.status, 4) << ended.out;
  EXPECT_TRUE(contains(ended.out, "agent python3 agent.py: asked \"advance ")) << ended.out;
}

TEST_F(AgentsCli, AreMissing) {
  for (const char* arguments : {"check-agent", "check-agent --", "run --", "list -- true",
                                "check-agent --patience 0s -- true", "check-agent --patience soon -- true"}) {
    const Ended ended = finwait(arguments);
    EXPECT_EQ(ended.status, 3) << arguments << ": " << ended.out;
  }
  EXPECT_EQ(finwait("run -- ./none").status, 4);
  EXPECT_EQ(finwait("check-agent -- ./none").status, 4);
}

// ---- check-agent ----------------------------------------------------------------------------------------

std::vector<AgentCheck> checks_of(const agent::Command& command) {
  std::vector<AgentCheck> all;
  check_agent(command, 20s, [&](const AgentCheck& check) { all.push_back(check); });
  return all;
}

TEST_F(Agents, PassEveryCheck) {
  const auto checks = checks_of(listening());
  EXPECT_EQ(checks.size(), 8u);
  for (const AgentCheck& check : checks)
    EXPECT_EQ(check.verdict, AgentCheck::Verdict::good) << check.what << ": " << check.remark;
}

TEST_F(Agents, FailEachCheckOnItsOwn) {
  struct {
    Changes change;
    const char* remark;
  } const all[] = {
      {{{"\"claim version 1\", ", ""}}, "the claim \"version\" is missing"},
      {{{"        stack.reset(int(words[1]))",
         "        stack.reset(int(words[1]))\n        return [\"ok\", \"ok\"]"}},
       "unasked"},
      {{{"(ip + tcp).hex()", "(ip + tcp).hex()[1:]"}}, "octets as pairs of hexadecimal digits"},
      {{{"        stack.now += int(words[1])",
         "        stack.now += int(words[1])\n        return [\"opened %d 1\" % (stack.now + 1), \"ok\"]"}},
       "expected a time from 0 to 0 microseconds, found 1"},
      {{{"self.segment(SYN | ACK)]", "self.segment(ACK)]"}}, "expected a SYN,ACK with ACK number 1001"},
      {{{"self.held.hex()", "self.held[1:].hex()"}}, "expected ok 7265706c79 of the RECEIVE"},
      {{{"        self.iss = 100 + seed", "        self.iss += seed"},
        {"self.snd_nxt, self.rcv_nxt = 0, seq + 1", "self.snd_nxt, self.rcv_nxt = self.iss, seq + 1"}},
       "expected the second case of seed 7 to be like the first"},
      {{{"    sys.stdout.flush()", "    sys.stdout.flush()\nsys.exit(5)"}},
       "it has ended with exit status 5"},
  };
  std::size_t number = 0;
  for (const auto& bad : all) {
    SCOPED_TRACE(number);
    const auto checks = checks_of(listening(bad.change));
    ASSERT_GT(checks.size(), number);
    for (std::size_t i = 0; i < number; ++i)
      EXPECT_EQ(checks[i].verdict, AgentCheck::Verdict::good) << checks[i].what << ": " << checks[i].remark;
    EXPECT_EQ(checks[number].verdict, AgentCheck::Verdict::bad) << checks[number].what;
    EXPECT_TRUE(contains(checks[number].remark, bad.remark)) << checks[number].remark;
    ++number;
  }
}

TEST_F(AgentsCli, FailWithTheExitStatusOfAnAdapter) {
  listening({{"    sys.stdout.flush()", "    sys.stdout.flush()\nsys.exit(5)"}});
  const Ended ended = finwait("check-agent --patience 20s -- python3 agent.py");
  EXPECT_EQ(ended.status, 4);
  EXPECT_TRUE(contains(ended.out, "agent python3 agent.py: 7 checks good, 1 bad, 0 left out")) << ended.out;
}

TEST_F(Agents, AreToldOfWhatTheySayUnaskedWithoutALineEnd) {
  const auto checks = checks_of(closed_port({{"\"\\n\".join(answer(line.split())) + \"\\n\"",
                                              "\"\\n\".join(answer(line.split())) + \"\\nmore\""}}));
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_TRUE(contains(checks[0].remark, "expected silence until the next request, found \"more\""))
      << checks[0].remark;
}

// ---- docs/agent-protocol.md -----------------------------------------------------------------------------

std::string document() {
  return file_text(source + "/docs/agent-protocol.md");
}

/// The lines of the document's blocks that begin with a mark, less the mark.
std::string lines_with(const std::string& mark) {
  const std::string text = document();
  std::string found;
  bool inside = false;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("```")) inside = !inside;
    if (inside && line.starts_with(mark)) found += std::string(line.substr(mark.size())) + "\n";
  }
  return found;
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  const std::string inner = list.substr(list.find('(') + 1, list.find(')') - list.find('(') - 1);
  for (const std::string_view word : split(inner, ','))
    words.emplace_back(word.substr(word.starts_with(' ') ? 1 : 0));
  return words;
}

TEST(AgentDocument, HasEveryWordOfTheProtocol) {
  const std::string text = document();
  std::vector<std::string> words{"hello finwait-agent " + std::to_string(agent::protocol_version)};
  for (const char* word :
       {"reset SEED", "deliver OCTETS", "advance TIME", "datagram TIME OCTETS", "opened TIME SOCKET",
        "acceptable TIME SOCKET", "failed TIME SOCKET RESULT", "crashed TEXT"})
    words.emplace_back(word);
  for (std::size_t i = 0; i < model::call_count; ++i)
    words.push_back("call " + std::string(name(static_cast<Call>(i))) + " SOCKET");
  for (const std::string& word : words) EXPECT_TRUE(contains(text, "`" + word)) << word;
  for (std::size_t i = 0; i < model::result_count; ++i) {
    const std::string result(name(static_cast<Result>(i)));
    EXPECT_TRUE(contains(text, "| `" + result + "` |")) << result;
  }
}

// | `tick` | microseconds | 500000 | ... |
TEST(AgentDocument, HasEveryClaimWithItsDefault) {
  const std::string text = document();
  Profile unused;
  const auto names = words_of(complaint([&] { agent::read_claim("claim ? ?", unused); }));
  EXPECT_EQ(names.size(), 18u);
  for (const std::string& claim : names) {
    const std::string head = "| `" + claim + "` | ";
    const std::size_t at = text.find(head);
    ASSERT_NE(at, std::string::npos) << claim;
    const auto cells = split(std::string_view(text).substr(at, text.find('\n', at) - at), '|');
    ASSERT_GT(cells.size(), 4u) << claim;
    const std::string value(cells[3]);  // trimmed by split()
    Profile profile;
    if (value == "required" || value == "none") continue;
    const std::string line = std::string("claim ").append(claim).append(" ").append(value);
    EXPECT_EQ(complaint([&] { agent::read_claim(line, profile); }), "") << line;
    EXPECT_EQ(text_of(profile), text_of(Profile{})) << line;
  }
}

class AgentDocumentCli : public Agents {};

TEST_F(AgentDocumentCli, ItsDialogueGoesAsItSays) {
  const std::string asked = lines_with("> "), answered = lines_with("< ");
  ASSERT_TRUE(contains(asked, "deliver "));
  std::ofstream(path("asked")) << asked;
  const Ended ended = shell("python3 " + source + "/docs/examples/closed_port.py < " + path("asked"));
  EXPECT_EQ(ended.out, answered);
}

TEST_F(AgentDocumentCli, CheckAgentSaysWhatItSays) {
  const std::string text = document();
  const Ended ended =
      shell("cd " + source +
            "/docs/examples && " FINWAIT_BINARY " check-agent --patience 20s -- python3 closed_port.py");
  EXPECT_TRUE(contains(text, "$ finwait check-agent -- python3 closed_port.py\n" + ended.out)) << ended.out;
}

}  // namespace
}  // namespace finwait
