// The reference model as a stack of its own: whatever the relation in model/ permits, it does by chance.
//
// It steps one model::Hypothesis with the oracle's own functions. Each open choice is drawn, each duty is met
// at some moment before its deadline, and each segment that it forms has to pass model::emits() before it
// leaves. So it is at once the oracle's counterpart (no run of it may be reported) and the body that mutants
// are made of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/adapter.h"
#include "harness/codec.h"
#include "impl/reference/octet_ring.h"
#include "impl/reference/random.h"
#include "model/hypothesis.h"
#include "model/user_calls.h"

namespace finwait {

/// What is done later: the duties of model::Owed in their order, and what the stack does of its own accord.
enum class Timer : std::uint8_t {
  syn,
  syn_ack,
  ack,
  data,
  fin,
  retransmission,
  probe,
  opened,
  acceptable,
  failed,
  reset_0,
  reset_1,
  reset_2,
  reset_3,
  more_data,      ///< data or FIN that may leave, although nothing obliges
  extra_ack,      ///< a pure ACK that may answer a segment, although nothing obliges
  window_update,  ///< the user has read
  give_up,        ///< R2, or nobody holds the connection
  alarm,          ///< a mutant's own
  whim,           ///< something that nothing asks for
};
inline constexpr std::size_t timer_count = 20;

/// A time that never comes.
inline constexpr Time never = Time::max();

/// What the relation leaves free in sending, timing and answering calls, besides model::Choice.
#define FINWAIT_FREEDOMS(FREEDOM)                                                      \
  FREEDOM(at_once, "a duty is met at once")                                            \
  FREEDOM(at_last, "a duty is met at its deadline")                                    \
  FREEDOM(in_between, "a duty is met in between")                                      \
  FREEDOM(pure_ack, "an ACK goes alone")                                               \
  FREEDOM(ack_below_snd_nxt, "a pure ACK stands below SND.NXT (A31)")                  \
  FREEDOM(ack_takes_more, "text that may have been taken is acknowledged")             \
  FREEDOM(unowed_ack, "a pure ACK that is allowed and not owed")                       \
  FREEDOM(parting_ack, "a last ACK from a connection that is gone")                    \
  FREEDOM(window_update, "a pure ACK that only opens the window")                      \
  FREEDOM(window_hidden, "space is kept back to avoid silly windows")                  \
  FREEDOM(window_taken_back, "the right edge moves left")                              \
  FREEDOM(reset_at_snd_nxt, "<SEQ=SND.NXT><CTL=RST>")                                  \
  FREEDOM(reset_at_seg_ack, "<SEQ=SEG.ACK><CTL=RST>")                                  \
  FREEDOM(reset_at_zero, "<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>")                  \
  FREEDOM(reset_with_ack, "a reset with the ACK bit (A1)")                             \
  FREEDOM(reset_unowed, "a reset that is allowed and not owed")                        \
  FREEDOM(syn_ack_takes_text, "SYN,ACK acknowledges text that came with the SYN (A8)") \
  FREEDOM(data_full, "as many octets as fit")                                          \
  FREEDOM(data_cut, "fewer octets than would fit")                                     \
  FREEDOM(data_to_lower_edge, "new data up to the least window believed")              \
  FREEDOM(data_to_upper_edge, "new data up to the largest window believed")            \
  FREEDOM(data_beyond_shrunk_edge, "new data beyond a window that was taken back")     \
  FREEDOM(fin_with_data, "FIN on the last octets")                                     \
  FREEDOM(fin_alone, "FIN without text")                                               \
  FREEDOM(fin_before_established, "FIN while our SYN is not acknowledged (A15)")       \
  FREEDOM(resend_front, "a retransmission from SND.UNA")                               \
  FREEDOM(resend_below_front, "a retransmission from below SND.UNA (A40)")             \
  FREEDOM(resend_with_more, "a retransmission that takes new octets along")            \
  FREEDOM(resend_old_ack, "a retransmission with its old ACK number (A32)")            \
  FREEDOM(resend_fast, "a retransmission after three duplicate ACKs")                  \
  FREEDOM(resend_syn, "the SYN again")                                                 \
  FREEDOM(resend_syn_ack, "the SYN,ACK again")                                         \
  FREEDOM(resend_fin_with_syn, "SYN and FIN in one segment (A15)")                     \
  FREEDOM(probe_new_octet, "a zero-window probe with the next octet")                  \
  FREEDOM(probe_empty, "an empty zero-window probe at SND.UNA-1 (A44)")                \
  FREEDOM(probe_old_octet, "a zero-window probe with the octet at SND.UNA-1 (A44)")    \
  FREEDOM(probe_segment, "a zero-window probe with more than an octet")                \
  FREEDOM(give_up_with_reset, "given up with a reset (A54)")                           \
  FREEDOM(give_up_told, "given up, the user is told")                                  \
  FREEDOM(give_up_silently, "given up without a word (A47, A48)")                      \
  FREEDOM(late_reset_told, "a reset in CLOSING or LAST-ACK is reported")               \
  FREEDOM(open_refused, "OPEN is refused for want of resources")                       \
  FREEDOM(send_partly, "SEND takes a part")                                            \
  FREEDOM(send_refused, "SEND takes nothing")                                          \
  FREEDOM(receive_partly, "RECEIVE returns a part")                                    \
  FREEDOM(receive_late, "RECEIVE does not see yet what has come just now")             \
  FREEDOM(receive_more, "RECEIVE returns text before it is acknowledged")              \
  FREEDOM(error_before_text, "an error is told before text that came earlier (A38)")   \
  FREEDOM(literal_eof, "the end of the stream before unread text (A37)")               \
  FREEDOM(segment_at_whim, "a segment that nothing asks for, or another than planned") \
  FREEDOM(told_at_whim, "the user is told something that nothing asks for")            \
  FREEDOM(answer_at_whim, "any answer to a call that is permitted")

enum class Freedom : std::uint8_t {
#define FREEDOM(name, meaning) name,
  FINWAIT_FREEDOMS(FREEDOM)
#undef FREEDOM
};

struct FreedomText {
  Freedom freedom;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array freedoms{
#define FREEDOM(name, meaning) FreedomText{Freedom::name, #name, meaning},
    FINWAIT_FREEDOMS(FREEDOM)
#undef FREEDOM
};

class Reference;

/// Where a fault can be planted. A hook that is null leaves the stack as it is; all get the stack itself.
struct Fault {
  /// A segment has come; it may be altered. False: it is dropped.
  bool (*arrives)(Reference&, model::Segment&) = nullptr;
  /// A choice was drawn; returns what is taken instead.
  int (*chooses)(Reference&, model::Choice, int ways, int drawn) = nullptr;
  /// A timer is set; returns the time that is taken instead.
  Time (*sets)(Reference&, Timer, Time planned) = nullptr;
  /// A segment was processed; `before` is the TCB that it met.
  void (*processed)(Reference&, const model::Segment&, const model::Hypothesis& before) = nullptr;
  /// A segment has passed the own check and is about to leave; it may be altered. False: it is swallowed.
  bool (*leaves)(Reference&, Wire&, EncodeOptions&) = nullptr;
  /// A call comes. False: it is not performed, `reply` is the answer.
  bool (*called)(Reference&, const Request&, Reply& reply) = nullptr;
  /// A call was performed; `before` is the TCB that it met.
  void (*returns)(Reference&, const Request&, Reply& reply, const model::Hypothesis& before) = nullptr;
  /// The user is about to be told (Owed::opened, acceptable or failed). False: it is not.
  bool (*tells)(Reference&, model::Owed, Result& why) = nullptr;
  /// When alarm_rings() is wanted next: asked after every step.
  Time (*alarm)(Reference&) = nullptr;
  void (*alarm_rings)(Reference&) = nullptr;
  /// False: what SEND and CLOSE have queued does not leave now.
  bool (*may_send)(Reference&) = nullptr;
  bool checks_checksums = true;
  /// The stack keeps its whims: a mutant has none, so that it shows its fault and nothing else.
  bool whims = false;
};

class Reference final : public Adapter {
 public:
  /// With a fault, which has to live as long, this is the mutant `name`: own checks then do not throw.
  explicit Reference(const Fault* fault = nullptr, std::string name = "reference");

