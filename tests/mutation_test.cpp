// The tool that plants faults in the model: what it plants, and what it says of those that nobody catches.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace finwait {
namespace {

struct Ran {
  int status = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    ran.output.append(buffer.data(), count);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  return ran;
}

class MutationCli : public testing::Test {
 protected:
  MutationCli()
      : folder_(std::filesystem::temp_directory_path() / ("finwait-mutation-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "out");
  }
  ~MutationCli() override { std::filesystem::remove_all(folder_); }

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
    std::istringstream list(run(std::string(FINWAIT_MUTATION) + " --list").output);
    for (std::string line; std::getline(list, line);) {
      if (line.find(text) != line.npos) return line.substr(0, 5);
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(MutationCli, PlantsEachKindOfFaultOnce) {
  const std::string source = file("small.cpp",
                                  "int f(int a, int b) {\n"
                                  "  if (a < b) g(a);\n"
                                  "  const bool left = lt(a, b);  // if (no) code\n"
                                  "  for (int i = 0; i < a; ++i) b += i;\n"
                                  "  return left ? a : b;\n"
                                  "}\n");
  const Ran ran = run(std::string(FINWAIT_INSTRUMENT) + " " + (folder_ / "out").string() + " " + source);
  ASSERT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(content("out/mutants.inc"),
            "{\"small.cpp\", 2, \"f\", \"negate\", \"a < b\"},\n"
            "{\"small.cpp\", 2, \"f\", \"off-by-one\", \"a < b\"},\n"
            "{\"small.cpp\", 2, \"f\", \"drop\", \"g(a);\"},\n"
            "{\"small.cpp\", 3, \"f\", \"boundary\", \"lt(a, b)\"},\n"
            "{\"small.cpp\", 4, \"f\", \"drop\", \"b += i;\"},\n");
}

TEST_F(MutationCli, SaysWhereASourceIsMissing) {
  const Ran ran =
      run(std::string(FINWAIT_INSTRUMENT) + " " + folder_.string() + " " + folder_.string() + "/none.cpp");
  EXPECT_EQ(ran.status, 4);
  EXPECT_NE(ran.output.find("none.cpp: cannot be read"), std::string::npos) << ran.output;
}

TEST_F(MutationCli, AFaultThatIsCaughtAndOneThatIsNot) {
  const std::string caught = number_of("TakeFin>"), equivalent = number_of("new_tcb  drop: fresh.since");
  ASSERT_FALSE(caught.empty());
  ASSERT_FALSE(equivalent.empty());
  const std::string program(FINWAIT_MUTATION), none = " --survivors " + file("none.txt", "");
  EXPECT_EQ(run(program + " --mutant " + caught + none).status, 0);
  EXPECT_EQ(run(program + " --mutant " + equivalent).status, 0);
  const Ran unexplained = run(program + " --cases 500 --mutant " + equivalent + none);
  EXPECT_EQ(unexplained.status, 1);
  EXPECT_NE(unexplained.output.find("survived, unexplained: "), std::string::npos) << unexplained.output;
}

TEST_F(MutationCli, RefusesWhatExplainsNothing) {
  const std::string program(FINWAIT_MUTATION);
  const Ran vague = run(program + " --mutant 0 --survivors " +
                        file("vague.txt", "# ours\na.cpp | f | drop | x; | no idea\n"));
  EXPECT_EQ(vague.status, 4);
  EXPECT_NE(vague.output.find("vague.txt:2:25: expected \"equivalent: \" or \"open: \""), std::string::npos)
      << vague.output;
  const Ran torn = run(program + " --mutant 0 --survivors " + file("torn.txt", "a.cpp | f\n"));
  EXPECT_EQ(torn.status, 4);
  EXPECT_NE(torn.output.find("torn.txt:1:1: expected FILE"), std::string::npos) << torn.output;
}

// Of all the faults so many, the same each time: what survives is explained. The whole is finwait_mutation.
TEST_F(MutationCli, SlowASampleIsCaughtOrExplained) {
  const Ran ran = run(std::string(FINWAIT_MUTATION) + " --sample 120");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("the model as it is: survived"), std::string::npos) << ran.output;
}

}  // namespace
}  // namespace finwait
