// finwait explore: saved traces first, then every sequence of events; what is new is saved at once, and what
// an interrupt leaves undone can go on later.
#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "explore/checkpoint.h"
#include "explore/explorer.h"
#include "harness/files.h"
#include "harness/text.h"
#include "model/machine.h"

namespace finwait::cli {

namespace {

// Fixed, as that of a run is.
constexpr std::uint64_t default_seed = 0x5eed;
constexpr std::size_t core_depth = 4, core_depth_from_closed = 5, full_depth = 6;
// A checkpoint is written so often, or, where it is large, so seldom that it takes a small share of the time.
constexpr std::chrono::seconds between_checkpoints{2};
constexpr int most_of_the_time = 20;  // a twentieth

using Clock = std::chrono::steady_clock;

class ExploreCommand {
 public:
  explicit ExploreCommand(const ExploreArguments& arguments)
      : arguments_(arguments), check_(arguments.check), seed_(arguments.seed.value_or(default_seed)) {
    refuse_real_time();
    options_.seed = seed_;
    options_.workers = check_.workers();
    choose_searches();
    file_ = arguments.checkpoint.empty()
                ? fmt::format("finwait-explore-{}.checkpoint", file_safe(check_.stack().name))
                : arguments.checkpoint;
    owner_ = {FINWAIT_VERSION,
              check_.stack().name,
              check_.profile().version,
              profile_text(check_.profile()),
              check_.expected_text(),
              seed_,
              searches_text(options_.searches)};
    traces_ = check_.trace_names();
    arguments.resume ? read_checkpoint() : refuse_checkpoint();
  }

  int operator()() {
    return check_([this] { return explore(); });
  }

 private:
  // ---- before ---------------------------------------------------------------------------------------

  void refuse_real_time() const {
    if (check_.profile().clock == Profile::Clock::virtual_exact) return;
    throw UsageError(
        fmt::format("explore plays millions of sequences, which takes virtual time; {} runs in real time: "
                    "use \"finwait run "
                    "{}\"",
                    check_.stack().name, check_.stack().name));
  }

  bool tells_state() const {
    const std::unique_ptr<Adapter> adapter = check_.stack().make();
    adapter->reset(0);
    StateHash hash;
    return adapter->tell_state({}, hash);
  }

  void choose_searches() {
    const std::string& alphabet = arguments_.alphabet;
    if (!alphabet.empty() && alphabet != "core" && alphabet != "full") {
      throw UsageError(fmt::format("--alphabet: expected core or full, found \"{}\"{}", alphabet,
                                   did_you_mean(alphabet, {"core", "full"})));
    }
    const std::optional<std::size_t> depth = arguments_.depth;
    if (depth && (*depth == 0 || *depth > most_letters))
      throw UsageError(fmt::format("--depth: expected 1 to {}, found {}", most_letters, *depth));
    const auto& calls = check_.profile().calls;
    if (alphabet != "full") {
      options_.searches.push_back(
          core_search(calls, depth.value_or(core_depth), depth.value_or(core_depth_from_closed)));
    }
    if (alphabet == "core") return;
    if (tells_state()) {
      options_.searches.push_back(full_search(calls, depth.value_or(full_depth)));
      return;
    }
    const std::string why = fmt::format(
        "{} does not tell its state (Adapter::tell_state), by which the search of the full alphabet cuts",
        check_.stack().name);
    if (alphabet == "full") throw UsageError(why);
    left_out_ = why;
  }

  void refuse_checkpoint() const {
    std::error_code ignored;
    if (!std::filesystem::exists(file_, ignored)) return;
    throw UsageError(
        fmt::format("{} is what an interrupted exploration has left: \"--resume\" goes on with it; to begin "
                    "anew, delete it "
                    "or name another file with --checkpoint",
                    file_.string()));
  }

  void read_checkpoint() {
    const auto text = read_file(file_);
    if (const auto* error = std::get_if<FileError>(&text))
      throw UsageError(fmt::format("nothing to resume: {}", error->text));
    auto read = checkpoint_from(std::get<std::string>(text), owner_);
    if (const auto* error = std::get_if<std::string>(&read))
      throw UsageError(fmt::format("cannot resume from {}: {}", file_.string(), *error));
    resumed_ = std::get<Checkpoint>(std::move(read));
    traces_ = resumed_->traces;
    check_.continues(traces_);
  }

  // ---- the search -----------------------------------------------------------------------------------

  Outcomes explore() {
    if (interrupted()) return {{}, "nothing explored", {}, {{"seed", seed_}, {"complete", false}}};
    started_ = last_kept_ = Clock::now();
    const FindingSink found = [this](const Finding& finding) { check_.found(finding); };
    const FindingSink retracted = [this](const Finding& finding) { check_.retract(finding); };
    const RunProgress progress = [this](const RunSummary&) { return show(); };
    HuntState hunt;
    ExploreState state;
    hunt.known = hunt.passed_over = check_.known();
    if (resumed_) {
      hunt = std::move(resumed_->hunt);
      state = std::move(resumed_->state);
      for (const Finding& finding : hunt.summary.findings) found(finding);
    }
    Explorer explorer(check_.stack().make, options_, Hunt(std::move(hunt), found, retracted, progress),
                      std::move(state));
    explorer_ = &explorer;
    explorer([this](const ExploreState& at, const HuntState& with) { keep_now_and_then(at, with); });
    const bool complete = explorer.complete();
    if (!complete) keep(explorer.state(), explorer.hunt());
    explorer.finish();
    std::error_code ignored;
    if (complete) std::filesystem::remove(file_, ignored);
    explorer_ = nullptr;
    return outcomes(explorer, complete);
  }

