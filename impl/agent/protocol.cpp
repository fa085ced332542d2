#include "impl/agent/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>

#include "harness/codec.h"
#include "harness/text.h"

namespace finwait::agent {

namespace {

constexpr std::string_view nothing = "-";  // no octets at all

[[noreturn]] void refuse(std::string_view expected, std::string_view found) {
  constexpr std::size_t most = 80;
  throw ProtocolError(fmt::format("expected {}, found \"{}{}\"", expected, found.substr(0, most),
                                  found.size() > most ? "..." : ""));
}

// ---- octets -------------------------------------------------------------------------------------------

int digit_of(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

std::vector<std::uint8_t> octets_from(std::string_view text) {
  std::vector<std::uint8_t> octets;
  if (text == nothing) return octets;
  if (text.empty() || text.size() % 2 != 0) refuse("octets as pairs of hexadecimal digits, or -", text);
  octets.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) refuse("octets as pairs of hexadecimal digits, or -", text);
    octets.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return octets;
}

// ---- words --------------------------------------------------------------------------------------------

// The next word; what is left of the line stays.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <typename Number>
Number number_from(std::string_view text, std::string_view what) {
  Number number{};
  const auto [last, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || status != std::errc{} || last != text.data() + text.size()) refuse(what, text);
  return number;
}

Time time_from(std::string_view text) {
  const auto time = number_from<std::int64_t>(text, "a time in microseconds");
  if (time < 0) refuse("a time in microseconds that is not negative", text);
  return Time{time};
}

void end_of(std::string_view rest) {
  if (!rest.empty()) refuse("the end of the line", rest);
}

std::optional<Result> result_from(std::string_view word) {
  for (std::size_t i = 0; i < model::result_count; ++i) {
    if (name(static_cast<Result>(i)) == word) return static_cast<Result>(i);
  }
  return {};
}

std::vector<std::string> result_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < model::result_count; ++i) names.emplace_back(name(static_cast<Result>(i)));
  return names;
}

Result known_result(std::string_view word) {
  if (const auto result = result_from(word)) return *result;
  refuse(fmt::format("a result ({})", fmt::join(result_names(), ", ")), word);
}

// ---- claims -------------------------------------------------------------------------------------------

bool yes_or_no(std::string_view text) {
  if (text != "yes" && text != "no") refuse("yes or no", text);
  return text == "yes";
}

std::uint32_t address_from(std::string_view text) {
  std::uint32_t address = 0;
  const auto parts = split(text, '.');
  if (parts.size() != 4) refuse("an IPv4 address such as 10.0.0.1", text);
  for (const std::string_view part : parts) {
    address = address << 8 | number_from<std::uint8_t>(part, "an IPv4 address such as 10.0.0.1");
  }
  return address;
}

Call call_from(std::string_view word) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < model::call_count; ++i) {
    const auto call = static_cast<Call>(i);
    if (name(call) == word) return call;
    names.emplace_back(name(call));
  }
  refuse(fmt::format("a user call ({})", fmt::join(names, ", ")), word);
}

std::vector<Call> calls_from(std::string_view text) {
  std::vector<Call> calls;
  while (!text.empty()) {
    const Call call = call_from(take_word(text));
    if (std::find(calls.begin(), calls.end(), call) == calls.end()) calls.push_back(call);
  }
  return calls;
}

Profile::Clock clock_from(std::string_view text) {
  if (text != "virtual" && text != "real") refuse("virtual or real", text);
  return text == "real" ? Profile::Clock::real : Profile::Clock::virtual_exact;
}

struct Claim {
  std::string_view name;
  void (*take)(Profile&, std::string_view);
};

template <Time Profile::*member>
void take_time(Profile& profile, std::string_view text) {
  profile.*member = time_from(text);
}

// An interval in which nothing could ever be due would be no interval.
template <Time Profile::*member>
void take_interval(Profile& profile, std::string_view text) {
  profile.*member = time_from(text);
  if (profile.*member == Time{0}) refuse("a time in microseconds greater than 0", text);
}

void take_mss(Profile& profile, std::string_view text) {
  profile.mss = number_from<std::uint16_t>(text, "octets, 1 to 65535");
  if (profile.mss == 0) refuse("octets, 1 to 65535", text);
}

