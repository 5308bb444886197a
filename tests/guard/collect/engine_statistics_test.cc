#include "guard/collect/engine_statistics.h"

#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guard {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kId(64, 'a');

// Collects the questions, and answers them when the test says so.
class Engine {
 public:
  EngineStatistics::Ask ask() {
    return [this](const std::string&, EngineStatistics::Answer answer) { questions.push_back(std::move(answer)); };
  }
  static sample::Resources usage(std::int64_t mebibytes) {
    sample::Resources resources;
    resources.memory.usage = base::mebibytes(mebibytes);
    return resources;
  }
  std::vector<EngineStatistics::Answer> questions;
};

base::SteadyTime at(int second) { return base::SteadyTime(seconds(1000 + second)); }

TEST(EngineStatistics, AreUnknownUntilTheFirstAnswer) {
  Engine engine;
  EngineStatistics statistics;
  EXPECT_FALSE(statistics.known(at(0)));
  statistics.ask_if_due(kId, "run", at(0), engine.ask());
  EXPECT_THAT(statistics.known(at(0)).error().message, HasSubstr("not asked yet"));
  engine.questions[0](Engine::usage(10));
  ASSERT_TRUE(statistics.known(at(1)));
  EXPECT_EQ(*statistics.known(at(1))->memory.usage, base::mebibytes(10));
  EXPECT_EQ(*statistics.known(at(1))->read_at, at(0)) << "an answer without a time was read when it was asked for";
}

TEST(EngineStatistics, AreAskedForEveryTenSeconds) {
  Engine engine;
  EngineStatistics statistics;
  statistics.ask_if_due(kId, "run", at(0), engine.ask());
  statistics.ask_if_due(kId, "run", at(9), engine.ask());
  EXPECT_THAT(engine.questions, SizeIs(1));
  statistics.ask_if_due(kId, "run", at(10), engine.ask());
  EXPECT_THAT(engine.questions, SizeIs(2));
}

TEST(EngineStatistics, OfAnotherRunAreAskedForAtOnceAndTheOldAnswerIsDropped) {
  Engine engine;
  EngineStatistics statistics;
  statistics.ask_if_due(kId, "run", at(0), engine.ask());
  statistics.ask_if_due(kId, "next run", at(1), engine.ask());
  ASSERT_THAT(engine.questions, SizeIs(2));
  engine.questions[0](Engine::usage(10));
  EXPECT_FALSE(statistics.known(at(1))) << "that answer is about the run before";
  engine.questions[1](Engine::usage(20));
  EXPECT_EQ(*statistics.known(at(1))->memory.usage, base::mebibytes(20));
}

TEST(EngineStatistics, SayWhyTheEngineDidNotAnswer) {
  Engine engine;
  EngineStatistics statistics;
  statistics.ask_if_due(kId, "run", at(0), engine.ask());
  engine.questions[0](base::fail(base::Code::unavailable, "the daemon is on fire"));
  EXPECT_EQ(statistics.known(at(1)).error().message, "the daemon is on fire");
}

TEST(EngineStatistics, ThatAreTooOldAreUnknown) {
  Engine engine;
  EngineStatistics statistics;
  statistics.ask_if_due(kId, "run", at(0), engine.ask());
  engine.questions[0](Engine::usage(10));
  EXPECT_TRUE(statistics.known(at(30)));
  EXPECT_FALSE(statistics.known(at(31)));
}

// A reload makes new statistics while the engine is still about to answer the old ones. Each answer must be harmless,
// and must not be taken for an answer to whatever stands in the old one's place.
TEST(EngineStatistics, AnAnswerAfterTheirEndChangesNothing) {
  Engine engine;
  std::vector<EngineStatistics> watched(1);
  watched[0].ask_if_due(kId, "run", at(0), engine.ask());
  watched[0] = EngineStatistics();
  engine.questions[0](Engine::usage(10));
  EXPECT_FALSE(watched[0].known(at(1)));
  watched[0].ask_if_due(kId, "run", at(1), engine.ask());
  watched.clear();
  watched.shrink_to_fit();
  engine.questions[1](Engine::usage(10));
}

TEST(EngineStatistics, KeepTheirAnswerWhenTheyAreMoved) {
  Engine engine;
  std::vector<EngineStatistics> watched(1);
  watched[0].ask_if_due(kId, "run", at(0), engine.ask());
  watched.reserve(watched.capacity() + 1);
  engine.questions[0](Engine::usage(10));
  EXPECT_TRUE(watched[0].known(at(1)));
}

}  // namespace
}  // namespace guard
