#include "properties/property.h"

#include <algorithm>

#include "properties/clauses.h"

namespace finwait {

namespace {

std::vector<Property> collect() {
  std::vector<Property> all;
  for (const auto clause : {open_call_properties(), send_call_properties(), receive_call_properties(),
                            close_call_properties(), abort_call_properties(), status_call_properties(),
                            closed_properties(), listen_properties(), syn_sent_properties(),
                            other_states_properties(), timeout_properties(), whole_connection_properties()}) {
    all.insert(all.end(), clause.begin(), clause.end());
  }
  return all;
}

// Two numbers into one that shares no pattern with its neighbours (splitmix64).
std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed + (number + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

std::span<const Property> properties() {
  static const std::vector<Property> all = collect();
  return all;
}

std::vector<const Property*> all_properties() {
  std::vector<const Property*> all;
  for (const Property& property : properties()) all.push_back(&property);
  return all;
}

std::vector<const Property*> select_properties(std::string_view selector) {
  std::vector<const Property*> chosen;
  for (const Property& property : properties()) {
    const bool below = property.clause.starts_with(selector) &&
                       (property.clause.size() == selector.size() || property.clause[selector.size()] == '.');
    const std::string full = std::string(property.clause) + "/" + std::string(property.name);
    if (below || property.name == selector || full == selector) chosen.push_back(&property);
  }
  return chosen;
}

PropertySource::PropertySource(std::vector<const Property*> chosen)
    : chosen_(std::move(chosen)), reached_(chosen_.size()), dice_(rc::Random(0)) {}

CaseSetup PropertySource::begin(std::uint64_t seed, std::uint64_t number) {
  current_ = number % chosen_.size();
  const Property& property = *chosen_[current_];
  dice_ = Dice(rc::Random(mix(seed, number)));
  CaseSetup setup;
  // Wrap-around is where arithmetic goes wrong: numbers just below 2^32 often.
  setup.tester_isn = dice_.percent(35) ? static_cast<model::Seq>(-dice_.between(1, 4000))
                                       : static_cast<model::Seq>(dice_.any());
  setup.iut_seed = dice_.any();
  steered_ = steering_.takes(dice_);
  road_ = steered_ ? steering_.begin(dice_) : property.road(dice_);
  at_ = 0;
  length_ = road_.size() + static_cast<std::size_t>(dice_.between(static_cast<std::int32_t>(property.least),
                                                                  static_cast<std::int32_t>(property.most)));
  return setup;
}

std::optional<Event> PropertySource::next(const model::Hypothesis& h) {
  const Property& property = *chosen_[current_];
  const std::size_t at = at_++;
  if (at < road_.size()) return road_[at];
  if (at < length_) return steered_ ? steering_.next(dice_, h) : property.draw(dice_, h);
  // What is owed and what can be read shows at the end of every case.
  switch (at - length_) {
    case 0: return receive();
    case 1: return wait_ms(1000);
    case 2: return receive();
    default: return {};
  }
}

void PropertySource::end(std::span<const model::Hypothesis> set) {
  const Property& property = *chosen_[current_];
  if (steered_) return;
  if (property.reached == nullptr || property.reached(set)) ++reached_[current_];
}

std::uint64_t PropertySource::reached(const Property& property) const {
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    if (chosen_[i] == &property) return reached_[i];
  }
  return 0;
}

}  // namespace finwait
