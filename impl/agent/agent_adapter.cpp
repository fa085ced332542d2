#include "impl/agent/agent_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "impl/agent/conversation.h"

namespace finwait {

namespace {

class AgentAdapter final : public Adapter {
 public:
  AgentAdapter(const agent::Command& command, std::chrono::milliseconds patience)
      : conversation_(command, patience), profile_(conversation_.hello()) {}

  Profile profile() const override { return profile_; }
  void reset(std::uint64_t seed) override { heed(conversation_.reset(seed)); }
  Reply call(const Request& request, Sink& sink) override {
    in_case([&] { return conversation_.call(request, sink); });
    return conversation_.reply();
  }
  void deliver(Octets packet, Sink& sink) override {
    in_case([&] { return conversation_.deliver(packet, sink); });
  }
  void advance(Time by, Sink& sink) override {
    in_case([&] { return conversation_.advance(by, sink); });
  }

 private:
  // An agent that has greeted and then ends, or falls silent, in a case: so has its stack.
  template <typename Work>
  static void in_case(const Work& work) {
    try {
      heed(work());
    } catch (const agent::AgentGone& gone) {
      heed(gone.what());
    }
  }

  // The stack is not in this process, but what becomes of a crash is the same as if it were.
  static void heed(const std::optional<std::string>& crash) {
    if (!crash) return;
    std::fprintf(stderr, "%s\n", crash->c_str());
    std::fflush(stderr);
    std::abort();
  }

  agent::Conversation conversation_;
  Profile profile_;
};

}  // namespace

std::unique_ptr<Adapter> make_agent(const agent::Command& command, std::chrono::milliseconds patience) {
  return std::make_unique<AgentAdapter>(command, patience);
}

}  // namespace finwait
