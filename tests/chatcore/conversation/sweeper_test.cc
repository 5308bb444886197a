#include "chatcore/conversation/sweeper.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/event_loop.h"
#include "tests/chatcore/conversation/turns.h"

namespace chatcore::conversation {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct SweeperTest : testing::Test {
  base::ManualClock clock;
  base::EventLoop loop;
  Registry registry{{.time_to_live = 2h}, clock};
  Sweeper sweeper{registry, clock, loop};

  // One sweep to its end, slice after slice.
  SweepReport sweep() {
    SweepReport report;
    sweeper.sweep([&](const SweepReport& its) {
      report = its;
      loop.stop();
    });
    loop.run();
    return report;
  }

  // What a sweep writes to the log, which goes straight to standard error until it is started.
  std::string line_of_a_sweep() {
    testing::internal::CaptureStderr();
    sweep();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(SweeperTest, WritesItsLineAlsoWhenNothingWasOld) {
  const std::string line = line_of_a_sweep();
  EXPECT_THAT(line, HasSubstr("level=info"));
  EXPECT_THAT(line, HasSubstr("msg=\"Cleaned up 0 old conversations from memory\""));
}

TEST_F(SweeperTest, SaysHowManyWentAndWhatIsLeft) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(converse(registry, id));
  clock.advance(2h);
  ASSERT_TRUE(converse(registry, "d"));
  const std::string line = line_of_a_sweep();
  EXPECT_THAT(line, HasSubstr("msg=\"Cleaned up 3 old conversations from memory\""));
  EXPECT_THAT(line, HasSubstr("remaining_conversations=1"));
  EXPECT_THAT(line, HasSubstr("bytes=" + std::to_string(registry.usage().bytes.count)));
  EXPECT_THAT(line, HasSubstr("took="));
}

TEST_F(SweeperTest, CountsItsSweeps) {
  EXPECT_EQ(sweeper.statistics().last_finished, std::nullopt);
  sweep();
  clock.advance(30min);
  sweep();
  EXPECT_EQ(sweeper.statistics().sweeps_total, 2U);
  EXPECT_EQ(sweeper.statistics().last_finished, clock.wall_now());
}

TEST_F(SweeperTest, SweepsAgainAndAgainOnItsLoop) {
  sweeper.start(1ms);
  const base::Pending watch = loop.every(1ms, [&](int) {
    if (sweeper.statistics().sweeps_total >= 3) loop.stop();
  });
  const base::Pending give_up = loop.after(30s, [&] { loop.stop(); });
  loop.run();
  EXPECT_GE(sweeper.statistics().sweeps_total, 3U);
}

TEST_F(SweeperTest, SwitchedOffNeverSweeps) {
  sweeper.start(0s);
  const base::Pending end = loop.after(20ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(sweeper.statistics().sweeps_total, 0U);
}

TEST_F(SweeperTest, StoppedSweepsNoMore) {
  sweeper.start(1ms);
  sweeper.stop();
  const base::Pending end = loop.after(20ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(sweeper.statistics().sweeps_total, 0U);
}

}  // namespace
}  // namespace chatcore::conversation
