// The oracle by hand: short conversations, clause by clause, each as what the RFC permits and as what it
// forbids, with the exact rule.
#include "model/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/stream.h"

namespace finwait::model {
namespace {

constexpr State synchronized_states[] = {State::established, State::fin_wait_1, State::fin_wait_2,
                                         State::close_wait,  State::closing,    State::last_ack,
                                         State::time_wait};

Claims claims() {
  Claims claims;
  claims.msl = 60s;
  claims.receive_buffer = 4096;
  return claims;
}

// The RFC's single TCB, which is listener and connection in turn.
Claims single_tcb() {
  Claims single = claims();
  single.listener_persists = false;
  return single;
}

// A conversation between the tester's side (`peer`, the user's calls, time) and the implementation's. Numbers
// are relative, as in packetdrill: SEQ to the sender's initial sequence number, ACK to the other's. After the
// first failure nothing more is judged.
class Talk {
 public:
  static constexpr Seq irs = 1000, iss = 50000;
  static constexpr std::int32_t zero =
      -static_cast<std::int32_t>(irs);  ///< SEQ of the peer that is 0 on the wire
  static constexpr std::int32_t iut_zero = -static_cast<std::int32_t>(iss);  ///< and of the IUT

  explicit Talk(const Claims& claimed = claims()) : oracle_(claimed) {}

  Rule rule() const { return rule_; }
  int step() const { return steps_; }
  const Oracle& oracle() const { return oracle_; }
  Oracle& oracle() { return oracle_; }

  // Stimuli.
  Talk& peer(std::uint8_t flags, std::int32_t seq, std::int32_t ack = 0, std::size_t len = 0,
             std::uint16_t wnd = 8192, std::uint16_t mss = 0) {
    Segment segment = form(flags, irs, seq, iss, ack, wnd);
    if (mss > 0) segment.mss = mss;
    const Seq first = segment.seq + (segment.has(SYN) ? 1 : 0);
    text_.resize(len);
    for (std::uint32_t i = 0; i < len; ++i) text_[i] = tester_octet(first + i);
    segment.text = text_;
    return begin([&] { return oracle_.segment(now_, segment); });
  }
  Talk& call(Call what, Result result = Result::ok, std::string_view state = {}) {
    UserCall call;
    call.call = what;
    call.result = result;
    call.state = state;
    call.asked = 1;
    return begin([&] { return oracle_.call(now_, call); });
  }
  Talk& close_listener() {
    UserCall call;
    call.call = Call::close_full;
    call.on_listener = true;
    return begin([&] { return oracle_.call(now_, call); });
  }
  Talk& sends(std::uint32_t octets) {
    UserCall call;
    call.call = Call::send;
    call.asked = call.count = octets;
    return begin([&] { return oracle_.call(now_, call); });
  }
  /// RECEIVE returns the next octets of the peer's stream; `wrong`: the last of them altered.
  Talk& reads(std::uint32_t octets, bool wrong = false) {
    std::vector<std::uint8_t> text(octets);
    for (std::uint32_t i = 0; i < octets; ++i) text[i] = tester_octet(irs + 1 + read_ + i);
    if (wrong) text.back() ^= 1;
    read_ += octets;
    UserCall call;
    call.call = Call::receive;
    call.asked = 65535;
    call.received = text;
    return begin([&] { return oracle_.call(now_, call); });
  }
  /// Time passes; what was due before its end is overdue.
  Talk& after(Time time) {
    now_ += time;
    return begin([&] { return oracle_.time(now_); });
  }

  // Observations.
  Talk& iut(std::uint8_t flags, std::int32_t seq, std::int32_t ack = 0, std::size_t len = 0,
            std::uint16_t wnd = 4096, bool altered = false) {
    Segment segment = form(flags, iss, seq, irs, ack, wnd);
    text_.resize(len);
    for (std::uint32_t i = 0; i < len; ++i) text_[i] = iut_octet(segment.seq - (iss + 1) + i);
    if (altered) text_.back() ^= 1;
    segment.text = text_;
    return judge([&] { return oracle_.sent(now_, segment); });
  }
  Talk& iut(const Segment& segment) {
    return judge([&] { return oracle_.sent(now_, segment); });
  }
  Talk& told_open() {
    return judge([&] { return oracle_.told_open(now_); });
  }
  Talk& told_acceptable() {
    return judge([&] { return oracle_.told_acceptable(now_); });
  }
  Talk& told(Result why) {
    return judge([&] { return oracle_.told_failure(now_, why); });
  }
  Talk& object(Rule rule) {
    return judge([&] { return oracle_.object(now_, rule); });
  }

  // Roads.
  Talk& listen() { return call(Call::open_passive); }
  Talk& syn_sent() { return call(Call::open_active, Result::pending).iut(SYN, 0); }
  Talk& syn_received_passive(std::uint16_t mss = 1460) {
    return listen().peer(SYN, 0, 0, 0, 8192, mss).iut(SYN | ACK, 0, 1);
  }
  Talk& syn_received_active() { return syn_sent().peer(SYN, 0).iut(SYN | ACK, 0, 1); }
  Talk& established(std::uint16_t mss = 1460) {
    return syn_received_passive(mss).peer(ACK, 1, 1).told_acceptable().call(Call::accept);
  }
  Talk& close_wait() { return established().peer(FIN | ACK, 1, 1).iut(ACK, 1, 2); }
  Talk& fin_wait_1() { return established().call(Call::close).iut(FIN | ACK, 1, 1); }
  Talk& fin_wait_2() { return fin_wait_1().peer(ACK, 1, 2); }
  Talk& closing() { return fin_wait_1().peer(FIN | ACK, 1, 1).iut(ACK, 2, 2); }
  Talk& last_ack() { return close_wait().call(Call::close).iut(FIN | ACK, 1, 2); }
  Talk& time_wait() { return fin_wait_2().peer(FIN | ACK, 1, 2).iut(ACK, 2, 2); }
  Talk& in(State state) {
    switch (state) {
      case State::closed: return *this;
      case State::listen: return listen();
      case State::syn_sent: return syn_sent();
      case State::syn_received: return syn_received_passive();
      case State::established: return established();
      case State::fin_wait_1: return fin_wait_1();
      case State::fin_wait_2: return fin_wait_2();
      case State::close_wait: return close_wait();
      case State::closing: return closing();
      case State::last_ack: return last_ack();
      case State::time_wait: return time_wait();
    }
    return *this;
  }
  /// RCV.NXT and SND.NXT at the end of in(), relative.
  static std::int32_t rcv_nxt(State state) {
    const bool fin = state == State::close_wait || state == State::closing || state == State::last_ack ||
                     state == State::time_wait;
    return fin ? 2 : 1;
  }
  static std::int32_t snd_nxt(State state) {
    return state == State::established || state == State::close_wait ? 1 : 2;
  }
  /// SND.UNA at the end of in(): our FIN is outstanding or acknowledged.
  static std::int32_t snd_una(State state) {
    return state == State::fin_wait_2 || state == State::time_wait ? 2 : 1;
  }

 private:
  static Segment form(std::uint8_t flags, Seq own, std::int32_t seq, Seq other, std::int32_t ack,
                      std::uint16_t wnd) {
    Segment segment;
    segment.flags = flags;
    segment.seq = own + static_cast<Seq>(seq);
    if (segment.has(ACK)) segment.ack = other + static_cast<Seq>(ack);
    segment.wnd = wnd;
    return segment;
  }
  template <class Stimulus>
  Talk& begin(Stimulus stimulus) {
    oracle_.begin_event(event_++);
    return judge(stimulus);
  }
  template <class Judgement>
  Talk& judge(Judgement judgement) {
    if (rule_ != Rule::none) return *this;
    ++steps_;
    const Verdict verdict = judgement();
    EXPECT_NE(verdict, Verdict::inconclusive) << "step " << steps_;
    if (verdict == Verdict::fail) rule_ = oracle_.dead().front().rule;
    return *this;
  }

