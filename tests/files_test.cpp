#include "harness/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/shell.h"

namespace finwait {
namespace {

namespace fs = std::filesystem;

class Files : public InOwnFolder {
 protected:
  std::string content(const fs::path& path) {
    const auto result = read_file(path);
    return std::holds_alternative<std::string>(result) ? std::get<std::string>(result)
                                                       : std::get<FileError>(result).text;
  }
  std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder_)) result.push_back(entry.path().filename());
    return result;
  }
};

TEST_F(Files, WhatWasWrittenIsReadAgain) {
  std::string text(200'000, 'x');
  text += std::string("\0\r\n\xff", 4);
  EXPECT_EQ(write_file_atomically(folder_ / "a.pkt", text), std::nullopt);
  EXPECT_EQ(content(folder_ / "a.pkt"), text);
  EXPECT_EQ(write_file_atomically(folder_ / "empty", ""), std::nullopt);
  EXPECT_EQ(content(folder_ / "empty"), "");
}

TEST_F(Files, WritingReplacesTheWholeFileAndLeavesNothingBeside) {
  ASSERT_EQ(write_file_atomically(folder_ / "a.pkt", "the first, longer text"), std::nullopt);
  ASSERT_EQ(write_file_atomically(folder_ / "a.pkt", "second"), std::nullopt);
  EXPECT_EQ(content(folder_ / "a.pkt"), "second");
  EXPECT_EQ(names(), std::vector<std::string>{"a.pkt"});
}

TEST_F(Files, AskingWhetherAFileCanBeWrittenLeavesItAsItIs) {
  ASSERT_EQ(write_file_atomically(folder_ / "a.json", "an old report"), std::nullopt);
  EXPECT_EQ(why_not_writable(folder_ / "a.json"), std::nullopt);
  EXPECT_EQ(why_not_writable(folder_ / "none.json"), std::nullopt);
  EXPECT_EQ(content(folder_ / "a.json"), "an old report");
  EXPECT_EQ(names(), std::vector<std::string>{"a.json"});
}

TEST_F(Files, AFolderAndADeviceAreNotReplaced) {
  fs::create_directory(folder_ / "reports");
  for (const fs::path& path : {folder_ / "reports", fs::path("/dev/null")}) {
    const std::string message = "cannot write " + path.string() + ": ";
    for (const auto& why : {why_not_writable(path), write_file_atomically(path, "text")}) {
      ASSERT_TRUE(why.has_value()) << path;
      EXPECT_TRUE(why->starts_with(message)) << *why;
    }
  }
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_TRUE(why_not_writable(folder_ / "nowhere" / "a.json").has_value());
}

TEST_F(Files, ARelativePathIsWrittenToTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const auto error = write_file_atomically("a.pkt", "text");
  fs::current_path(before);
  EXPECT_EQ(error, std::nullopt);
  EXPECT_EQ(content(folder_ / "a.pkt"), "text");
}

TEST_F(Files, AFolderThatCannotBeWrittenIsAnErrorWithPathAndReason) {
  ASSERT_EQ(write_file_atomically(folder_ / "file", "text"), std::nullopt);
  const fs::path below_a_file = folder_ / "file" / "a.pkt";
  EXPECT_EQ(write_file_atomically(below_a_file, "text"),
            "cannot write " + below_a_file.string() + ": Not a directory");
  const fs::path nowhere = folder_ / "missing" / "a.pkt";
  EXPECT_EQ(write_file_atomically(nowhere, "text"),
            "cannot write " + nowhere.string() + ": No such file or directory");
  EXPECT_EQ(content(folder_ / "file"), "text");
}

TEST_F(Files, AFailedReplacementLeavesTheOldAndNoPart) {
  fs::create_directories(folder_ / "a.pkt" / "inner");
  const auto error = write_file_atomically(folder_ / "a.pkt", "text");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->find("cannot write " + (folder_ / "a.pkt").string() + ": "), 0U) << *error;
  EXPECT_TRUE(fs::is_directory(folder_ / "a.pkt" / "inner"));
  EXPECT_EQ(names(), std::vector<std::string>{"a.pkt"});
}

TEST_F(Files, ReadingWhatIsNotThereIsAnErrorWithPathAndReason) {
  const fs::path path = folder_ / "missing";
  const auto result = read_file(path);
  ASSERT_TRUE(std::holds_alternative<FileError>(result));
  EXPECT_EQ(std::get<FileError>(result).text, "cannot read " + path.string() + ": No such file or directory");
  const auto a_folder = read_file(folder_);
  ASSERT_TRUE(std::holds_alternative<FileError>(a_folder));
  EXPECT_EQ(std::get<FileError>(a_folder).text, "cannot read " + folder_.string() + ": Is a directory");
}

TEST_F(Files, AReaderNeverSeesHalfATextWhileSeveralWrite) {
  const fs::path path = folder_ / "a.pkt";
  const std::string a(100'000, 'a');
  const std::string b(100'000, 'b');
  ASSERT_EQ(write_file_atomically(path, a), std::nullopt);
  std::atomic<int> failures{0};
  const auto write = [&](const std::string& text) {
    for (int i = 0; i < 20; ++i) failures += write_file_atomically(path, text).has_value() ? 1 : 0;
  };
  std::thread first(write, a);
  std::thread second(write, b);
  int halves = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string seen = content(path);
    halves += seen != a && seen != b ? 1 : 0;
  }
  first.join();
  second.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(halves, 0);
  EXPECT_EQ(names(), std::vector<std::string>{"a.pkt"});
}

}  // namespace
}  // namespace finwait
