#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/systemd/unit.h"

namespace guard::source {
namespace {

using sample::ExitReason;
using sample::State;
using testing::HasSubstr;

// A service as systemd describes it, looked at again and again.
class Service {
 public:
  SystemdUnit look() { return read_unit(properties, ends); }
  SystemdUnit running(const std::string& invocation, const std::string& restarts = "0") {
    set("active", "running", "success");
    properties["InvocationID"] = invocation;
    properties["NRestarts"] = restarts;
    properties["MainPID"] = "4242";
    properties["ExecMainCode"] = "0";
    properties["ExecMainStatus"] = "0";
    return look();
  }
  // Between the end of a run and its automatic restart.
  SystemdUnit pausing(const std::string& result) {
    set("activating", "auto-restart", result);
    properties["MainPID"] = "0";
    properties["ExecMainCode"] = "2";
    properties["ExecMainStatus"] = "9";
    return look();
  }
  void set(const std::string& active, const std::string& sub, const std::string& result) {
    properties["ActiveState"] = active;
    properties["SubState"] = sub;
    properties["Result"] = result;
  }

  UnitProperties properties{{"LoadState", "loaded"}, {"ControlGroup", "/odd.slice/foo@1.service"}};
  UnitEnds ends;
};

TEST(Unit, ThatRunsSaysWhereAndSinceWhen) {
  Service service;
  service.properties["ActiveEnterTimestamp"] = "1767225600000000";
  const SystemdUnit unit = service.running("ab12", "2");
  EXPECT_EQ(unit.state, State::running);
  EXPECT_EQ(unit.control_group, "/odd.slice/foo@1.service");
  EXPECT_EQ(unit.invocation, "ab12");
  EXPECT_EQ(unit.restarts, 2U);
  EXPECT_EQ(unit.main_pid, 4242);
  EXPECT_EQ(unit.started_at, base::WallTime(std::chrono::seconds(1767225600)));
}

TEST(Unit, ThatIsStoppedIsNotAbsentAndSaysHowItEnded) {
  struct {
    const char* result;
    const char* code;
    const char* status;
    ExitReason reason;
    int exit_code;
  } const cases[] = {{"oom-kill", "2", "9", ExitReason::oom_kill, 137}, {"exit-code", "1", "3", ExitReason::error, 3},
                     {"signal", "2", "15", ExitReason::signal, 143},    {"success", "1", "0", ExitReason::clean, 0},
                     {"watchdog", "3", "6", ExitReason::signal, 134},   {"timeout", "2", "9", ExitReason::error, 137}};
  for (const auto& one : cases) {
    Service service;
    service.running("a");
    service.set(std::string(one.result) == "success" ? "inactive" : "failed", one.result, one.result);
    service.properties["ExecMainCode"] = one.code;
    service.properties["ExecMainStatus"] = one.status;
    const SystemdUnit unit = service.look();
    EXPECT_EQ(unit.state, State::stopped) << one.result;
    EXPECT_EQ(unit.last_exit, one.reason) << one.result;
    EXPECT_EQ(unit.last_exit_code, one.exit_code) << one.result;
  }
}

TEST(Unit, ThatSystemdDoesNotKnowIsAbsent) {
  Service service;
  service.set("inactive", "dead", "success");
  service.properties["LoadState"] = "not-found";
  EXPECT_EQ(service.look().state, State::absent);
}

TEST(Unit, WhoseFileWasRemovedWhileItRunsIsNotAbsent) {
  Service service;
  service.properties["LoadState"] = "not-found";
  EXPECT_EQ(service.running("a").state, State::running);
}

TEST(Unit, ThatNeverRanHasNoExit) {
  Service service;
  service.set("inactive", "dead", "success");
  const SystemdUnit unit = service.look();
  EXPECT_EQ(unit.state, State::stopped);
  EXPECT_EQ(unit.last_exit, ExitReason::none);
}

TEST(Unit, ThatIsMaskedSaysSo) {
  Service service;
  service.set("inactive", "dead", "success");
  service.properties["LoadState"] = "masked";
  EXPECT_THAT(service.look().why, HasSubstr("masked"));
}

TEST(Unit, InAStateThatIsNotKnownIsUnknown) {
  Service service;
  service.set("dreaming", "x", "success");
  EXPECT_EQ(service.look().state, State::unknown);
  service.properties.clear();
  EXPECT_EQ(service.look().state, State::unknown);
}

TEST(UnitStates, AreTheGuards) {
  Service service;
  service.properties["InvocationID"] = "a";
  const auto state = [&](const char* active, const char* sub) {
    service.set(active, sub, "success");
    return service.look().state;
  };
  EXPECT_EQ(state("activating", "start-pre"), State::starting);
  EXPECT_EQ(state("reloading", "reload"), State::running);
  EXPECT_EQ(state("deactivating", "stop-sigterm"), State::running);
  EXPECT_EQ(state("active", "exited"), State::stopped) << "a oneshot service that has done its work";
}

TEST(UnitOomKills, AreOneForEachRun) {
  Service service;
  service.running("a");
  EXPECT_EQ(service.pausing("oom-kill").oom_ends, 1U);
  EXPECT_EQ(service.pausing("oom-kill").oom_ends, 1U) << "the same run, looked at again";
  EXPECT_EQ(service.running("b", "1").oom_ends, 1U);
  EXPECT_EQ(service.pausing("oom-kill").oom_ends, 2U);
  service.running("c", "2");
  EXPECT_EQ(service.pausing("exit-code").oom_ends, 2U);
}

TEST(UnitOomKills, BeforeTheFirstLookAreNotNew) {
  Service service;
  service.properties["InvocationID"] = "a";
  EXPECT_EQ(service.pausing("oom-kill").oom_ends, 0U);
}

TEST(UnitExit, IsRememberedWhileTheNextRunGoesOn) {
  Service service;
  service.running("a");
  service.pausing("oom-kill");
  const SystemdUnit unit = service.running("b", "1");
  EXPECT_EQ(unit.last_exit, ExitReason::oom_kill);
  EXPECT_EQ(unit.last_exit_code, 137);
}

TEST(UnitExit, OfARunThatEndedUnseenIsNotThatOfTheOneBefore) {
  Service service;
  service.running("a");
  service.pausing("oom-kill");
  service.running("b", "1");
  EXPECT_EQ(service.running("c", "2").last_exit, ExitReason::none);
}

TEST(UnitProperties, AreThoseOfItsKind) {
  const auto has = [](const char* unit, std::string_view interface) {
    const auto properties = properties_of(unit);
    return std::any_of(properties.begin(), properties.end(),
                       [&](const UnitProperty& property) { return property.interface == interface; });
  };
  EXPECT_TRUE(has("foo@1.service", "Service"));
  EXPECT_TRUE(has("session-1.scope", "Scope"));
  EXPECT_TRUE(has("odd.slice", "Slice"));
  EXPECT_FALSE(has("odd.slice", "Service"));
}

}  // namespace
}  // namespace guard::source
