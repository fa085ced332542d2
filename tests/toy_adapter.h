// An implementation for tests of the harness: a closed port, as right or wrong as its answer is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/codec.h"
#include "harness/session.h"
#include "harness/worker.h"

namespace finwait {

/// Knows no connections: whatever is called succeeds, and `answer` says what a segment draws.
class ToyAdapter final : public Adapter {
 public:
  /// The segments to send for one that has come; the number counts the cases since construction.
  using Answer = std::function<std::vector<model::Segment>(const model::Segment&, int number)>;

  explicit ToyAdapter(Answer answer) : answer_(std::move(answer)) {}

  Profile profile() const override {
    Profile profile;
    profile.name = "toy";
    profile.version = "1.0";
    profile.calls = {Call::open_passive, Call::open_active, Call::accept, Call::send,
                     Call::receive,      Call::close,       Call::abort};
    return profile;
  }
  void reset(std::uint64_t) override {
    now_ = Time{0};
    ++number_;
  }
  Reply call(const Request& request, Sink&) override {
    Reply reply;
    if (request.call == Call::receive || request.call == Call::accept) reply.result = Result::pending;
    if (request.call == Call::send) reply.count = request.data.size();
    return reply;
  }
  void deliver(Octets packet, Sink& sink) override {
    const Decoded decoded = decode(packet);
    for (const model::Segment& segment : answer_(decoded.wire.segment, number_)) {
      const Wire& in = decoded.wire;
      std::vector<std::uint8_t> out(max_datagram);
      out.resize(encode({in.destination, in.source, in.destination_port, in.source_port, segment}, out));
      sink.datagram(now_, out);
    }
  }
  void advance(Time by, Sink&) override { now_ += by; }

 private:
  Answer answer_;
  Time now_{};
  int number_ = 0;
};

inline AdapterFactory toy(const ToyAdapter::Answer& answer) {
  return [answer] { return std::make_unique<ToyAdapter>(answer); };
}

/// §3.10.7.1: everything but a reset draws a reset.
inline std::vector<model::Segment> closed_port(const model::Segment& segment, int) {
  if (segment.has(model::RST)) return {};
  model::Segment reset;
  reset.flags = model::RST;
  if (segment.has(model::ACK)) {
    reset.seq = segment.ack;
  } else {
    reset.flags |= model::ACK;
    reset.ack = segment.end();
  }
  return {reset};
}

/// Never answers.
inline std::vector<model::Segment> silence(const model::Segment&, int) {
  return {};
}

}  // namespace finwait
