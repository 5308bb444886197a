#include "guard/signal/cleanups.h"

#include <string>

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using base::mebibytes;
using std::chrono::minutes;
using std::chrono::seconds;

// A workload that says every 20 minutes that it cleaned up; memory is set by the test, and looked at every 10 s.
class Sweeping {
 public:
  Sweeping() { watch_.source_up = true; }

  // One interval: the line comes, and `change` happens with it. `spike` is what stands on top in the moment of the
  // line.
  void cleanup(double count, base::Bytes change, base::Bytes spike = {}) {
    look(100);
    ++watch_.matches;
    watch_.last_match = now_;
    watch_.last_match_wall = base::WallTime(now_.time_since_epoch());
    watch_.captures = {{"count", count}};
    memory_ += spike;
    look(1);
    memory_ -= spike;
    memory_ += change;
    look(19);
  }
  void look(int times) {
    for (int i = 0; i < times; ++i) {
      now_ += seconds(10);
      tracker_.observe(watch_, is_read_ ? sample::Reading<base::Bytes>(memory_) : sample::Reading<base::Bytes>(),
                       minutes(20), now_);
      memory_ += growth_;
    }
  }
  const CleanupEffect& effect() { return tracker_.effect(); }

  base::SteadyTime now_{seconds(1000)};
  sample::LogWatch watch_;
  base::Bytes memory_ = mebibytes(400);
  base::Bytes growth_{0};
  bool is_read_ = true;
  CleanupTracker tracker_;
};

TEST(Cleanups, SayNothingBeforeTheFirst) {
  Sweeping workload;
  workload.look(200);
  EXPECT_EQ(workload.effect().judged, 0U);
  EXPECT_EQ(describe(workload.effect(), true), "");
}

TEST(Cleanups, TellWhatEachGaveBack) {
  Sweeping workload;
  workload.cleanup(31, mebibytes(-28));
  EXPECT_EQ(describe(workload.effect(), false), "1 cleanup, 28 MiB given back (its last line: count 31)");
  workload.cleanup(12, mebibytes(-10));
  workload.cleanup(40, mebibytes(-30));
  EXPECT_EQ(describe(workload.effect(), true), "3 cleanups, 28 MiB given back each (its last line: count 40)");
  EXPECT_FALSE(workload.effect().frees_nothing());
  const Cleanup& last = workload.effect().recent->back();
  EXPECT_EQ(last.before - last.after, mebibytes(30));
  EXPECT_EQ(last.captures.at("count"), 40);
}

TEST(Cleanups, ThatFreeNothingAreCalledSoOnlyWhileMemoryGrows) {
  Sweeping workload;
  workload.growth_ = base::kibibytes(20);  // 7 MiB an hour
  for (int i = 0; i < 2; ++i) workload.cleanup(300, {});
  EXPECT_FALSE(workload.effect().frees_nothing()) << "two are no habit";
  for (int i = 0; i < 10; ++i) workload.cleanup(300, {});
  EXPECT_TRUE(workload.effect().frees_nothing());
  EXPECT_EQ(describe(workload.effect(), true),
            "12 cleanups, 0 MiB given back: the cleanup runs but does not free (its last line: count 300)");
  EXPECT_EQ(describe(workload.effect(), false), "12 cleanups, 0 MiB given back (its last line: count 300)");
}

TEST(Cleanups, ThatFindNothingToRemoveAreToldApart) {
  Sweeping workload;
  for (int i = 0; i < 4; ++i) workload.cleanup(0, {});
  EXPECT_EQ(describe(workload.effect(), true),
            "4 cleanups, 0 MiB given back: the cleanup runs but does not free (count was 0 each time: it finds nothing "
            "to remove)");
}

TEST(Cleanups, AreNotJudgedByWhatIsInFlightAtTheLine) {
  Sweeping workload;
  for (int i = 0; i < 3; ++i) workload.cleanup(5, {}, mebibytes(200));
  EXPECT_TRUE(workload.effect().frees_nothing());
  EXPECT_EQ(median_given_back(workload.effect()), 0);
}

TEST(Cleanups, KeepABoundedNumber) {
  Sweeping workload;
  for (int i = 0; i < 60; ++i) workload.cleanup(i, {});
  EXPECT_EQ(workload.effect().judged, 60U);
  ASSERT_EQ(workload.effect().recent->size(), CleanupTracker::kMost);
  EXPECT_EQ(workload.effect().recent->front().captures.at("count"), 36);
}

TEST(Cleanups, AreNotJudgedAcrossARestart) {
  Sweeping workload;
  workload.look(100);
  ++workload.watch_.matches;
  workload.look(1);
  workload.tracker_.restart();
  workload.memory_ = mebibytes(100);  // the new run is smaller: no cleanup did that
  workload.look(50);
  EXPECT_EQ(workload.effect().judged, 0U);
  workload.cleanup(1, mebibytes(-7));
  EXPECT_EQ(workload.effect().judged, 1U);
  EXPECT_EQ(median_given_back(workload.effect()), mebibytes(7).count);
}

TEST(Cleanups, WithoutReadingsAreNotJudged) {
  Sweeping workload;
  workload.is_read_ = false;
  for (int i = 0; i < 3; ++i) workload.cleanup(1, mebibytes(-50));
  EXPECT_EQ(workload.effect().judged, 0U);
}

TEST(Cleanups, WhatWasHandedOutDoesNotChange) {
  Sweeping workload;
  workload.cleanup(1, {});
  const CleanupEffect before = workload.effect();
  workload.cleanup(2, {});
  EXPECT_EQ(before.recent->size(), 1U);
}

}  // namespace
}  // namespace guard::signal
