// Plays random stimuli to an adapter and shows the oracle what comes of them: a small stand-in for the
// engine, for tests of the reference stack and of the model against each other.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/adapter.h"
#include "harness/codec.h"
#include "harness/session.h"
#include "impl/reference/random.h"
#include "model/oracle.h"
#include "model/stream.h"

namespace finwait::test {

inline std::string describe(const model::Segment& s) {
  std::string flags;
  constexpr std::string_view letters = "FSRPAUEW";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (s.flags & (1u << i)) flags += letters[i];
  }
  return fmt::format("{} seq={} ack={} len={} win={}{}", flags, s.seq, s.ack, s.text.size(), s.wnd,
                     s.mss ? fmt::format(" mss={}", *s.mss) : "");
}

class RandomDriver final : private Sink {
 public:
  static constexpr std::uint16_t iut_port = 8080, tester_port = 40000;

  explicit RandomDriver(Adapter& adapter)
      : adapter_(adapter), profile_(adapter.profile()), oracle_(claims_of(profile_)), packet_(max_datagram) {}

  struct Report {
    model::Verdict verdict = model::Verdict::pass;
    model::Rule rule = model::Rule::none;  ///< of a failure
    std::vector<model::Rule> rules;        ///< of every hypothesis that died with it
    std::uint64_t advisories = 0;
    std::size_t events = 0;
  };

  /// One case of `events` random stimuli.
  Report play(std::uint64_t seed, int events, bool with_trace = false) {
    random_ = Random(seed * 2 + 1);
    with_trace_ = with_trace;
    trace_.clear();
    observations_.clear();
    now_ = Time{0};
    listener_ = connection_ = 0;
    next_socket_ = 1;
    sent_ = 0;
    isn_ = random_.one_in(4) ? ~model::Seq{0} - random_.below(3000) : static_cast<model::Seq>(random_.next());
    talkative_ = random_.below(4);
    flood_ = random_.one_in(32);
    oracle_.start();
    adapter_.reset(seed);
    report_ = {};
    for (int i = 0; i < events; ++i) {
      oracle_.begin_event(static_cast<std::uint16_t>(report_.events++));
      report_.verdict = stimulate();
      if (report_.verdict == model::Verdict::pass) report_.verdict = judge();
      if (report_.verdict != model::Verdict::pass || oracle_.contradicted()) break;
      report_.advisories |= oracle_.advisories();
    }
    if (report_.verdict == model::Verdict::fail) {
      report_.rule = oracle_.dead().front().rule;
      for (const model::Obituary& dead : oracle_.dead()) report_.rules.push_back(dead.rule);
      if (corrupted_) report_.rule = model::Rule::bad_checksum_changes_nothing;
    }
    return report_;
  }

  const std::string& trace() const { return trace_; }
  const model::Oracle& oracle() const { return oracle_; }
  /// FNV-1a of everything that the adapter has done in the case.
  std::uint64_t digest() const { return digest_; }

 private:
  using Verdict = model::Verdict;
  struct Observation {
    enum class What : std::uint8_t { datagram, opened, acceptable, failed } what;
    Time at;
    std::vector<std::uint8_t> packet;
    Socket socket;
    Result why;
  };

  void datagram(Time at, Octets packet) override {
    observations_.push_back({Observation::What::datagram, at, {packet.begin(), packet.end()}, 0, Result::ok});
  }
  void opened(Time at, Socket socket) override {
    observations_.push_back({Observation::What::opened, at, {}, socket, Result::ok});
  }
  void acceptable(Time at, Socket listener) override {
    observations_.push_back({Observation::What::acceptable, at, {}, listener, Result::ok});
  }
  void failed(Time at, Socket socket, Result why) override {
    observations_.push_back({Observation::What::failed, at, {}, socket, why});
  }

  template <class... Arguments>
  void log(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (!with_trace_) return;
    trace_ += fmt::format("{:10.3f} [{} of {}] ", static_cast<double>(now_.count()) / 1e6,
                          name(oracle_.front().state), oracle_.set().size());
    trace_ += fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }

  template <class T, std::size_t N>
  T one_of(const T (&values)[N]) {
    return values[random_.below(N)];
  }