  Oracle oracle_;
  Time now_{1h};  // the host has been up for long
  std::vector<std::uint8_t> text_;
  std::uint32_t read_ = 0;
  std::uint16_t event_ = 0;
  int steps_ = 0;
  Rule rule_ = Rule::none;
};

std::string_view id(Rule rule) {
  return rule == Rule::none ? "nothing" : text(rule).id;
}

testing::AssertionResult judged(const Talk& talk, Rule expected) {
  if (talk.rule() == expected) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected " << id(expected) << ", broken was " << id(talk.rule())
                                     << " at step " << talk.step();
}

#define PERMITTED(conversation) EXPECT_TRUE(judged(Talk().conversation, Rule::none))
#define FORBIDDEN(rule, conversation) EXPECT_TRUE(judged(Talk().conversation, Rule::rule))
#define SINGLE_TCB(rule, conversation) EXPECT_TRUE(judged(Talk(single_tcb()).conversation, Rule::rule))

bool advises(const Talk& talk, Rule rule) {
  return (talk.oracle().advisories() & advisory_bit(rule)) != 0;
}

// After a failure: whether this rule removed one of the hypotheses.
bool some_died_of(const Talk& talk, Rule rule) {
  const auto dead = talk.oracle().dead();
  return std::any_of(dead.begin(), dead.end(), [&](const Obituary& o) { return o.rule == rule; });
}

// ---- what every segment has to satisfy --------------------------------------------------------------

TEST(Oracle, HeadersObeyTheirRules) {
  FORBIDDEN(legal_flags, established().iut(SYN | ACK, 0, 1));
  FORBIDDEN(legal_flags, established().iut(SYN, 0));
  FORBIDDEN(legal_flags, established().iut(0, 1));
  FORBIDDEN(legal_flags, syn_received_passive().iut(SYN | FIN | ACK, 0, 1));
  FORBIDDEN(checksum_is_sent, established().object(Rule::checksum_is_sent));
  Segment ack;
  ack.flags = ACK;
  ack.seq = Talk::iss + 1;
  ack.ack = Talk::irs + 1;
  ack.mss = 1460;
  FORBIDDEN(mss_only_on_syn, established().peer(ACK, 1, 1).iut(ack));
  ack.mss.reset();
  ack.other_options = true;
  FORBIDDEN(options_only_if_offered, established().peer(ACK, 1, 1).iut(ack));
}

// ---- §3.10.1 OPEN -----------------------------------------------------------------------------------

TEST(Oracle, OpenSendsSynWithOneIss) {
  PERMITTED(syn_sent().after(3s).iut(SYN, 0).after(6s).iut(SYN, 0));
  FORBIDDEN(syn_form, syn_sent().after(3s).iut(SYN, 7));
  FORBIDDEN(syn_form, call(Call::open_active, Result::pending).after(10min));
  FORBIDDEN(syn_form, syn_sent().iut(ACK, 1, 1));
  FORBIDDEN(passive_open_is_silent, listen().iut(SYN, 0));
  FORBIDDEN(second_open_fails, established().call(Call::open_active, Result::pending));
  PERMITTED(established().call(Call::open_active, Result::exists));
}

// MUST-22, MUST-23
TEST(Oracle, OpenIsNotGivenUpBeforeThreeMinutes) {
  FORBIDDEN(syn_r2_three_minutes, syn_sent().after(75s).iut(SYN, 0).after(75s).told(Result::timed_out));
  PERMITTED(syn_sent().after(60s).iut(SYN, 0).after(120s).iut(SYN, 0).after(60s).told(Result::timed_out));
}

// ---- §3.10.2 to §3.10.6: SEND, RECEIVE, CLOSE, ABORT, STATUS ----------------------------------------

TEST(Oracle, SendIsRefusedWhereNothingCanBeSent) {
  FORBIDDEN(send_without_connection_fails, sends(1));
  PERMITTED(call(Call::send, Result::no_connection));
  FORBIDDEN(send_after_close_fails, fin_wait_1().sends(1));
  PERMITTED(fin_wait_1().call(Call::send, Result::closing));
  FORBIDDEN(send_is_accepted, established().call(Call::send, Result::closing));
  PERMITTED(established().call(Call::send, Result::pending));
}

TEST(Oracle, DataAcceptedEarlyFollowsTheHandshake) {
  PERMITTED(syn_sent().sends(10).peer(SYN | ACK, 0, 1).told_open().iut(ACK, 1, 1, 10));
  FORBIDDEN(send_waits_for_established, syn_received_active().sends(10).iut(ACK, 1, 1, 10));
  FORBIDDEN(send_waits_for_established,
            syn_sent().sends(10).peer(SYN | ACK, 0, 1).told_open().iut(ACK, 1, 1).after(10min));
}

TEST(Oracle, StreamIsIntactToTheOctet) {
  PERMITTED(established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).reads(60).reads(40));
  FORBIDDEN(stream_is_intact, established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).reads(100, true));
  FORBIDDEN(stream_is_intact, established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).reads(101));
  FORBIDDEN(
      received_text_is_delivered,
      established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).after(2s).call(Call::receive, Result::pending));
  FORBIDDEN(no_delivery_before_established, syn_received_active().reads(1));
}

TEST(Oracle, EndOfStreamComesAfterTheLastOctet) {
  PERMITTED(close_wait().call(Call::receive, Result::closing).call(Call::receive, Result::closing));
  FORBIDDEN(eof_after_last_octet, established().call(Call::receive, Result::closing));
  FORBIDDEN(eof_after_last_octet,
            established().peer(FIN | ACK, 1, 1, 10).iut(ACK, 1, 12).call(Call::receive, Result::closing));
  PERMITTED(
      established().peer(FIN | ACK, 1, 1, 10).iut(ACK, 1, 12).reads(10).call(Call::receive, Result::closing));
  FORBIDDEN(fin_is_acked_and_told, close_wait().after(2s).call(Call::receive, Result::pending));
}

TEST(Oracle, CloseSendsOneFinBehindTheData) {
  PERMITTED(established().call(Call::close).iut(FIN | ACK, 1, 1).after(3s).iut(FIN | ACK, 1, 1));
  FORBIDDEN(fin_follows_the_data, established().call(Call::close).after(1s));
  FORBIDDEN(one_fin, established().iut(FIN | ACK, 1, 1));
  FORBIDDEN(one_fin, fin_wait_1().iut(FIN | ACK, 2, 1));
  FORBIDDEN(fin_follows_the_data, established().sends(10).call(Call::close).iut(FIN | ACK, 1, 1));
  PERMITTED(established().sends(10).call(Call::close).iut(FIN | ACK, 1, 1, 10));
  PERMITTED(syn_received_active().call(Call::close).after(3s).iut(SYN | FIN | ACK, 0, 1));
  FORBIDDEN(fin_follows_the_data,
            syn_received_active().sends(10).call(Call::close).after(3s).iut(SYN | FIN | ACK, 0, 1));
  PERMITTED(established().sends(10).iut(ACK, 1, 1, 10).call(Call::close).iut(FIN | ACK, 11, 1));
  FORBIDDEN(close_is_accepted, established().call(Call::close, Result::invalid));
  FORBIDDEN(close_without_connection_fails, call(Call::close));
}

// §3.10.4: in SYN-RECEIVED a FIN means FIN-WAIT-1, unless SENDs wait; then it is queued for ESTABLISHED.
TEST(Oracle, FinBeforeEstablishedLeadsToFinWait1AndNeverPassesTheData) {
  PERMITTED(
      syn_received_active().call(Call::close).iut(FIN | ACK, 1, 1).after(3s).iut(SYN | FIN | ACK, 0, 1));
  FORBIDDEN(fin_follows_the_data,
            syn_received_active().sends(10).call(Call::close).after(3s).iut(SYN | FIN | ACK, 0, 1));
  FORBIDDEN(fin_follows_the_data, syn_received_active().sends(10).call(Call::close).iut(FIN | ACK, 11, 1));
  PERMITTED(syn_received_active().call(Call::close).call(Call::status, Result::ok, "SYN-RECEIVED"));
  PERMITTED(syn_received_active()
                .call(Call::close)
                .iut(FIN | ACK, 1, 1)
                .call(Call::status, Result::ok, "FIN-WAIT-1"));
  FORBIDDEN(status_tells_the_state, syn_received_active()
                                        .call(Call::close)
                                        .iut(FIN | ACK, 1, 1)
                                        .call(Call::status, Result::ok, "SYN-RECEIVED"));
}

