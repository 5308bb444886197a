#include "base/config/nearest_key.h"

#include <array>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace base::config
