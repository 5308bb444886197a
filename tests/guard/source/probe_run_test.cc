#include <gtest/gtest.h>

#include "base/clock.h"
#include "guard/source/probe/run.h"

namespace guard::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ProbeRun::Timing kTiming{seconds(10), seconds(30), seconds(3)};

class ProbeRunTest : public testing::Test {
 protected:
  ProbeRunTest() {
    web_.name = "web";
    web_.identity.key = "container:1";
    web_.lifecycle.state = sample::State::running;
    web_.lifecycle.starts = 1;
  }
  bool observe() { return run_.observe(web_, clock_.steady_now(), clock_.wall_now()); }
  bool observe(sample::State state) {
    web_.lifecycle.state = state;
    return observe();
  }
  void answer(const ProbeAnswer& answer, base::Duration took = milliseconds(5)) {
    run_.begin(clock_.steady_now());
    clock_.advance(took);
    run_.end(answer, clock_.steady_now());
  }
  // Past the start period, so that failures count.
  void start_and_settle() {
    observe();
    clock_.advance(kTiming.start_period);
  }
  [[nodiscard]] std::optional<base::Duration> due_in() const {
    if (!run_.due()) return std::nullopt;
    return *run_.due() - clock_.steady_now();
  }
  [[nodiscard]] const sample::Probe& seen() const { return run_.seen(); }

  base::ManualClock clock_;
  sample::Workload web_;
  ProbeRun run_{"web", "page", kTiming};
};

TEST_F(ProbeRunTest, IsNotDueBeforeTheWorkloadRuns) {
  EXPECT_FALSE(due_in());
  for (const auto state : {sample::State::unknown, sample::State::absent, sample::State::starting}) {
    observe(state);
    EXPECT_FALSE(due_in());
  }
}

TEST_F(ProbeRunTest, IsDueItsJitterAfterAStart) {
  EXPECT_TRUE(observe());
  EXPECT_EQ(due_in(), seconds(3));
  clock_.advance(seconds(1));
  EXPECT_FALSE(observe()) << "the same run";
  EXPECT_EQ(due_in(), seconds(2));
}

TEST_F(ProbeRunTest, IsNotDueWhileAQuestionIsUnderWay) {
  observe();
  run_.begin(clock_.steady_now());
  EXPECT_FALSE(due_in());
}

TEST_F(ProbeRunTest, IsDueAnIntervalAfterTheLastQuestionBegan) {
  observe();
  answer(ProbeAnswer::passed(), seconds(2));
  EXPECT_EQ(due_in(), seconds(8));
  answer(ProbeAnswer::passed(), seconds(11));
  EXPECT_EQ(due_in(), seconds(0)) << "never before now";
}

TEST_F(ProbeRunTest, CountsAnswersInARow) {
  start_and_settle();
  answer(ProbeAnswer::passed());
  answer(ProbeAnswer::passed());
  EXPECT_EQ(seen().passes_in_row, 2u);
  EXPECT_EQ(seen().took, milliseconds(5));
  answer(ProbeAnswer::failed("answered 500"));
  answer(ProbeAnswer::failed("answered 500"));
  EXPECT_EQ(seen().passes_in_row, 0u);
  EXPECT_EQ(seen().failures_in_row, 2u);
  EXPECT_EQ(seen().why, "answered 500");
  EXPECT_EQ(seen().last_answer, clock_.steady_now());
  answer(ProbeAnswer::passed());
  EXPECT_EQ(seen().failures_in_row, 0u);
  EXPECT_EQ(seen().failures, 2u);
  EXPECT_EQ(seen().why, "");
}

TEST_F(ProbeRunTest, DoesNotCountAFailureWithinTheStartPeriod) {
  observe();
  clock_.advance(kTiming.start_period - milliseconds(1));
  answer(ProbeAnswer::failed("Connection refused"));
  EXPECT_EQ(seen().failures_in_row, 0u);
  EXPECT_EQ(seen().failures, 0u);
  EXPECT_FALSE(seen().last_answer);
  EXPECT_EQ(seen().why, "Connection refused");
  answer(ProbeAnswer::failed("Connection refused"));
  EXPECT_EQ(seen().failures_in_row, 1u) << "4 ms after it";
}

