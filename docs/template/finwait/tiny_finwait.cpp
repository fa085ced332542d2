// finwait with tiny in its list of stacks.
#include <finwait/finwait.h>

#include <memory>

#include "tiny.h"

namespace {

class TinyAdapter final : public finwait::Adapter {
 public:
  finwait::Profile profile() const override {
    finwait::Profile profile;
    profile.name = "tiny";
    profile.version = "1.0";
    profile.reaction = finwait::Time{0};  // it answers before tiny_input() returns
    return profile;                       // calls: none, since no port can be opened
  }

  void reset(std::uint64_t) override {
    host_ = {send, this};
    now_ = finwait::Time{0};
  }

  finwait::Reply call(const finwait::Request&, finwait::Sink&) override {
    finwait::Reply reply;
    reply.result = finwait::Result::unsupported;
    return reply;
  }

  void deliver(finwait::Octets packet, finwait::Sink& sink) override {
    sink_ = &sink;
    tiny_input(&host_, packet.data(), packet.size());
  }

  // tiny has no timers. A stack that has some is told here that time has passed, timer by timer.
  void advance(finwait::Time by, finwait::Sink&) override { now_ += by; }

 private:
  static void send(void* self, const std::uint8_t* packet, std::size_t size) {
    auto& adapter = *static_cast<TinyAdapter*>(self);
    adapter.sink_->datagram(adapter.now_, {packet, size});
  }

  tiny host_{};
  finwait::Time now_{};
  finwait::Sink* sink_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  return finwait::main(
      argc, argv,
      {{"tiny", "a host on which no port is open", [] { return std::make_unique<TinyAdapter>(); }}});
}