  // ---- stimuli --------------------------------------------------------------------------------------

  Verdict stimulate() {
    corrupted_ = false;
    const model::State state = oracle_.front().state;
    const bool nothing = state == model::State::closed || state == model::State::listen;
    const std::uint32_t drawn = random_.below(100);
    if (flood_ && drawn < 90)
      return state == model::State::closed ? perform(Call::open_passive, false) : segment();
    // What acknowledges a SYN that was not seen yet can only be wrong.
    const bool blind = state == model::State::syn_received && !oracle_.front().iss_known;
    if (blind && drawn < 70) return wait();
    if (nothing && drawn < 50) return state == model::State::listen && drawn < 40 ? segment() : open();
    if (drawn < 55) return segment();
    if (drawn < 75) return wait();
    return call();
  }

  Verdict open() { return perform(random_.one_in(2) ? Call::open_passive : Call::open_active, false); }

  Verdict wait() {
    constexpr Time lengths[] = {1ms, 50ms, 200ms, 600ms, 600ms, 600ms, 1200ms, 1500ms, 3s,  7s,
                                12s, 21s,  31s,   58s,   60s,   62s,   90s,    130s,   250s};
    const Time length = random_.one_in(3) ? one_of(lengths) : lengths[random_.below(10)];
    adapter_.advance(length, *this);
    now_ += length;
    log("wait {} ms", length.count() / 1000);
    return Verdict::pass;
  }

  Verdict segment() {
    const model::Hypothesis& h = oracle_.front();
    model::Segment s;
    const bool connected = h.state >= model::State::syn_received;
    const bool sensible = !random_.one_in(3);
    s.wnd = window();
    if (flood_) {
      flooding_segment(h, s);
    } else if (!connected) {
      opening_segment(h, s, sensible);
    } else {
      synchronized_segment(h, s, sensible);
    }
    const model::Seq first = s.seq + (s.has(model::SYN) ? 1 : 0);
    text_.resize(s.text.size());
    for (std::uint32_t i = 0; i < text_.size(); ++i) text_[i] = model::tester_octet(first + i);
    s.text = text_;
    corrupted_ = random_.one_in(40);
    log("< {}{}", describe(s), corrupted_ ? " bad checksum" : "");
    if (!corrupted_) {
      const Verdict verdict = oracle_.segment(now_, s);
      if (verdict != Verdict::pass) return verdict;
    }
    EncodeOptions options;
    options.bad_tcp_checksum = corrupted_;
    const Wire wire{profile_.tester_address, profile_.iut_address, tester_port, iut_port, s};
    const std::size_t size = encode(wire, packet_, options);
    adapter_.deliver(Octets(packet_.data(), size), *this);
    return Verdict::pass;
  }

  std::uint16_t window() {
    if (random_.one_in(2)) return 65535;
    return one_of<std::uint16_t>({0, 0, 1, 100, 536, 1000, 3000, 8192, 65535});
  }

  // Only the size matters: the octets follow from the numbers.
  std::span<const std::uint8_t> some_text(std::uint32_t octets) { return {packet_.data(), octets}; }
  std::uint32_t some_length() {
    return one_of<std::uint32_t>({1, 1, 2, 10, 100, 536, 1460, 4000, 8192, 9000});
  }

  void flooding_segment(const model::Hypothesis& h, model::Segment& s) {
    using namespace model;
    s.seq = h.state == State::listen ? isn_ : h.rcv_nxt;
    s.ack = h.snd_nxt;
    s.flags = h.state == State::listen ? SYN : h.state == State::syn_received ? ACK : RST;
  }

