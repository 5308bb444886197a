#include "chatcore/conversation/accounting.h"

#include <cstdlib>

#include <gtest/gtest.h>

// jemalloc's own answer; absent in builds with a sanitizer, which are not linked with it.
extern "C" __attribute__((weak)) std::size_t nallocx(std::size_t size, int flags);

namespace chatcore::conversation {
namespace {

TEST(AllocationSize, IsJemallocsSizeClass) {
  if (nallocx == nullptr) GTEST_SKIP() << "not linked with jemalloc";
  for (std::size_t size = 1; size <= 300'000; ++size) ASSERT_EQ(allocation_size(size), nallocx(size, 0)) << size;
}

TEST(AllocationSize, OfNothingIsNothing) { EXPECT_EQ(allocation_size(0), 0U); }

TEST(AllocationSize, StepsAtTheBoundariesOfItsClasses) {
  EXPECT_EQ(allocation_size(8), 8U);
  EXPECT_EQ(allocation_size(9), 16U);
  EXPECT_EQ(allocation_size(128), 128U);
  EXPECT_EQ(allocation_size(129), 160U);
  EXPECT_EQ(allocation_size(256), 256U);
  EXPECT_EQ(allocation_size(257), 320U);
}

TEST(SlotsFor, DoublesFromFour) {
  EXPECT_EQ(slots_for(0), 0U);
  EXPECT_EQ(slots_for(1), 4U);
  EXPECT_EQ(slots_for(4), 4U);
  EXPECT_EQ(slots_for(5), 8U);
  EXPECT_EQ(slots_for(51), 64U);
}

TEST(HeapCost, OfATextThatFitsIntoItsStringIsNothing) {
  EXPECT_EQ(heap_cost(std::string(15, 'x')), base::Bytes{0});
  EXPECT_EQ(heap_cost(std::string(16, 'x')), base::Bytes{32});  // 16 and the terminating zero
}

TEST(CostOfAConversation, IsTheSumOfItsParts) {
  const ConversationKey key{"user", "a conversation id of thirty-two."};
  std::vector<Message> messages;
  messages.reserve(4);
  messages.push_back({.content = std::string(100, 'x')});
  messages.push_back({.content = "short"});
  const base::Bytes expected = kEntryCost + base::Bytes{48} + cost_of_slots(4) + base::Bytes{112};
  EXPECT_EQ(cost_of(key, messages), expected);
}

TEST(CostOfAConversation, CountsSlotsThatAreNotInUse) {
  std::vector<Message> messages;
  messages.reserve(64);
  EXPECT_EQ(cost_of({"", "id"}, messages), kEntryCost + cost_of_slots(64));
}

}  // namespace
}  // namespace chatcore::conversation
