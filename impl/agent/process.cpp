#include "impl/agent/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace finwait::agent {

namespace {

using std::chrono::milliseconds;

// The longest line of the protocol is a datagram of 65,535 octets; a SEND may carry more.
constexpr std::size_t longest_line = std::size_t{4} << 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// For the shell, in which only a quote ends what is quoted.
std::string in_quotes(std::string_view word) {
  std::string text = "'";
  for (const char character : word) {
    if (character == '\'') text += "'\\'";
    text += character;
  }
  return text + "'";
}

}  // namespace

std::string to_text(const Command& command) {
  std::string text;
  for (const std::string& word : command) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$&|;<>()*?#~`") == std::string::npos;
    if (!text.empty()) text += ' ';
    text += plain ? word : in_quotes(word);
  }
  return text;
}

Process::Process(Command command, milliseconds patience) : command_(std::move(command)), patience_(patience) {
  start();
}

Process::~Process() {
  if (socket_ >= 0) close(socket_);
  kill_it();
}

// Whether exec succeeds is known through a pipe that closes by itself when it does.
void Process::start() {
  std::array<int, 2> ends{}, trouble{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("no socket for an agent");
  if (pipe2(trouble.data(), O_CLOEXEC) != 0) {
    close(ends[0]);
    close(ends[1]);
    fail("no pipe for an agent");
  }
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) be_the_child(ends[1], trouble[1], parent);
  const int error = errno;
  close(ends[1]);
  close(trouble[1]);
  socket_ = ends[0];
  int reason = pid_ < 0 ? error : 0;
  if (pid_ > 0 && read(trouble[0], &reason, sizeof reason) < 0) reason = errno;
  close(trouble[0]);
  if (reason != 0) {
    kill_it();
    close(std::exchange(socket_, -1));
    throw AgentError(fmt::format("cannot start the agent {}: {}", to_text(command_), strerror(reason)));
  }
  start_guard();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_);
  const timeval limit{seconds.count(), static_cast<suseconds_t>((patience_ - seconds).count()) * 1000};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// That the kernel ends the agent with us does not end what the agent has started.
void Process::start_guard() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    const int error = errno;
    kill_it();
    errno = error;
    fail("no pipe for the guard of an agent");
  }
  guarded_ = ends[1];
  guard_ = fork();
  if (guard_ == 0) be_the_guard(ends[0]);
  const int error = errno;
  close(ends[0]);
  if (guard_ > 0) return;
  kill_it();
  errno = error;
  fail("no process for the guard of an agent");
}

void Process::be_the_guard(int end) {
  setpgid(0, 0);  // an interrupt is for finwait
  alarm(0);
  dup2(end, STDIN_FILENO);
  close_range(STDIN_FILENO + 1, ~0U, 0);
  char none = 0;
  while (read(STDIN_FILENO, &none, 1) < 0 && errno == EINTR) {
  }
  kill(-pid_, SIGKILL);
  _exit(0);
}

void Process::be_the_child(int socket, int trouble, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it was too late for that
  setpgid(0, 0);  // an interrupt is for finwait, and who is killed is killed with its own children
  signal(SIGINT, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  alarm(0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(socket, STDIN_FILENO);
  dup2(socket, STDOUT_FILENO);
  fcntl(trouble, F_SETFD, FD_CLOEXEC);
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  std::vector<char*> words;
  words.reserve(command_.size() + 1);
  for (std::string& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  execvp(words[0], words.data());
  const int reason = errno;
  if (write(trouble, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

void Process::say(std::string_view line) {
  if (begin_ < in_.size())
    throw std::runtime_error(fmt::format("before that it has said \"{}\" unasked", not_heard_yet()));
  deadline_ = std::chrono::steady_clock::now() + patience_;
  out_.assign(line);
  out_ += '\n';
  std::size_t done = 0;
  while (done < out_.size()) {
    const ssize_t sent = send(socket_, out_.data() + done, out_.size() - done, MSG_NOSIGNAL);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      throw AgentGone(fmt::format("it does not read its input (waited {} ms)", patience_.count()));
    } else if (errno != EINTR) {
      has_ended();
    }
  }
}

std::string_view Process::hear() {
  std::size_t searched = begin_;
  std::size_t end = 0;
  while ((end = in_.find('\n', searched)) == std::string::npos) {
    searched = in_.size() - begin_;
    in_.erase(0, std::exchange(begin_, 0));
    if (in_.size() > longest_line) throw AgentError("it does not end its line");
    if (std::chrono::steady_clock::now() > deadline_) {
      throw AgentError(fmt::format("its answer has not come to its end within {} ms", patience_.count()));
    }
    fill();
  }
  std::string_view line(in_.data() + begin_, end - begin_);
  begin_ = end + 1;
  ++heard_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void Process::fill() {
  std::array<char, 65536> buffer;
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  for (;;) {
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      in_.append(buffer.data(), static_cast<std::size_t>(got));
      return;
    }
    if (got == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) has_ended();
    if (errno != EINTR || std::chrono::steady_clock::now() > deadline) {
      throw AgentGone(fmt::format("it has said nothing for {} ms (is its output flushed after each answer?)",
                                  patience_.count()));
    }
  }
}

void Process::has_ended() {
  std::string how = how_it_ended(milliseconds(1000));
  if (begin_ < in_.size()) how += fmt::format(" in the middle of the line \"{}\"", not_heard_yet());
  throw AgentGone(how);
}

// The first line of it, which may have no end.
std::string Process::not_heard_yet() const {
  constexpr std::size_t most = 60;
  const std::string line = in_.substr(begin_, in_.find('\n', begin_) - begin_);
  return line.size() > most ? line.substr(0, most) + "..." : line;
}

std::string Process::how_it_ended(milliseconds within) {
  if (pid_ <= 0) return "it has ended before";
  const auto deadline = std::chrono::steady_clock::now() + within;
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  if (ended != pid_) return "it has closed its output";
  kill(-pid_, SIGKILL);
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    const char* signal_name = sigabbrev_np(WTERMSIG(status));
    return fmt::format("it was ended by SIG{}", signal_name != nullptr ? signal_name : "?");
  }
  return fmt::format("it has ended with exit status {}", WEXITSTATUS(status));
}

std::string Process::unasked(milliseconds within) {
  pollfd waiting{socket_, POLLIN, 0};
  if (begin_ == in_.size() && poll(&waiting, 1, static_cast<int>(within.count())) > 0) {
    std::array<char, 256> some;
    const ssize_t got = recv(socket_, some.data(), some.size(), 0);
    if (got > 0) in_.append(some.data(), static_cast<std::size_t>(got));
  }
  return begin_ < in_.size() ? not_heard_yet() + "\n" : "";
}

std::string Process::end_its_input(milliseconds within) {
  shutdown(socket_, SHUT_WR);
  const std::string how = how_it_ended(within);
  return how == "it has ended with exit status 0" ? "" : pid_ > 0 ? "it goes on" : how;
}

void Process::kill_it() {
  if (guarded_ >= 0) close(std::exchange(guarded_, -1));
  if (guard_ > 0) {
    kill(guard_, SIGKILL);  // it must not outlive the number of the group
    while (waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
    guard_ = -1;
  }
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace finwait::agent
