#include "guard/source/user_units.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guard/source/temporary_folder.h"

namespace guard::source {
namespace {

using sample::State;

void make(const TemporaryFolder& slice, const std::string& uid, const std::string& unit) {
  std::filesystem::create_directories(slice.at("user-" + uid + ".slice/user@" + uid + ".service/app.slice/" + unit));
}

TEST(UserUnit, IsFoundByItsControlGroup) {
  const TemporaryFolder slice;
  make(slice, "1000", "web.service");
  const SystemdUnit unit = find_user_unit("web.service", slice.path());
  EXPECT_EQ(unit.state, State::running);
  EXPECT_EQ(unit.control_group, "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service");
}

TEST(UserUnit, ThatNoUserHasIsAbsent) {
  const TemporaryFolder slice;
  make(slice, "1000", "web.service.x");
  EXPECT_EQ(find_user_unit("web.service", slice.path()).state, State::absent);
  EXPECT_EQ(find_user_unit("web.service", "").state, State::absent);
}

TEST(UserUnit, ThatSeveralUsersHaveIsUnknown) {
  const TemporaryFolder slice;
  make(slice, "1000", "web.service");
  make(slice, "1001", "web.service");
  const SystemdUnit unit = find_user_unit("web.service", slice.path());
  EXPECT_EQ(unit.state, State::unknown);
  EXPECT_THAT(unit.why, testing::HasSubstr("several users"));
}

}  // namespace
}  // namespace guard::source
