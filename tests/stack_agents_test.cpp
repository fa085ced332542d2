// The agents of impl/agents/ as finwait drives them. What gVisor's says by itself is tested in
// impl/agents/gvisor/agent_test.go.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/shell.h"

namespace finwait {
namespace {

#ifdef FINWAIT_GVISOR_AGENT
#define FINWAIT_GVISOR_MISSING ""
#else
#define FINWAIT_GVISOR_AGENT ""
#endif
#ifdef FINWAIT_SMOLTCP_AGENT
#define FINWAIT_SMOLTCP_MISSING ""
#else
#define FINWAIT_SMOLTCP_AGENT ""
#endif

const std::string program = FINWAIT_BINARY;

struct StackAgent {
  std::string stack, path, missing;
  std::string few_cases;  ///< arguments of a short run that finds something
  std::string finds;      ///< the rule
};

void PrintTo(const StackAgent& agent, std::ostream* out) {
  *out << agent.stack;
}

const StackAgent gvisor{"gvisor", FINWAIT_GVISOR_AGENT, FINWAIT_GVISOR_MISSING, "3.10.7.2 --cases 200",
                        "3.10.7.2/rst-is-ignored"};
const StackAgent smoltcp{"smoltcp", FINWAIT_SMOLTCP_AGENT, FINWAIT_SMOLTCP_MISSING, "3.10.7.3 --cases 300",
                         "3.10.7.3/syn-leads-to-syn-received"};

class StackAgentsCli : public InOwnFolder, public testing::WithParamInterface<StackAgent> {
 protected:
  void SetUp() override {
    InOwnFolder::SetUp();
    if (!GetParam().missing.empty())
      GTEST_SKIP() << "no " << GetParam().stack << " agent: " << GetParam().missing;
  }
};

TEST_P(StackAgentsCli, PassesTheSelfTest) {
  const Ended ended = shell(program + " check-agent -- " + GetParam().path);
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_NE(ended.out.find(" 0 bad, 0 left out"), std::string::npos) << ended.out;
}

// Without the list, so that there is something to find, to shrink and to name.
TEST_P(StackAgentsCli, OneSeedFindsTheSameOnAnyNumberOfWorkers) {
  const std::string run = program + " run " + GetParam().stack + " " + GetParam().few_cases +
                          " --expectations /dev/null --traces ";
  const std::string traces = folder_.string();
  const Ended one = shell(run + traces + "/one --workers 1"), two = shell(run + traces + "/two --workers 2");
  EXPECT_EQ(one.status, 1) << one.out;
  EXPECT_EQ(two.status, 1) << two.out;
  const Ended difference = shell("diff -r " + traces + "/one " + traces + "/two");
  EXPECT_EQ(difference.status, 0) << difference.out;
  EXPECT_NE(one.out.find(GetParam().finds), std::string::npos) << one.out;
}

INSTANTIATE_TEST_SUITE_P(Agents, StackAgentsCli, testing::Values(gvisor, smoltcp),
                         [](const auto& tested) { return tested.param.stack; });

std::string replay(const std::string& traces) {
  return program + " replay " + traces;
}

// Every trace that was accepted still shows its fault.
TEST(GvisorAgentCli, ReplaysWhatIsKnownOfIt) {
  if (!gvisor.missing.empty()) GTEST_SKIP() << "no gvisor agent: " << gvisor.missing;
  const Ended ended = shell(replay(FINWAIT_SOURCE_DIR "/traces/gvisor/3.10.7.2-*.pkt"));
  EXPECT_EQ(ended.out.find("FIXED"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("10/10"), std::string::npos) << ended.out;
}

// Each script shows what it says, ten times out of ten.
TEST(SmoltcpAgentCli, SlowSavedScriptsReproduce) {
  if (!smoltcp.missing.empty()) GTEST_SKIP() << "no smoltcp agent: " << smoltcp.missing;
  const Ended list = shell(program + " list --stacks");
  if (list.out.find("smoltcp      0.14.0") == std::string::npos)
    GTEST_SKIP() << "the scripts are of 0.14.0:\n" << list.out;
  const Ended replayed = shell(replay(FINWAIT_SOURCE_DIR "/traces/smoltcp/*.pkt"));
  EXPECT_EQ(replayed.status, 0) << replayed.out;
}

// 3.8.6.1: a closed window behind which nothing is left to send. poll() does not return, and the agent says
// so.
TEST(SmoltcpAgentCli, APollThatNeverEndsIsAFinding) {
  if (!smoltcp.missing.empty()) GTEST_SKIP() << "no smoltcp agent: " << smoltcp.missing;
  const Ended replayed = shell(
      replay("--times 2 " FINWAIT_SOURCE_DIR "/traces/smoltcp/finwait-iut-survives--FIN-WAIT-1--wait.pkt"));
  EXPECT_EQ(replayed.status, 0) << replayed.out;
  EXPECT_NE(replayed.out.find("reproduced 2/2"), std::string::npos) << replayed.out;
}

}  // namespace
}  // namespace finwait
