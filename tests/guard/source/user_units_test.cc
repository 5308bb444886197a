#include "guard/source/systemd/user_units.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace guard::source {
namespace {

using sample::State;

void make(const base::TemporaryFolder& slice, const std::string& uid, const std::string& unit) {
  std::filesystem::create_directories(slice.at("user-" + uid + ".slice/user@" + uid + ".service/app.slice/" + unit));
}

TEST(UserUnit, IsFoundByItsControlGroup) {
  const base::TemporaryFolder slice;
  make(slice, "1000", "web.service");
  const SystemdUnit unit = find_user_unit("web.service", slice.path(), false);
  EXPECT_EQ(unit.state, State::running);
  EXPECT_EQ(unit.control_group, "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service");
}

TEST(UserUnit, ThatNoUserRunsIsUnknownForItMayBeStopped) {
  const base::TemporaryFolder slice;
  make(slice, "1000", "web.service.x");
  const SystemdUnit unit = find_user_unit("web.service", slice.path(), false);
  EXPECT_EQ(unit.state, State::unknown);
  EXPECT_THAT(unit.why, testing::HasSubstr("neither systemd nor a user runs web.service"));
}

TEST(UserUnit, ThatRanBeforeIsStoppedAlsoWhenItsManagerHasEnded) {
  const base::TemporaryFolder slice;
  EXPECT_EQ(find_user_unit("web.service", slice.path(), true).state, State::stopped);
  make(slice, "1000", "other.service");
  EXPECT_EQ(find_user_unit("web.service", slice.path(), true).state, State::stopped);
}

TEST(UserUnit, OfAMachineWithoutUsersManagersIsAbsent) {
  const base::TemporaryFolder slice;
  std::filesystem::create_directories(slice.at("user-1000.slice/session-3.scope"));
  EXPECT_EQ(find_user_unit("web.service", slice.path(), false).state, State::absent);
  EXPECT_EQ(find_user_unit("web.service", "", false).state, State::absent);
}

TEST(UserUnit, ThatSeveralUsersHaveIsUnknown) {
  const base::TemporaryFolder slice;
  make(slice, "1000", "web.service");
  make(slice, "1001", "web.service");
  const SystemdUnit unit = find_user_unit("web.service", slice.path(), false);
  EXPECT_EQ(unit.state, State::unknown);
  EXPECT_THAT(unit.why, testing::HasSubstr("several users"));
}

TEST(UserUnit, OfAManagerWithoutSlicesAndOfNestedSlicesIsFound) {
  const base::TemporaryFolder slice;
  std::filesystem::create_directories(slice.at("user-7.slice/user@7.service/old.service"));
  make(slice, "8", "app-web.slice/new.service");
  EXPECT_EQ(find_user_unit("old.service", slice.path(), false).state, State::running);
  EXPECT_EQ(find_user_unit("new.service", slice.path(), false).control_group,
            "/user.slice/user-8.slice/user@8.service/app.slice/app-web.slice/new.service");
}

TEST(UserUnit, IsNotLookedForWithinServicesScopesAndSessions) {
  const base::TemporaryFolder slice;
  // systemd within a user's container.
  make(slice, "1000", "libpod-1.scope/container/system.slice/web.service");
  make(slice, "1000", "other.service/system.slice/web.service");
  // Not below a manager, or below another's.
  std::filesystem::create_directories(slice.at("user-1000.slice/session-3.scope/x.service/web.service"));
  std::filesystem::create_directories(slice.at("user-1001.slice/user@1000.service/app.slice/web.service"));
  std::filesystem::create_directories(slice.at("user-x.slice/user@x.service/app.slice/web.service"));
  EXPECT_NE(find_user_unit("web.service", slice.path(), false).state, State::running);
}

TEST(UserUnit, IsUnknownWhenAUserHasTooManyCgroupsToSeeAll) {
  const base::TemporaryFolder slice;
  for (int i = 0; i < 1100; ++i) make(slice, "1000", "x" + std::to_string(i) + ".slice");
  EXPECT_EQ(find_user_unit("web.service", slice.path(), false).state, State::unknown);
  EXPECT_THAT(find_user_unit("web.service", slice.path(), false).why, testing::HasSubstr("user@1000.service"));
  make(slice, "1001", "web.service");
  EXPECT_EQ(find_user_unit("web.service", slice.path(), false).state, State::running) << "nobody hides another's";
}

TEST(UserUnit, ThatSeveralUsersHaveCanBeChosenByItsCgroup) {
  const base::TemporaryFolder slice;
  make(slice, "1000", "web.service");
  make(slice, "1001", "web.service");
  EXPECT_THAT(find_user_unit("web.service", slice.path(), false).why,
              testing::ContainsRegex("set cgroup: /user.slice/user-100[01].slice/user@100[01].service/app.slice/web"));
}

}  // namespace
}  // namespace guard::source