TEST(Oracle, CloseBeforeEstablishedIsQuiet) {
  FORBIDDEN(close_before_established_is_quiet, syn_sent().call(Call::close_full).after(3s).iut(SYN, 0));
  PERMITTED(syn_sent().call(Call::close_full).after(3s).peer(SYN | ACK, 0, 1).iut(RST, 1));
  PERMITTED(listen().close_listener().peer(SYN, 0).iut(RST | ACK, Talk::iut_zero, 1));
}

// SHLD-3: to disregard it is an advisory and no failure.
TEST(Oracle, CloseWithUnreadTextResetsOrIsAdvised) {
  Talk resets, closes;
  resets.established().peer(ACK, 1, 1, 10).iut(ACK, 1, 11).call(Call::close_full).iut(RST, 1);
  EXPECT_TRUE(judged(resets, Rule::none));
  EXPECT_FALSE(advises(resets, Rule::close_with_unread_data_resets));
  closes.established().peer(ACK, 1, 1, 10).iut(ACK, 1, 11).call(Call::close_full).iut(FIN | ACK, 1, 11);
  EXPECT_TRUE(judged(closes, Rule::none));
  EXPECT_TRUE(advises(closes, Rule::close_with_unread_data_resets));
}

TEST(Oracle, AbortSendsResetAndNothingMore) {
  for (const State state : {State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait}) {
    SCOPED_TRACE(name(state));
    const std::int32_t next = Talk::snd_nxt(state);
    PERMITTED(in(state).call(Call::abort).iut(RST, next));
    PERMITTED(in(state).call(Call::abort).iut(RST | ACK, next, Talk::rcv_nxt(state)));  // reading A1
    FORBIDDEN(abort_sends_reset, in(state).call(Call::abort).after(1s));
    FORBIDDEN(abort_sends_reset, in(state).call(Call::abort).iut(RST, next + 100));
    FORBIDDEN(nothing_after_abort,
              in(state).after(2s).call(Call::abort).iut(RST, next).after(3s).iut(FIN | ACK, next, 1));
  }
  FORBIDDEN(abort_without_connection_fails, call(Call::abort));
}

// §3.10.5: also where a SYN was answered with a reset and TIME-WAIT went on.
TEST(Oracle, AbortDeletesATimeWaitThatOutlivedAReset) {
  PERMITTED(time_wait()
                .peer(SYN, 2)
                .iut(RST, 2)
                .peer(ACK, 2, 2, 1)
                .iut(ACK, 2, 2)
                .call(Call::abort)
                .peer(ACK, 2, 3)
                .iut(RST, 3));
}

TEST(Oracle, StatusTellsTheState) {
  for (const State state : synchronized_states) {
    SCOPED_TRACE(name(state));
    PERMITTED(in(state).call(Call::status, Result::ok, name(state)));
    FORBIDDEN(status_tells_the_state, in(state).call(Call::status, Result::ok, "SYN-SENT"));
  }
}

// ---- §3.10.7.1 CLOSED, §3.10.7.2 LISTEN -------------------------------------------------------------

TEST(Oracle, ClosedAnswersEverythingButResetsWithAReset) {
  PERMITTED(peer(ACK, 1, 9).iut(RST, 9));
  FORBIDDEN(closed_reset_with_ack, peer(ACK, 1, 9).after(1s));
  FORBIDDEN(closed_reset_with_ack, peer(ACK, 1, 9).iut(RST, 8));
  PERMITTED(peer(SYN, 0).iut(RST | ACK, Talk::iut_zero, 1));
  PERMITTED(peer(FIN, 0, 0, 5).iut(RST | ACK, Talk::iut_zero, 6));  // SEG.LEN counts text and FIN
  FORBIDDEN(closed_reset_without_ack, peer(SYN, 0).after(1s));
  FORBIDDEN(closed_reset_without_ack, peer(SYN, 0).iut(RST | ACK, Talk::iut_zero, 0));
  FORBIDDEN(closed_reset_without_ack, peer(SYN, 0).iut(RST, Talk::iut_zero));
  PERMITTED(peer(RST, 0).after(1s));
  FORBIDDEN(closed_rst_is_discarded, peer(RST, 0).iut(RST | ACK, Talk::iut_zero, 0));
}

TEST(Oracle, ListenChecksRstAckSynInOrder) {
  PERMITTED(listen().peer(RST, 0).after(1s).peer(SYN, 0).iut(SYN | ACK, 0, 1));
  FORBIDDEN(listen_rst_is_ignored, listen().peer(RST, 0).iut(RST | ACK, Talk::iut_zero, 0));
  FORBIDDEN(listen_rst_is_ignored, listen().peer(RST | ACK, 0, 5).iut(RST, 5));
  PERMITTED(listen().peer(SYN | ACK, 0, 5).iut(RST, 5));
  FORBIDDEN(listen_ack_is_reset, listen().peer(SYN | ACK, 0, 5).after(1s));
  FORBIDDEN(listen_ack_is_reset, listen().peer(ACK, 0, 5).iut(RST, 6));
  PERMITTED(listen().peer(FIN, 0).after(1s));
  FORBIDDEN(listen_neither_syn_nor_ack, listen().peer(FIN, 0).iut(RST | ACK, Talk::iut_zero, 1));
}

TEST(Oracle, ListenAnswersSynWithSynAck) {
  PERMITTED(syn_received_passive());
  FORBIDDEN(listen_syn_gets_syn_ack, listen().peer(SYN, 0).after(1s));
  FORBIDDEN(listen_syn_gets_syn_ack, listen().peer(SYN, 0).iut(SYN | ACK, 0, 0));
  FORBIDDEN(ack_never_beyond_received, listen().peer(SYN, 0).iut(SYN | ACK, 0, 2));
  FORBIDDEN(listen_syn_gets_syn_ack, listen().peer(SYN, 0).iut(RST | ACK, Talk::iut_zero, 1));
  // Text on the SYN is kept or dropped (readings A7, A8).
  PERMITTED(listen().peer(SYN, 0, 0, 10).iut(SYN | ACK, 0, 1));
  PERMITTED(listen().peer(SYN, 0, 0, 10).iut(SYN | ACK, 0, 11));
  FORBIDDEN(ack_never_beyond_received, listen().peer(SYN, 0, 0, 10).iut(SYN | ACK, 0, 12));
}

// A SYN,ACK again in SYN-RECEIVED, with text or FIN behind it: trimmed off, it establishes, and what came
// with the SYN is taken or dropped (reading A7).
TEST(Oracle, WhatComesWithASynThatIsTrimmedOffIsKeptOrDropped) {
  PERMITTED(syn_received_passive().peer(SYN | ACK, 0, 1, 1).told_acceptable().iut(ACK, 1, 2));
  PERMITTED(syn_received_passive().peer(SYN | ACK, 0, 1, 1).told_acceptable().iut(ACK, 1, 1));
  PERMITTED(syn_received_passive().peer(SYN | FIN | ACK, 0, 1).told_acceptable().iut(ACK, 1, 2));
  PERMITTED(syn_received_passive().peer(SYN | FIN | ACK, 0, 1).told_acceptable().iut(ACK, 1, 1));
  FORBIDDEN(ack_never_beyond_received,
            syn_received_passive().peer(SYN | ACK, 0, 1, 1).told_acceptable().iut(ACK, 1, 3));
}

// ---- §3.10.7.3 SYN-SENT -----------------------------------------------------------------------------

TEST(Oracle, SynSentChecksTheAckFirst) {
  for (const std::int32_t bad : {0, 2, -1, 1000}) {
    PERMITTED(syn_sent().peer(SYN | ACK, 0, bad).iut(RST, bad).after(3s).iut(SYN, 0));
    FORBIDDEN(syn_sent_unacceptable_ack_is_reset, syn_sent().peer(SYN | ACK, 0, bad).after(1s));
    FORBIDDEN(syn_sent_unacceptable_ack_is_reset, syn_sent().peer(ACK, 0, bad).iut(RST, bad + 3));
    FORBIDDEN(syn_sent_rst_bad_ack, syn_sent().peer(RST | ACK, Talk::zero, bad).told(Result::refused));
    PERMITTED(syn_sent().peer(RST | ACK, Talk::zero, bad).after(3s).iut(SYN, 0));
  }
  FORBIDDEN(syn_sent_unacceptable_ack_is_reset, syn_sent().peer(SYN | ACK, 0, 2).told_open());
  FORBIDDEN(syn_sent_rst_bad_ack, syn_sent().peer(RST | ACK, Talk::zero, 2).iut(RST, 2));
}

