// Rates where a counter is not new at every tick, or not there.

#include <gtest/gtest.h>

#include "tests/guard/signal/scene.h"

namespace guard::signal {
namespace {

using std::chrono::seconds;

// The engine's statistics: the same answer, told again at each tick, until the next one comes.
class Answers {
 public:
  explicit Answers(Scene& scene) : scene_(scene) {}
  WorkloadSignals comes(base::Duration used) {
    scene_.workload().resources.read_at = scene_.snapshot.at;
    scene_.workload().resources.cpu.used = used;
    return scene_.look();
  }

 private:
  Scene& scene_;
};

TEST(DeriveRates, MeasuresTheRateBetweenTwoAnswersOfTheEngine) {
  Scene scene;
  Answers answer(scene);
  EXPECT_FALSE(answer.comes(seconds(50)).cpu_used);
  for (int tick = 1; tick < 10; ++tick) {
    EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "needs a second reading") << "the same answer, again";
  }
  scene.snapshot.at += seconds(1);
  EXPECT_DOUBLE_EQ(answer.comes(seconds(55)).cpu_used->count, 0.5);
}

TEST(DeriveRates, ShowsTheRateUntilTheEnginesNextAnswer) {
  Scene scene;
  Answers answer(scene);
  answer.comes(seconds(50));
  scene.snapshot.at += seconds(10);
  answer.comes(seconds(55));
  for (int tick = 1; tick < 10; ++tick) EXPECT_DOUBLE_EQ(scene.look_after(seconds(1)).cpu_used->count, 0.5);
  scene.snapshot.at += seconds(1);
  EXPECT_DOUBLE_EQ(answer.comes(seconds(55)).cpu_used->count, 0.0) << "it rested for these ten seconds";
}

TEST(DeriveRates, AnAbsentCounterHasNoRateAndTheNextOneSpansTheGap) {
  Scene scene;
  scene.look();
  auto& used = scene.workload().resources.cpu.used;
  used = Reading<base::Duration>::absent("cpu.stat: no");
  EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "cpu.stat: no");
  used = base::Duration(seconds(51));
  EXPECT_DOUBLE_EQ(scene.look_after(seconds(3)).cpu_used->count, 0.25);
}

TEST(DeriveRates, ACounterOfAnotherRunIsNoReference) {
  Scene scene;
  scene.look();
  scene.workload().lifecycle.starts = 2;
  EXPECT_EQ(scene.look_after(seconds(1)).cpu_used.reason(), "needs a second reading");
}

}  // namespace
}  // namespace guard::signal
