#include "explore/checkpoint.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "harness/finding.h"
#include "harness/state_hash.h"

namespace finwait {

namespace {

using nlohmann::json;

// Format: this line, a line of JSON, then the arrays that it gives the sizes of, then the digest of all
// before.
constexpr std::string_view first_line = "finwait exploration 1\n";

struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::uint64_t digest_of(std::string_view octets) {
  StateHash hash;
  hash.add(octets.size());
  while (octets.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, octets.data(), sizeof word);
    hash.add(word);
    octets.remove_prefix(sizeof word);
  }
  for (const char octet : octets) hash.add(static_cast<unsigned char>(octet));
  return hash.value();
}

// ---- words ------------------------------------------------------------------------------------------

json to_json(const Deviation& deviation) {
  return {model::text(deviation.rule).id, identity_text(deviation)};
}

Deviation deviation_from(const json& value) {
  Deviation deviation;
  std::string error;
  const auto rule = read_rule(value.at(0).get<std::string>(), error);
  if (rule) error = read_identity(value.at(1).get<std::string>(), deviation);
  if (!error.empty()) throw Malformed(error);
  deviation.rule = *rule;
  return deviation;
}

json to_json(const Case& of) {
  json events = json::array();
  for (const Event& event : of.events) events.push_back(to_text(event));
  return {{"isn", of.setup.tester_isn}, {"seed", of.setup.iut_seed}, {"events", events}};
}

Case case_from(const json& value) {
  Case read;
  read.setup = {value.at("isn"), value.at("seed")};
  for (const json& text : value.at("events")) {
    EventError error{};
    const auto event = event_from_text(text.get<std::string>(), error);
    if (!event) throw Malformed(error.what);
    read.events.push_back(*event);
  }
  return read;
}

json to_json(const std::set<Deviation>& deviations) {
  json all = json::array();
  for (const Deviation& deviation : deviations) all.push_back(to_json(deviation));
  return all;
}

std::set<Deviation> deviations_from(const json& value) {
  std::set<Deviation> all;
  for (const json& one : value) all.insert(deviation_from(one));
  return all;
}

json to_json(const RunSummary& summary) {
  json findings = json::array(), advisories = json::array();
  for (const Finding& finding : summary.findings) {
    findings.push_back({{"deviation", to_json(finding.deviation)},
                        {"case", to_json(finding.smallest)},
                        {"number", finding.number}});
  }
  for (const auto& [rule, cases] : summary.advisories) advisories.push_back({model::text(rule).id, cases});
  return {{"cases", summary.cases},        {"events", summary.events}, {"inconclusive", summary.inconclusive},
          {"plays", summary.shrink_plays}, {"findings", findings},     {"advisories", advisories}};
}

RunSummary summary_from(const json& value) {
  RunSummary summary;
  summary.cases = value.at("cases");
  summary.events = value.at("events");
  summary.inconclusive = value.at("inconclusive");
  summary.shrink_plays = value.at("plays");
  for (const json& finding : value.at("findings")) {
    summary.findings.push_back(
        {deviation_from(finding.at("deviation")), case_from(finding.at("case")), finding.at("number")});
  }
  for (const json& advisory : value.at("advisories")) {
    std::string error;
    const auto rule = read_rule(advisory.at(0).get<std::string>(), error);
    if (!rule) throw Malformed(error);
    summary.advisories[*rule] = advisory.at(1);
  }
  return summary;
}

json to_json(const HuntState& hunt) {
  json tries = json::array(), waiting = json::array();
  for (const auto& [tried, times] : hunt.tries) tries.push_back({to_json(tried.first), tried.second, times});
  for (const Sighting& sighting : hunt.waiting) {
    waiting.push_back({{"number", sighting.number},
                       {"case", to_json(sighting.found)},
                       {"deviation", to_json(sighting.deviation)},
                       {"tainted", sighting.tainted}});
  }
  return {{"summary", to_json(hunt.summary)},
          {"known", to_json(hunt.known)},
          {"passed over", to_json(hunt.passed_over)},
          {"tries", tries},
          {"waiting", waiting}};
}

HuntState hunt_from(const json& value) {
  HuntState hunt;
  hunt.summary = summary_from(value.at("summary"));
  hunt.known = deviations_from(value.at("known"));
  hunt.passed_over = deviations_from(value.at("passed over"));
  for (const json& tried : value.at("tries"))
    hunt.tries[{deviation_from(tried.at(0)), tried.at(1)}] = tried.at(2);
  for (const json& sighting : value.at("waiting")) {
    hunt.waiting.push_back({sighting.at("number"), case_from(sighting.at("case")),
                            deviation_from(sighting.at("deviation")), sighting.at("tainted")});
  }
  return hunt;
}

json to_json(const SearchCount& count) {
  json levels = json::array();
  for (const LevelCount& level : count.levels) {
    levels.push_back({level.from, level.played, level.impossible, level.equal, level.met, level.ended});
  }
  return {{"levels", levels}, {"states", count.states}, {"arrows", count.arrows.to_string()}};
}

SearchCount count_from(const json& value) {
  SearchCount count;
  count.states = value.at("states");
  count.arrows = Arrows(value.at("arrows").get<std::string>());
  for (const json& l : value.at("levels"))
    count.levels.push_back({l.at(0), l.at(1), l.at(2), l.at(3), l.at(4), l.at(5)});
  return count;
}

json to_json(const CheckpointOwner& owner) {
  return {{"finwait", owner.program},
          {"stack", owner.stack},
          {"version of the stack", owner.version},
          {"profile of the stack", owner.profile},
          {"expectations", owner.expectations},
          {"seed", fmt::format("{:#x}", owner.seed)},
          {"searches", owner.searches}};
}

void compare_owners(const json& found, const json& expected) {
  for (const auto& [name, value] : expected.items()) {
    const std::string there = found.value(name, "nothing"), here = value.get<std::string>();
    if (there != here)
      throw Malformed(
          fmt::format("it is of another exploration; {}: expected {}, found {}", name, here, there));
  }
}

// ---- arrays -----------------------------------------------------------------------------------------

template <class T>
void append(std::string& octets, const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!values.empty()) octets.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <class T>
std::vector<T> take(std::string_view& octets, std::size_t count) {
  if (octets.size() / sizeof(T) < count) throw Malformed("its end is missing");
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), octets.data(), count * sizeof(T));
  octets.remove_prefix(count * sizeof(T));
  return values;
}

