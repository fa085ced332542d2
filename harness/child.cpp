#include "harness/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "harness/text.h"

namespace finwait {

namespace {

constexpr int exit_thrown = 125;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A file in memory, gone when it is closed.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC)) {
    if (fd_ < 0) fail("no memory for a child's output");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  std::string text() const {
    std::string all;
    std::array<char, 65536> buffer;
    ssize_t got = 0;
    while ((got = pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(all.size()))) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  bool write(const std::string& text) const {
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t written = ::write(fd_, text.data() + done, text.size() - done);
      if (written < 0 && errno != EINTR) return false;
      if (written > 0) done += static_cast<std::size_t>(written);
    }
    return true;
  }

 private:
  int fd_;
};

[[noreturn]] void be_the_child(const std::function<std::string()>& work, unsigned limit,
                               const MemoryFile& result, const MemoryFile& output) {
  signal(SIGINT, SIG_IGN);  // the parent decides when to stop
  signal(SIGALRM, SIG_DFL);
  dup2(output.fd(), STDOUT_FILENO);
  dup2(output.fd(), STDERR_FILENO);
  alarm(limit);
  try {
    if (result.write(work())) _exit(0);
    std::fputs("no memory for the result\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::fflush(stderr);
  _exit(exit_thrown);
}

std::string last_line(std::string_view text) {
  std::string last;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) last = line;
  }
  return last;
}

std::string describe_end(int status, const std::string& output) {
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGALRM) return "hang";
    const char* name = sigabbrev_np(WTERMSIG(status));
    return fmt::format("crash SIG{}", name != nullptr ? name : std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == exit_thrown) return output;
  return fmt::format("exit {}", WEXITSTATUS(status));
}

}  // namespace

ChildEnd run_in_child(const std::function<std::string()>& work, std::chrono::seconds limit) {
  const MemoryFile result("result"), output("output");
  std::fflush(nullptr);  // else a child that flushes prints what is ours
  const pid_t pid = fork();
  if (pid < 0) fail("no process for a child");
  if (pid == 0) be_the_child(work, static_cast<unsigned>(limit.count()), result, output);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) fail("lost a child");
  }
  ChildEnd end;
  end.text = result.text();
  // No work returns nothing: without a text, somebody else has called exit().
  end.finished = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !end.text.empty();
  end.output = last_line(output.text());
  if (!end.finished) end.how = describe_end(status, end.output);
  return end;
}

}  // namespace finwait
