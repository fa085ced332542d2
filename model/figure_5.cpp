#include "model/figure_5.h"

#include <algorithm>
#include <array>

namespace finwait::model {

namespace {

constexpr std::array drawn{
#define DRAWN(source, label, target, event, clause, note) \
  DrawnArrow{State::source, State::target, label, event, clause, note},
#define BEYOND(source, event, target, clause, why)
#define WITHIN(event, clause, why)
#include "model/figure_5.def"
#undef DRAWN
#undef BEYOND
#undef WITHIN
};

constexpr std::array claused{
#define DRAWN(source, label, target, event, clause, note) \
  ClausedArrow{State::source, State::target, event, {clause, label, true}},
#define BEYOND(source, event, target, clause, why) \
  ClausedArrow{State::source, State::target, event, {clause, why, false}},
#define WITHIN(event, clause, why) ClausedArrow{std::nullopt, std::nullopt, event, {clause, why, false}},
#include "model/figure_5.def"
#undef DRAWN
#undef BEYOND
#undef WITHIN
};

bool is(const ClausedArrow& entry, const Arrow& arrow) {
  if (entry.event != arrow.event) return false;
  if (!entry.source) return arrow.source == arrow.target;
  return entry.source == arrow.source && entry.target == arrow.target;
}

}  // namespace

std::span<const DrawnArrow> figure_5() {
  return drawn;
}

std::span<const ClausedArrow> claused_arrows() {
  return claused;
}

std::optional<ArrowSource> source_of(const Arrow& arrow) {
  const auto entry = std::find_if(claused.begin(), claused.end(),
                                  [&](const ClausedArrow& candidate) { return is(candidate, arrow); });
  if (entry == claused.end()) return {};
  return entry->from;
}

}  // namespace finwait::model
