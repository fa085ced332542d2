#include "impl/mutants/mutants.h"

#include <algorithm>
#include <array>
#include <string>

#include "impl/mutants/plant.h"

namespace finwait {

namespace {

const planting::Mutant* find(std::string_view name) {
  using namespace planting;
  for (const auto table : {header_mutants(), opening_mutants(), arrival_mutants(), sending_mutants(),
                           time_mutants(), call_mutants()}) {
    for (const Mutant& mutant : table) {
      if (mutant.text.name == name) return &mutant;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<MutantText> mutants() {
  using namespace planting;
  std::vector<MutantText> all;
  for (const auto table : {header_mutants(), opening_mutants(), arrival_mutants(), sending_mutants(),
                           time_mutants(), call_mutants()}) {
    for (const Mutant& mutant : table) all.push_back(mutant.text);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const MutantText& a, const MutantText& b) { return a.rule < b.rule; });
  return all;
}

std::unique_ptr<Adapter> make_mutant(std::string_view name) {
  const planting::Mutant* mutant = find(name);
  if (mutant == nullptr) return nullptr;
  return std::make_unique<Reference>(&mutant->fault, "mutant:" + std::string(name));
}

}  // namespace finwait
