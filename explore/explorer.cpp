#include "explore/explorer.h"

#include <algorithm>
#include <utility>

#include "harness/replay.h"

namespace finwait {

namespace {

// As many as the slices of a round take at their largest.
constexpr std::uint64_t cases_a_round = 16 * most_ends;

}  // namespace

Search core_search(std::span<const model::Call> calls, std::size_t depth, std::size_t depth_from_closed) {
  Search search{"core", supported(core_alphabet(), calls), depth, {}};
  for (std::size_t i = 0; i < model::state_count; ++i) {
    const auto state = static_cast<model::State>(i);
    search.roots.push_back({state, state == model::State::closed ? depth_from_closed : depth});
  }
  return search;
}

Search full_search(std::span<const model::Call> calls, std::size_t depth) {
  return {"full", supported(full_alphabet(), calls), depth, {}};
}

Explorer::Explorer(AdapterFactory adapter, const ExploreOptions& options, Hunt hunt, ExploreState state)
    : adapter_(std::move(adapter)), options_(options), hunt_(std::move(hunt)), state_(std::move(state)) {}

void Explorer::operator()(const Keep& keep) {
  while (state_.search < options_.searches.size() && !hunt_.interrupted()) {
    if (state_.counts.size() == state_.search) {
      state_.counts.emplace_back();
      state_.paths = {Path{}};
      begin_level(search().cuts() ? 1 : search().roots.size());
    }
    play_level(keep);
    if (state_.next == size_) end_level();
  }
  if (!workers_) use_workers(std::make_unique<NoCases>());
  hunt_.look_into_waiting();
}

void Explorer::finish() {
  hunt_.finish();
}

void Explorer::use_workers(std::unique_ptr<CaseSource> source) {
  workers_.reset();  // before the source that they have
  source_ = std::move(source);
  workers_ = std::make_unique<WorkerPool>(adapter_, *source_, options_.workers);
  hunt_.use(*workers_);
}

void Explorer::begin_level(std::uint64_t from) {
  state_.counts.back().levels.push_back({from});
  state_.next = 0;
  state_.next_paths.clear();
}

void Explorer::play_level(const Keep& keep) {
  if (search().cuts()) {
    auto source = std::make_unique<NextLevel>(search().alphabet, options_.seed);
    const std::size_t length = state_.counts.back().levels.size() - 1;
    source->set_level(state_.paths, length, length + 1 < search().depth);
    next_level_ = source.get();
    size_ = source->size();
    use_workers(std::move(source));
  } else {
    auto source = std::make_unique<EverySequence>(search().alphabet, options_.seed, search().roots);
    next_level_ = nullptr;
    size_ = source->size();
    use_workers(std::move(source));
  }
  hunt_.look_into_waiting();
  while (state_.next < size_ && !hunt_.interrupted()) {
    const std::uint64_t count = std::min(cases_a_round, size_ - state_.next);
    const Round round = hunt_.round(options_.seed, state_.next, count);
    state_.counts.back().arrows |= round.arrows();
    take(round.ends);
    state_.next += count;
    keep(state_, hunt_.state());
  }
}

void Explorer::take(const std::vector<CaseEnd>& ends) {
  LevelCount& count = level();
  const bool looks = next_level_ == nullptr || next_level_->looks();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const CaseEnd& end = ends[i];
    count.impossible += end.why == CaseEnd::Why::impossible ? 1 : 0;
    count.equal += end.why == CaseEnd::Why::equal ? 1 : 0;
    if (end.why != CaseEnd::Why::played) continue;
    ++count.played;
    if (!looks) continue;
    if (!end.looked) {
      ++count.ended;
    } else if (!state_.met.insert(end)) {
      ++count.met;
    } else if (next_level_ != nullptr) {
      state_.next_paths.push_back(next_level_->path(state_.next + i));
    }
  }
  state_.counts.back().states = state_.met.count();
}

void Explorer::end_level() {
  const bool goes_on = search().cuts() && state_.counts.back().levels.size() < search().depth;
  if (goes_on && !state_.next_paths.empty()) {
    state_.paths = std::move(state_.next_paths);
    begin_level(state_.paths.size());
    return;
  }
  state_.met = StatesMet{};
  state_.paths.clear();
  state_.next_paths.clear();
  state_.next = 0;
  ++state_.search;
}

}  // namespace finwait
