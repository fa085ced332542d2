#include "cli/coverage_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/terminal.h"
#include "harness/text.h"

namespace finwait::cli {

namespace {

// More than this of one kind is left to --json.
constexpr std::size_t most_listed = 20;

// ---- the table --------------------------------------------------------------------------------------

struct Column {
  std::string_view title;
  bool (*holds)(const EventClass& event);
};

bool sound(const EventClass& event) {
  return event.kind == EventKind::segment && !event.bad_checksum;
}

// A segment is in the column of the bit that §3.10.7.4 looks at first.
bool first_is(const EventClass& event, std::uint8_t flag, std::uint8_t earlier) {
  return sound(event) && (event.flags & flag) && !(event.flags & earlier);
}

constexpr std::uint8_t R = model::RST, S = model::SYN, F = model::FIN, A = model::ACK;
const std::array columns_of_table{
    Column{"calls, wait", [](const EventClass& e) { return e.kind != EventKind::segment; }},
    Column{"RST", [](const EventClass& e) { return first_is(e, R, 0); }},
    Column{"SYN", [](const EventClass& e) { return first_is(e, S, R); }},
    Column{"FIN", [](const EventClass& e) { return first_is(e, F, R | S); }},
    Column{"ACK", [](const EventClass& e) { return first_is(e, A, R | S | F); }},
    Column{"no flags", [](const EventClass& e) { return sound(e) && e.flags == 0; }},
    Column{"bad sum", [](const EventClass& e) { return e.kind == EventKind::segment && e.bad_checksum; }},
};

struct Share {
  std::size_t met = 0, all = 0;
};

// Right-justified before it is coloured: escape sequences take no room.
std::string shown_share(const Share& share) {
  if (share.all == 0) return fmt::format("{:>12}", "-");
  if (share.met == share.all) return green(fmt::format("{:>12}", share.all));
  return red(fmt::format("{:>12}", fmt::format("{}/{}", share.met, share.all)));
}

Share share_of(const CoverageReport& report, model::State state, const Column& column) {
  Share share;
  for (const Cell& cell : report.to_meet) {
    if (cell.state != state || !column.holds(cell.event)) continue;
    ++share.all;
    if (report.coverage.met.of(cell) > 0) ++share.met;
  }
  return share;
}

std::string table(const CoverageReport& report) {
  std::string text = fmt::format("  {:<13}", "");
  for (const Column& column : columns_of_table) text += fmt::format("{:>12}", column.title);
  text += "\n";
  for (std::size_t state = 0; state < model::state_count; ++state) {
    text += fmt::format("  {:<13}", model::state_names[state]);
    for (const Column& column : columns_of_table) {
      text += shown_share(share_of(report, static_cast<model::State>(state), column));
    }
    text += "\n";
  }
  return text;
}

// ---- lists ------------------------------------------------------------------------------------------

// A title with a count, and the first of its items.
std::string listed(std::string_view title, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string text = fmt::format("\n{}\n", bold(fmt::format("{}: {}", title, items.size())));
  const std::size_t shown = std::min(items.size(), most_listed);
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format("  {}\n", items[i]);
  if (shown < items.size()) text += fmt::format("  and {} more; --json has them all\n", items.size() - shown);
  return text;
}

// What is missing, and whether a deviation stands before it.
std::string missing_text(const std::string& what, std::uint64_t behind) {
  return behind == 0 ? what : what + "   (only behind a deviation)";
}

std::string missing_rows(const CoverageReport& report) {
  std::vector<std::string> items;
  for (const std::size_t row : report.missing_rows) {
    items.push_back(missing_text(to_text(model::arrows()[row]), report.coverage.behind.rows[row]));
  }
  return listed("Rows of the transition table never taken", items);
}

std::string missing_cells(const CoverageReport& report) {
  std::vector<std::string> items;
  for (const Cell& cell : report.missing) {
    items.push_back(missing_text(to_text(cell), report.coverage.behind.of(cell)));
  }
  return listed("Cells never met", items);
}

std::string impossible_cells(const CoverageReport& report) {
  std::vector<std::string> items;
  for (const Cell& cell : report.impossible) items.push_back(to_text(cell));
  return listed("Cells met although finwait holds them for unreachable: a defect of finwait", items);
}

// A number and the reason beside it.
std::string reason(std::size_t count, std::string_view why, std::string_view clause) {
  const std::string lines = wrapped(fmt::format("{} ({})", why, clause), columns(), "         ");
  return fmt::format("  {:>5}  {}", count, std::string_view(lines).substr(9));
}

std::string limited(std::string_view title, Reach reach) {
  std::string text = fmt::format("\n{}\n", bold(title));
  for (const Limit& limit : limits()) {
    if (limit.reach != reach) continue;
    const auto count = std::count_if(cells().begin(), cells().end(),
                                     [&](const Cell& cell) { return limit_of(cell) == &limit; });
    text += reason(static_cast<std::size_t>(count), limit.why, limit.clause);
  }
  return text;
}

std::string limited_rows() {
  std::string text = fmt::format("\n{}\n", bold("Rows that nobody can take"));
  for (const RowLimit& limit : row_limits()) {
    text += reason(1, fmt::format("{} {}: {}", name(limit.source), limit.event, limit.why), limit.clause);
  }
  return text;
}

std::string unsupported_text(const CoverageReport& report) {
  if (report.unsupported.empty()) return {};
  std::string calls;
  for (const Cell& cell : report.unsupported) {
    if (cell.state == model::State::closed) calls += (calls.empty() ? "" : ", ") + to_text(cell.event);
  }
  return fmt::format("\n{}\n  {:>5}  {}\n", bold("Cells of calls that the stack does not have"),
                     report.unsupported.size(), calls);
}

const char* reach_of(const CoverageReport& report, const Cell& cell) {
  const Limit* limit = limit_of(cell);
  if (limit != nullptr) return limit->reach == Reach::unreachable ? "unreachable" : "left open";
  const auto& lacking = report.unsupported;
  return std::find(lacking.begin(), lacking.end(), cell) == lacking.end() ? "reachable" : "unsupported";
}

}  // namespace

CoverageReport::CoverageReport(const Profile& profile, const Coverage& covered)
    : coverage(covered), to_meet(cells_to_meet(profile)), missing(covered.missing(to_meet)) {
  for (const Cell& cell : cells()) {
    const Limit* limit = limit_of(cell);
    if (limit == nullptr && !supports(profile, cell.event.kind)) unsupported.push_back(cell);
    if (limit != nullptr && limit->reach == Reach::unreachable && covered.met.of(cell) > 0)
      impossible.push_back(cell);
  }
  for (std::size_t row = 0; row < model::arrow_count; ++row) {
    if (limit_of(model::arrows()[row]) != nullptr) continue;
    ++rows;
    if (covered.met.rows[row] == 0) missing_rows.push_back(row);
  }
}

std::string coverage_text(const CoverageReport& report) {
  std::string text = fmt::format("{} (N: all that can be met; M/N: not all)\n{}",
                                 bold("Cells met in each state"), table(report));
  text += missing_rows(report) + missing_cells(report) + impossible_cells(report);
  text += limited("Cells that nobody can meet", Reach::unreachable);
  text += limited("Cells that depend on what the RFC leaves to the stack, not counted", Reach::left_open);
  return text + limited_rows() + unsupported_text(report);
}

std::string coverage_summary(const CoverageReport& report) {
  return fmt::format("{} of {} reachable cells, {} of {} rows", report.to_meet.size() - report.missing.size(),
                     report.to_meet.size(), report.rows - report.missing_rows.size(), report.rows);
}

nlohmann::json coverage_json(const CoverageReport& report) {
  nlohmann::json all_cells = nlohmann::json::array(), rows = nlohmann::json::array();
  for (const Cell& cell : cells()) {
    nlohmann::json entry{{"state", name(cell.state)},
                         {"event", to_text(cell.event)},
                         {"met", report.coverage.met.of(cell)},
                         {"behind a deviation", report.coverage.behind.of(cell)},
                         {"reach", reach_of(report, cell)}};
    const Limit* limit = limit_of(cell);
    if (limit != nullptr) entry["why"] = fmt::format("{} ({})", limit->why, limit->clause);
    all_cells.push_back(std::move(entry));
  }
  for (std::size_t row = 0; row < model::arrow_count; ++row) {
    const model::Arrow& arrow = model::arrows()[row];
    nlohmann::json entry{{"source", name(arrow.source)},
                         {"event", arrow.event},
                         {"target", name(arrow.target)},
                         {"taken", report.coverage.met.rows[row]},
                         {"behind a deviation", report.coverage.behind.rows[row]},
                         {"reach", limit_of(arrow) == nullptr ? "reachable" : "unreachable"}};
    if (const RowLimit* limit = limit_of(arrow))
      entry["why"] = fmt::format("{} ({})", limit->why, limit->clause);
    rows.push_back(std::move(entry));
  }
  const nlohmann::json summary{{"reachable cells", report.to_meet.size()},
                               {"met cells", report.to_meet.size() - report.missing.size()},
                               {"reachable rows", report.rows},
                               {"taken rows", report.rows - report.missing_rows.size()}};
  return {{"summary", summary}, {"cells", std::move(all_cells)}, {"rows", std::move(rows)}};
}

}  // namespace finwait::cli
