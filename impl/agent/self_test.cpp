#include "impl/agent/self_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "harness/codec.h"
#include "impl/agent/conversation.h"

namespace finwait {

namespace {

using agent::AgentError;
using agent::Conversation;
using model::Segment;
using std::chrono::milliseconds;
using Verdict = AgentCheck::Verdict;

constexpr std::uint16_t iut_port = 80, tester_port = 40000;
constexpr std::uint32_t first_seq = 1000;
constexpr milliseconds silence{50};  // real time in which an agent that was not asked has to keep still

/// What an agent has done, as text to compare and as segments to go on from.
class Notes final : public Sink {
 public:
  void datagram(Time at, Octets packet) override {
    text_ += fmt::format("datagram {} {}\n", at.count(), agent::hex(packet));
    const Decoded decoded = decode(packet);
    if (decoded.ok()) {
      last_ = decoded.wire.segment;
      last_->text = {};
    }
  }
  void opened(Time at, Socket socket) override { text_ += fmt::format("opened {} {}\n", at.count(), socket); }
  void acceptable(Time at, Socket socket) override {
    acceptable_ = true;
    text_ += fmt::format("acceptable {} {}\n", at.count(), socket);
  }
  void failed(Time at, Socket socket, Result why) override {
    text_ += fmt::format("failed {} {} {}\n", at.count(), socket, name(why));
  }

  void add(const std::string& line) { text_ += line + "\n"; }
  const std::string& text() const { return text_; }
  const std::optional<Segment>& last() const { return last_; }
  bool acceptable() const { return acceptable_; }
  void forget_segment() { last_.reset(); }

 private:
  std::string text_;
  std::optional<Segment> last_;
  bool acceptable_ = false;
};

class SelfTest {
 public:
  SelfTest(const agent::Command& command, milliseconds patience,
           const std::function<void(const AgentCheck&)>& tell)
      : command_(command), patience_(patience), tell_(tell) {}

  bool operator()() {
    const bool talks =
        check("it starts, greets and says what it claims", [&] { return greets(); }) &&
        check("it answers reset, and says nothing more than that", [&] { return resets(); }) &&
        check("it answers a segment to a closed port, then is quiet", [&] { return hears(); }) &&
        check("time moves on when it is told, and only then", [&] { return waits(); });
    if (!talks) return false;
    check("a passive OPEN gets a connection through its three-way handshake", [&] { return accepts(); });
    check("text goes through both ways", [&] { return carries(); });
    check("the same seed gives the same answers, whatever was before", [&] { return repeats(); });
    check("it ends by itself, with exit status 0, when its input ends", [&] { return ends(); });
    return good_;
  }

 private:
  /// Nothing: good. Otherwise what is wrong.
  using Complaint = std::optional<std::string>;
  struct LeftOut {
    std::string why;
  };

  template <typename Work>
  bool check(const char* what, const Work& work) {
    AgentCheck result{what, Verdict::good, {}};
    try {
      if (const Complaint complaint = work()) {
        result.verdict = Verdict::bad;
        result.remark = *complaint;
      }
    } catch (const LeftOut& left_out) {
      result.verdict = Verdict::left_out;
      result.remark = left_out.why;
    } catch (const AgentError& error) {
      result.verdict = Verdict::bad;
      result.remark = error.what();
    }
    if (result.verdict == Verdict::bad) good_ = false;
    tell_(result);
    return result.verdict != Verdict::bad;
  }

  // ---- the checks -------------------------------------------------------------------------------------

  Complaint greets() {
    talk_.emplace(command_, patience_);
    profile_ = talk_->hello();
    return unasked();
  }

  Complaint resets() {
    if (const auto crash = talk_->reset(1)) return crashed(*crash);
    if (const auto crash = talk_->reset(1)) return crashed(*crash);
    return unasked();
  }

  Complaint hears() {
    Notes notes;
    if (const auto crash = deliver(syn(), notes)) return crashed(*crash);
    return unasked();
  }

  Complaint waits() {
    Notes notes;
    for (const Time by : {Time{0}, Time{1}, Time{1s}, Time{0}}) {
      if (const auto crash = talk_->advance(by, notes)) return crashed(*crash);
    }
    return unasked();
  }

  Complaint accepts() {
    need({Call::open_passive, Call::accept});
    Notes notes;
    return handshake(notes);
  }

  Complaint carries() {
    need({Call::open_passive, Call::accept, Call::send, Call::receive});
    Notes notes;
    if (auto complaint = handshake(notes)) return complaint;
    if (auto complaint = text_from_the_iut(notes)) return complaint;
    return text_to_the_iut(notes);
  }

  Complaint repeats() {
    const std::string first = case_text(7);
    case_text(8);
    const std::string again = case_text(7);
    if (first == again) return {};
    return fmt::format(
        "expected the second case of seed 7 to be like the first, found\n{}and then\n{}what is left of a "
        "case, "
        "what the stack draws by chance and its clock must start anew with each reset",
        first, again);
  }

  Complaint ends() {
    constexpr milliseconds enough{2000};
    const std::string instead = talk_->process().end_its_input(enough);
    if (instead.empty()) return {};
    return fmt::format(
        "expected exit status 0 within {} ms, found: {}; read stdin until its end, then exit with 0",
        enough.count(), instead);
  }

  // ---- their parts ------------------------------------------------------------------------------------

  void need(std::initializer_list<Call> calls) const {
    for (const Call call : calls) {
      if (std::find(profile_.calls.begin(), profile_.calls.end(), call) == profile_.calls.end())
        throw LeftOut{fmt::format("\"claim calls\" does not name {}", name(call))};
    }
  }

  static Complaint crashed(const std::string& crash) { return "its stack has crashed: " + crash; }