TEST(Oracle, SynSentObeysResetsThatAcknowledgeItsSyn) {
  PERMITTED(syn_sent().peer(RST | ACK, Talk::zero, 1).told(Result::refused));
  PERMITTED(syn_sent().peer(RST | ACK, Talk::zero, 1).told(Result::reset));
  FORBIDDEN(syn_sent_rst_good_ack, syn_sent().peer(RST | ACK, Talk::zero, 1).after(1s));
  FORBIDDEN(syn_sent_rst_good_ack, syn_sent().peer(RST | ACK, Talk::zero, 1).told(Result::timed_out));
  PERMITTED(syn_sent().peer(RST | ACK, 7, 1).after(1s));  // reading A5
  PERMITTED(syn_sent().peer(RST, Talk::zero).after(1s));
  FORBIDDEN(syn_sent_rst_without_ack, syn_sent().peer(RST, Talk::zero).told(Result::refused));
}

TEST(Oracle, SynAckEstablishes) {
  PERMITTED(syn_sent().peer(SYN | ACK, 0, 1).iut(ACK, 1, 1).told_open().after(1h));
  FORBIDDEN(syn_ack_establishes, syn_sent().peer(SYN | ACK, 0, 1).told_open().after(1s));
  FORBIDDEN(syn_ack_establishes, syn_sent().peer(SYN | ACK, 0, 1).iut(ACK, 1, 1).after(1s));
  FORBIDDEN(syn_ack_establishes, syn_sent().peer(SYN | ACK, 0, 1).iut(ACK, 1, 0));
  PERMITTED(syn_sent().peer(ACK, 1, 1).after(1s));
  FORBIDDEN(syn_sent_no_syn_no_rst, syn_sent().peer(ACK, 1, 1).told_open());
}

// MUST-10
TEST(Oracle, CrossingSynsEstablish) {
  PERMITTED(syn_received_active());
  FORBIDDEN(syn_leads_to_syn_received, syn_sent().peer(SYN, 0).after(1s));
  FORBIDDEN(syn_leads_to_syn_received, syn_sent().peer(SYN, 0).iut(SYN | ACK, 5, 1));
  FORBIDDEN(syn_leads_to_syn_received, syn_sent().peer(SYN, 0).iut(RST | ACK, Talk::iut_zero, 1));
  PERMITTED(syn_received_active().peer(SYN | ACK, 0, 1).told_open());
  PERMITTED(syn_received_active().peer(SYN | ACK, 0, 1).iut(ACK, 1, 1).peer(ACK, 1, 1).told_open());  // A10
  FORBIDDEN(simultaneous_open, syn_received_active().peer(ACK, 1, 1).after(1s));
}

// ---- §3.10.7.4 SYN-RECEIVED -------------------------------------------------------------------------

TEST(Oracle, SynReceivedRefusesBadAcks) {
  PERMITTED(syn_received_passive().peer(ACK, 1, 0).iut(RST, 0));
  PERMITTED(syn_received_passive().peer(ACK, 1, 2).iut(RST, 2));
  FORBIDDEN(bad_ack_in_syn_received, syn_received_passive().peer(ACK, 1, 0).after(1s));
  FORBIDDEN(bad_ack_in_syn_received, syn_received_passive().peer(ACK, 1, 2).after(1s));
  FORBIDDEN(bad_ack_in_syn_received, syn_received_passive().peer(ACK, 1, 2).told_acceptable());
  PERMITTED(syn_received_passive().peer(ACK, 1, 2).iut(RST, 2).peer(ACK, 1, 1).told_acceptable());
  FORBIDDEN(no_ack_bit_is_dropped, syn_received_passive().peer(FIN, 1).iut(RST | ACK, Talk::iut_zero, 2));
}

TEST(Oracle, SynReceivedIsEstablishedByAGoodAck) {
  PERMITTED(established());
  FORBIDDEN(good_ack_establishes, syn_received_passive().peer(ACK, 1, 1).after(1s));
  FORBIDDEN(good_ack_establishes, syn_received_passive().told_acceptable());
  FORBIDDEN(good_ack_establishes, syn_received_passive().call(Call::accept));
}

// "Return this connection to LISTEN state": from SYN-RECEIVED alone, never from ESTABLISHED.
TEST(Oracle, SingleTcbReturnsToListenFromSynReceived) {
  SINGLE_TCB(none, syn_received_passive().peer(RST, 1).after(1s).peer(SYN, 500).iut(SYN | ACK, 90, 501));
  SINGLE_TCB(none, syn_received_passive().peer(SYN, 100).after(1s).peer(SYN, 500).iut(SYN | ACK, 90, 501));
  SINGLE_TCB(none, syn_received_passive().peer(SYN, 100).iut(SYN | ACK, 90, 101));  // reading A13
  SINGLE_TCB(
      none,
      established().peer(RST, 1).told(Result::reset).peer(SYN, 500).iut(RST | ACK, Talk::iut_zero, 501));
  Talk listens(single_tcb());
  listens.established().peer(RST, 1).told(Result::reset).peer(SYN, 500).iut(SYN | ACK, 90, 501);
  EXPECT_NE(listens.rule(), Rule::none);
}

// A bare SYN after the peer's (reading A11) tells no right edge that a RST could be measured by.
TEST(Oracle, WindowOfABareSynInSynReceivedIsNoEdge) {
  FORBIDDEN(rst_outside_is_silent, call(Call::open_active, Result::pending)
                                       .peer(SYN, -2000)
                                       .iut(SYN, 0)
                                       .peer(RST, 2501)
                                       .told(Result::reset));
}

// Readings A7 and A26: text kept from the SYN is delivered however ESTABLISHED is reached.
TEST(Oracle, TextOfTheSynIsTakenWhenAnOldSegmentEstablishes) {
  const auto established_by_old = [](Talk& talk) -> Talk& {
    return talk.listen().peer(SYN, 0, 0, 10).iut(SYN | ACK, 0, 1).peer(ACK, 0, 1, 1).told_acceptable();
  };
  Talk keeps, drops;
  EXPECT_TRUE(judged(established_by_old(keeps).call(Call::accept).iut(ACK, 1, 11).reads(10), Rule::none));
  EXPECT_TRUE(judged(established_by_old(drops).call(Call::accept).iut(ACK, 1, 1), Rule::none));
}

// Readings A47 and A54: a half-open connection may be given up with a reset, whatever else is owed just then.
TEST(Oracle, SynReceivedMayBeGivenUpWhileAResetIsOwed) {
  PERMITTED(syn_received_passive().after(4s).peer(ACK, 1, 0).iut(RST, 1));
  FORBIDDEN(bad_ack_in_syn_received, syn_received_passive().peer(ACK, 1, 2).iut(RST, 1));
}

// MUST-11
TEST(Oracle, SynReceivedKnowsWhereItCameFrom) {
  PERMITTED(syn_received_passive().peer(RST, 1).after(1s).peer(SYN, 500).iut(SYN | ACK, 90, 501));
  FORBIDDEN(origin_is_remembered, syn_received_passive().peer(RST, 1).after(3s).iut(SYN | ACK, 0, 1));
  PERMITTED(syn_received_active().peer(RST, 1).told(Result::refused));
  FORBIDDEN(origin_is_remembered, syn_received_active().peer(RST, 1).after(1s));
}

TEST(Oracle, SynInPassiveSynReceivedReturnsToListen) {
  PERMITTED(syn_received_passive().peer(SYN, 100).after(1s));
  PERMITTED(syn_received_passive().peer(SYN, 100).iut(SYN | ACK, 90, 101));
  PERMITTED(syn_received_passive().peer(SYN, 100).iut(RST | ACK, Talk::iut_zero, 101));
  FORBIDDEN(syn_in_passive_syn_received,
            syn_received_passive().peer(SYN, 100).after(3s).iut(SYN | ACK, 0, 1));
}

