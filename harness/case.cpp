#include "harness/case.h"

namespace finwait {

Played play(Session& session, const Case& given) {
  Played played;
  session.start(given.setup);
  for (const Event& event : given.events) {
    ++played.events;
    played.outcome = session.play(event);
    if (played.outcome == Outcome::fail) played.deviation = session.deviation();
    if (played.outcome != Outcome::pass) break;
  }
  played.advisories = session.advisories();
  return played;
}

}  // namespace finwait