  Profile profile() const override;
  void reset(std::uint64_t seed) override;
  Reply call(const Request& request, Sink& sink) override;
  void deliver(Octets packet, Sink& sink) override;
  void advance(Time by, Sink& sink) override;
  std::optional<Time> next_timer() const override;
  std::string probe(Socket) const override;
  /// All but what chance holds ready: the same state may go on in another way.
  bool tell_state(const Viewpoint& from, StateHash& hash) const override;

  /// How often each way of each choice was drawn since construction: [choice][way].
  using ChoiceCounts = std::array<std::array<std::uint64_t, 4>, model::choices.size()>;
  const ChoiceCounts& choices_taken() const { return choices_taken_; }
  /// How often use was made of each freedom since construction.
  const std::array<std::uint64_t, freedoms.size()>& freedoms_taken() const { return freedoms_taken_; }

  // What follows is for faults.
  model::Hypothesis& tcb() { return h_; }
  Time now() const { return now_; }
  Random& random() { return random_; }
  /// How often a fault has struck in this case, or whatever else it wants to remember.
  std::uint32_t memory = 0;
  /// When the octet at SND.UNA was last sent.
  Time last_sent() const;
  /// Sends a segment that nobody checks and no state remembers.
  void send_unchecked(const model::Segment& segment);
  /// Sends a pure ACK that nobody checks.
  void ack_unchecked();
  /// Sends octets that SEND once took, from this number on, which nobody checks.
  void send_text_unchecked(model::Seq seq, std::uint32_t octets);
  /// Octets that have come, from this number on; valid until the next RECEIVE.
  Octets peek(model::Seq seq, std::uint32_t octets);
  /// Tells the user what nobody checks.
  void tell_unchecked(model::Owed what, Result why = Result::ok);
  /// Processes a segment as if it had come.
  void process(const model::Segment& segment);
  /// The connection is gone without a trace.
  void forget_connection();
  std::uint16_t effective_mss() const;

