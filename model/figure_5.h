// RFC 9293 §3.3.2, figure 5, as data, and the clause of each arrow of the transition table.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/machine.h"
#include "model/state.h"

namespace finwait::model {

/// An arrow as figure 5 draws it.
struct DrawnArrow {
  State source;
  State target;
  std::string_view label;   ///< above the line: what causes the change
  std::string_view event;   ///< of the transition table, that takes it
  std::string_view clause;  ///< which words it
  std::string_view note;    ///< what the label leaves open; empty: nothing
};
/// All arrows of the figure.
std::span<const DrawnArrow> figure_5();

/// Where the RFC words an arrow of the table.
struct ArrowSource {
  std::string_view clause;
  std::string_view why;  ///< the figure's label, or the sentence or note that adds the arrow
  bool drawn;            ///< in figure 5
};
/// Nothing: the table has an arrow that no clause asks for.
std::optional<ArrowSource> source_of(const Arrow& arrow);

/// An arrow that has a clause; `source` and `target` are nothing where it is any state that stays.
struct ClausedArrow {
  std::optional<State> source;
  std::optional<State> target;
  std::string_view event;
  ArrowSource from;
};
/// All of figure_5.def.
std::span<const ClausedArrow> claused_arrows();

}  // namespace finwait::model
