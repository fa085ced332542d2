// The reference stack with one fault planted: for each rule of the catalogue one that the oracle has to catch
// by it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "harness/adapter.h"
#include "model/rules.h"

namespace finwait {

struct MutantText {
  std::string_view name;   ///< the rule's name in the catalogue, with hyphens
  model::Rule rule;        ///< by which it is to be caught
  std::string_view fault;  ///< what is wrong with it
};

/// All mutants, in the order of the catalogue.
std::vector<MutantText> mutants();
/// The mutant with this name, whose profile is called "mutant:NAME"; null if there is none.
std::unique_ptr<Adapter> make_mutant(std::string_view name);

}  // namespace finwait
