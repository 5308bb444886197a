#include "base/serial.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Serial, RunsAStepAtOnceWhenNoneRuns) {
  Serial serial;
  bool ran = false;
  serial.run([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(Serial, AStepAddedByAStepFollowsAfterIt) {
  Serial serial;
  std::vector<int> order;
  serial.run([&] {
    serial.run([&] { order.push_back(2); });
    order.push_back(1);
  });
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(Serial, StepsOfManyThreadsNeverOverlap) {
  Serial serial;
  int inside = 0;  // not atomic on purpose: only exclusion keeps it right
  int done = 0;
  int overlaps = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        serial.run([&] {
          if (++inside != 1) ++overlaps;
          ++done;
          --inside;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  serial.run([&] {
    EXPECT_EQ(done, 4000);
    EXPECT_EQ(overlaps, 0);
  });
}

}  // namespace
}  // namespace base
