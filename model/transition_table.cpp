// RFC 9293 §3.3.2 (figure 5) and §3.10 as one table: source, event, target, action, guard.
// This is the only translation unit that sees Boost.MSM.
#include <array>
#include <boost/mpl/for_each.hpp>
#include <boost/mpl/push_back.hpp>
#include <boost/mpl/size.hpp>
#include <boost/mpl/vector.hpp>
#include <boost/msm/back/state_machine.hpp>
#include <boost/msm/back/tools.hpp>
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "model/actions.h"
#include "model/machine.h"

namespace finwait::model {
namespace {

namespace msm = boost::msm;
namespace mpl = boost::mpl;
using msm::front::none;
using msm::front::Row;

// Any number of rows: an mpl::vector grown by push_back needs no BOOST_MPL_LIMIT_* macro.
template <class Vector, class... Rows>
struct Grow {
  using type = Vector;
};
template <class Vector, class First, class... Rest>
struct Grow<Vector, First, Rest...> : Grow<typename mpl::push_back<Vector, First>::type, Rest...> {};
template <class... Rows>
using Table = typename Grow<mpl::vector0<>, Rows...>::type;

#define STATE(Name, value)                    \
  struct Name : msm::front::state<> {         \
    static constexpr State id = State::value; \
  };
STATE(Closed, closed)
STATE(Listen, listen)
STATE(SynSent, syn_sent)
STATE(SynReceived, syn_received)
STATE(Established, established)
STATE(FinWait1, fin_wait_1)
STATE(FinWait2, fin_wait_2)
STATE(CloseWait, close_wait)
STATE(Closing, closing)
STATE(LastAck, last_ack)
STATE(TimeWait, time_wait)
#undef STATE

#define ACTION(Name, statement)                                                     \
  struct Name {                                                                     \
    template <class Event, class Machine, class Source, class Target>               \
    void operator()(const Event& event, Machine& machine, Source&, Target&) const { \
      Step& step = *machine.step;                                                   \
      (void)event;                                                                  \
      statement;                                                                    \
    }                                                                               \
  };
#define GUARD(Name, condition)                                                      \
  struct Name {                                                                     \
    template <class Event, class Machine, class Source, class Target>               \
    bool operator()(const Event& event, Machine& machine, Source&, Target&) const { \
      (void)machine;                                                                \
      return condition;                                                             \
    }                                                                               \
  };

ACTION(EnterListen, open_passive(step))
ACTION(SendSyn, open_active(step))
ACTION(QueueData, queue_send(step, event.octets))
ACTION(QueueFin, queue_fin(step))
ACTION(DeleteTcb, delete_tcb(step, Origin::closed))
ACTION(SendReset, abort_connection(step))
ACTION(DropTcb, delete_tcb(step, Origin::aborted))
ACTION(ResetStray, answer_stray(step, event.segment))
ACTION(SendSynAck, register_syn(step, event.segment))
ACTION(ResetBadAck, reset_bad_ack(step, event.segment))
ACTION(EstablishActive, establish_active(step, event.segment))
ACTION(Establish, establish(step, event.segment))
ACTION(AnswerUnacceptable, answer_unacceptable(step, event.segment, event.why))
ACTION(SendChallenge, challenge(step, event.why))
ACTION(ProcessAck, process_ack(step, event.segment))
ACTION(ProcessAckAndWait, process_ack(step, event.segment); start_time_wait(step))
ACTION(FinishClose, delete_tcb(step, Origin::last_ack))
ACTION(TakeText, take_text(step, event))
ACTION(TakeFin, take_fin(step))
ACTION(TakeFinAndWait, take_fin(step); start_time_wait(step))
ACTION(RestartTimeWait, restart_time_wait(step))
ACTION(TellReset, reset_by_peer(step, event.why))
ACTION(DropQuietly, delete_tcb(step, Origin::reset))
ACTION(ForgetChild, delete_tcb(step, event.why))
ACTION(TellTimeout, time_out(step))
ACTION(TimeWaitOver, delete_tcb(step, Origin::time_wait))
ACTION(GiveUp, delete_tcb(step, Origin::given_up))
ACTION(ReturnToTimeWait, return_to_time_wait(step))
ACTION(WaitAfterReset, start_time_wait(step))
ACTION(Resend, (void)step)

GUARD(FinAcked, event.covers_fin)
GUARD(FinNotAcked, !event.covers_fin)

// The action of row N, counted for whoever steps the machine: the table's coverage.
template <std::size_t N, class Action>
struct Hit {
  static_assert(N < arrow_count);
  static constexpr std::size_t row = N;
  template <class Event, class Machine, class Source, class Target>
  void operator()(const Event& event, Machine& machine, Source& source, Target& target) const {
    if (machine.step->taken != nullptr) ++machine.step->taken[N];
    Action{}(event, machine, source, target);
  }
};

struct Definition : msm::front::state_machine_def<Definition> {
  using initial_state = Closed;
  using no_message_queue = int;     // no action raises an event
  using no_exception_thrown = int;  // else MSM swallows exceptions

