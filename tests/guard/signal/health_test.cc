#include "guard/signal/health.h"

#include <gtest/gtest.h>

namespace guard::signal {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    expectation_.name = "page";
    expectation_.failures = 3;
    expectation_.successes = 2;
    expectation_.max_age = seconds(22);
    probe_.last_answer = now_;
  }
  Reading<bool> healthy(std::uint64_t passes, std::uint64_t failures) {
    probe_.passes_in_row = passes;
    probe_.failures_in_row = failures;
    return healthy();
  }
  Reading<bool> healthy(sample::State state = sample::State::running) {
    return derive_health(expectation_, &probe_, state, now_, decided_).healthy;
  }

  base::SteadyTime now_{hours(1)};
  HealthExpectation expectation_;
  sample::Probe probe_;
  std::map<std::string, bool> decided_;
};

TEST_F(HealthTest, IsUnhealthyAfterItsFailuresInARow) {
  EXPECT_EQ(healthy(2, 0), Reading<bool>(true));
  EXPECT_EQ(healthy(0, 2), Reading<bool>(true)) << "one short";
  EXPECT_EQ(healthy(0, 3), Reading<bool>(false));
}

TEST_F(HealthTest, IsHealthyAgainAfterItsSuccessesInARow) {
  healthy(0, 3);
  EXPECT_EQ(healthy(1, 0), Reading<bool>(false)) << "one short";
  EXPECT_EQ(healthy(0, 1), Reading<bool>(false)) << "and it failed again";
  EXPECT_EQ(healthy(2, 0), Reading<bool>(true));
}

TEST_F(HealthTest, IsNotKnownBeforeItIsDecided) {
  EXPECT_EQ(healthy(1, 0).reason(), "too few answers yet");
  EXPECT_EQ(healthy(0, 2).reason(), "too few answers yet");
  probe_.last_answer.reset();
  EXPECT_EQ(healthy(0, 0).reason(), "not probed yet");
  EXPECT_EQ(derive_health(expectation_, nullptr, sample::State::running, now_, decided_).healthy.reason(),
            "not probed yet");
}

TEST_F(HealthTest, IsNotKnownWhileTheWorkloadDoesNotRun) {
  healthy(0, 9);
  for (const auto state :
       {sample::State::unknown, sample::State::absent, sample::State::starting, sample::State::stopped})
    EXPECT_EQ(healthy(state).reason(), "the workload is not running");
}

TEST_F(HealthTest, IsNotKnownWhileItCannotBeAsked) {
  healthy(0, 9);
  probe_.able = false;
  probe_.why = "Too many open files";
  EXPECT_EQ(healthy().reason(), "cannot be probed: Too many open files");
}

TEST_F(HealthTest, IsNotKnownOnceTheAnswerIsOld) {
  healthy(0, 9);
  now_ += seconds(22);
  EXPECT_EQ(healthy(), Reading<bool>(false));
  now_ += seconds(1);
  EXPECT_EQ(healthy().reason(), "the last answer is 23s old");
}

}  // namespace
}  // namespace guard::signal
