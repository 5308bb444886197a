#include "chatcore/storage/outage.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct OutageTest : testing::Test {
  // What is logged by `work`, all of it.
  template <class Work>
  std::string logged(Work work) {
    testing::internal::CaptureStderr();
    work();
    return testing::internal::GetCapturedStderr();
  }

  const base::Error down{base::Code::unavailable, "gone fishing"};
  base::ManualClock clock;
  Outage outage{"writes", clock};
};

TEST_F(OutageTest, IsToldOnceWhenItBegins) {
  EXPECT_FALSE(outage.is_under_way());
  const std::string first = logged([&] { outage.failed(down); });
  EXPECT_TRUE(outage.is_under_way());
  EXPECT_THAT(first, HasSubstr("Database writes fail"));
  EXPECT_THAT(first, HasSubstr("gone fishing"));
  EXPECT_THAT(logged([&] {
                for (int i = 0; i < 1000; ++i) outage.failed(down);
              }),
              IsEmpty());
}

TEST_F(OutageTest, IsToldOnceWhenItEndsWithHowLongItTook) {
  logged([&] {
    outage.failed(down);
    clock.advance(std::chrono::seconds(90));
    outage.failed(down);
  });
  const std::string last = logged([&] {
    outage.worked();
    outage.worked();
  });
  EXPECT_FALSE(outage.is_under_way());
  EXPECT_THAT(last, HasSubstr("Database writes work again"));
  EXPECT_THAT(last, HasSubstr("after_seconds=90"));
  EXPECT_THAT(last, HasSubstr("failures=2"));
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1);
}

TEST_F(OutageTest, ThatNeverWasIsNotTold) {
  EXPECT_THAT(logged([&] { outage.worked(); }), IsEmpty());
}

TEST_F(OutageTest, TheNextOneIsCountedAnew) {
  logged([&] {
    outage.failed(down);
    outage.worked();
    outage.failed(down);
  });
  EXPECT_THAT(logged([&] { outage.worked(); }), HasSubstr("failures=1"));
}

TEST(OfTheDatabase, IsNotWhatWasAskedWrongly) {
  for (const auto code : {base::Code::unavailable, base::Code::exhausted, base::Code::corrupt, base::Code::internal}) {
    EXPECT_TRUE(is_of_the_database(code));
  }
  EXPECT_FALSE(is_of_the_database(base::Code::invalid_argument));
  EXPECT_TRUE(is_failure(base::Code::invalid_argument));
  for (const auto code : {base::Code::conflict, base::Code::not_found}) {
    EXPECT_FALSE(is_of_the_database(code));
    EXPECT_FALSE(is_failure(code));
  }
}

TEST(AsTold, RightsThatTheDatabaseRefusesAreNotTheAskersConcern) {
  const auto told = as_told({base::Code::permission_denied, "permission denied for table messages"});
  EXPECT_EQ(told.code, base::Code::unavailable);
  EXPECT_EQ(told.message, "permission denied for table messages");
  EXPECT_EQ(as_told({base::Code::conflict, ""}).code, base::Code::conflict);
}

}  // namespace
}  // namespace chatcore::storage