  Step* step = nullptr;
  bool handled = true;

  template <class Machine, class Event>
  void no_transition(const Event&, Machine&, int) {
    handled = false;
  }

  // clang-format off
  using transition_table = Table<
    //   source        event                  target        action                        guard
    // §3.10.1 OPEN, and the listener that a child does not use up
    Row< Closed      , OpenPassive          , Listen      , Hit<0, EnterListen>          , none        >,
    Row< Closed      , OpenActive           , SynSent     , Hit<1, SendSyn>              , none        >,
    Row< Listen      , OpenActive           , SynSent     , Hit<2, SendSyn>              , none        >,
    // §3.10.2 SEND
    Row< SynSent     , Send                 , none        , Hit<3, QueueData>            , none        >,
    Row< SynReceived , Send                 , none        , Hit<4, QueueData>            , none        >,
    Row< Established , Send                 , none        , Hit<5, QueueData>            , none        >,
    Row< CloseWait   , Send                 , none        , Hit<6, QueueData>            , none        >,
    // §3.10.4 CLOSE
    Row< Listen      , Close                , Closed      , Hit<7, DeleteTcb>            , none        >,
    Row< SynSent     , Close                , Closed      , Hit<8, DeleteTcb>            , none        >,
    Row< SynReceived , Close                , FinWait1    , Hit<9, QueueFin>             , none        >,
    Row< SynReceived , CloseDeferred        , none        , Hit<10, QueueFin>            , none        >,
    Row< Established , Close                , FinWait1    , Hit<11, QueueFin>            , none        >,
    Row< CloseWait   , Close                , LastAck     , Hit<12, QueueFin>            , none        >,
    // §3.10.5 ABORT
    Row< Listen      , Abort                , Closed      , Hit<13, DropTcb>             , none        >,
    Row< SynSent     , Abort                , Closed      , Hit<14, DropTcb>             , none        >,
    Row< SynReceived , Abort                , Closed      , Hit<15, SendReset>           , none        >,
    Row< Established , Abort                , Closed      , Hit<16, SendReset>           , none        >,
    Row< FinWait1    , Abort                , Closed      , Hit<17, SendReset>           , none        >,
    Row< FinWait2    , Abort                , Closed      , Hit<18, SendReset>           , none        >,
    Row< CloseWait   , Abort                , Closed      , Hit<19, SendReset>           , none        >,
    Row< Closing     , Abort                , Closed      , Hit<20, DropTcb>             , none        >,
    Row< LastAck     , Abort                , Closed      , Hit<21, DropTcb>             , none        >,
    Row< TimeWait    , Abort                , Closed      , Hit<22, DropTcb>             , none        >,
    // §3.10.7.1 SEGMENT ARRIVES, CLOSED
    Row< Closed      , Stray                , none        , Hit<23, ResetStray>          , none        >,
    // §3.10.7.2 LISTEN
    Row< Listen      , Stray                , none        , Hit<24, ResetStray>          , none        >,
    Row< Listen      , SynArrives           , SynReceived , Hit<25, SendSynAck>          , none        >,
    // §3.10.7.3 SYN-SENT
    Row< SynSent     , UnacceptableAck      , none        , Hit<26, ResetBadAck>         , none        >,
    Row< SynSent     , ResetArrives         , Closed      , Hit<27, TellReset>           , none        >,
    Row< SynSent     , SynAckArrives        , Established , Hit<28, EstablishActive>     , none        >,
    Row< SynSent     , SynArrives           , SynReceived , Hit<29, SendSynAck>          , none        >,
    // §3.10.7.4 first: sequence number
    Row< SynReceived , UnacceptableSegment  , none        , Hit<30, AnswerUnacceptable>  , none        >,
    Row< Established , UnacceptableSegment  , none        , Hit<31, AnswerUnacceptable>  , none        >,
    Row< FinWait1    , UnacceptableSegment  , none        , Hit<32, AnswerUnacceptable>  , none        >,
    Row< FinWait2    , UnacceptableSegment  , none        , Hit<33, AnswerUnacceptable>  , none        >,
    Row< CloseWait   , UnacceptableSegment  , none        , Hit<34, AnswerUnacceptable>  , none        >,
    Row< Closing     , UnacceptableSegment  , none        , Hit<35, AnswerUnacceptable>  , none        >,
    Row< LastAck     , UnacceptableSegment  , none        , Hit<36, AnswerUnacceptable>  , none        >,
    Row< TimeWait    , UnacceptableSegment  , none        , Hit<37, AnswerUnacceptable>  , none        >,
    // second and fourth: RST, SYN (RFC 793's way)
    Row< SynReceived , BackToListen         , Listen      , Hit<38, ForgetChild>         , none        >,
    Row< SynReceived , ResetArrives         , Closed      , Hit<39, TellReset>           , none        >,
    Row< Established , ResetArrives         , Closed      , Hit<40, TellReset>           , none        >,
    Row< FinWait1    , ResetArrives         , Closed      , Hit<41, TellReset>           , none        >,
    Row< FinWait2    , ResetArrives         , Closed      , Hit<42, TellReset>           , none        >,
    Row< CloseWait   , ResetArrives         , Closed      , Hit<43, TellReset>           , none        >,
    Row< Closing     , ResetArrives         , Closed      , Hit<44, DropQuietly>         , none        >,
    Row< LastAck     , ResetArrives         , Closed      , Hit<45, DropQuietly>         , none        >,
    Row< TimeWait    , ResetArrives         , Closed      , Hit<46, DropQuietly>         , none        >,
    // second, fourth and fifth: RFC 5961's challenge ACK
    Row< SynReceived , Challenge            , none        , Hit<47, SendChallenge>       , none        >,
    Row< Established , Challenge            , none        , Hit<48, SendChallenge>       , none        >,
    Row< FinWait1    , Challenge            , none        , Hit<49, SendChallenge>       , none        >,
    Row< FinWait2    , Challenge            , none        , Hit<50, SendChallenge>       , none        >,
    Row< CloseWait   , Challenge            , none        , Hit<51, SendChallenge>       , none        >,
    Row< Closing     , Challenge            , none        , Hit<52, SendChallenge>       , none        >,
    Row< LastAck     , Challenge            , none        , Hit<53, SendChallenge>       , none        >,
    Row< TimeWait    , Challenge            , none        , Hit<54, SendChallenge>       , none        >,
    // fourth: SYN in TIME-WAIT for a listener (MAY-2)
    Row< TimeWait    , Reopened             , SynReceived , Hit<55, SendSynAck>          , none        >,
    Row< SynReceived , OldDuplicate         , TimeWait    , Hit<56, ReturnToTimeWait>    , none        >,
    // fifth: ACK
    Row< SynReceived , UnacceptableAck      , none        , Hit<57, ResetBadAck>         , none        >,
    Row< FinWait1    , UnacceptableAck      , none        , Hit<58, ResetBadAck>         , none        >,
    Row< SynReceived , AckOfSyn             , Established , Hit<59, Establish>           , none        >,
    Row< FinWait1    , AckOfSyn             , none        , Hit<60, Establish>           , none        >,
    Row< Established , AckArrives           , none        , Hit<61, ProcessAck>          , none        >,
    Row< CloseWait   , AckArrives           , none        , Hit<62, ProcessAck>          , none        >,
    Row< FinWait1    , AckArrives           , FinWait2    , Hit<63, ProcessAck>          , FinAcked    >,
    Row< FinWait1    , AckArrives           , none        , Hit<64, ProcessAck>          , FinNotAcked >,
    Row< FinWait2    , AckArrives           , none        , Hit<65, ProcessAck>          , none        >,
    Row< Closing     , AckArrives           , TimeWait    , Hit<66, ProcessAckAndWait>   , FinAcked    >,
    Row< Closing     , AckArrives           , none        , Hit<67, ProcessAck>          , FinNotAcked >,
    Row< LastAck     , AckArrives           , Closed      , Hit<68, FinishClose>         , FinAcked    >,
    Row< LastAck     , AckArrives           , none        , Hit<69, ProcessAck>          , FinNotAcked >,
    Row< TimeWait    , LateSegment          , none        , Hit<70, RestartTimeWait>     , none        >,
    // seventh: text
    Row< Established , Text                 , none        , Hit<71, TakeText>            , none        >,
    Row< FinWait1    , Text                 , none        , Hit<72, TakeText>            , none        >,
    Row< FinWait2    , Text                 , none        , Hit<73, TakeText>            , none        >,
    // eighth: FIN
    Row< Established , Fin                  , CloseWait   , Hit<74, TakeFin>             , none        >,
    Row< FinWait1    , Fin                  , Closing     , Hit<75, TakeFin>             , none        >,
    Row< FinWait2    , Fin                  , TimeWait    , Hit<76, TakeFinAndWait>      , none        >,
    // §3.10.8 time-outs
    Row< SynSent     , RetransmissionTimeout, none        , Hit<77, Resend>              , none        >,
    Row< SynReceived , RetransmissionTimeout, none        , Hit<78, Resend>              , none        >,
    Row< Established , RetransmissionTimeout, none        , Hit<79, Resend>              , none        >,
    Row< FinWait1    , RetransmissionTimeout, none        , Hit<80, Resend>              , none        >,
    Row< CloseWait   , RetransmissionTimeout, none        , Hit<81, Resend>              , none        >,
    Row< Closing     , RetransmissionTimeout, none        , Hit<82, Resend>              , none        >,
    Row< LastAck     , RetransmissionTimeout, none        , Hit<83, Resend>              , none        >,
    Row< SynSent     , UserTimeout          , Closed      , Hit<84, TellTimeout>         , none        >,
    Row< SynReceived , UserTimeout          , Closed      , Hit<85, TellTimeout>         , none        >,
    Row< Established , UserTimeout          , Closed      , Hit<86, TellTimeout>         , none        >,
    Row< FinWait1    , UserTimeout          , Closed      , Hit<87, TellTimeout>         , none        >,
    Row< CloseWait   , UserTimeout          , Closed      , Hit<88, TellTimeout>         , none        >,
    Row< Closing     , UserTimeout          , Closed      , Hit<89, TellTimeout>         , none        >,
    Row< LastAck     , UserTimeout          , Closed      , Hit<90, TellTimeout>         , none        >,
    Row< TimeWait    , TimeWaitTimeout      , Closed      , Hit<91, TimeWaitOver>        , none        >,
    // Resource management: orphans and half-open children (readings A47, A48, A50)
    Row< SynReceived , GivenUp              , Closed      , Hit<92, GiveUp>              , none        >,
    Row< Established , GivenUp              , Closed      , Hit<93, GiveUp>              , none        >,
    Row< FinWait1    , GivenUp              , Closed      , Hit<94, GiveUp>              , none        >,
    Row< FinWait2    , GivenUp              , Closed      , Hit<95, GiveUp>              , none        >,
    Row< CloseWait   , GivenUp              , Closed      , Hit<96, GiveUp>              , none        >,
    Row< Closing     , GivenUp              , Closed      , Hit<97, GiveUp>              , none        >,
    Row< LastAck     , GivenUp              , Closed      , Hit<98, GiveUp>              , none        >,
    // §3.5.2: "should enter TIME-WAIT" after sending a reset (reading A3)
    Row< Closed      , AfterReset           , TimeWait    , Hit<99, WaitAfterReset>      , none        >>;
  // clang-format on
};

using Machine = msm::back::state_machine<Definition>;
using States = msm::back::generate_state_set<Machine::stt>::type;

// MSM numbers states in the order in which it meets them in the table.
struct StateNumbers {
  std::array<State, state_count> by_number{};
  std::array<int, state_count> by_state{};
};
struct FillStateNumbers {
  StateNumbers& numbers;
  template <class S>
  void operator()(msm::wrap<S>) const {
    constexpr int number = msm::back::get_state_id<Machine::stt, S>::type::value;
    numbers.by_number[number] = S::id;
    numbers.by_state[static_cast<std::size_t>(S::id)] = number;
  }
};
const StateNumbers& state_numbers() {
  static const StateNumbers numbers = [] {
    StateNumbers result;
    mpl::for_each<States, msm::wrap<mpl::_1>>(FillStateNumbers{result});
    return result;
  }();
  return numbers;
}

// Puts the machine into a state through the public serialize(), without friends or copies.
struct Load {
  int number;
  template <class T>
  Load& operator&(T& member) {
    if constexpr (std::is_same_v<T, int[1]>) member[0] = number;
    return *this;
  }
};

Machine& machine() {
  static Machine instance = [] {
    Machine fresh;
    fresh.start();
    return static_cast<const Machine&>(fresh);  // MSM copies correctly from a const machine only
  }();
  return instance;
}

template <class T>
std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(0, text.find_first_of(";]", text.find("T = ")));
  return text.substr(text.rfind("::") + 2);
}

template <class Event>
void process(const Event& event, Step& step) {
  Machine& fsm = machine();
  const State before = step.h.state;
  Load load{state_numbers().by_state[static_cast<std::size_t>(before)]};
  fsm.serialize(load, 0);
  fsm.step = &step;
  fsm.handled = true;
  fsm.process_event(event);
  if (!fsm.handled) {
    throw std::logic_error("the transition table has no arrow from " + std::string(name(before)) + " for " +
                           std::string(type_name<Event>()));
  }
  step.h.state = state_numbers().by_number[static_cast<std::size_t>(fsm.current_state()[0])];
  if (step.h.state != before) step.h.since = step.now;
  // A listener outlives its children, and may be closed while it has one (reading A4).
  if (step.h.state == State::closed && step.h.listening) step.h.state = State::listen;
  if (step.h.state == State::listen && !step.h.listening) step.h.state = State::closed;
}

template <class S>
constexpr State target_of(State source) {
  if constexpr (std::is_same_v<S, none>) {
    return source;
  } else {
    return S::id;
  }
}

struct CollectArrows {
  std::array<Arrow, arrow_count>& all;
  template <class R>
  void operator()(msm::wrap<R>) const {
    const State source = R::Source::id;
    all[R::Action::row] = {source, target_of<typename R::Target>(source), type_name<typename R::Evt>()};
  }
};

}  // namespace