TEST_F(ProbeRunTest, CountsAPassWithinTheStartPeriod) {
  observe();
  answer(ProbeAnswer::passed());
  EXPECT_EQ(seen().passes_in_row, 1u);
}

TEST_F(ProbeRunTest, DoesNotBeginTheStartPeriodAgainForAGuardThatComesLate) {
  web_.lifecycle.started_at = clock_.wall_now() - seconds(31);
  observe();
  answer(ProbeAnswer::failed("Connection refused"));
  EXPECT_EQ(seen().failures_in_row, 1u);
}

TEST_F(ProbeRunTest, TakesAStartInTheFutureForNow) {
  web_.lifecycle.started_at = clock_.wall_now() + std::chrono::hours(1);
  start_and_settle();
  answer(ProbeAnswer::failed("Connection refused"));
  EXPECT_EQ(seen().failures_in_row, 1u);
}

TEST_F(ProbeRunTest, LeavesTheRowAloneWhenItCannotAsk) {
  start_and_settle();
  answer(ProbeAnswer::failed("answered 500"));
  const auto last_answer = seen().last_answer;
  answer(ProbeAnswer::unable("Too many open files"));
  EXPECT_FALSE(seen().able);
  EXPECT_EQ(seen().why, "Too many open files");
  EXPECT_EQ(seen().failures_in_row, 1u);
  EXPECT_EQ(seen().last_answer, last_answer);
  EXPECT_EQ(run_.times_unable(), 1u);
  answer(ProbeAnswer::failed("answered 500"));
  EXPECT_TRUE(seen().able);
  EXPECT_EQ(seen().failures_in_row, 2u);
}

TEST_F(ProbeRunTest, ForgetsWithEveryRunButForTheCounter) {
  start_and_settle();
  answer(ProbeAnswer::failed("answered 500"));
  EXPECT_TRUE(observe(sample::State::stopped));
  EXPECT_FALSE(due_in());
  EXPECT_EQ(seen().failures_in_row, 0u);
  EXPECT_FALSE(seen().last_answer);
  EXPECT_EQ(seen().failures, 1u);
  EXPECT_FALSE(observe()) << "still stopped";
  EXPECT_TRUE(observe(sample::State::running));
  EXPECT_EQ(due_in(), seconds(3));
}

TEST_F(ProbeRunTest, ForgetsWhenARestartWasTooQuickToBeSeen) {
  start_and_settle();
  answer(ProbeAnswer::failed("answered 500"));
  ++web_.lifecycle.starts;
  EXPECT_TRUE(observe());
  EXPECT_EQ(seen().failures_in_row, 0u);
  answer(ProbeAnswer::failed("answered 500"));
  EXPECT_EQ(seen().failures_in_row, 0u) << "a start period begins with each start";
}

TEST_F(ProbeRunTest, GoesOnWhileTheStateIsUnknown) {
  start_and_settle();
  answer(ProbeAnswer::failed("answered 500"));
  const auto due = run_.due();
  EXPECT_FALSE(observe(sample::State::unknown));
  EXPECT_EQ(run_.due(), due);
  EXPECT_FALSE(observe(sample::State::running));
  EXPECT_EQ(seen().failures_in_row, 1u);
}

TEST_F(ProbeRunTest, IsTheSameAfterAReload) {
  start_and_settle();
  answer(ProbeAnswer::failed("answered 500"));
  ProbeRun next("web", "page", kTiming);
  next.inherit(run_);
  EXPECT_EQ(next.seen().failures_in_row, 1u);
  EXPECT_EQ(next.due(), run_.due());
  EXPECT_FALSE(next.observe(web_, clock_.steady_now(), clock_.wall_now()));

  run_.begin(clock_.steady_now());
  ProbeRun third("web", "page", kTiming);
  third.inherit(run_);
  EXPECT_EQ(third.due(), clock_.steady_now() + kTiming.every) << "the question under way is given up";
}

}  // namespace
}  // namespace guard::source
