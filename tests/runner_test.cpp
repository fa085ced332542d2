// A run: what is known of an implementation, and what that puts in doubt.
#include "harness/runner.h"

#include <gtest/gtest.h>

#include "harness/replay.h"
#include "properties/generator.h"
#include "tests/toy_adapter.h"

namespace finwait {
namespace {

// A port that is closed although it says that it listens: RST draws nothing, as it should; FIN draws a reset.
const Deviation of_rst{
    model::Rule::listen_rst_is_ignored, model::State::listen, {EventKind::segment, model::RST}};
const Case fin_behind_rst{{}, {open_passive(), segment(model::RST), segment(model::FIN)}};

TEST(Doubt, ComesFromWhatTheImplementationIsKnownToBreak) {
  NoCases none;
  Worker worker(toy(closed_port), none);
  EXPECT_FALSE(worker.play(fin_behind_rst).doubtful);
  worker.remember({of_rst});
  const Played played = worker.play(fin_behind_rst);
  EXPECT_EQ(played.deviation.rule, model::Rule::listen_neither_syn_nor_ack);
  EXPECT_TRUE(played.doubtful);
}

// What was seen only behind another deviation, and never shown alone, may be that one's doing.
TEST(Doubt, DoesNotComeFromWhatWasOnlyPassedOver) {
  NoCases none;
  Worker worker(toy(closed_port), none);
  worker.remember({}, {of_rst});
  EXPECT_FALSE(worker.play(fin_behind_rst).doubtful);
}

}  // namespace
}  // namespace finwait