std::string_view without_digest(std::string_view octets) {
  if (!octets.starts_with(first_line)) throw Malformed("it is no checkpoint of an exploration");
  std::uint64_t digest = 0;
  const bool whole = octets.size() >= first_line.size() + sizeof digest;
  if (whole) std::memcpy(&digest, octets.data() + octets.size() - sizeof digest, sizeof digest);
  if (whole) octets.remove_suffix(sizeof digest);
  if (!whole || digest_of(octets) != digest) throw Malformed("it is damaged");
  octets.remove_prefix(first_line.size());
  return octets;
}

Checkpoint read(std::string_view octets, const CheckpointOwner& owner) {
  octets = without_digest(octets);
  const std::size_t end = octets.find('\n');
  const json head = json::parse(octets.substr(0, end));
  octets.remove_prefix(std::min(end + 1, octets.size()));
  compare_owners(head.at("owner"), to_json(owner));
  Checkpoint checkpoint;
  checkpoint.traces = head.at("traces").get<std::vector<std::string>>();
  checkpoint.hunt = hunt_from(head.at("hunt"));
  ExploreState& state = checkpoint.state;
  for (const json& count : head.at("counts")) state.counts.push_back(count_from(count));
  state.search = head.at("search");
  state.next = head.at("next");
  const json& sizes = head.at("sizes");
  state.met = StatesMet::of(take<std::uint64_t>(octets, sizes.at(0)), head.at("states"));
  state.paths = take<Path>(octets, sizes.at(1));
  state.next_paths = take<Path>(octets, sizes.at(2));
  return checkpoint;
}

}  // namespace

std::string searches_text(const std::vector<Search>& searches) {
  std::string text;
  for (const Search& search : searches) {
    std::string letters;
    for (const Letter& letter : search.alphabet) {
      letters += fmt::format("{} {}\n", to_text(letter.event), letter.aim ? to_text(*letter.aim) : "");
    }
    std::string depths = std::to_string(search.depth);
    for (const EverySequence::Root& root : search.roots) {
      if (root.depth != search.depth) depths += fmt::format(", {} from {}", root.depth, name(root.state));
    }
    text += fmt::format("{}{} to depth {} ({} letters, {:#x})", text.empty() ? "" : "; ", search.name, depths,
                        search.alphabet.size(), digest_of(letters));
  }
  return text;
}

std::string to_octets(const CheckpointOwner& owner, const std::vector<std::string>& traces,
                      const ExploreState& state, const HuntState& hunt) {
  json counts = json::array();
  for (const SearchCount& count : state.counts) counts.push_back(to_json(count));
  const std::vector<std::uint64_t>& slots = state.met.slots();
  const json head{
      {"owner", to_json(owner)},     {"traces", traces},
      {"hunt", to_json(hunt)},       {"counts", counts},
      {"search", state.search},      {"next", state.next},
      {"states", state.met.count()}, {"sizes", {slots.size(), state.paths.size(), state.next_paths.size()}}};
  std::string octets(first_line);
  octets += head.dump() + "\n";
  append(octets, slots);
  append(octets, state.paths);
  append(octets, state.next_paths);
  const std::uint64_t digest = digest_of(octets);
  octets.append(reinterpret_cast<const char*>(&digest), sizeof digest);
  return octets;
}

std::variant<Checkpoint, std::string> checkpoint_from(std::string_view octets, const CheckpointOwner& owner) {
  try {
    return read(octets, owner);
  } catch (const Malformed& error) {
    return std::string(error.what());
  } catch (const json::exception& error) {
    return fmt::format("it is damaged: {}", error.what());
  }
}

}  // namespace finwait
