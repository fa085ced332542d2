#include "impl/agent/conversation.h"

#include <fmt/format.h>

namespace finwait::agent {

namespace {

class NothingExpected final : public Sink {
 public:
  void datagram(Time, Octets) override { object("a datagram"); }
  void opened(Time, Socket) override { object("\"opened\""); }
  void acceptable(Time, Socket) override { object("\"acceptable\""); }
  void failed(Time, Socket, Result) override { object("\"failed\""); }

 private:
  [[noreturn]] static void object(const char* what) {
    throw ProtocolError(fmt::format("expected \"ok\": nothing has happened yet to cause {}", what));
  }
};

std::string shortened(const std::string& line) {
  constexpr std::size_t most = 60;
  return line.size() > most ? line.substr(0, most) + "..." : line;
}

}  // namespace

Conversation::Conversation(const Command& command, std::chrono::milliseconds patience)
    : name_(to_text(command)), process_(command, patience) {}

// Whatever is wrong is said with the line that was asked.
std::string Conversation::said_of(const std::string& why) const {
  return fmt::format("agent {}: asked \"{}\" (line {} of its input): {}", name_, shortened(question_), asked_,
                     why);
}

template <typename Work>
auto Conversation::guarded(const Work& work) {
  try {
    return work();
  } catch (const ProtocolError& error) {
    throw AgentError(said_of(fmt::format("line {} of its output: {}", process_.heard(), error.what())));
  } catch (const AgentGone& gone) {
    throw AgentGone(said_of(gone.what()));
  } catch (const std::runtime_error& error) {
    throw AgentError(said_of(error.what()));
  }
}

void Conversation::ask(std::string line) {
  question_ = std::move(line);
  ++asked_;
  process_.say(question_);
}

Profile Conversation::hello() {
  return guarded([&] {
    Profile profile;
    profile.name.clear();
    ask(hello_line());
    for (;;) {
      line_ = process_.hear();
      if (read_claim(line_, profile)) continue;
      if (line_ != "ok")
        throw ProtocolError(
            fmt::format("expected \"claim NAME VALUE\" or \"ok\", found \"{}\"", shortened(line_)));
      break;
    }
    if (profile.name.empty()) throw ProtocolError("the claim \"name\" is missing");
    if (profile.version.empty()) throw ProtocolError("the claim \"version\" is missing");
    return profile;
  });
}

std::optional<std::string> Conversation::reset(std::uint64_t seed) {
  return guarded([&] {
    ask(reset_line(seed));
    now_ = last_ = Time{0};
    NothingExpected nothing;
    return plain_answer(nothing, now_);
  });
}

std::optional<std::string> Conversation::call(const Request& request, Sink& sink) {
  return guarded([&] {
    ask(call_line(request));
    auto crash = answer(sink, now_);
    if (!crash) reply_ = read_reply(request, answer_, octets_, state_);
    return crash;
  });
}

std::optional<std::string> Conversation::deliver(Octets packet, Sink& sink) {
  return guarded([&] {
    ask(deliver_line(packet));
    return plain_answer(sink, now_);
  });
}

std::optional<std::string> Conversation::advance(Time by, Sink& sink) {
  return guarded([&] {
    ask(advance_line(by));
    auto crash = plain_answer(sink, now_ + by);
    now_ += by;
    return crash;
  });
}

std::optional<std::string> Conversation::answer(Sink& sink, Time until) {
  for (;;) {
    line_ = process_.hear();
    if (const auto observation = read_observation(line_)) {
      tell(*observation, sink, until);
    } else if (const auto crash = read_crash(line_)) {
      return std::string(*crash);
    } else {
      answer_ = read_answer(line_);
      return {};
    }
  }
}

std::optional<std::string> Conversation::plain_answer(Sink& sink, Time until) {
  auto crash = answer(sink, until);
  if (!crash && line_ != "ok")
    throw ProtocolError(fmt::format("expected \"ok\", found \"{}\"", shortened(line_)));
  return crash;
}

void Conversation::tell(const Observation& observation, Sink& sink, Time until) {
  const Time at = observation.at;
  if (at < last_ || at > until) {
    throw ProtocolError(fmt::format("expected a time from {} to {} microseconds, found {}", last_.count(),
                                    until.count(), at.count()));
  }
  last_ = at;
  switch (observation.what) {
    case Observation::What::datagram: sink.datagram(at, observation.packet); break;
    case Observation::What::opened: sink.opened(at, observation.socket); break;
    case Observation::What::acceptable: sink.acceptable(at, observation.socket); break;
    case Observation::What::failed: sink.failed(at, observation.socket, observation.why); break;
  }
}

}  // namespace finwait::agent