// ---- §3.10.7.4, first: sequence number --------------------------------------------------------------

TEST(Oracle, UnacceptableSegmentsAreAckedAndDropped) {
  for (const State state : synchronized_states) {
    SCOPED_TRACE(name(state));
    const std::int32_t rcv = Talk::rcv_nxt(state), snd = Talk::snd_nxt(state), una = Talk::snd_una(state);
    // Wholly old, and far to the right; the ACK is no news, since that of an old segment may count (reading
    // A26).
    for (const std::int32_t seq : {rcv - 100, rcv + 100000}) {
      PERMITTED(in(state).after(900ms).peer(ACK, seq, una, 1).iut(ACK, snd, rcv));
      FORBIDDEN(unacceptable_is_acked, in(state).after(900ms).peer(ACK, seq, una, 1).after(1s));
    }
  }
  FORBIDDEN(synchronized_answers_with_ack, established().peer(ACK, 0, 1, 1).iut(RST, 1));
  FORBIDDEN(unacceptable_is_dropped, established().peer(ACK, 9001, 1, 10).iut(ACK, 1, 9011));
}

// RFC 5961 §7: an empty one may be answered once in a while only.
TEST(Oracle, AcksWithoutTextMayBeThrottled) {
  FORBIDDEN(unacceptable_is_acked, established().peer(ACK, 0, 1).after(1s));
  PERMITTED(established().peer(ACK, 0, 1).iut(ACK, 1, 1).peer(ACK, 0, 1).after(1s));
  FORBIDDEN(unacceptable_is_acked,
            established().peer(ACK, 0, 1).iut(ACK, 1, 1).after(6s).peer(ACK, 0, 1).after(1s));
}

// RFC 5961 §4.2, §7: the challenge ACK for a SYN is one of those that may be throttled, wherever the SYN
// lies.
TEST(Oracle, ChallengeAcksForSynsMayBeThrottled) {
  PERMITTED(established().peer(SYN, 0).iut(ACK, 1, 1).peer(SYN, 0).after(1s));
  PERMITTED(established().peer(SYN, 0, 0, 10).iut(ACK, 1, 1).peer(SYN, -5000, 0, 10).after(1s));
  FORBIDDEN(syn_outside_is_acked, established().peer(SYN, 0).iut(ACK, 1, 1).after(6s).peer(SYN, 0).after(1s));
  // The throttle may have been used up by an ACK of what was never sent, also ahead of its turn.
  PERMITTED(established().peer(ACK, 10, 9).iut(ACK, 1, 1).peer(ACK, 1, 9).after(1s));
  FORBIDDEN(ack_of_unsent, established().peer(ACK, 10, 9).iut(ACK, 1, 1).after(6s).peer(ACK, 1, 9).after(1s));
}

// §3.5.2, group 2: a reset for the bad ACK, and the connection stays.
TEST(Oracle, BadAckBesideASynInSynReceivedMayBeReset) {
  PERMITTED(syn_received_active().peer(SYN | ACK, 100, 9).iut(RST, 9).after(1s).peer(ACK, 1, 1).told_open());
  FORBIDDEN(bad_ack_in_syn_received, syn_received_active().peer(SYN | ACK, 100, 9).iut(RST, 7));
}

TEST(Oracle, OnlyTheNewPartCounts) {
  PERMITTED(
      established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).peer(ACK, 51, 1, 100).iut(ACK, 1, 151).reads(150));
  FORBIDDEN(only_the_new_part,
            established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).peer(ACK, 51, 1, 100).iut(ACK, 1, 101));
}

// SHLD-31
TEST(Oracle, TextAboveAGapIsHeldOrDroppedWithAnAdvisory) {
  Talk holds, drops;
  holds.established().peer(ACK, 101, 1, 100).iut(ACK, 1, 1).peer(ACK, 1, 1, 100).iut(ACK, 1, 201);
  EXPECT_TRUE(judged(holds, Rule::none));
  EXPECT_FALSE(advises(holds, Rule::out_of_order_is_held));
  drops.established().peer(ACK, 101, 1, 100).iut(ACK, 1, 1).peer(ACK, 1, 1, 100).iut(ACK, 1, 101).after(1s);
  EXPECT_TRUE(judged(drops, Rule::none));
  EXPECT_TRUE(advises(drops, Rule::out_of_order_is_held));
  FORBIDDEN(ack_never_beyond_received, established().peer(ACK, 101, 1, 100).iut(ACK, 1, 201));
  FORBIDDEN(stream_is_intact, established().peer(ACK, 101, 1, 100).iut(ACK, 1, 1).reads(100));
}

// ---- §3.10.7.4, second: RST -------------------------------------------------------------------------

TEST(Oracle, ResetAtRcvNxtEndsTheConnection) {
  for (const State state : {State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait}) {
    SCOPED_TRACE(name(state));
    const std::int32_t rcv = Talk::rcv_nxt(state), snd = Talk::snd_nxt(state);
    PERMITTED(in(state).peer(RST, rcv).told(Result::reset).after(1s).peer(ACK, rcv, snd).iut(RST, snd));
    FORBIDDEN(normal_or_aborted, in(state).peer(RST, rcv).after(1s));
    FORBIDDEN(normal_or_aborted, in(state).peer(RST, rcv).told(Result::timed_out));
    FORBIDDEN(rst_exact_resets, in(state).after(2s).peer(RST, rcv).iut(ACK, snd, rcv));
    FORBIDDEN(rst_exact_resets, in(state).after(2s).peer(RST, rcv).iut(RST, snd));
  }
  for (const State state : {State::closing, State::last_ack}) {
    SCOPED_TRACE(name(state));
    PERMITTED(in(state).after(900ms).peer(RST, 2).peer(ACK, 2, 2).iut(RST, 2));
    FORBIDDEN(rst_exact_resets, in(state).after(2s).peer(RST, 2).iut(FIN | ACK, 1, 2));
  }
  // RFC 1337 lets TIME-WAIT ignore it: CLOSED or TIME-WAIT answers afterwards.
  PERMITTED(time_wait().peer(RST, 2).peer(FIN | ACK, 1, 2).iut(ACK, 2, 2));
  PERMITTED(time_wait().close_listener().peer(RST, 2).peer(FIN | ACK, 1, 2).iut(RST, 2));
}

TEST(Oracle, ResetOutsideTheWindowIsSilent) {
  for (const State state : synchronized_states) {
    SCOPED_TRACE(name(state));
    const std::int32_t rcv = Talk::rcv_nxt(state), snd = Talk::snd_nxt(state);
    for (const std::int32_t seq : {rcv - 1, rcv + 100000}) {
      PERMITTED(in(state).after(900ms).peer(RST, seq).after(100ms));
      FORBIDDEN(rst_outside_is_silent, in(state).after(900ms).peer(RST, seq).iut(ACK, snd, rcv));
    }
  }
  FORBIDDEN(rst_outside_is_silent, established().peer(RST, 0).told(Result::reset));
  FORBIDDEN(rst_outside_is_silent, established().peer(RST, 0).iut(RST, 1));
}

// Both ways are open, RFC 793's and RFC 5961's; not both of them at once, and not neither.
TEST(Oracle, ResetInsideTheWindowResetsOrIsChallenged) {
  for (const State state : {State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait}) {
    SCOPED_TRACE(name(state));
    const std::int32_t rcv = Talk::rcv_nxt(state), snd = Talk::snd_nxt(state);
    PERMITTED(in(state).after(900ms).peer(RST, rcv + 1).iut(ACK, snd, rcv));
    PERMITTED(in(state).after(900ms).peer(RST, rcv + 1).told(Result::reset));
    FORBIDDEN(rst_challenge_ack,
              in(state).after(900ms).peer(RST, rcv + 1).iut(ACK, snd, rcv).told(Result::reset));
    Talk silent;
    silent.in(state).after(900ms).peer(RST, rcv + 1).after(1s);
    EXPECT_NE(silent.rule(), Rule::none);
    EXPECT_TRUE(some_died_of(silent, Rule::rst_inside_resets_or_challenges));
  }
  // The second challenge in a row may be throttled.
  PERMITTED(
      established().peer(RST, 2).iut(ACK, 1, 1).peer(RST, 2).after(1s).peer(ACK, 1, 1, 1).iut(ACK, 1, 2));
}

