// Faults in timers (§3.8.1 to §3.8.3, §3.8.6, §3.10.8).
#include "impl/mutants/plant.h"

namespace finwait::planting {

namespace {

bool waits_for_ack(const Hypothesis& h) {
  return h.synchronized() && h.state != State::time_wait && h.iss_known && lt(h.snd_una, h.snd_nxt) &&
         !h.syn_unacknowledged() && h.resent > 0 && h.handle == Handle::open && h.never_answered;
}

const Mutant table[] = {
    {{"time-wait-lasts-2msl", Rule::time_wait_lasts_2msl, "TIME-WAIT ends after five seconds"},
     {.alarm = [](Reference& r) { return r.tcb().state == State::time_wait ? r.tcb().since + 5s : never; },
      .alarm_rings = [](Reference& r) { r.forget_connection(); }}},
    {{"rto-at-least-one-second", Rule::rto_at_least_one_second,
      "the first retransmission comes after half a second"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            return timer == Timer::retransmission && r.tcb().resent == 0 ? r.last_sent() + 500ms : planned;
          }}},
    {{"rto-doubles", Rule::rto_doubles, "retransmits every 1500 ms"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            return timer == Timer::retransmission ? r.last_sent() + 1500ms : planned;
          }}},
    {{"three-seconds-after-lost-syn", Rule::three_seconds_after_lost_syn,
      "data is retransmitted after one second although the SYN was lost"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            const Hypothesis& h = r.tcb();
            const bool fresh = !h.syn_unacknowledged() && h.syn_resent && h.resent == 0;
            return timer == Timer::retransmission && fresh ? r.last_sent() + 1s : planned;
          }}},
    {{"closed-at-r2", Rule::closed_at_r2, "retransmits data for ever"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            return timer == Timer::give_up && r.tcb().state != State::syn_sent ? never : planned;
          }}},
    {{"r2-hundred-seconds", Rule::r2_hundred_seconds, "gives up data after fifty seconds"},
     {.alarm = [](Reference& r) { return waits_for_ack(r.tcb()) ? r.tcb().first_sent + 50s : never; },
      .alarm_rings = [](Reference& r) { fail_and_forget(r, Result::timed_out); }}},
    {{"syn-failure-is-told", Rule::syn_failure_is_told, "gives up its SYN without a word"},
     {.sets = [](Reference&, Timer timer, Time planned) { return timer == Timer::give_up ? never : planned; },
      .alarm =
          [](Reference& r) {
            return r.tcb().state == State::syn_sent && r.tcb().resent > 0 ? r.tcb().first_sent + 190s : never;
          },
      .alarm_rings = [](Reference& r) { r.forget_connection(); }}},
    {{"syn-r2-three-minutes", Rule::syn_r2_three_minutes, "gives up its SYN after one minute"},
     {.alarm =
          [](Reference& r) {
            return r.tcb().state == State::syn_sent && r.tcb().resent > 0 ? r.tcb().first_sent + 60s : never;
          },
      .alarm_rings = [](Reference& r) { fail_and_forget(r, Result::timed_out); }}},
    {{"zero-window-is-probed", Rule::zero_window_is_probed, "never probes a zero window"},
     {.sets = [](Reference&, Timer timer, Time planned) { return timer == Timer::probe ? never : planned; }}},
    {{"answered-probes-keep-it-open", Rule::answered_probes_keep_it_open,
      "gives up at a zero window although the peer answers"},
     {.alarm =
          [](Reference& r) {
            const Hypothesis& h = r.tcb();
            const bool answered = h.synchronized() && h.handle == Handle::open && h.probing() && !h.silent;
            return answered && h.resent > 0 ? h.last_sent + 2s : never;
          },
      .alarm_rings = [](Reference& r) { fail_and_forget(r, Result::timed_out); }}},
    {{"probe-timing", Rule::probe_timing, "probes a zero window ever more often"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            const Hypothesis& h = r.tcb();
            const bool probes = timer == Timer::retransmission && h.synchronized() && h.probing();
            return probes ? r.last_sent() + std::max(Time{8s} / (1 << std::min<int>(h.resent, 4)), Time{1s})
                          : planned;
          }}},
    {{"ack-within-half-a-second", Rule::ack_within_half_a_second, "delays the ACK of text by three seconds"},
     {.sets =
          [](Reference& r, Timer timer, Time planned) {
            const bool text = r.tcb().duty(Owed::ack).why == Rule::ack_within_half_a_second;
            return timer == Timer::ack && text ? r.now() + 3s : planned;
          }}},
    {{"retransmission", Rule::retransmission, "retransmits nothing"},
     {.sets = [](Reference&, Timer timer,
                 Time planned) { return timer == Timer::retransmission ? never : planned; }}},
    {{"user-timeout-is-told", Rule::user_timeout_is_told,
      "gives up data with a reset and does not tell the user"},
     {.alarm = [](Reference& r) { return waits_for_ack(r.tcb()) ? r.tcb().first_sent + 101s : never; },
      .alarm_rings = [](Reference& r) { reset_and_forget(r); }}},
    {{"time-wait-ends", Rule::time_wait_ends, "TIME-WAIT lasts for ever"},
     {.arrives =
          [](Reference& r, Segment&) {
            Hypothesis& h = r.tcb();
            if (h.state == State::time_wait) h.since = h.tw_latest = r.now();
            return true;
          }}},
};

}  // namespace

std::span<const Mutant> time_mutants() {
  return table;
}

}  // namespace finwait::planting