  void opening_segment(const model::Hypothesis& h, model::Segment& s, bool sensible) {
    using namespace model;
    s.seq = isn_ + (random_.one_in(8) ? random_.below(4000) : 0);
    if (random_.one_in(3)) s.mss = one_of<std::uint16_t>({64, 100, 536, 1460, 9000});
    if (h.state == State::syn_sent) {
      s.ack = h.snd_nxt;
      s.flags = one_of<std::uint8_t>({SYN | ACK, SYN | ACK, SYN});
      if (!sensible) {
        s.flags = one_of<std::uint8_t>(
            {SYN | ACK, SYN, RST | ACK, RST, ACK, FIN | ACK, 0, FIN | SYN | ACK, FIN | SYN});
        s.ack = h.snd_nxt + one_of<std::uint32_t>({0, 0, 0, 1, ~0u, 1000});
        if (s.has(RST) && random_.one_in(2)) s.seq = 0;
      }
    } else {
      s.flags = SYN;
      if (!sensible) {
        s.flags =
            one_of<std::uint8_t>({SYN, SYN, RST, RST | ACK, ACK, SYN | ACK, FIN | ACK, FIN, 0, SYN | FIN});
        s.ack = random_.one_in(2) ? h.snd_nxt : static_cast<Seq>(random_.next());
        if (random_.one_in(2)) s.seq = h.rcv_nxt;
      }
    }
    if (!sensible && random_.one_in(2)) s.text = some_text(one_of<std::uint32_t>({1, 10, 1000}));
  }

  void synchronized_segment(const model::Hypothesis& h, model::Segment& s, bool sensible) {
    using namespace model;
    s.seq = h.rcv_nxt;
    s.ack = h.snd_nxt;
    s.flags = ACK;
    if (sensible) {
      const std::uint32_t drawn = random_.below(8);
      if (drawn < 3) s.text = some_text(some_length());
      if (drawn == 3) s.flags = FIN | ACK;
      if (drawn == 5) s.ack = h.snd_una;
      if (drawn == 4)
        s.ack = h.snd_una + (h.snd_nxt == h.snd_una ? 0 : random_.below(h.snd_nxt - h.snd_una + 1));
      return;
    }
    s.flags =
        one_of<std::uint8_t>({ACK, ACK, ACK, FIN | ACK, FIN | ACK, RST, RST | ACK, SYN, SYN | ACK, 0, FIN});
    const Seq base = random_.one_in(4) ? h.advertised : random_.one_in(8) ? h.irs : h.rcv_nxt;
    s.seq = base + one_of<std::uint32_t>({0, 0, 1, ~0u, 2, ~0u - 10, 10, 100, 536, 1000, ~0u - 1000, 8192,
                                          20000, 70000, ~0u - 70000});
    const Seq about = random_.one_in(4) ? h.iss : random_.one_in(2) ? h.snd_una : h.snd_nxt;
    s.ack = about + one_of<std::uint32_t>({0, 0, 0, 1, ~0u, 2, 100, ~0u - 100, 70000, ~0u - 70000});
    if (random_.one_in(2)) s.text = some_text(some_length());
    if (random_.one_in(8)) s.mss = 1000;
  }

  Verdict call() {
    constexpr Call calls[] = {Call::send,    Call::send,         Call::send,       Call::receive,
                              Call::receive, Call::receive,      Call::close,      Call::close_full,
                              Call::abort,   Call::status,       Call::accept,     Call::accept,
                              Call::accept,  Call::open_passive, Call::open_active};
    const Call drawn = calls[random_.below(talkative_ == 0 ? 15 : 13)];
    if ((drawn == Call::close_full || drawn == Call::abort) && !random_.one_in(3))
      return perform(Call::receive, false);
    return perform(drawn, drawn == Call::close_full && random_.one_in(6));
  }

  Verdict perform(Call call, bool on_listener) {
    Request request;
    request.call = call;
    request.local_port = iut_port;
    request.remote_port = tester_port;
    request.socket = on_listener ? listener_ : connection_;
    if (call == Call::open_passive || call == Call::open_active) request.socket = next_socket_++;
    if (call == Call::accept) {
      request.socket = listener_;
      request.child = next_socket_++;
    }
    if (call == Call::receive) request.count = one_of<std::size_t>({1, 10, 100, 5000, 65536});
    std::vector<std::uint8_t> octets;
    if (call == Call::send) {
      octets.resize(one_of<std::size_t>({1, 1, 10, 500, 537, 1000, 3000, 8000}));
      for (std::uint32_t i = 0; i < octets.size(); ++i) octets[i] = model::iut_octet(sent_ + i);
      request.data = octets;
    }
    const Reply reply = adapter_.call(request, *this);
    model::UserCall user_call;
    user_call.call = call;
    user_call.on_listener = on_listener;
    user_call.on_connection = request.socket != 0;
    user_call.asked = static_cast<std::uint32_t>(call == Call::send ? octets.size() : request.count);
    user_call.result = reply.result;
    user_call.count = static_cast<std::uint32_t>(reply.count);
    user_call.received = reply.data;
    user_call.state = reply.state;
    settle_sockets(request, reply, on_listener);
    log("{}{} {} -> {} {} {}", name(call), on_listener ? " (listener)" : "", user_call.asked,
        name(reply.result), reply.count, reply.state);
    digest(static_cast<std::uint64_t>(reply.result) * 65536 + reply.count);
    digest(reply.data);
    return oracle_.call(now_, user_call);
  }

