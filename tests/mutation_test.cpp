// The tool that plants faults in the model: what it plants, and what it says of those that nobody catches.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/shell.h"

namespace finwait {
namespace {

class MutationCli : public InOwnFolder {
 protected:
  void SetUp() override {
    InOwnFolder::SetUp();
    std::filesystem::create_directories(folder_ / "out");
  }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::string content(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(folder_ / name).rdbuf();
    return all.str();
  }
  // The number of the first fault whose line has this text.
  static std::string number_of(const std::string& text) {
    std::istringstream list(shell(std::string(FINWAIT_MUTATION) + " --list").out);
    for (std::string line; std::getline(list, line);) {
      if (line.find(text) != line.npos) return line.substr(0, 5);
    }
    return {};
  }
};

TEST_F(MutationCli, PlantsEachKindOfFaultOnce) {
  const std::string source = file("small.cpp",
                                  "int f(int a, int b) {\n"
                                  "  if (a < b) g(a);\n"
                                  "  const bool left = lt(a, b);  // if (no) code\n"
                                  "  for (int i = 0; i < a; ++i) b += i;\n"
                                  "  return left ? a : b;\n"
                                  "}\n");
  const Ended ran = shell(std::string(FINWAIT_INSTRUMENT) + " " + (folder_ / "out").string() + " " + source);
  ASSERT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(content("out/mutants.inc"),
            "{\"small.cpp\", 2, \"f\", \"negate\", \"a < b\"},\n"
            "{\"small.cpp\", 2, \"f\", \"off-by-one\", \"a < b\"},\n"
            "{\"small.cpp\", 2, \"f\", \"drop\", \"g(a);\"},\n"
            "{\"small.cpp\", 3, \"f\", \"boundary\", \"lt(a, b)\"},\n"
            "{\"small.cpp\", 4, \"f\", \"drop\", \"b += i;\"},\n");
}

TEST_F(MutationCli, SaysWhereASourceIsMissing) {
  const Ended ran =
      shell(std::string(FINWAIT_INSTRUMENT) + " " + folder_.string() + " " + folder_.string() + "/none.cpp");
  EXPECT_EQ(ran.status, 4);
  EXPECT_NE(ran.out.find("none.cpp: cannot be read"), std::string::npos) << ran.out;
}

TEST_F(MutationCli, AFaultThatIsCaughtAndOneThatIsNot) {
  const std::string caught = number_of("TakeFin>"), equivalent = number_of("new_tcb  drop: fresh.since");
  ASSERT_FALSE(caught.empty());
  ASSERT_FALSE(equivalent.empty());
  const std::string program(FINWAIT_MUTATION), none = " --survivors " + file("none.txt", "");
  EXPECT_EQ(shell(program + " --mutant " + caught + none).status, 0);
  EXPECT_EQ(shell(program + " --mutant " + equivalent).status, 0);
  const Ended unexplained = shell(program + " --cases 500 --mutant " + equivalent + none);
  EXPECT_EQ(unexplained.status, 1);
  EXPECT_NE(unexplained.out.find("survived, unexplained: "), std::string::npos) << unexplained.out;
}

TEST_F(MutationCli, RefusesWhatExplainsNothing) {
  const std::string program(FINWAIT_MUTATION);
  const Ended vague = shell(program + " --mutant 0 --survivors " +
                            file("vague.txt", "# ours\na.cpp | f | drop | x; | no idea\n"));
  EXPECT_EQ(vague.status, 4);
  EXPECT_NE(vague.out.find("vague.txt:2:25: expected \"equivalent: \" or \"open: \""), std::string::npos)
      << vague.out;
  const Ended torn = shell(program + " --mutant 0 --survivors " + file("torn.txt", "a.cpp | f\n"));
  EXPECT_EQ(torn.status, 4);
  EXPECT_NE(torn.out.find("torn.txt:1:1: expected FILE"), std::string::npos) << torn.out;
}

// Of all the faults so many, the same each time: what survives is explained. The whole is finwait_mutation.
TEST_F(MutationCli, SlowASampleIsCaughtOrExplained) {
  const Ended ran = shell(std::string(FINWAIT_MUTATION) + " --sample 120");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("the model as it is: survived"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace finwait
