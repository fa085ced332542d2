// gVisor's agent as finwait drives it. What it says by itself is tested in impl/agents/gvisor/agent_test.go.
#include <gtest/gtest.h>

#include <string>

#include "tests/shell.h"

namespace finwait {
namespace {

#ifdef FINWAIT_GVISOR_AGENT

const std::string program = FINWAIT_BINARY;

using GvisorAgentCli = InOwnFolder;

TEST_F(GvisorAgentCli, PassesTheSelfTest) {
  const Ended ended = shell(program + " check-agent -- " FINWAIT_GVISOR_AGENT);
  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_NE(ended.out.find(" 0 bad, 0 left out"), std::string::npos) << ended.out;
}

// Without the list, so that there is something to find, to shrink and to name.
TEST_F(GvisorAgentCli, OneSeedFindsTheSameOnAnyNumberOfWorkers) {
  const std::string run = program + " run gvisor 3.10.7.2 --cases 40 --expectations /dev/null --traces ";
  const std::string traces = folder_.string();
  const Ended one = shell(run + traces + "/one --workers 1"), two = shell(run + traces + "/two --workers 2");
  EXPECT_EQ(one.status, 1) << one.out;
  EXPECT_EQ(two.status, 1) << two.out;
  const Ended difference = shell("diff -r " + traces + "/one " + traces + "/two");
  EXPECT_EQ(difference.status, 0) << difference.out;
  EXPECT_NE(one.out.find("3.10.7.2/rst-is-ignored"), std::string::npos) << one.out;
}

// Every trace that was accepted still shows its fault.
TEST_F(GvisorAgentCli, ReplaysWhatIsKnownOfIt) {
  const Ended ended = shell(program + " replay " FINWAIT_SOURCE_DIR "/traces/gvisor/3.10.7.2-*.pkt");
  EXPECT_EQ(ended.out.find("FIXED"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("10/10"), std::string::npos) << ended.out;
}

#else

TEST(GvisorAgentCli, IsBuilt) {
  GTEST_SKIP() << "no gvisor agent: " << FINWAIT_GVISOR_MISSING;
}

#endif

}  // namespace
}  // namespace finwait