  bool show() {
    if (explorer_ == nullptr || explorer_->state().counts.empty()) return !interrupted();
    const ExploreState& state = explorer_->state();
    const Search& search =
        options_.searches[std::min<std::size_t>(state.search, options_.searches.size() - 1)];
    const std::size_t level = state.counts.back().levels.size();
    const std::chrono::duration<double> passed = Clock::now() - started_;
    check_.progress().show(
        fmt::format("{}: {}{} {:.1f} %, {} states, {} sequences, {:.0f} s, {} new", check_.stack().name,
                    search.name, search.cuts() ? fmt::format(" level {} of {}", level, search.depth) : "",
                    100.0 * static_cast<double>(state.next) /
                        static_cast<double>(std::max<std::uint64_t>(explorer_->size(), 1)),
                    state.met.count(), explorer_->summary().cases, passed.count(), check_.found_so_far()));
    return !interrupted();
  }

  void keep_now_and_then(const ExploreState& state, const HuntState& hunt) {
    const auto now = Clock::now();
    if (now - last_kept_ < std::max<Clock::duration>(between_checkpoints, took_ * most_of_the_time)) return;
    keep(state, hunt);
  }

  void keep(const ExploreState& state, const HuntState& hunt) {
    const auto begin = Clock::now();
    write(file_, to_octets(owner_, traces_, state, hunt));
    last_kept_ = Clock::now();
    took_ = last_kept_ - begin;
  }

  // ---- the report -----------------------------------------------------------------------------------

  Outcomes outcomes(const Explorer& explorer, bool complete) const {
    Outcomes outcomes;
    outcomes.summary = explorer.summary();
    const std::vector<SearchCount>& counts = explorer.state().counts;
    outcomes.report = "Explored\n";
    nlohmann::json explored = nlohmann::json::array();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      outcomes.report += text_of(options_.searches[i], counts[i]);
      explored.push_back(json_of(options_.searches[i], counts[i]));
    }
    if (!left_out_.empty()) outcomes.report += fmt::format("  full  left out: {}\n", left_out_);
    if (!complete) {
      outcomes.report += fmt::format("  not complete: \"--resume\" goes on from {}\n", shown(file_));
    }
    outcomes.what = fmt::format("{} sequences, {} events, seed {:#x}", outcomes.summary.cases,
                                outcomes.summary.events, seed_);
    outcomes.totals = {{"seed", seed_}, {"explored", explored}, {"complete", complete}};
    return outcomes;
  }

  static std::string depth_text(const Search& search) {
    if (search.cuts()) return fmt::format("to depth {} from the start, level by level", search.depth);
    std::string text = fmt::format("to depth {} from each state", search.depth);
    for (const EverySequence::Root& root : search.roots) {
      if (root.depth != search.depth)
        text += fmt::format(" and to depth {} from {}", root.depth, name(root.state));
    }
    return text + ", without any cut";
  }

  static LevelCount sum_of(const SearchCount& count) {
    LevelCount sum;
    for (const LevelCount& level : count.levels) {
      sum.played += level.played;
      sum.impossible += level.impossible;
      sum.equal += level.equal;
      sum.met += level.met;
      sum.ended += level.ended;
    }
    return sum;
  }

  static std::string text_of(const Search& search, const SearchCount& count) {
    const LevelCount sum = sum_of(count);
    std::string text =
        fmt::format("  {}  {} letters {}: {} sequences, {} states, {} of {} arrows of the transition table\n",
                    search.name, search.alphabet.size(), depth_text(search), sum.played, count.states,
                    count.arrows.count(), model::arrows().size());
    if (!search.cuts()) return text;
    text +=
        fmt::format("        skipped: {} letters that mean nothing where they stand, {} equal to another\n",
                    sum.impossible, sum.equal);
    text +=
        fmt::format("        cut: {} branches at a state met before, {} where stack or oracle cannot go on\n",
                    sum.met, sum.ended);
    text += fmt::format("        {:>5} {:>10} {:>12} {:>12} {:>12}\n", "level", "from", "sequences", "cut",
                        "new");
    for (std::size_t i = 0; i < count.levels.size(); ++i) {
      const LevelCount& level = count.levels[i];
      const bool last = i + 1 == search.depth;
      text += fmt::format("        {:>5} {:>10} {:>12} {:>12} {:>12}\n", i + 1, level.from, level.played,
                          last ? "-" : std::to_string(level.met + level.ended),
                          last ? "-" : std::to_string(level.played - level.met - level.ended));
    }
    return text;
  }

  static nlohmann::json json_of(const Search& search, const SearchCount& count) {
    const LevelCount sum = sum_of(count);
    nlohmann::json levels = nlohmann::json::array();
    for (const LevelCount& level : count.levels) {
      levels.push_back(
          {{"from", level.from}, {"sequences", level.played}, {"met", level.met}, {"ended", level.ended}});
    }
    return {{"alphabet", search.name},
            {"letters", search.alphabet.size()},
            {"depth", search.depth},
            {"sequences", sum.played},
            {"states", count.states},
            {"arrows", count.arrows.count()},
            {"impossible", sum.impossible},
            {"equal", sum.equal},
            {"cut", sum.met},
            {"ended", sum.ended},
            {"levels", levels}};
  }

  const ExploreArguments& arguments_;
  StackCheck check_;
  std::uint64_t seed_;
  ExploreOptions options_;
  std::string left_out_;
  std::filesystem::path file_;
  CheckpointOwner owner_;
  std::vector<std::string> traces_;
  std::optional<Checkpoint> resumed_;
  Explorer* explorer_ = nullptr;
  Clock::time_point started_{}, last_kept_{};
  Clock::duration took_{};
};

}  // namespace

int explore_command(const ExploreArguments& arguments) {
  return ExploreCommand(arguments)();
}

}  // namespace finwait::cli
