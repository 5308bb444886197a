#include "guard/collect/unit_target.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard {
namespace {

using sample::State;
using testing::HasSubstr;
using testing::StartsWith;

// web.service, which has a cgroup in the fixture's system slice; systemd says what the test wants.
class Unit {
 public:
  sample::Workload look() {
    sample::Workload workload;
    found = target.read(name, &view, tree, workload);
    return workload;
  }
  sample::Workload say(State state, const std::string& invocation, std::uint64_t restarts) {
    source::SystemdUnit unit;
    unit.state = state;
    unit.invocation = invocation;
    unit.restarts = restarts;
    if (state == State::running) unit.control_group = path;
    view.up = true;
    view.units.insert_or_assign(name, unit);
    return look();
  }
  sample::Workload lose_bus() {
    view.up = false;
    view.why = "hangs";
    ++view.errors;
    return look();
  }

  std::string name = "web.service";
  std::string path = "/system.slice/web.service";
  source::SystemdView view;
  source::CgroupTree tree{FIXTURES "/cgroup_v2"};
  UnitTarget target;
  UnitTarget::Found found;
};

TEST(UnitTarget, IsUnknownUntilTheFirstAnswer) {
  Unit web;
  EXPECT_EQ(web.look().lifecycle.state, State::unknown);
  EXPECT_FALSE(web.found.cgroup);
}

TEST(UnitTarget, IsReadAtItsControlGroup) {
  Unit web;
  const sample::Workload workload = web.say(State::running, "ab", 0);
  EXPECT_EQ(workload.identity.key, "unit:web.service@ab");
  EXPECT_EQ(workload.identity.unit, "web.service");
  EXPECT_TRUE(web.found.cgroup);
  EXPECT_EQ(web.found.path, "/system.slice/web.service");
}

TEST(UnitTarget, WhoseCgroupIsHiddenRunsAndSaysSo) {
  Unit web;
  web.path = "/odd.slice/web.service";
  EXPECT_EQ(web.say(State::running, "ab", 0).lifecycle.state, State::running);
  EXPECT_THAT(web.found.unreadable, HasSubstr("no cgroup"));
}

TEST(UnitTarget, CountsAutomaticRestartsAlsoThoseBetweenTwoLooks) {
  Unit web;
  EXPECT_EQ(web.say(State::running, "a", 7).lifecycle.starts, 1U) << "what was before is not new";
  EXPECT_EQ(web.say(State::starting, "a", 8).lifecycle.starts, 1U) << "the next run has not begun";
  EXPECT_EQ(web.say(State::running, "b", 8).lifecycle.starts, 2U);
  EXPECT_EQ(web.say(State::running, "e", 11).lifecycle.starts, 5U);
}

TEST(UnitTarget, CountsARestartByHandOnce) {
  Unit web;
  web.say(State::running, "a", 3);
  EXPECT_EQ(web.say(State::stopped, "a", 3).lifecycle.starts, 1U);
  EXPECT_EQ(web.say(State::running, "b", 0).lifecycle.starts, 2U);
}

TEST(UnitTarget, DoesNotCountAStartThatTheStartLimitRefused) {
  Unit web;
  web.say(State::running, "a", 0);
  web.say(State::running, "b", 1);
  EXPECT_EQ(web.say(State::stopped, "b", 2).lifecycle.starts, 2U);
}

TEST(UnitTarget, FallsBackToItsCgroupAsTheSameRun) {
  Unit web;
  web.say(State::running, "a", 2);
  const sample::Workload workload = web.lose_bus();
  EXPECT_EQ(workload.lifecycle.state, State::running);
  EXPECT_EQ(workload.identity.key, "unit:web.service@a");
  EXPECT_EQ(workload.lifecycle.starts, 1U);
  EXPECT_EQ(web.say(State::running, "a", 2).lifecycle.starts, 1U);
}

TEST(UnitTarget, ThatBeganWithoutABusKeepsItsIdentityWhenItComes) {
  Unit web;
  const std::string key = web.lose_bus().identity.key;
  EXPECT_THAT(key, StartsWith("cgroup:"));
  const sample::Workload workload = web.say(State::running, "a", 5);
  EXPECT_EQ(workload.identity.key, key);
  EXPECT_EQ(workload.lifecycle.starts, 1U);
}

TEST(UnitTarget, IsUnknownWithoutBusAndCgroup) {
  Unit web;
  web.name = "other.service";
  const sample::Workload workload = web.lose_bus();
  EXPECT_EQ(workload.lifecycle.state, State::unknown);
  EXPECT_THAT(workload.lifecycle.why, HasSubstr("hangs"));
}

TEST(UnitTarget, ThatSystemdRefusesIsUnknownWithItsWords) {
  Unit web;
  web.name = "@.service";
  web.view.up = true;
  web.view.units.insert_or_assign(web.name, base::fail(base::Code::invalid_argument, "not a unit's name"));
  EXPECT_THAT(web.look().lifecycle.why, HasSubstr("not a unit's name"));
}

TEST(UnitTarget, ThatSystemdDoesNotKnowIsAbsent) {
  Unit web;
  const sample::Workload workload = web.say(State::absent, "", 0);
  EXPECT_EQ(workload.lifecycle.state, State::absent);
  EXPECT_EQ(workload.identity.key, "");
}

}  // namespace
}  // namespace guard
