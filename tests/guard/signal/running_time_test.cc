#include "guard/signal/running_time.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

base::SteadyTime at(int second) { return base::SteadyTime(seconds(1000 + second)); }

TEST(RunningTime, StartsAtZeroAtFirstSight) {
  RunningTime time;
  time.observe(true, at(0));
  EXPECT_EQ(time.between(base::SteadyTime(), at(0)), seconds(0));
}

TEST(RunningTime, LeavesOutTheTimeInWhichItDidNotRun) {
  RunningTime time;
  for (const int second : {0, 10}) time.observe(true, at(second));
  for (const int second : {11, 500}) time.observe(false, at(second));
  for (const int second : {600, 620}) time.observe(true, at(second));
  EXPECT_EQ(time.between(at(0), at(620)), seconds(30));
  EXPECT_EQ(time.between(at(4), at(610)), seconds(16));
  EXPECT_EQ(time.between(at(20), at(590)), seconds(0));
}

TEST(RunningTime, KeepsItsSumHoweverOftenTheWorkloadIsStarted) {
  RunningTime time;
  for (int run = 0; run < 1000; ++run) {
    time.observe(true, at(run * 100));
    time.observe(true, at(run * 100 + 7));
    time.observe(false, at(run * 100 + 8));
  }
  EXPECT_EQ(time.between(base::SteadyTime(), at(100'000)), seconds(7000));
}

TEST(RunningTime, IsNotObservedBeyondTheLastTick) {
  RunningTime time;
  for (const int second : {0, 10}) time.observe(true, at(second));
  EXPECT_EQ(time.between(at(0), at(99)), seconds(10));
}

}  // namespace
}  // namespace guard::signal
