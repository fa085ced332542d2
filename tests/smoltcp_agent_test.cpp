// smoltcp's agent as finwait drives it.
#include <gtest/gtest.h>

#include <string>

#include "tests/shell.h"

namespace finwait {
namespace {

#ifdef FINWAIT_SMOLTCP_AGENT

const std::string program = FINWAIT_BINARY;

using SmoltcpAgentCli = InOwnFolder;

TEST_F(SmoltcpAgentCli, PassesTheSelfTest) {
  const Ended ended = shell(program + " check-agent -- " FINWAIT_SMOLTCP_AGENT);
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_NE(ended.out.find(" 0 bad, 0 left out"), std::string::npos) << ended.out;
}

// Without the list, so that there is something to find, to shrink and to name.
TEST_F(SmoltcpAgentCli, OneSeedFindsTheSameOnAnyNumberOfWorkers) {
  const std::string run = program + " run smoltcp 3.10.7.3 --cases 300 --expectations /dev/null --traces ";
  const std::string traces = folder_.string();
  const Ended one = shell(run + traces + "/one --workers 1"), two = shell(run + traces + "/two --workers 2");
  EXPECT_EQ(one.status, 1) << one.out;
  EXPECT_EQ(two.status, 1) << two.out;
  const Ended difference = shell("diff -r " + traces + "/one " + traces + "/two");
  EXPECT_EQ(difference.status, 0) << difference.out;
  EXPECT_NE(one.out.find("3.10.7.3/syn-leads-to-syn-received"), std::string::npos) << one.out;
}

// Each script shows what it says, ten times out of ten.
TEST_F(SmoltcpAgentCli, SlowSavedScriptsReproduce) {
  const Ended list = shell(program + " list --stacks");
  if (list.out.find("smoltcp      0.14.0") == std::string::npos)
    GTEST_SKIP() << "the scripts are of 0.14.0:\n" << list.out;
  const Ended replayed = shell(program + " replay " FINWAIT_SOURCE_DIR "/traces/smoltcp/*.pkt");
  EXPECT_EQ(replayed.status, 0) << replayed.out;
}

// 3.8.6.1: a closed window behind which nothing is left to send. poll() does not return, and the agent says
// so.
TEST_F(SmoltcpAgentCli, APollThatNeverEndsIsAFinding) {
  const std::string trace = FINWAIT_SOURCE_DIR "/traces/smoltcp/finwait-iut-survives--FIN-WAIT-1--wait.pkt";
  const Ended replayed = shell(program + " replay --times 2 " + trace);
  EXPECT_EQ(replayed.status, 0) << replayed.out;
  EXPECT_NE(replayed.out.find("reproduced 2/2"), std::string::npos) << replayed.out;
}

#else

TEST(SmoltcpAgentCli, IsBuilt) {
  GTEST_SKIP() << "no smoltcp agent: " << FINWAIT_SMOLTCP_MISSING;
}

#endif

}  // namespace
}  // namespace finwait