// SHLD-2
TEST(Oracle, ResetWithTextCountsOrIsAdvised) {
  PERMITTED(established().peer(RST, 1, 0, 5).told(Result::reset));
  Talk ignores;
  ignores.established().peer(RST, 1, 0, 5).after(1s);
  EXPECT_TRUE(judged(ignores, Rule::none));
  EXPECT_TRUE(advises(ignores, Rule::rst_with_data_counts));
}

// MUST-66
TEST(Oracle, ResetCountsAtAZeroWindow) {
  const auto full = [](Talk& talk) -> Talk& {
    return talk.established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101, 0, 0);
  };
  Talk told, silent;
  EXPECT_TRUE(judged(full(told).peer(RST, 101).told(Result::reset), Rule::none));
  EXPECT_TRUE(judged(full(silent).peer(RST, 101).after(1s), Rule::rst_at_zero_window));
}

// ---- §3.10.7.4, fourth: SYN -------------------------------------------------------------------------

TEST(Oracle, SynInsideTheWindowResetsOrIsChallenged) {
  for (const State state : {State::established, State::fin_wait_1, State::fin_wait_2, State::close_wait}) {
    SCOPED_TRACE(name(state));
    const std::int32_t rcv = Talk::rcv_nxt(state), snd = Talk::snd_nxt(state);
    PERMITTED(in(state).after(900ms).peer(SYN, rcv + 1).iut(ACK, snd, rcv));
    PERMITTED(in(state).after(900ms).peer(SYN, rcv + 1).iut(RST, snd).told(Result::reset));
    FORBIDDEN(syn_challenge_ack, in(state).after(900ms).peer(SYN, rcv + 1).iut(ACK, snd, rcv).iut(RST, snd));
    FORBIDDEN(syn_inside_resets_or_challenges, in(state).after(900ms).peer(SYN, rcv + 1).after(1s));
  }
}

TEST(Oracle, SynOutsideTheWindowIsAcked) {
  PERMITTED(established().peer(SYN, 0).iut(ACK, 1, 1));
  FORBIDDEN(syn_outside_is_acked, established().peer(SYN, 0).after(1s));
  FORBIDDEN(synchronized_answers_with_ack, established().peer(SYN, 0).iut(RST, 1));
}

// ---- §3.10.7.4, fifth: ACK --------------------------------------------------------------------------

TEST(Oracle, AckOfUnsentIsAckedAndDropped) {
  PERMITTED(established().peer(ACK, 1, 2, 10).iut(ACK, 1, 1).after(1s));
  FORBIDDEN(ack_of_unsent, established().peer(ACK, 1, 2, 10).after(1s));
  FORBIDDEN(ack_of_unsent, established().peer(ACK, 1, 2, 10).iut(ACK, 1, 11));
  FORBIDDEN(synchronized_answers_with_ack, established().peer(ACK, 1, 2).iut(RST, 2));
}

TEST(Oracle, SegmentWithoutAckIsDropped) {
  PERMITTED(established().peer(FIN, 1, 0, 10).after(1s));
  FORBIDDEN(no_ack_bit_is_dropped, established().peer(FIN, 1, 0, 10).iut(ACK, 1, 12));
  FORBIDDEN(no_ack_bit_is_dropped, established().peer(FIN, 1).iut(RST, 1));
}

TEST(Oracle, OldAckKeepsTheText) {
  const auto acked = [](Talk& talk) -> Talk& {
    return talk.established().sends(100).iut(ACK, 1, 1, 100).peer(ACK, 1, 101);
  };
  Talk takes, refuses;
  EXPECT_TRUE(judged(acked(takes).peer(ACK, 1, 51, 10).iut(ACK, 101, 11), Rule::none));
  EXPECT_TRUE(judged(acked(refuses).peer(ACK, 1, 51, 10).iut(ACK, 101, 1), Rule::old_ack_keeps_the_text));
}

TEST(Oracle, AckOfOurFinAndOnlyItLeadsOn) {
  PERMITTED(last_ack().peer(ACK, 2, 2).after(1s).peer(ACK, 2, 2).iut(RST, 2));
  FORBIDDEN(ack_of_fin, last_ack().after(2s).peer(ACK, 2, 2).after(3s).iut(FIN | ACK, 1, 2));
  PERMITTED(last_ack().peer(ACK, 2, 1).after(3s).iut(FIN | ACK, 1, 2));
  FORBIDDEN(acked_data_is_not_resent, fin_wait_2().after(3s).iut(FIN | ACK, 1, 1));
  PERMITTED(closing().peer(ACK, 2, 2).call(Call::status, Result::ok, "TIME-WAIT"));
  FORBIDDEN(status_tells_the_state, closing().peer(ACK, 2, 1).call(Call::status, Result::ok, "TIME-WAIT"));
}

TEST(Oracle, WindowAndSegmentSizeAreObeyed) {
  const auto window = [](Talk& talk, std::uint16_t octets) -> Talk& {
    return talk.established().peer(ACK, 1, 1, 0, octets).sends(600);
  };
  Talk inside, beyond;
  // Taken back at equal SEQ and ACK the old edge may still be believed (reading A42): use a later SEQ.
  const auto shrink = [](Talk& talk) -> Talk& {
    return talk.syn_received_passive()
        .peer(ACK, 1, 1, 0, 100)
        .told_acceptable()
        .call(Call::accept)
        .sends(600);
  };
  EXPECT_TRUE(judged(shrink(inside).iut(ACK, 1, 1, 100), Rule::none));
  EXPECT_TRUE(judged(shrink(beyond).iut(ACK, 1, 1, 101), Rule::nothing_new_beyond_window));
  Talk grown;
  EXPECT_TRUE(judged(window(grown, 9000).iut(ACK, 1, 1, 600), Rule::none));
  Talk by_default, by_option;  // MUST-15, MUST-16
  EXPECT_TRUE(judged(by_default.established(0).sends(600).iut(ACK, 1, 1, 537), Rule::default_send_mss));
  EXPECT_TRUE(judged(by_option.established(100).sends(600).iut(ACK, 1, 1, 101), Rule::effective_send_mss));
  PERMITTED(established(100).sends(600).iut(ACK, 1, 1, 100).iut(ACK, 101, 1, 100));
}

// MUST-34, MUST-36, MUST-37
TEST(Oracle, ClosedWindowIsProbed) {
  const auto shut = [](Talk& talk) -> Talk& {
    return talk.syn_received_passive().peer(ACK, 1, 1, 0, 0).told_acceptable().call(Call::accept).sends(10);
  };
  Talk probes, silent, floods, quits;
  EXPECT_TRUE(
      judged(shut(probes).after(3s).iut(ACK, 1, 1, 1).peer(ACK, 1, 1, 0, 0).after(6s).iut(ACK, 1, 1, 1),
             Rule::none));
  EXPECT_TRUE(judged(shut(silent).after(10min), Rule::zero_window_is_probed));
  // One segment obliges the peer to answer (reading A44); a second one is no probe.
  shut(floods).sends(10).iut(ACK, 1, 1, 10);
  EXPECT_TRUE(judged(floods, Rule::none));
  EXPECT_TRUE(advises(floods, Rule::probe_timing));
  EXPECT_TRUE(judged(floods.iut(ACK, 11, 1, 10), Rule::nothing_new_beyond_window));
  shut(quits);
  for (int i = 0; i < 20; ++i) quits.after(10s).iut(ACK, 1, 1, 1).peer(ACK, 1, 1, 0, 0);
  EXPECT_TRUE(judged(quits.told(Result::timed_out), Rule::answered_probes_keep_it_open));
}

// The peer has answered with what is old, and its window is open: no probe was answered, R2 holds.
TEST(Oracle, OpenWindowIsNoReasonToStay) {
  Talk talk;
  talk.established().sends(10).iut(ACK, 1, 1, 10);
  for (const Time time : {1s, 3s, 6s, 12s, 24s, 48s, 60s}) talk.after(time).iut(ACK, 1, 1, 10);
  EXPECT_TRUE(judged(talk.peer(ACK, 1, 1).after(1s).told(Result::timed_out), Rule::none));
}

