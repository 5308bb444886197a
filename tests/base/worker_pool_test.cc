#include "base/worker_pool.h"

#include <future>
#include <latch>

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(WorkerPool, RunsAsManyJobsAtOnceAsItHasWorkers) {
  WorkerPool pool("test", 2);
  std::latch both(2);
  std::promise<void> first;
  std::promise<void> second;
  const auto meet = [&] { both.arrive_and_wait(); };  // neither ends before the other has begun
  ASSERT_TRUE(pool.submit(meet, [&] { first.set_value(); }));
  ASSERT_TRUE(pool.submit(meet, [&] { second.set_value(); }));
  first.get_future().wait();
  second.get_future().wait();
}

TEST(WorkerPool, TakesNoJobWhileAllWorkersAreBusy) {
  std::promise<void> blocked;
  std::promise<void> ended;
  WorkerPool pool("test", 1);
  ASSERT_TRUE(pool.submit([&] { blocked.get_future().wait(); }, [&] { ended.set_value(); }));
  EXPECT_FALSE(pool.submit([] {}, [] {}));
  blocked.set_value();
  ended.get_future().wait();
  EXPECT_TRUE(pool.submit([] {}, [] {}));
}

TEST(WorkerPool, HasAFreeWorkerWhenDoneIsCalled) {
  WorkerPool pool("test", 1);
  for (int i = 0; i < 1000; ++i) {
    std::promise<void> done;
    ASSERT_TRUE(pool.submit([] {}, [&] { done.set_value(); })) << i;
    done.get_future().wait();
  }
}

}  // namespace
}  // namespace base
