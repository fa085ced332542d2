#include "verification/two_models.h"

#include <algorithm>

#include "verification/search.h"

namespace finwait::verification {

std::span<const Scenario> scenarios() {
  static constexpr std::array all{
      Scenario{"client-server", "A opens passively, B actively", false, false},
      Scenario{"simultaneous", "both open actively", true, false},
      Scenario{"client-server-aborts", "client-server; users may ABORT, R2 may strike", false, true},
      Scenario{"simultaneous-aborts", "simultaneous; users may ABORT, R2 may strike", true, true},
  };
  return all;
}

const Scenario* find_scenario(std::string_view name) {
  const auto all = scenarios();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Scenario& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view name(Property property) {
  switch (property) {
    case Property::none: return "none";
    case Property::stream_is_intact: return "stream-is-intact";
    case Property::nothing_lost_before_eof: return "nothing-lost-before-eof";
    case Property::numbers_agree: return "numbers-agree";
    case Property::no_reset_answers_a_reset: return "no-reset-answers-a-reset";
    case Property::no_ack_of_what_was_not_sent: return "no-ack-of-what-was-not-sent";
    case Property::every_end_is_told: return "every-end-is-told";
    case Property::owed_is_permitted: return "owed-is-permitted";
    case Property::model_has_an_answer: return "model-has-an-answer";
    case Property::open_finishes: return "open-finishes";
    case Property::close_finishes: return "close-finishes";
  }
  return {};
}

Report explore(const Scenario& scenario, const Options& options) {
  return Search(scenario, options).run();
}

}  // namespace finwait::verification