 private:
  // reference.cpp: stimuli and time
  model::Step step() { return {h_, chooser_, claims_, now_}; }
  void begin_stimulus(Sink& sink);
  int draw(model::Choice choice, int ways);
  void count(Freedom freedom) { ++freedoms_taken_[static_cast<std::size_t>(freedom)]; }
  bool chance(Freedom freedom, std::uint32_t one_in);
  void demand(model::Rule rule, std::string_view doing);
  bool is_ours(const Wire& wire);
  void answer_stranger(const Wire& wire);
  void keep_text(const model::Segment& segment, const model::Hypothesis& before);
  void note_arrival(const model::Segment& segment, const model::Hypothesis& before);
  void look_at_clock();
  void run_until(Time end);
  void plan();
  void plan_duties();
  void plan_resets();
  void plan_voluntary();
  void set(Timer timer, Time at);
  Time& due(Timer timer) { return due_[static_cast<std::size_t>(timer)]; }
  Time some_moment(Time by);
  Time retransmission_time();
  Time probe_time();
  Time give_up_time();
  void fire(Timer timer);
  void tell(model::Owed what);

  // sending.cpp: what leaves
  bool may_send_text() const;
  bool can_send_more();
  bool opening() const;
  model::Seq ack_number(bool may_take_more);
  std::uint16_t window(model::Seq ack);
  model::Segment segment(std::uint8_t flags, model::Seq seq);
  void attach_text(model::Segment& o, std::uint32_t octets);
  void transmit(const model::Segment& o);
  void put_on_wire(const model::Segment& o);
  void set_the_pace();
  void send_syn();
  void send_syn_ack(bool again);
  void send_ack();
  void send_extra_ack();
  void send_window_update();
  void send_new();
  void send_probe();
  void resend();
  void resend_text();
  void send_reset(std::size_t slot);
  void give_up();
  model::Seq choose_iss();

