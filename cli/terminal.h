// The terminal: its width, colour, a line of progress, and Ctrl-C.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace finwait::cli {

/// Columns of the terminal that stdout is; 100 where it is none, so that files do not depend on a window.
std::size_t columns();
/// Whether stdout is a terminal that takes colour, and NO_COLOR is not set.
bool takes_colour();
/// On a terminal in bold, red, green or yellow; else plain.
std::string bold(std::string_view text);
std::string red(std::string_view text);
std::string green(std::string_view text);
std::string yellow(std::string_view text);
/// Cut to the terminal's width; whole where stdout is none.
std::string fitted(std::string text);

/// One line on stderr that is written over and over; nothing where stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows the text, but not more often than people can read.
  void show(const std::string& text);
  void erase();

 private:
  bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// From now on SIGINT only sets a flag, and writing to a process that has gone is an error like any other.
void catch_interrupt();
bool interrupted();

}  // namespace finwait::cli
