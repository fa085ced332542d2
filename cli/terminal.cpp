#include "cli/terminal.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace finwait::cli {

namespace {

constexpr std::size_t plain_columns = 100;
constexpr std::chrono::milliseconds redraw{100};

volatile sig_atomic_t interrupt_came = 0;

void note_interrupt(int) {
  interrupt_came = 1;
}

std::size_t columns_of(int fd) {
  winsize size{};
  if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return plain_columns;
  return size.ws_col;
}

std::string in_colour(std::string_view code, std::string_view text) {
  if (!takes_colour()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace

std::size_t columns() {
  static const std::size_t width = columns_of(STDOUT_FILENO);
  return width;
}

bool takes_colour() {
  static const bool colour = [] {
    const char* no_colour = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool dumb = term == nullptr || std::string_view(term) == "dumb";
    return isatty(STDOUT_FILENO) != 0 && !dumb && (no_colour == nullptr || *no_colour == '\0');
  }();
  return colour;
}

std::string bold(std::string_view text) {
  return in_colour("1", text);
}
std::string red(std::string_view text) {
  return in_colour("1;31", text);
}
std::string green(std::string_view text) {
  return in_colour("32", text);
}
std::string yellow(std::string_view text) {
  return in_colour("33", text);
}

std::string fitted(std::string text) {
  if (isatty(STDOUT_FILENO) == 0 || text.size() <= columns()) return text;
  text.resize(columns() - 3);
  return text + "...";
}

ProgressLine::ProgressLine(bool wanted) : on_(wanted && isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!on_ || (shown_ && now - last_ < redraw)) return;
  std::fflush(stdout);  // both may be the same terminal
  fmt::print(stderr, "\r{}\x1b[K", text.substr(0, columns_of(STDERR_FILENO) - 1));
  std::fflush(stderr);
  last_ = now;
  shown_ = true;
}

void ProgressLine::erase() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

void catch_interrupt() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a worker that has died is noticed when its answer is read
}

bool interrupted() {
  return interrupt_came != 0;
}

}  // namespace finwait::cli