  // calls.cpp: the user's side
  model::UserCall describe(const Request& request) const;
  void decide(const Request& request, model::UserCall& call, Reply& reply);
  Result decide_open_passive();
  Result decide_open_active();
  Result decide_accept(const Request& request);
  void decide_send(const Request& request, model::UserCall& call, Reply& reply);
  void decide_receive(const Request& request, model::UserCall& call, Reply& reply);
  Result decide_close(const model::UserCall& call);
  Result decide_release(const model::UserCall& call);
  void decide_status(model::UserCall& call, Reply& reply);
  void read_text(std::uint32_t octets, model::UserCall& call, Reply& reply);
  void note_call(const Request& request, const model::UserCall& call, const model::Hypothesis& before);
  Result result_of_ending();
  bool no_handle(const model::UserCall& call) const;

  // whims.cpp: what nothing asks for
  bool has_whims() const;
  void think_of_something();
  Time turning_point();
  void follow_whim();
  void adopt(const model::Hypothesis& after);
  bool breaks_noted_must(const model::Hypothesis& after) const;
  bool send_at_whim(const model::Segment& o);
  bool bend(const model::Segment& o);
  void write_at_whim(model::Segment& o, std::uint32_t octets);
  model::Segment any_segment();
  model::Seq any_seq();
  model::Seq any_ack();
  std::uint16_t any_window(model::Seq ack);
  std::uint32_t any_length();
  bool tell_at_whim();
  bool answer_at_whim(const Request& request, model::UserCall& call, Reply& reply);
  Result any_result();

  const Fault* fault_;
  std::string name_;
  model::Claims claims_;
  model::Chooser::Draw draw_;
  model::Chooser chooser_;
  ChoiceCounts choices_taken_{};
  std::array<std::uint64_t, freedoms.size()> freedoms_taken_{};

  Random random_;
  model::Hypothesis h_;
  std::uint16_t event_ = 0;  ///< number of the stimulus
  Time now_{};
  Sink* sink_ = nullptr;

  std::array<Time, timer_count> due_{};
  std::array<model::Duty, model::owed_count> planned_{};
  std::array<model::Reset, 4> planned_resets_{};
  bool window_may_open_ = false;

  Socket listener_ = 0, connection_ = 0;
  std::uint16_t listening_port_ = 0;
  std::uint16_t iut_port_ = 0, tester_port_ = 0;
  bool wraps_soon_ = false;  ///< the first ISS lies just below 2^32

  Time first_rto_{};    ///< of this connection
  Time rto_{};          ///< that was waited for last
  Time longest_rto_{};  ///< where the doubling stops
  Time last_resend_{};
  Time probe_interval_{};
  Time front_since_{};  ///< since when the octet at SND.UNA is the first one outstanding
  model::Seq front_ = 0;
  Time patience_for_peer_{};  ///< R2 of this connection
  bool tired_ = false;        ///< given up without a word: the next stimulus finds no connection
  std::uint32_t duplicate_acks_ = 0;
  bool resend_now_ = false;
  bool acks_late_fin_ = false;
  model::Seq front_ack_ = 0;  ///< ACK number with which the octet at SND.UNA was first sent

  OctetRing<1 << 16> sent_;      ///< what SEND has taken, by offset from ISS+1
  OctetRing<1 << 17> received_;  ///< what has come, by offset from IRS+1
  std::vector<std::uint8_t> text_, whim_text_, packet_, reading_;
};

/// The reference stack, which no run of the oracle may find at fault.
std::unique_ptr<Adapter> make_reference();

}  // namespace finwait
