// A property: a road into the states of a clause, then anything that the generator draws there.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "harness/case.h"
#include "properties/dice.h"
#include "properties/generator.h"
#include "properties/steering.h"

namespace finwait {

struct Property {
  std::string_view clause;  ///< of RFC 9293, or "any" for the general property
  std::string_view name;    ///< what it says, as a slug: unique within the clause
  std::string_view says;    ///< in a line
  /// The events that lead to where the property begins.
  std::vector<Event> (*road)(Dice& dice);
  /// The next event behind the road; by default whatever draw_event() draws.
  Event (*draw)(Dice& dice, const model::Hypothesis& h) = draw_event;
  /// Events behind the road, at most.
  std::uint32_t least = 8, most = 30;
  /// What a case without a deviation has to have reached to count for the property; none: anything.
  bool (*reached)(std::span<const model::Hypothesis> set) = nullptr;
};

/// All properties, by clause.
std::span<const Property> properties();

std::vector<const Property*> all_properties();

/// Those of a clause ("3.10.7" includes "3.10.7.4"), of a name, or of "clause/name".
std::vector<const Property*> select_properties(std::string_view selector);

/// Draws cases from these properties in turn.
class PropertySource final : public CaseSource {
 public:
  explicit PropertySource(std::vector<const Property*> chosen);

  void steer(const std::vector<Cell>& missing) override { steering_.set_missing(missing); }
  CaseSetup begin(std::uint64_t seed, std::uint64_t number) override;
  std::optional<Event> next(const model::Hypothesis& h) override;
  void end(std::span<const model::Hypothesis> set) override;

  /// Cases that have reached their property's end, in this process.
  std::uint64_t reached(const Property& property) const;

 private:
  std::vector<const Property*> chosen_;
  std::vector<std::uint64_t> reached_;
  std::size_t current_ = 0;
  Dice dice_;
  std::vector<Event> road_;
  std::size_t at_ = 0;
  std::size_t length_ = 0;
  Steering steering_;
  bool steered_ = false;  ///< the case leads to a missing cell
};

}  // namespace finwait
