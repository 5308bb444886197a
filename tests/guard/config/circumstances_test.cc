#include <gtest/gtest.h>

#include "tests/guard/config/problems.h"

namespace guard::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(ActionRate, HasADefaultAndBounds) {
  const auto result =
      parse("workloads: [{name: w, container: c, actions: {max: 6, within: 2h}}, {name: v, container: d}]");
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->workloads[0].actions.max, 6U);
  EXPECT_EQ(result.config->workloads[0].actions.within, hours(2));
  EXPECT_EQ(result.config->workloads[1].actions.max, 10U);
  EXPECT_EQ(result.config->workloads[1].actions.within, hours(1));
  EXPECT_EQ(with("actions: {max: 0}"), "1:52 workloads[0].actions.max: 0 is out of bounds: from 1 to 1000");
  EXPECT_EQ(with("actions: {within: 5s}"), "1:55 workloads[0].actions.within: 5s is out of bounds: from 1m to 7d");
}

TEST(Maintenance, IsRead) {
  const auto result = parse(
      "workloads: [{name: w, container: c, maintenance: [{from: '22:30', to: '04:00', days: [sat, sun], zone: local}, "
      "{from: '00:00', to: '24:00'}]}]");
  ASSERT_TRUE(result.config);
  const auto& windows = result.config->workloads[0].maintenance;
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0],
            (policy::Window{hours(22) + minutes(30), hours(4), {true, false, false, false, false, false, true}, true}));
  EXPECT_EQ(policy::describe(windows[1]), "00:00 to 24:00 UTC");
}

TEST(Maintenance, SaysWhatIsWrong) {
  const auto window = [](const std::string& text) { return with("maintenance: [{" + text + "}]"); };
  const std::string at = "workloads[0].maintenance[0]";
  EXPECT_EQ(window("from: '02:00'"),
            "1:51 " + at + ".to: a window needs `from` and `to`; write for example to: \"02:00\"");
  EXPECT_EQ(window("from: '2:00', to: '04:00'"),
            "1:58 " + at + ".from: not a time of day; write for example \"02:00\", in quotes");
  for (const char* text : {"24:01", "12:60", "ab:cd", "12-30", "-1:00"})
    EXPECT_NE(window("from: '" + std::string(text) + "', to: '04:00'"), "") << text;
  EXPECT_EQ(window("from: '02:00', to: '02:00'"),
            "1:71 " + at + ".to: the window would be over as it begins; all day is from 00:00 to 24:00");
  EXPECT_EQ(window("from: '24:00', to: '02:00'"), "1:58 " + at + ".from: a day's last window begins before 24:00");
  EXPECT_EQ(window("from: '02:00', to: '04:00', days: [sat, sunday]"),
            "1:92 " + at + ".days[1]: expected one of: mon, tue, wed, thu, fri, sat, sun");
  EXPECT_EQ(window("from: '02:00', to: '04:00', zone: Europe/Berlin"), "1:86 " + at + ".zone: expected UTC or local");
}

TEST(DependsOn, NamesAWorkloadOrWhatToDoWithIt) {
  const auto result = parse(
      "workloads: [{name: app, container: a, depends_on: [db, {workload: cache, restart: false}]},\n"
      "            {name: db, container: b}, {name: cache, systemd_unit: c.service}]");
  ASSERT_TRUE(result.config) << "workloads may stand in any order";
  const auto& needs = result.config->workloads[0].depends_on;
  ASSERT_EQ(needs.size(), 2U);
  EXPECT_EQ(needs[0].workload, "db");
  EXPECT_TRUE(needs[0].restart);
  EXPECT_EQ(needs[1].workload, "cache");
  EXPECT_FALSE(needs[1].restart);
}

TEST(DependsOn, RefusesWhatIsNotThere) {
  EXPECT_EQ(
      problems_of("workloads: [{name: app, container: a, depends_on: [databse]}, {name: database, container: b}]"),
      "1:52 workloads[0].depends_on[0]: no workload is called \"databse\"; did you mean \"database\"?");
  EXPECT_EQ(problems_of("workloads: [{name: app, container: a, depends_on: [db, db]}, {name: db, container: b}]"),
            "1:56 workloads[0].depends_on[1]: stands here twice");
}

TEST(DependsOn, RefusesACircleAndShowsIt) {
  EXPECT_EQ(problems_of("workloads: [{name: app, container: a, depends_on: [db]},\n"
                        "{name: db, container: b, depends_on: [{workload: disk}]},\n"
                        "{name: disk, container: d, depends_on: [app]}]"),
            "1:52 workloads[0].depends_on[0]: in a circle: app → db → disk → app");
  EXPECT_EQ(problems_of("workloads: [{name: app, container: a, depends_on: [app]}]"),
            "1:52 workloads[0].depends_on[0]: in a circle: app → app");
}

TEST(DependsOn, RefusesToRestartWhatCannotBe) {
  const auto unit = [](const std::string& needs) {
    return problems_of("workloads: [{name: app, systemd_unit: a.service, depends_on: [" + needs +
                       "]}, {name: db, container: b}]");
  };
  EXPECT_EQ(unit("db"),
            "1:63 workloads[0].depends_on[0]: only containers and commands can be restarted in this version; write "
            "{workload: db, restart: false} to wait for it only");
  EXPECT_EQ(unit("{workload: db, restart: false}"), "");
}

}  // namespace
}  // namespace guard::config
