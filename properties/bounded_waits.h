// Cases for an implementation in real time: what waits costs that time.
#pragma once

#include "harness/adapter.h"
#include "harness/case.h"

namespace finwait {

/// The cases of another source, with the waits cut: those below first_waiting_case wait not at all, and of
/// the waiting ones the first few wait long, so that all of them together are soon over.
class BoundedWaits final : public CaseSource {
 public:
  BoundedWaits(CaseSource& inner, const Profile& profile, std::uint64_t waiting_cases)
      : inner_(inner), profile_(profile), waiting_cases_(waiting_cases) {}

  void steer(const std::vector<Cell>& missing) override { inner_.steer(missing); }
  void begin_round() override { inner_.begin_round(); }
  CaseSetup begin(std::uint64_t seed, std::uint64_t number) override;
  std::optional<Event> next(const model::Hypothesis& h) override;
  void end(std::span<const model::Hypothesis> set) override { inner_.end(set); }

 private:
  Time budget_of(std::uint64_t number) const;

  CaseSource& inner_;
  Profile profile_;
  std::uint64_t waiting_cases_;
  Time left_{};  ///< of what the case may wait
};

}  // namespace finwait
