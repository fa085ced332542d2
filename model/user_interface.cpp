#include "model/user_interface.h"

#include <array>

namespace finwait::model {

std::string_view name(Call call) {
  static constexpr std::array<std::string_view, call_count> names{
      "open-passive", "open-active", "accept", "send", "receive", "close", "close-full", "abort", "status"};
  return names.at(static_cast<std::size_t>(call));
}

std::string_view name(Result result) {
  static constexpr std::array<std::string_view, result_count> names{
      "ok",    "pending",   "unsupported", "no-connection", "exists",  "refused",
      "reset", "timed-out", "closing",     "no-resources",  "invalid", "error"};
  return names.at(static_cast<std::size_t>(result));
}

}  // namespace finwait::model
