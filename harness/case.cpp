#include "harness/case.h"

#include <algorithm>

namespace finwait {

bool Wanted::shown_by(const Played& played) const {
  return played.outcome == Outcome::fail && !played.doubtful && played.deviation.rule == rule &&
         (!state || played.deviation.state == *state);
}

Doubts doubts_of(const std::set<Deviation>& known) {
  Doubts doubts;
  for (const Deviation& deviation : known) {
    const bool segment = deviation.event.kind == EventKind::segment;
    if (segment && model::leaves_doubt(deviation.rule)) doubts.insert({deviation.state, deviation.event});
  }
  return doubts;
}

Played play(Session& session, const Case& given, const Doubts& doubts, model::Rule target) {
  Played played;
  session.start(given.setup);
  for (const Event& event : given.events) {
    ++played.events;
    played.outcome = session.play(event);
    while (played.outcome == Outcome::fail && session.about_time_alone() && target != model::Rule::none &&
           session.deviation().rule != target) {
      played.outcome = session.go_on();
    }
    if (played.outcome != Outcome::pass || session.oracle().contradicted()) break;
  }
  if (played.outcome == Outcome::fail) {
    played.deviation = session.deviation();
    played.culprit = session.culprit();
    const auto& history = session.history();
    played.doubtful =
        std::any_of(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(played.culprit),
                    [&](const Session::Met& met) { return doubts.contains(met); });
  }
  played.advisories = session.advisories();
  return played;
}

}  // namespace finwait