// RFC 5681 §4.2 with data outstanding and the window open.
TEST(Oracle, PureAcksAreCountedWhileDataIsOutstanding) {
  FORBIDDEN(one_ack_per_segment,
            established().sends(10).iut(ACK, 1, 1, 10).after(900ms).iut(ACK, 11, 1).iut(ACK, 11, 1));
}

// Reading A44 is about a window of zero: an open one needs no segment at SND.UNA-1.
// What an own reset leaves of the connection (reading A3) has nothing to send any more.
TEST(Oracle, TimeWaitAfterAbortProbesNoWindow) {
  const auto aborted = [](Talk& talk) -> Talk& {
    return talk.established().peer(ACK, 1, 1, 0, 0).sends(10).call(Call::abort).iut(RST, 1).after(2s);
  };
  Talk quiet, probes;
  EXPECT_TRUE(judged(aborted(quiet), Rule::none));
  aborted(probes).iut(ACK, 0, 1);
  EXPECT_NE(probes.rule(), Rule::none);
}

TEST(Oracle, OpenWindowIsNotProbed) {
  FORBIDDEN(pure_ack_at_snd_nxt, established().sends(10).iut(ACK, 1, 1, 10).iut(ACK, 0, 1));
  FORBIDDEN(one_octet_per_number, established().sends(10).iut(ACK, 1, 1, 10).iut(ACK, 0, 1, 1));
  FORBIDDEN(pure_ack_at_snd_nxt, syn_received_active().iut(ACK, -1, 1));
}

// ---- §3.10.7.4, seventh and eighth: text and FIN ----------------------------------------------------

TEST(Oracle, TextIsTakenAndAcknowledged) {
  PERMITTED(established().peer(ACK, 1, 1, 100).after(400ms).iut(ACK, 1, 101));
  FORBIDDEN(ack_within_half_a_second, established().peer(ACK, 1, 1, 100).after(1s));  // MUST-40
  FORBIDDEN(text_is_accepted, established().peer(ACK, 1, 1, 100).iut(ACK, 1, 1));
  FORBIDDEN(ack_never_beyond_received, established().peer(ACK, 1, 1, 100).iut(ACK, 1, 102));
  FORBIDDEN(half_closed_still_receives, fin_wait_2().peer(ACK, 1, 2, 100).iut(ACK, 2, 1));
  FORBIDDEN(ack_is_current,
            established().peer(ACK, 1, 1, 100).iut(ACK, 1, 101).peer(ACK, 101, 1).iut(ACK, 1, 51));
}

TEST(Oracle, PureAcksAreCountedAndStandAtSndNxt) {
  FORBIDDEN(one_ack_per_segment, established().after(2s).peer(ACK, 1, 1, 10).iut(ACK, 1, 11).iut(ACK, 1, 11));
  PERMITTED(established().after(2s).peer(ACK, 1, 1, 10).iut(ACK, 1, 11, 0, 4000).iut(ACK, 1, 11, 0, 4096));
  FORBIDDEN(pure_ack_at_snd_nxt, established().peer(ACK, 1, 1, 10).iut(ACK, 2, 11));
}

TEST(Oracle, FinIsAcknowledgedAndNothingCountsBehindIt) {
  PERMITTED(close_wait());
  FORBIDDEN(fin_is_acked_and_told, established().peer(FIN | ACK, 1, 1).after(1s));
  FORBIDDEN(fin_is_acked_and_told, established().peer(FIN | ACK, 1, 1).iut(ACK, 1, 1));
  PERMITTED(close_wait().peer(ACK, 2, 1, 10).after(1s));
  FORBIDDEN(nothing_after_fin, close_wait().peer(ACK, 2, 1, 10).iut(ACK, 1, 12));
  FORBIDDEN(nothing_after_fin, close_wait().peer(ACK, 2, 1, 10).iut(RST, 1));
}

// ---- data that leaves, and time ---------------------------------------------------------------------

TEST(Oracle, EachNumberHasOneOctet) {
  PERMITTED(established().sends(10).iut(ACK, 1, 1, 10));
  FORBIDDEN(one_octet_per_number, established().sends(10).iut(ACK, 1, 1, 10, 4096, true));
  FORBIDDEN(one_octet_per_number, established().sends(10).iut(ACK, 1, 1, 11));
  FORBIDDEN(one_octet_per_number, established().sends(10).iut(ACK, 6, 1, 5));
  FORBIDDEN(acked_data_is_not_resent,
            established().sends(10).iut(ACK, 1, 1, 10).peer(ACK, 1, 11).after(3s).iut(ACK, 1, 1, 10));
  FORBIDDEN(held_data_leaves, established().sends(10).after(10min));
}

// An acknowledgment in doubt (reading A26): what stands behind it in the queue may be sent, for the first
// time or together with the front, and is no retransmission of the timer's own.
TEST(Oracle, WhatFollowsADoubtfulAcknowledgmentIsNoTimer) {
  const auto doubtful = [](Talk& talk) -> Talk& {
    return talk.established().sends(1).iut(ACK, 1, 1, 1).peer(ACK, 0, 2).iut(ACK, 2, 1);
  };
  const auto again = [&](Talk& talk) -> Talk& {
    return doubtful(talk).after(3s).iut(ACK, 1, 1, 1).after(6s).iut(ACK, 1, 1, 1);
  };
  Talk first, together, early;
  again(first).after(1s).call(Call::close).iut(FIN | ACK, 2, 1);
  EXPECT_TRUE(judged(first, Rule::none));
  EXPECT_FALSE(advises(first, Rule::rto_doubles));
  doubtful(together).call(Call::close).iut(FIN | ACK, 2, 1);
  together.after(3s).iut(ACK, 1, 1, 1).iut(FIN | ACK, 2, 1).after(6s).iut(ACK, 1, 1, 1).iut(FIN | ACK, 2, 1);
  EXPECT_TRUE(judged(together, Rule::none));
  EXPECT_FALSE(advises(together, Rule::rto_doubles));
  again(early).after(1s).iut(ACK, 1, 1, 1);
  EXPECT_TRUE(advises(early, Rule::rto_doubles));
}

TEST(Oracle, DataIsRetransmittedEverMoreSlowly) {
  const auto data = [](Talk& talk) -> Talk& { return talk.established().sends(10).iut(ACK, 1, 1, 10); };
  Talk doubles, constant, early, never;
  EXPECT_TRUE(judged(data(doubles).after(4s).iut(ACK, 1, 1, 10).after(8s).iut(ACK, 1, 1, 10), Rule::none));
  EXPECT_FALSE(advises(doubles, Rule::rto_doubles));
  EXPECT_FALSE(advises(doubles, Rule::rto_at_least_one_second));
  data(constant).after(4s).iut(ACK, 1, 1, 10).after(4s).iut(ACK, 1, 1, 10);
  EXPECT_TRUE(judged(constant, Rule::none));  // about time alone: noted, and the set stays as it is
  EXPECT_TRUE(advises(constant, Rule::rto_doubles));
  EXPECT_NE(noted_musts() & advisory_bit(Rule::rto_doubles), 0u);
  data(early).after(100ms).iut(ACK, 1, 1, 10);
  EXPECT_TRUE(judged(early, Rule::none));
  EXPECT_TRUE(advises(early, Rule::rto_at_least_one_second));
  EXPECT_TRUE(judged(data(never).after(10min), Rule::retransmission));
}

// A timer that is late by an eighth of its length is no second late one.
TEST(Oracle, TimerMayBeLateByAShareOfItsLength) {
  Claims lazy = claims();
  lazy.late_share = 8;
  const auto data = [](Talk& talk) -> Talk& { return talk.established().sends(10).iut(ACK, 1, 1, 10); };
  const auto again = [&](Talk& talk) -> Talk& {
    return data(talk).after(32s).iut(ACK, 1, 1, 10).after(57s).iut(ACK, 1, 1, 10);
  };
  Talk late(lazy), early(claims()), never_doubled(lazy);
  EXPECT_FALSE(advises(again(late), Rule::rto_doubles));
  EXPECT_TRUE(advises(again(early), Rule::rto_doubles));
  data(never_doubled).after(4s).iut(ACK, 1, 1, 10).after(4s).iut(ACK, 1, 1, 10);
  EXPECT_TRUE(advises(never_doubled, Rule::rto_doubles));
  const auto probed = [](Talk& talk, Time after) -> Talk& {
    return talk.time_wait().close_listener().after(120s + after).peer(FIN | ACK, 1, 2).iut(ACK, 2, 2);
  };
  Talk in_time(lazy), too_late(lazy), exact(claims());
  EXPECT_TRUE(judged(probed(in_time, 15s), Rule::none));
  EXPECT_TRUE(judged(probed(too_late, 16s), Rule::time_wait_ends));
  EXPECT_TRUE(judged(probed(exact, 15s), Rule::time_wait_ends));
}

