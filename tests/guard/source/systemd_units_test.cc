// Against a fake systemd that speaks real D-Bus over a socket.

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/systemd/units.h"
#include "tests/guard/source/fake_systemd.h"

namespace guard::source {
namespace {

using sample::State;
using std::chrono::milliseconds;
using testing::HasSubstr;

std::map<std::string, std::string> running(const std::string& invocation) {
  return {{"LoadState", "loaded"},
          {"ActiveState", "active"},
          {"SubState", "running"},
          {"Result", "success"},
          {"MainPID", "42"},
          {"InvocationID", invocation},
          {"ControlGroup", "/odd.slice/a.service"}};
}

// Units followed on a loop that runs until what is waited for is seen.
class Followed {
 public:
  Followed(const base::SystemdBusOptions& bus, std::vector<std::string> names,
           milliseconds interval = milliseconds(3'600'000))
      : units({bus, FIXTURES "/cgroup_v2", interval, milliseconds(10)}, std::move(names), loop, [this] { look(); }) {}

  // False when it is not seen within a time that only a failure takes.
  bool see(std::function<bool(const SystemdView&)> what) {
    wanted_ = std::move(what);
    is_seen_ = false;
    look();
    const auto too_long = loop.after(std::chrono::seconds(30), [this] { loop.stop(); });
    const auto polls = loop.every(milliseconds(5), [this](int) { look(); });
    if (!is_seen_) loop.run();
    return is_seen_;
  }
  bool see_state(const std::string& unit, State state) {
    return see([=](const SystemdView& view) {
      const auto found = view.units.find(unit);
      return found != view.units.end() && found->second && found->second->state == state;
    });
  }

  base::EventLoop loop{1};
  SystemdUnits units;

 private:
  void look() {
    if (!wanted_ || is_seen_ || !wanted_(units.view())) return;
    is_seen_ = true;
    loop.stop();
  }
  std::function<bool(const SystemdView&)> wanted_;
  bool is_seen_ = false;
};

TEST(SystemdUnits, AreWhatSystemdSays) {
  FakeSystemd systemd;
  systemd.set("a@1.service", running("\x01\xab"));
  Followed followed(systemd.options(), {"a@1.service", "gone.service"});
  ASSERT_TRUE(followed.see_state("a@1.service", State::running));
  const SystemdView& view = followed.units.view();
  EXPECT_TRUE(view.up);
  const SystemdUnit& unit = *view.units.at("a@1.service");
  EXPECT_EQ(unit.control_group, "/odd.slice/a.service");
  EXPECT_EQ(unit.invocation, "01ab");
  EXPECT_EQ(unit.main_pid, 42);
  EXPECT_EQ(view.units.at("gone.service")->state, State::absent);
}

TEST(SystemdUnits, AreUnknownBeforeTheFirstAnswer) {
  FakeSystemd systemd;
  Followed followed(systemd.options(), {"a.service"});
  EXPECT_FALSE(followed.units.view().up);
  EXPECT_THAT(followed.units.view().why, HasSubstr("not been asked yet"));
}

TEST(SystemdUnits, AreReadAgainWhenTheyChange) {
  FakeSystemd systemd;
  systemd.set("a.service", running("a"));
  Followed followed(systemd.options(), {"a.service"});
  ASSERT_TRUE(followed.see_state("a.service", State::running));
  auto failed = running("a");
  failed["ActiveState"] = "failed";
  failed["Result"] = "oom-kill";
  systemd.set("a.service", failed);
  ASSERT_TRUE(followed.see_state("a.service", State::stopped)) << "the interval is an hour";
  EXPECT_EQ(followed.units.view().units.at("a.service")->last_exit, sample::ExitReason::oom_kill);
}

TEST(SystemdUnits, OneWhoseNameIsRefusedHidesNoOther) {
  FakeSystemd systemd;
  systemd.set("a.service", running("a"));
  Followed followed(systemd.options(), {"@.service", "a.service"});
  ASSERT_TRUE(followed.see_state("a.service", State::running));
  const auto& refused = followed.units.view().units.at("@.service");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is not valid"));
}

TEST(SystemdUnits, AreUnknownWhereNoSystemdIs) {
  Followed followed({"/nonexistent/private", "/nonexistent/bus", milliseconds(100)}, {"a.service"});
  ASSERT_TRUE(followed.see([](const SystemdView& view) { return view.errors > 0; }));
  EXPECT_FALSE(followed.units.view().up);
  EXPECT_THAT(followed.units.view().why, HasSubstr("connect to "));
  EXPECT_TRUE(followed.units.view().units.empty());
}

TEST(SystemdUnits, AreUnknownWhileSystemdHangsAndComeBackAfterIt) {
  FakeSystemd systemd;
  systemd.set("a.service", running("a"));
  Followed followed(systemd.options(milliseconds(50)), {"a.service"}, milliseconds(10));
  ASSERT_TRUE(followed.see_state("a.service", State::running));
  systemd.hang(true);
  ASSERT_TRUE(followed.see([](const SystemdView& view) { return !view.up; }));
  EXPECT_THAT(followed.units.view().why, HasSubstr("50 ms"));
  systemd.hang(false);
  systemd.set("a.service", running("b"));
  EXPECT_TRUE(followed.see_state("a.service", State::running));
}

TEST(SystemdUnits, FollowOthersAfterAReload) {
  FakeSystemd systemd;
  systemd.set("a.service", running("a"));
  systemd.set("b.service", running("b"));
  Followed followed(systemd.options(), {"a.service"});
  ASSERT_TRUE(followed.see_state("a.service", State::running));
  followed.units.follow({"b.service"}, [] {});
  ASSERT_TRUE(followed.see_state("b.service", State::running));
  EXPECT_FALSE(followed.units.view().units.contains("a.service"));
}

}  // namespace
}  // namespace guard::source