  void settle_sockets(const Request& request, const Reply& reply, bool on_listener) {
    const bool granted = reply.result == Result::ok || reply.result == Result::pending;
    if (!granted) return;
    if (request.call == Call::open_passive) listener_ = request.socket;
    if (request.call == Call::open_active) connection_ = request.socket;
    if (request.call == Call::accept && reply.result == Result::ok) connection_ = request.child;
    const bool renewed = connection_ == request.socket || connection_ == request.child;
    if ((request.call == Call::open_active || request.call == Call::accept) && renewed) sent_ = 0;
    if (request.call == Call::send && reply.result == Result::ok)
      sent_ += static_cast<std::uint32_t>(reply.count);
    if (on_listener) listener_ = 0;
  }

  // ---- observations ---------------------------------------------------------------------------------

  Verdict judge() {
    Verdict verdict = Verdict::pass;
    for (const Observation& observation : observations_) {
      verdict = oracle_.time(observation.at);
      if (verdict == Verdict::pass) verdict = judge(observation);
      if (verdict != Verdict::pass) break;
    }
    observations_.clear();
    return verdict != Verdict::pass ? verdict : oracle_.time(now_, true);
  }

  Verdict judge(const Observation& observation) {
    digest(static_cast<std::uint64_t>(observation.at.count()));
    const Time at = observation.at;
    switch (observation.what) {
      case Observation::What::opened:
        log("opened");
        return observation.socket == connection_ ? oracle_.told_open(at) : Verdict::pass;
      case Observation::What::acceptable:
        log("acceptable");
        return observation.socket == listener_ ? oracle_.told_acceptable(at) : Verdict::pass;
      case Observation::What::failed:
        log("failed {}", name(observation.why));
        return observation.socket == connection_ ? oracle_.told_failure(at, observation.why) : Verdict::pass;
      case Observation::What::datagram: break;
    }
    digest(observation.packet);
    const Decoded decoded = decode(observation.packet);
    log("> {} at {}", describe(decoded.wire.segment), static_cast<double>(at.count()) / 1e6);
    if (!decoded.ok() || decoded.reserved_bits_set || decoded.options_malformed) {
      return oracle_.object(at, model::Rule::header_is_well_formed);
    }
    if (!decoded.ip_checksum_ok || !decoded.tcp_checksum_ok) {
      return oracle_.object(at, model::Rule::checksum_is_sent);
    }
    const Wire& wire = decoded.wire;
    if (wire.source_port != iut_port || wire.destination_port != tester_port ||
        wire.destination != profile_.tester_address) {
      return oracle_.object(at, model::Rule::local_address_stays);
    }
    return oracle_.sent(at, wire.segment);
  }

  void digest(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x100000001b3u; }
  void digest(Octets octets) {
    for (const std::uint8_t octet : octets) digest(std::uint64_t{octet});
  }

  Adapter& adapter_;
  Profile profile_;
  model::Oracle oracle_;
  Random random_;
  Time now_{};
  Socket listener_ = 0, connection_ = 0, next_socket_ = 1;
  std::uint32_t sent_ = 0;
  std::uint32_t talkative_ = 0;
  bool flood_ = false;  ///< children that die before anybody accepts them
  model::Seq isn_ = 0;
  bool corrupted_ = false;
  bool with_trace_ = false;
  std::vector<std::uint8_t> packet_, text_;
  std::vector<Observation> observations_;
  std::string trace_;
  Report report_;
  std::uint64_t digest_ = 0xcbf29ce484222325u;
};

}  // namespace finwait::test
