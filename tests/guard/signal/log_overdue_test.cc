#include <gtest/gtest.h>

#include "tests/guard/signal/scene.h"

namespace guard::signal {
namespace {

TEST(LogOverdue, IsJudgedFromTheStartOfWatching) {
  Scene scene;
  scene.look();
  EXPECT_FALSE(*scene.look_after(milliseconds(9'900)).logs.front().overdue);
  const auto log = scene.look_after(milliseconds(100)).logs.front();
  EXPECT_TRUE(*log.overdue);
  EXPECT_EQ(*log.since_match, base::Duration(seconds(10)));
}

TEST(LogOverdue, IsJudgedFromTheLastMatch) {
  Scene scene;
  scene.look();
  scene.log().last_match = scene.snapshot.at + seconds(5);
  scene.log().matches = 1;
  EXPECT_FALSE(*scene.look_after(milliseconds(14'900)).logs.front().overdue);
  EXPECT_TRUE(*scene.look_after(milliseconds(100)).logs.front().overdue);
}

TEST(LogOverdue, CountsTheRunningTimeOfAllRunsSinceTheLastMatch) {
  Scene scene;
  scene.log().last_match = scene.snapshot.at;
  scene.look();
  // Killed every 4 seconds, away for a minute each time: it never reaches its 10 seconds in one run.
  for (int run = 0; run < 2; ++run) {
    EXPECT_FALSE(*scene.look_after(seconds(4)).logs.front().overdue);
    scene.workload().lifecycle.state = sample::State::stopped;
    EXPECT_FALSE(scene.look_after(minutes(1)).logs.front().overdue) << "not running: unknown";
    scene.workload().lifecycle.state = sample::State::running;
    scene.workload().lifecycle.starts += 1;
    scene.workload().identity.key += "b";  // a new container each time
    EXPECT_FALSE(*scene.look_after(minutes(1)).logs.front().overdue);
  }
  EXPECT_FALSE(*scene.look_after(milliseconds(1'900)).logs.front().overdue);
  const auto log = scene.look_after(milliseconds(100)).logs.front();
  EXPECT_TRUE(*log.overdue);
  EXPECT_EQ(*log.since_match, base::Duration(seconds(10)));
}

TEST(LogOverdue, DoesNotCountTimeThatWasNotSeen) {
  Scene scene;
  scene.look();
  scene.look_after(seconds(5));
  scene.workload().lifecycle.state = sample::State::unknown;
  EXPECT_FALSE(scene.look_after(minutes(5)).logs.front().overdue);
  scene.workload().lifecycle.state = sample::State::running;
  EXPECT_FALSE(*scene.look_after(minutes(5)).logs.front().overdue);
  EXPECT_FALSE(*scene.look_after(milliseconds(4'900)).logs.front().overdue);
  EXPECT_TRUE(*scene.look_after(milliseconds(100)).logs.front().overdue);
}

TEST(LogOverdue, AMatchEndsIt) {
  Scene scene;
  scene.look();
  ASSERT_TRUE(*scene.look_after(seconds(20)).logs.front().overdue);
  scene.log().last_match = scene.snapshot.at + seconds(1);
  EXPECT_FALSE(*scene.look_after(seconds(1)).logs.front().overdue);
}

TEST(LogOverdue, IsAbsentWhileTheReaderIsBehind) {
  Scene scene;
  scene.look();
  scene.log().is_behind = true;
  scene.log().lag_bytes = 1'000'000;
  EXPECT_EQ(scene.look_after(minutes(5)).logs.front().overdue.reason(), "the log is written faster than it is read");
  scene.log().is_behind = false;
  EXPECT_TRUE(*scene.look_after(seconds(1)).logs.front().overdue);
}

TEST(LogOverdue, IsJudgedUpToWhereTheLogWasRead) {
  Scene scene;
  scene.log().read_until = scene.snapshot.at;
  scene.look();
  scene.log().read_until = scene.snapshot.at + milliseconds(9'900);
  EXPECT_FALSE(*scene.look_after(milliseconds(9'999)).logs.front().overdue);
  EXPECT_EQ(scene.look_after(seconds(5)).logs.front().overdue.reason(), "the log was last read 5s 99ms ago");
  scene.log().read_until = *scene.log().read_until + milliseconds(100);
  EXPECT_TRUE(*scene.look().logs.front().overdue);
}

TEST(LogOverdue, IsAbsentWhileTheStreamIsDown) {
  Scene scene;
  scene.look();
  scene.log().source_up = false;
  scene.log().why = "EOF";
  const auto log = scene.look_after(minutes(5)).logs.front();
  EXPECT_FALSE(log.source_up);
  EXPECT_EQ(log.overdue.reason(), "the log cannot be read: EOF");
}

TEST(LogOverdue, IsAbsentWhileTheWorkloadDoesNotRun) {
  Scene scene;
  scene.look();
  for (const auto state : {sample::State::stopped, sample::State::absent, sample::State::unknown}) {
    scene.workload().lifecycle.state = state;
    EXPECT_FALSE(scene.look_after(minutes(5)).logs.front().overdue);
  }
}

TEST(LogOverdue, IsAbsentWithoutAnInterval) {
  Scene scene;
  scene.settings.logs.front().every.reset();
  scene.look();
  const auto log = scene.look_after(minutes(5)).logs.front();
  EXPECT_FALSE(log.expected);
  EXPECT_FALSE(log.overdue);
}

TEST(LogOverdue, IsAbsentWhenNobodyWatches) {
  Scene scene;
  scene.snapshot.logs.clear();
  EXPECT_EQ(scene.look().logs.front().overdue.reason(), "the log is not watched yet");
}

}  // namespace
}  // namespace guard::signal
