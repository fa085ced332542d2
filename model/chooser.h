// Where the RFC leaves a choice open, the model asks a chooser. The oracle's chooser enumerates every
// permitted choice, depth first; the reference implementation's draws one by chance.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace finwait::model {

/// Every choice that the relation leaves open inside one step, with the number of ways.
#define FINWAIT_CHOICES(CHOICE)                                                                              \
  CHOICE(syn_text, 2, "text or FIN on a SYN kept, dropped")                                                  \
  CHOICE(syn_sent_reset_sequence, 2, "RST in SYN-SENT with SEQ other than 0 refuses, is dropped")            \
  CHOICE(window_edge, 2, "a segment at a hidden right edge is acceptable, is not")                           \
  CHOICE(rst_text, 2, "RST with text counts, is ignored")                                                    \
  CHOICE(rst_inside, 2, "RST inside the window resets, is challenged")                                       \
  CHOICE(rst_edge, 3, "RST at an undecided edge is ignored, resets, is challenged")                          \
  CHOICE(rst_bad_ack, 2, "RST with an unacceptable ACK number resets, is challenged")                        \
  CHOICE(rst_time_wait, 3, "RST in TIME-WAIT closes, is ignored, is challenged")                             \
  CHOICE(rst_reopened, 2, "a reopened connection returns to LISTEN, to TIME-WAIT")                           \
  CHOICE(syn_inside, 2, "SYN inside the window is challenged, resets")                                       \
  CHOICE(syn_edge, 3, "SYN at an undecided edge is acknowledged as unacceptable, is challenged, resets")     \
  CHOICE(syn_straddles, 2, "a SYN left of the window counts, is trimmed off")                                \
  CHOICE(syn_passive, 4, "SYN in SYN-RECEIVED: silence, a reset, a fresh SYN,ACK; a reset and nothing else") \
  CHOICE(syn_received_answer, 2, "unacceptable segment in SYN-RECEIVED: ACK or SYN,ACK; reset for its ACK")  \
  CHOICE(simultaneous_syn_ack, 2, "SYN,ACK in SYN-RECEIVED establishes, is acknowledged only")               \
  CHOICE(syn_time_wait, 4, "SYN in TIME-WAIT: ACK, silence, reopened, reset")                                \
  CHOICE(unprocessed_ack, 2, "the ACK field of an unacceptable or early segment does not count, counts")     \
  CHOICE(bad_ack_syn_received, 2, "bad ACK in SYN-RECEIVED: reset, ACK")                                     \
  CHOICE(unsent_ack_late, 2, "ACK of unsent data in LAST-ACK or TIME-WAIT: ACK, silence")                    \
  CHOICE(ack_range, 2, "an old ACK is ignored, is rejected")                                                 \
  CHOICE(orphan_text, 2, "text after close() resets, is taken")                                              \
  CHOICE(right_edge_text, 3, "text over the right edge is trimmed, is taken whole, is refused")              \
  CHOICE(fin_at_edge, 2, "FIN at the right edge is taken, is not")                                           \
  CHOICE(held_text, 2, "text above a gap was held, was dropped")                                             \
  CHOICE(late_fin, 2, "a FIN after the FIN is ignored, is counted")                                          \
  CHOICE(close_syn_sent, 2, "half-close in SYN-SENT deletes the TCB, has no effect")                         \
  CHOICE(close_syn_received, 2, "CLOSE in SYN-RECEIVED enters FIN-WAIT-1, waits for ESTABLISHED")            \
  CHOICE(close_unread, 2, "close() with unread text resets, sends FIN")                                      \
  CHOICE(after_reset, 2, "who sent a reset is in CLOSED, is in TIME-WAIT")                                   \
  CHOICE(listener_closed, 3, "a waiting child lives on, is dropped, is reset")                               \
  CHOICE(accept_ghost, 2, "accept returns the living child, a dead one")                                     \
  CHOICE(time_wait_over, 2, "in the band of 2MSL TIME-WAIT lasts, is over")                                  \
  CHOICE(given_up, 2, "an orphan or half-open connection lives on, is given up")                             \
  CHOICE(backlog, 2, "a SYN to a full backlog is taken, is dropped")

enum class Choice : std::uint8_t {
#define CHOICE(name, ways, meaning) name,
  FINWAIT_CHOICES(CHOICE)
#undef CHOICE
};

struct ChoiceText {
  Choice choice;
  int ways;
  std::string_view meaning;
};

inline constexpr std::array choices{
#define CHOICE(name, ways, meaning) ChoiceText{Choice::name, ways, meaning},
    FINWAIT_CHOICES(CHOICE)
#undef CHOICE
};

/// Returns, for each open choice of one step, which way is taken (0 is the RFC's main text).
class Chooser {
 public:
  /// Draws each choice by chance instead of enumerating; receives the number of ways.
  using Draw = std::function<int(Choice, int)>;

  Chooser() = default;
  explicit Chooser(const Draw* draw) : draw_(draw) {}

  /// One of 0 .. ways-1.
  int pick(Choice choice, int ways) {
    if (draw_ != nullptr) return (*draw_)(choice, ways);
    if (at_ == count_) {
      if (count_ == depth) throw std::length_error("a step asks for more than 12 choices");
      digits_[count_++] = {0, static_cast<std::uint8_t>(ways)};
    }
    return digits_[at_++].value;
  }
  /// The choice with the number of ways that the list above gives.
  int pick(Choice choice) { return pick(choice, choices[static_cast<std::size_t>(choice)].ways); }
  /// pick() == 1 for a choice of two ways.
  bool otherwise(Choice choice) { return pick(choice) == 1; }

  /// Goes on to the next combination; false when all have been returned.
  bool next() {
    at_ = 0;
    while (count_ > 0 && digits_[count_ - 1].value + 1 == digits_[count_ - 1].ways) --count_;
    if (count_ == 0) return false;
    ++digits_[count_ - 1].value;
    return true;
  }

 private:
  static constexpr int depth = 12;
  struct Digit {
    std::uint8_t value, ways;
  };
  std::array<Digit, depth> digits_{};
  int count_ = 0;
  int at_ = 0;
  const Draw* draw_ = nullptr;
};

}  // namespace finwait::model
