#include "chatcore/storage/bounded_queue.h"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

Push push(BoundedQueue<int>& queue, int item) { return queue.push(item); }

TEST(BoundedQueue, GivesItsItemsInOrderAtMostSoManyAtATime) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(push(queue, i), Push::taken);
  EXPECT_EQ(queue.take(3), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(queue.take(3), (std::vector<int>{3, 4}));
}

TEST(BoundedQueue, RefusesOneOverItsBound) {
  BoundedQueue<int> queue(2);
  EXPECT_EQ(push(queue, 1), Push::taken);
  EXPECT_EQ(push(queue, 2), Push::taken);
  EXPECT_EQ(push(queue, 3), Push::full);
  EXPECT_EQ(queue.size(), 2U);
}

TEST(BoundedQueue, LeavesARefusedItemToItsOwner) {
  BoundedQueue<std::unique_ptr<int>> queue(0);
  auto item = std::make_unique<int>(1);
  EXPECT_EQ(queue.push(item), Push::full);
  EXPECT_NE(item, nullptr);
}

TEST(BoundedQueue, ClosedGivesWhatIsLeftAndThenNothing) {
  BoundedQueue<int> queue(2);
  ASSERT_EQ(push(queue, 1), Push::taken);
  queue.close();
  EXPECT_EQ(push(queue, 2), Push::closed);
  EXPECT_EQ(queue.take(5), std::vector<int>{1});
  EXPECT_TRUE(queue.take(5).empty());
}

TEST(BoundedQueue, WakesWhoWaitsWhenItCloses) {
  BoundedQueue<int> queue(2);
  std::thread waiting([&] { EXPECT_TRUE(queue.take(1).empty()); });
  queue.close();
  waiting.join();
}

}  // namespace
}  // namespace chatcore::storage
