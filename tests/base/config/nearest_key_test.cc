#include "base/config/nearest_key.h"

#include <array>

#include <gtest/gtest.h>

#include "base/edit_distance.h"

namespace base::config {
namespace {

TEST(NearestKey, ForgivesTwoEditsOfALongWord) {
  constexpr std::array<std::string_view, 4> keys{"name", "container", "expect_log", "restarts"};
  EXPECT_EQ(nearest_key("expect_logs", keys), "expect_log");
  EXPECT_EQ(nearest_key("contaienr", keys), "container");
  EXPECT_EQ(nearest_key("restrat", keys), "restarts");
  EXPECT_EQ(nearest_key("cntnr", keys), "");
}

TEST(NearestKey, DoesNotTurnAShortWordIntoAnother) {
  constexpr std::array<std::string_view, 3> keys{"memory", "cpus", "pids"};
  EXPECT_EQ(nearest_key("pid", keys), "pids");
  EXPECT_EQ(nearest_key("cp", keys), "");
}

TEST(NearestKey, IsNoneForAWordTooLongToBeATypingError) {
  const std::vector<std::string_view> keys{"listen"};
  EXPECT_EQ(nearest_key(std::string(300, 'x'), keys), "");
  EXPECT_EQ(edit_distance(std::string(300, 'x'), "listen"), 300U);
}

}  // namespace
}  // namespace base::config