  Complaint unasked() {
    const std::string said = talk_->process().unasked(silence);
    if (said.empty()) return {};
    return fmt::format(
        "expected silence until the next request, found \"{}\"; an answer ends with its result, "
        "and nothing comes after it",
        said.substr(0, said.size() - 1));
  }

  static Segment syn() {
    Segment segment;
    segment.seq = first_seq;
    segment.flags = model::SYN;
    segment.wnd = 4096;
    return segment;
  }

  std::optional<std::string> deliver(const Segment& segment, Notes& notes) {
    std::vector<std::uint8_t> packet(max_datagram);
    const Wire wire{profile_.tester_address, profile_.iut_address, tester_port, iut_port, segment};
    packet.resize(encode(wire, packet));
    notes.forget_segment();
    return talk_->deliver(packet, notes);
  }

  Result call(Call what, Socket socket, Notes& notes, Octets data = {}, Socket child = 0) {
    Request request;
    request.call = what;
    request.socket = socket;
    request.child = child;
    request.local_port = iut_port;
    request.remote_port = tester_port;
    request.data = data;
    request.count = data.empty() ? 100 : data.size();
    if (const auto crash = talk_->call(request, notes)) throw AgentError(*crashed(*crash));
    return talk_->reply().result;
  }

  // From LISTEN to ESTABLISHED; SND.NXT and RCV.NXT are the tester's.
  Complaint handshake(Notes& notes) {
    if (const auto crash = talk_->reset(1)) return crashed(*crash);
    if (const Result result = call(Call::open_passive, 1, notes); result != Result::ok)
      return fmt::format("expected ok of the passive OPEN, found {}", name(result));
    if (const auto crash = deliver(syn(), notes)) return crashed(*crash);
    const auto answer = notes.last();
    if (!answer || !answer->has(model::SYN) || !answer->has(model::ACK) || answer->ack != first_seq + 1)
      return fmt::format("expected a SYN,ACK with ACK number {} in answer to the SYN; it has said\n{}",
                         first_seq + 1, notes.text());
    snd_nxt_ = first_seq + 1;
    rcv_nxt_ = answer->seq + 1;
    if (const auto crash = deliver(ack(), notes)) return crashed(*crash);
    settle(notes);
    if (!notes.acceptable()) return "expected \"acceptable TIME 1\" once the handshake is over, found none";
    if (const Result result = call(Call::accept, 1, notes, {}, 2); result != Result::ok)
      return fmt::format("expected ok of the accept, found {}", name(result));
    return {};
  }

  Segment ack() const {
    Segment segment;
    segment.seq = snd_nxt_;
    segment.ack = rcv_nxt_;
    segment.flags = model::ACK;
    segment.wnd = 4096;
    return segment;
  }

  // What the stack may take its time for.
  void settle(Notes& notes) {
    if (const auto crash = talk_->advance(profile_.reaction + profile_.step, notes))
      throw AgentError(*crashed(*crash));
  }

  Complaint text_from_the_iut(Notes& notes) {
    static constexpr std::array<std::uint8_t, 4> text{'t', 'e', 'x', 't'};
    notes.forget_segment();
    const Result result = call(Call::send, 2, notes, text);
    if (result != Result::ok || talk_->reply().count != text.size()) {
      return fmt::format("expected ok 4 of the SEND of four octets, found {} {}", name(result),
                         talk_->reply().count);
    }
    settle(notes);
    if (notes.text().find("74657874") == std::string::npos) {
      return fmt::format("expected a datagram with the four octets 74657874; it has said\n{}", notes.text());
    }
    rcv_nxt_ = rcv_nxt_ + 4;
    return {};
  }

  Complaint text_to_the_iut(Notes& notes) {
    static constexpr std::array<std::uint8_t, 5> text{'r', 'e', 'p', 'l', 'y'};
    Segment segment = ack();
    segment.flags |= model::PSH;
    segment.text = text;
    if (const auto crash = deliver(segment, notes)) return crashed(*crash);
    settle(notes);
    const Result result = call(Call::receive, 2, notes);
    const Octets got = talk_->reply().data;
    if (result == Result::ok && std::equal(got.begin(), got.end(), text.begin(), text.end())) return {};
    return fmt::format("expected ok 7265706c79 of the RECEIVE, found {} and {} octets", name(result),
                       got.size());
  }

  // A case with whatever the stack can do, as text.
  std::string case_text(std::uint64_t seed) {
    Notes notes;
    if (const auto crash = talk_->reset(seed)) throw AgentError(*crashed(*crash));
    const auto can = [&](Call what) {
      return std::find(profile_.calls.begin(), profile_.calls.end(), what) != profile_.calls.end();
    };
    const auto note = [&](Call what, Socket socket) {
      if (can(what)) notes.add(fmt::format("{} {}", name(what), name(call(what, socket, notes))));
    };
    note(Call::open_active, 1);
    note(Call::status, 1);
    note(Call::send, 1);
    settle(notes);
    note(Call::abort, 1);
    note(Call::open_passive, 2);
    if (const auto crash = deliver(syn(), notes)) throw AgentError(*crashed(*crash));
    if (const auto crash = talk_->advance(30s, notes)) throw AgentError(*crashed(*crash));
    return notes.text();
  }

  const agent::Command& command_;
  milliseconds patience_;
  const std::function<void(const AgentCheck&)>& tell_;
  std::optional<Conversation> talk_;
  Profile profile_;
  bool good_ = true;
  model::Seq snd_nxt_{}, rcv_nxt_{};
};

}  // namespace

bool check_agent(const agent::Command& command, milliseconds patience,
                 const std::function<void(const AgentCheck&)>& tell) {
  return SelfTest(command, patience, tell)();
}

}  // namespace finwait