#define TAKE(Event)                           \
  void take(const Event& event, Step& step) { \
    process(event, step);                     \
  }
TAKE(OpenPassive)
TAKE(OpenActive)
TAKE(Send)
TAKE(Close)
TAKE(CloseDeferred)
TAKE(Abort)
TAKE(Stray)
TAKE(SynArrives)
TAKE(SynAckArrives)
TAKE(UnacceptableAck)
TAKE(ResetArrives)
TAKE(BackToListen)
TAKE(UnacceptableSegment)
TAKE(Challenge)
TAKE(AckOfSyn)
TAKE(AckArrives)
TAKE(Text)
TAKE(Fin)
TAKE(LateSegment)
TAKE(Reopened)
TAKE(OldDuplicate)
TAKE(RetransmissionTimeout)
TAKE(UserTimeout)
TAKE(TimeWaitTimeout)
TAKE(GivenUp)
TAKE(AfterReset)
#undef TAKE

std::span<const Arrow> arrows() {
  static const std::array<Arrow, arrow_count> all = [] {
    static_assert(mpl::size<Definition::transition_table>::value == arrow_count);
    std::array<Arrow, arrow_count> rows{};
    mpl::for_each<Definition::transition_table, msm::wrap<mpl::_1>>(CollectArrows{rows});
    return rows;
  }();
  return all;
}

}  // namespace finwait::model
