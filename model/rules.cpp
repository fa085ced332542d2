#include "model/rules.h"

#include <algorithm>
#include <array>

#include "model/hypothesis.h"

namespace finwait::model {
namespace {

constexpr std::array catalogue{
#define RULE(name, id, level, requirement, meaning, sentence, reading) \
  RuleText{Rule::name, id, Level::level, requirement, meaning, sentence, reading},
#include "model/rules.def"
#undef RULE
};

}  // namespace

std::span<const RuleText> rules() {
  return catalogue;
}

const RuleText& text(Rule rule) {
  return catalogue.at(static_cast<std::size_t>(rule) - 1);
}

std::optional<Rule> find_rule(std::string_view id) {
  for (const RuleText& entry : catalogue) {
    if (entry.id == id) return entry.rule;
  }
  return {};
}

namespace {

constexpr std::array about_time_alone{Rule::rto_doubles, Rule::three_seconds_after_lost_syn};

}  // namespace

std::uint64_t noted_musts() {
  std::uint64_t bits = 0;
  for (const Rule rule : about_time_alone) bits |= advisory_bit(rule);
  return bits;
}

std::uint64_t advisory_bit(Rule rule) {
  static const auto bits = [] {
    std::array<std::uint64_t, catalogue.size() + 1> table{};
    int bit = 0;
    for (const RuleText& entry : catalogue) {
      const bool timing =
          std::find(about_time_alone.begin(), about_time_alone.end(), entry.rule) != about_time_alone.end();
      if (entry.level == Level::should || timing)
        table.at(static_cast<std::size_t>(entry.rule)) = std::uint64_t{1} << bit++;
    }
    return table;
  }();
  return bits.at(static_cast<std::size_t>(rule));
}

bool leaves_doubt(Rule rule) {
  switch (rule) {
    case Rule::bad_checksum_changes_nothing:
    case Rule::simultaneous_open:
    case Rule::syn_leads_to_syn_received:
    case Rule::syn_sent_no_syn_no_rst:
    case Rule::syn_sent_rst_bad_ack:
    case Rule::syn_sent_rst_without_ack:
    case Rule::unsynchronized_state_stays:
    case Rule::synchronized_answers_with_ack:
    case Rule::reset_needs_a_cause:
    case Rule::unacceptable_is_dropped:
    case Rule::unacceptable_is_acked:
    case Rule::syn_outside_is_acked:
    case Rule::syn_challenge_ack:
    case Rule::syn_inside_resets_or_challenges:
    case Rule::syn_in_passive_syn_received:
    case Rule::rst_outside_is_silent:
    case Rule::rst_exact_resets:
    case Rule::rst_inside_resets_or_challenges:
    case Rule::rst_challenge_ack:
    case Rule::no_ack_bit_is_dropped:
    case Rule::bad_ack_in_syn_received:
    case Rule::good_ack_establishes:
    case Rule::ack_of_unsent:
    case Rule::ack_of_fin:
    case Rule::nothing_after_fin:
    case Rule::time_wait_lasts_2msl:
    case Rule::listen_rst_is_ignored:
    case Rule::listen_syn_gets_syn_ack:
    case Rule::listen_neither_syn_nor_ack: return true;
    default: return false;
  }
}

std::string_view name(Level level) {
  switch (level) {
    case Level::must: return "must";
    case Level::should: return "should";
    case Level::prose: return "prose";
  }
  return {};
}

}  // namespace finwait::model
