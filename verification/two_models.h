// The model against itself: two models back to back over a channel that loses, duplicates and reorders,
// explored breadth first until nothing new is met.
//
// Each endpoint is a model::Hypothesis, stepped by the model's own functions (model::segment_arrives,
// user_calls, emits, user_is_told_*, expire). Whatever the relation leaves open is tried in every way: each
// model::Choice, each form of a reset, and as segments sent *everything* that model::emits() lets through,
// out of all segments that two such endpoints can form (SYN, SYN,ACK, ACK, text, FIN in every combination,
// every number in reach). The receiver keeps the octet that has come, apart from the model's numbers, so that
// what is taken without ever having arrived is seen.
//
// Channel: for each direction a set of at most `capacity` segments. What is sent into a full one is lost; any
// of them may be delivered, once or again and again, or be lost.
//
// Safety (at every step and every world):
//   stream_is_intact            what the user reads is the octet that the peer's user gave, once, and it did
//   arrive nothing_lost_before_eof     the end of the stream is told after every octet that was given
//   numbers_agree               both ESTABLISHED: IRS is the peer's ISS, and RCV.NXT lies in the peer's
//   [SND.UNA, SND.NXT] no_reset_answers_a_reset    a RST never gives rise to a RST (§3.5.2)
//   no_ack_of_what_was_not_sent no endpoint is ever in a position to acknowledge what its peer has not sent
//   (§3.8) every_end_is_told           a connection that did not end by FIN or by its own user's call is
//   reported owed_is_permitted           the ACK or reset that the model demands is one that it permits
//   model_has_an_answer         the table has an arrow, calls are granted, and no peer is found to contradict
//   itself
//
// Liveness: open_finishes and close_finishes. What is wanted is "eventually", on the assumption that whatever
// can happen again and again does happen (a segment sent for ever arrives in the end). In a finite system
// that is "the goal can be reached from every world that can be reached" (AG EF): a run that is fair in this
// sense ends in a strongly connected component that it cannot leave and visits all of it, and if the goal is
// reachable from each world it lies in that component. Only what the protocol does by itself counts on the
// way to the goal: segments arrive; what is owed, or sent and not acknowledged, is sent; TIME-WAIT ends. No
// user call, no luck with losses, and no ACK that is not owed. Choices count as fair, too: a relation permits
// to be silent here and there (challenge ACKs may be throttled), and nobody is silent for ever.
//
// What is the same world. The worlds are finite in number because the following makes no difference:
//  1. Time. There is one moment, and another that is late. A timer that runs may end at any time, so no Time
//  of the
//     hypothesis decides anything but whether R2 may strike, which here it always may. TIME-WAIT ends only
//     while nothing is in flight: no segment outlives 2MSL.
//  2. Names of findings: blame, silence, suspects, culprit, causes, past, advisories, origin. They are
//  written by every
//     step and read only to name a rule.
//  3. Duties. What is owed may be sent at any time from now on, sent into a full channel, or be lost, which
//  is the
//     same to everybody as never. An ACK or a reset that is owed is formed at once or not at all; what is
//     late in forming is as late in arriving. A later ACK carries other numbers, but see 4.
//  4. The count of pure ACKs (RFC 5681 §4.2). Once there is a TCB with a peer, a pure ACK may be sent at any
//  time:
//     a window update needs no segment to answer. Liveness does not rely on it.
//  5. Windows are always wide open, so that edges are their number plus a constant. SND.WL1, SND.WL2 decide
//     between equal windows.
//  6. Boundaries of sent segments (reading A40) count only where SND.UNA may come to lie inside one.
//  7. Held text that brings nothing new; the octet kept, once it has been read.
//  8. Without a TCB nothing is left of the connection but the last ACK that may still come (parting_ack).
//  LISTEN
//     forgets the child. In TIME-WAIT nothing is taken or sent but ACKs and resets: text, FIN and queue are
//     forgotten.
//  9. Names of incarnations. Where a passive OPEN returns to LISTEN, the next connection has another ISS.
//  Only
//     the order of the ISSs counts (the clock of §3.4.1), so that they are numbered anew whenever one is
//     forgotten by all.
// 10. The ACK bit of a RST whose SEQ is not 0 (reading A1). A receiver reads it in SYN-SENT, where a RST that
// is not an
//     answer to the SYN cannot acknowledge it, and as "RST with a bad ACK number" (reading A17), whose second
//     way is the loss of the RST and an ACK, both there anyway.
// 11. Segments that their sender may send again at any time without being changed by it. They need not be
//     kept in flight: sending one is a step that leads back by its loss. When the sender goes on to where it
//     could not send them any more, they are left in flight, in every number that the channel holds.
// 12. Segments whose arrival can make no difference any more (spent.cpp): a RST left of the window; an old
// segment
//     whose ACK is old as well, where the reset that it would draw from an endpoint that is gone is one that
//     its sender can draw at any time. `Options::check` verifies for every step of the walk that such a
//     segment changes nothing when it comes and stays such; dropping it is what its loss would do.
// 1 to 10 are made in canonical.cpp and are tested against endpoints without them; 11 and 12 are what
// `Options::reduced` turns off.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/state.h"
#include "verification/endpoint.h"

namespace finwait::verification {

struct Scenario {
  std::string_view name;
  std::string_view meaning;
  bool a_actively = false;  ///< how A opens; B opens actively
  bool aborts = false;      ///< each user may ABORT, and the user time-out (R2) may strike
};
/// All four.
std::span<const Scenario> scenarios();
/// The scenario of this name; null: there is none.
const Scenario* find_scenario(std::string_view name);

struct Options {
  std::size_t capacity = 2;               ///< segments in flight in one direction, 1 to 3
  std::uint32_t depth = 0;                ///< steps from the beginning; 0: to closure
  std::size_t most_worlds = 200'000'000;  ///< where the walk is given up
  bool reduced = true;                    ///< normalisations 11 and 12; liveness needs them
  bool check = false;                     ///< verifies normalisation 12 at every step
  bool ways = false;                      ///< traces a shortest way to each pair of states
  /// Leaves out three things that the relation permits and connection.pml does not describe: text or FIN on a
  /// SYN,ACK and FIN on a SYN; ACK numbers below RCV.NXT on what is sent again (reading A32); and that a SYN
  /// which straddles the left edge counts as one inside the window. For the comparison of the two.
  bool plain = false;
  const Fault* fault = nullptr;  ///< planted in both endpoints
};

struct Violation {
  Property property = Property::none;
  std::string why;
  std::string trace;  ///< a shortest way there, a line a step
};

struct Report {
  std::size_t worlds = 0;
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;  ///< steps to the world that is furthest from the beginning
  bool closed = false;      ///< every world was met, else only those within the bound
  double seconds = 0;
  std::size_t megabytes = 0;  ///< of the worlds
  std::array<std::size_t, 2> endpoints{};
  std::size_t segments = 0;
  /// (state of A, state of B), in the order of their names.
  std::vector<std::pair<model::State, model::State>> pairs;
  std::vector<std::string> ways;  ///< a shortest way to each of them, if `Options::ways`
  /// The first that was found. Liveness is looked at when the walk is closed and all is safe.
  std::optional<Violation> violation;
};

/// Explores one scenario. @throws std::length_error where it is larger than the encoding (65536 endpoints or
/// contents of a channel, 512 segments).
Report explore(const Scenario& scenario, const Options& options);

}  // namespace finwait::verification
