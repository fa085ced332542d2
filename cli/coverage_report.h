// What a run has covered: a table for the terminal, and the same as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/adapter.h"
#include "harness/coverage.h"

namespace finwait::cli {

/// What a run has covered, against what can be covered.
struct CoverageReport {
  CoverageReport(const Profile& profile, const Coverage& coverage);

  const Coverage& coverage;
  std::vector<Cell> to_meet;              ///< all that can be met by this implementation
  std::vector<Cell> missing;              ///< of them, those that were not
  std::vector<Cell> unsupported;          ///< reachable, but the implementation lacks the call
  std::vector<Cell> impossible;           ///< met, although the list of limits says that they cannot be
  std::size_t rows = 0;                   ///< of the transition table that can be taken
  std::vector<std::size_t> missing_rows;  ///< of them, the numbers of those that were not

  bool complete() const { return missing.empty() && missing_rows.empty(); }
};

/// States as rows, kinds of events as columns; then what was not covered, and what cannot be and why.
std::string coverage_text(const CoverageReport& report);
/// "8149 of 8149 reachable cells, 99 of 99 rows"
std::string coverage_summary(const CoverageReport& report);
/// Every cell with its count and, where it cannot be met, why; every row of the transition table.
nlohmann::json coverage_json(const CoverageReport& report);

}  // namespace finwait::cli
