#include "properties/bounded_waits.h"

namespace finwait {

namespace {

// A case with a long wait sees R2 of data (SHLD-11) and a timer back off, one with a middling wait TIME-WAIT
// and its timer's lateness, one with a short wait whatever is owed within half a second (MUST-40).
constexpr std::uint64_t long_one_in = 48, middling_one_in = 9;
constexpr Time long_wait = 120s, short_wait = 2s, beyond_time_wait = 15s;

}  // namespace

Time BoundedWaits::budget_of(std::uint64_t number) const {
  if (number < first_waiting_case) return 0s;
  const std::uint64_t place = number - first_waiting_case;
  if (place < waiting_cases_ / long_one_in) return long_wait;
  if (place < waiting_cases_ / middling_one_in) return 2 * profile_.msl + beyond_time_wait;
  return short_wait;
}

CaseSetup BoundedWaits::begin(std::uint64_t seed, std::uint64_t number) {
  left_ = budget_of(number);
  return inner_.begin(seed, number);
}

// A wait for which nothing is left is passed over, one for which too little is left is cut.
std::optional<Event> BoundedWaits::next(const model::Hypothesis& h) {
  for (;;) {
    std::optional<Event> event = inner_.next(h);
    if (!event || event->kind != EventKind::wait) return event;
    if (left_ < 1ms) continue;
    if (length_of_wait(*event, profile_) > left_) {
      event->wait_base = WaitBase::zero;
      event->wait_ms = static_cast<std::int32_t>(left_ / 1ms);
    }
    left_ -= length_of_wait(*event, profile_);
    return event;
  }
}

}  // namespace finwait
