// OOM kills that several sources tell of.

#include <gtest/gtest.h>

#include "guard/signal/runs.h"

namespace guard::signal {
namespace {

using std::chrono::seconds;

const base::SteadyTime kBegin(seconds(1000));

// What the kernel's log and a service manager tell, beside the cgroup's counter and the ends of runs.
class Told {
 public:
  std::uint64_t see(std::uint64_t logged, std::uint64_t ends, bool counter_rose = false) {
    sample::Workload workload;
    workload.lifecycle.oom_kills_logged = logged;
    workload.lifecycle.oom_ends = ends;
    counter += counter_rose ? 1 : 0;
    workload.resources.memory.oom_kills = counter;
    now += seconds(1);
    return count_oom_kills(workload, {}, {}, seconds(1), now, oom);
  }
  std::uint64_t counter = 0;
  base::SteadyTime now = kBegin;
  OomHistory oom;
};

TEST(OomKillsToldOf, ByTheLogAloneCount) {
  Told told;
  EXPECT_EQ(told.see(0, 0), 0U);
  EXPECT_EQ(told.see(2, 0), 2U);
  EXPECT_EQ(told.see(2, 0), 0U);
  EXPECT_EQ(told.oom.total, 2U);
}

TEST(OomKillsToldOf, ByAllAreTheSameKills) {
  Told told;
  told.see(0, 0);
  EXPECT_EQ(told.see(1, 0, true), 1U);
  EXPECT_EQ(told.see(1, 1), 0U) << "the service manager tells of it later";
  EXPECT_EQ(told.see(2, 1), 1U) << "a second one";
  EXPECT_EQ(told.see(2, 2), 0U);
}

TEST(OomKillsToldOf, ByOneThatMissedEarlierKillsCountLater) {
  Told told;
  told.see(0, 0);
  EXPECT_EQ(told.see(0, 3), 3U);
  told.now += OomHistory::kSameKill;
  EXPECT_EQ(told.see(1, 3), 1U) << "three that the log missed do not hide the fourth";
}

TEST(OomKillsToldOf, BeforeTheFirstLookAreNotNew) {
  Told told;
  EXPECT_EQ(told.see(4, 2), 0U);
  EXPECT_EQ(told.see(0, 0), 0U) << "a counter that begins again";
  EXPECT_EQ(told.see(1, 0), 1U);
}

}  // namespace
}  // namespace guard::signal
