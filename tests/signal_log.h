// What an adapter has told its user, as text: for the tests of the adapters.
#pragma once

#include <string>
#include <vector>

#include "harness/adapter.h"

namespace finwait {

/// Takes the signals down; what becomes of datagrams each test says itself.
struct SignalLog : Sink {
  void opened(Time, Socket socket) override { signals.push_back("opened " + std::to_string(socket)); }
  void acceptable(Time, Socket socket) override { signals.push_back("acceptable " + std::to_string(socket)); }
  void failed(Time at, Socket socket, Result why) override {
    signals.push_back("failed " + std::to_string(socket) + " " + std::string(name(why)));
    failed_at = at;
  }

  std::vector<std::string> signals;
  Time failed_at{0};

 protected:
  ~SignalLog() = default;
};

}  // namespace finwait