// MUST-13. MSL is 60 s, a tick 500 ms, a step 250 ms: the band around 120 s is 750 ms wide on either side.
TEST(Oracle, TimeWaitLastsTwoMslWithinATolerance) {
  const Time two_msl = 120s;
  PERMITTED(time_wait().peer(FIN | ACK, 1, 2).iut(ACK, 2, 2));
  FORBIDDEN(time_wait_answers_fin, time_wait().peer(FIN | ACK, 1, 2).after(1s));
  FORBIDDEN(time_wait_lasts_2msl,
            time_wait().close_listener().after(two_msl - 1s).peer(ACK, 2, 2).iut(RST, 2));
  for (const Time inside : {-700ms, 700ms}) {
    PERMITTED(time_wait().close_listener().after(two_msl + inside).peer(ACK, 2, 2).iut(RST, 2));
    PERMITTED(time_wait().close_listener().after(two_msl + inside).peer(FIN | ACK, 1, 2).iut(ACK, 2, 2));
  }
  PERMITTED(time_wait().close_listener().after(two_msl + 1s).peer(ACK, 2, 2).iut(RST, 2));
  FORBIDDEN(time_wait_ends, time_wait().close_listener().after(two_msl + 1s).peer(ACK, 2, 2).after(1s));
  FORBIDDEN(time_wait_ends,
            time_wait().close_listener().after(two_msl + 1s).peer(FIN | ACK, 1, 2).iut(ACK, 2, 2));
}

// Reading A3: TIME-WAIT after an own reset has seen no FIN; the first one may count (step 8) or not.
TEST(Oracle, FirstFinInTimeWaitAfterAResetMayCount) {
  PERMITTED(established().peer(SYN, 100).iut(RST, 1).peer(FIN | ACK, 1, 1).iut(ACK, 1, 2));
  PERMITTED(established().peer(SYN, 100).iut(RST, 1).peer(FIN | ACK, 1, 1).iut(ACK, 1, 1));
  Talk beyond;
  beyond.established().peer(SYN, 100).iut(RST, 1).peer(FIN | ACK, 1, 1).iut(ACK, 1, 3);
  EXPECT_NE(beyond.rule(), Rule::none);
}

// MAY-2: a listener may reopen the connection, beyond the old sequence numbers.
TEST(Oracle, TimeWaitMayBeReopened) {
  PERMITTED(time_wait().peer(SYN, 9000).iut(ACK, 2, 2));
  PERMITTED(time_wait().peer(SYN, 9000).after(1s));
  PERMITTED(time_wait().peer(SYN, 9000).iut(SYN | ACK, 90000, 9001));
  Talk smaller;
  smaller.time_wait().peer(SYN, 9000).iut(SYN | ACK, 1, 9001);
  EXPECT_NE(smaller.rule(), Rule::none);
  EXPECT_TRUE(some_died_of(smaller, Rule::reopening_iss_is_larger));
}

// ---- the oracle itself ------------------------------------------------------------------------------

TEST(Oracle, AFailureLeavesTheSetForTheRepair) {
  Talk talk;
  talk.established().peer(ACK, 1, 1, 100).after(1s);
  ASSERT_EQ(talk.rule(), Rule::ack_within_half_a_second);
  ASSERT_FALSE(talk.oracle().dead().empty());
  EXPECT_EQ(talk.oracle().front().state, State::established);
  talk.oracle().repair();
  EXPECT_TRUE(talk.oracle().dead().empty());
  EXPECT_EQ(talk.oracle().time(2h), Verdict::pass);  // forgiven
}

// SHLD-3's reset may be left out: silence breaks what binds those who leave it out.
TEST(Oracle, NoShouldNamesAFinding) {
  FORBIDDEN(ack_within_half_a_second,
            established().call(Call::close_full).iut(FIN | ACK, 1, 1).peer(ACK, 1, 1, 10).after(1s));
}

TEST(Oracle, AFindingIsBlamedOnTheEventThatCausedIt) {
  // Events: 0 open, 1 SYN, 2 ACK, 3 accept, 4 the text that is refused for its ACK, 5 time.
  Talk talk;
  talk.established().peer(ACK, 1, 2, 10).after(100ms).iut(ACK, 1, 11);
  ASSERT_EQ(talk.rule(), Rule::ack_of_unsent);
  EXPECT_EQ(talk.oracle().dead().front().culprit, 4);
}

// Its text and FIN were refused for its ACK; whoever counts both stops at the FIN when more text comes.
TEST(Oracle, AFinThatWasRefusedAndCountedExplainsTheAckThatStopsThere) {
  Talk talk;
  talk.established().peer(FIN | ACK, 1, 2, 1).iut(ACK, 1, 1).peer(ACK, 1, 1, 3).iut(ACK, 1, 3);
  EXPECT_EQ(talk.rule(), Rule::ack_of_unsent);
  EXPECT_EQ(talk.oracle().dead().front().culprit, 4);
  Talk less;
  less.established().peer(FIN | ACK, 1, 2, 1).iut(ACK, 1, 1).peer(ACK, 1, 1, 3).iut(ACK, 1, 2);
  EXPECT_EQ(less.rule(), Rule::text_is_accepted);
}

// The window of a segment that was dropped lives on in who has obeyed it, until SEQ has come as far.
TEST(Oracle, AWindowThatWasRefusedExplainsDataUntilSeqHasPassedIt) {
  const auto obeys = [](Talk& talk) -> Talk& {
    return talk.syn_received_passive()
        .peer(ACK, 1, 1, 0, 100)
        .told_acceptable()
        .call(Call::accept)
        .peer(ACK, 5000, 1, 1, 8192)
        .iut(ACK, 1, 1);
  };
  Talk earlier, later;
  obeys(earlier).peer(ACK, 1, 1, 0, 100).sends(600).iut(ACK, 1, 1, 200);
  EXPECT_EQ(earlier.rule(), Rule::unacceptable_is_dropped);
  obeys(later).peer(ACK, 1, 1, 4096, 100).iut(ACK, 1, 4097).reads(4096);
  later.peer(ACK, 4097, 1, 2000, 100).iut(ACK, 1, 6097).peer(ACK, 6097, 1, 0, 100).sends(600);
  later.iut(ACK, 1, 6097, 200);
  EXPECT_EQ(later.rule(), Rule::nothing_new_beyond_window);
}

// Refused text that was taken all the same explains its octets, and no others.
TEST(Oracle, OnlyTheOctetsThatWereRefusedExplainWhatReceiveReturns) {
  const auto refused = [](Talk& talk) -> Talk& {
    return talk.established().peer(ACK, 1, 2, 3).iut(ACK, 1, 1);
  };
  Talk taken, altered;
  EXPECT_TRUE(judged(refused(taken).reads(3), Rule::ack_of_unsent));
  EXPECT_TRUE(judged(refused(altered).reads(3, true), Rule::stream_is_intact));
}

TEST(Oracle, NotesChangeNothing) {
  Talk talk;
  talk.established();
  const Hypothesis before = talk.oracle().front();
  talk.oracle().note(Rule::rto_doubles);
  ASSERT_FALSE(talk.oracle().dead().empty());
  EXPECT_EQ(talk.oracle().dead().front().rule, Rule::rto_doubles);
  EXPECT_EQ(talk.oracle().front(), before);
}

// Two texts for the same end of the stream: no sentence says which of the two counts.
TEST(Oracle, ATesterThatContradictsItselfIsNoticed) {
  Talk talk;
  talk.established().peer(FIN | ACK, 101, 1).peer(ACK, 151, 1, 10);
  EXPECT_TRUE(talk.oracle().contradicted());
}

}  // namespace
}  // namespace finwait::model