constexpr std::array claims = std::to_array<Claim>({
    {"name", [](Profile& p, std::string_view text) { p.name = text; }},
    {"version", [](Profile& p, std::string_view text) { p.version = text; }},
    {"clock", [](Profile& p, std::string_view text) { p.clock = clock_from(text); }},
    {"tick", take_interval<&Profile::tick>},
    {"msl", take_interval<&Profile::msl>},
    {"reaction", take_time<&Profile::reaction>},
    {"slack", take_time<&Profile::slack>},
    {"step", take_interval<&Profile::step>},
    {"throttle", take_time<&Profile::throttle>},
    {"patience", take_interval<&Profile::patience>},
    {"r2-syn", take_time<&Profile::r2_syn>},
    {"r2-data", take_time<&Profile::r2_data>},
    {"receive-buffer",
     [](Profile& p,
        std::string_view text) { p.receive_buffer = number_from<std::uint32_t>(text, "octets"); }},
    {"mss", take_mss},
    {"listener-persists", [](Profile& p, std::string_view text) { p.listener_persists = yes_or_no(text); }},
    {"iut-address", [](Profile& p, std::string_view text) { p.iut_address = address_from(text); }},
    {"tester-address", [](Profile& p, std::string_view text) { p.tester_address = address_from(text); }},
    {"calls", [](Profile& p, std::string_view text) { p.calls = calls_from(text); }},
});

}  // namespace

std::string hex(Octets octets) {
  static constexpr std::string_view digits = "0123456789abcdef";
  if (octets.empty()) return std::string(nothing);
  std::string text;
  text.reserve(2 * octets.size());
  for (const std::uint8_t octet : octets) {
    text += digits[octet >> 4];
    text += digits[octet & 15];
  }
  return text;
}

// ---- what is asked --------------------------------------------------------------------------------------

std::string hello_line() {
  return fmt::format("hello finwait-agent {}", protocol_version);
}

std::string reset_line(std::uint64_t seed) {
  return fmt::format("reset {}", seed);
}

std::string call_line(const Request& request) {
  const std::string line = fmt::format("call {} {}", name(request.call), request.socket);
  switch (request.call) {
    case Call::open_passive: return fmt::format("{} {} {}", line, request.local_port, request.backlog);
    case Call::open_active: return fmt::format("{} {} {}", line, request.local_port, request.remote_port);
    case Call::accept: return fmt::format("{} {}", line, request.child);
    case Call::send: return fmt::format("{} {}", line, hex(request.data));
    case Call::receive: return fmt::format("{} {}", line, request.count);
    default: return line;
  }
}

std::string deliver_line(Octets packet) {
  return "deliver " + hex(packet);
}

std::string advance_line(Time by) {
  return fmt::format("advance {}", by.count());
}

// ---- what is answered -----------------------------------------------------------------------------------

std::optional<Observation> read_observation(std::string_view line) {
  using What = Observation::What;
  Observation observation;
  const std::string_view what = take_word(line);
  if (what == "datagram") {
    observation.what = What::datagram;
  } else if (what == "opened") {
    observation.what = What::opened;
  } else if (what == "acceptable") {
    observation.what = What::acceptable;
  } else if (what == "failed") {
    observation.what = What::failed;
  } else {
    return {};
  }
  observation.at = time_from(take_word(line));
  const std::string_view subject = take_word(line);
  if (observation.what == What::datagram) {
    observation.packet = octets_from(subject);
    if (observation.packet.size() > max_datagram) refuse("a datagram of at most 65535 octets", subject);
  } else {
    observation.socket = number_from<Socket>(subject, "a socket's number");
  }
  if (observation.what == What::failed) observation.why = known_result(take_word(line));
  end_of(line);
  return observation;
}

std::optional<std::string_view> read_crash(std::string_view line) {
  if (take_word(line) != "crashed") return {};
  return line;
}

Answer read_answer(std::string_view line) {
  std::string_view rest = line;
  if (const auto result = result_from(take_word(rest))) return {*result, rest};
  refuse(fmt::format("datagram, opened, acceptable, failed, crashed or a result ({})",
                     fmt::join(result_names(), ", ")),
         line);
}

Reply read_reply(const Request& request, const Answer& answer, std::vector<std::uint8_t>& octets,
                 std::string& state) {
  Reply reply;
  reply.result = answer.result;
  const bool ok = answer.result == Result::ok;
  if (ok && request.call == Call::send) {
    reply.count = number_from<std::size_t>(answer.rest, "\"ok\" and how many octets were taken");
    if (reply.count > request.data.size())
      refuse(fmt::format("at most the {} octets that were to be sent", request.data.size()), answer.rest);
  } else if (ok && request.call == Call::receive) {
    octets = octets_from(answer.rest);
    if (octets.size() > request.count) refuse(fmt::format("at most {} octets", request.count), answer.rest);
    reply.data = octets;
  } else if (ok && request.call == Call::status) {
    if (answer.rest.empty()) refuse("\"ok\" and a state such as SYN-SENT", answer.rest);
    state = answer.rest;
    reply.state = state;
  } else {
    end_of(answer.rest);
  }
  return reply;
}

bool read_claim(std::string_view line, Profile& profile) {
  if (take_word(line) != "claim") return false;
  const std::string_view claimed = take_word(line);
  std::vector<std::string> names;
  for (const Claim& claim : claims) {
    if (claim.name == claimed) {
      claim.take(profile, line);
      return true;
    }
    names.emplace_back(claim.name);
  }
  refuse(fmt::format("a claim ({})", fmt::join(names, ", ")), claimed);
}

}  // namespace finwait::agent
