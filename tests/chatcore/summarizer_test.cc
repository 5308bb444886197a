// When a summary is asked for, and what speaks against it. What becomes of one on its way is in
// tests/integration/chatcore/summary_test.py.

#include "chatcore/summarizer.h"

#include <gtest/gtest.h>

#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using testing::FakeAnswerer;
using testing::TurnWorld;

TEST(Summarizer, IsDueWhenEnoughHasLeftAndThenOncePerAsMuchMore) {
  const auto is_due = [](std::int64_t before, std::int64_t now) {
    return is_summary_due({.messages = before}, {.messages = now}, 10);
  };
  EXPECT_FALSE(is_due(0, 0));
  EXPECT_FALSE(is_due(7, 9));
  EXPECT_TRUE(is_due(8, 10));
  EXPECT_TRUE(is_due(0, 40));
  EXPECT_FALSE(is_due(10, 12)) << "it was asked in vain, and not for every turn from then on";
  EXPECT_TRUE(is_due(19, 21));
  EXPECT_FALSE(is_due(12, 2)) << "the summary has come";
}

// A conversation of eight messages, of which the first four have left.
struct SummarizerTest : ::testing::Test {
  SummarizerTest() {
    for (std::int64_t i = 1; i <= 8; ++i) {
      world.store.messages.push_back({.content = "message " + std::to_string(i), .sequence = i});
    }
  }
  void end_turn(const std::string& conversation = "c") {
    summarizer.turn_ended({"", conversation}, {.messages = 2, .before = 3}, {.messages = 4, .before = 5});
    world.settle();
  }
  bool is_asked() const { return writer.running != nullptr; }
  double ended(const std::string& result) {
    const std::string page = world.metrics.render({});
    const std::string name = "chatcore_summaries_total{result=\"" + result + "\"} ";
    const auto at = page.find(name);
    return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size()));
  }

  memory::Budget budget{base::mebibytes(1)};
  FakeAnswerer writer;
  TurnWorld world;
  Summarizer summarizer{{.loop = world.loop,
                         .registry = world.registry,
                         .store = world.store,
                         .answerer = world.answerer,
                         .writer = writer,
                         .admission = world.admission,
                         .budget = budget,
                         .metrics = world.metrics,
                         .every = 4}};
};

TEST_F(SummarizerTest, FoldsWhatPrecedesTheWindow) {
  end_turn();
  ASSERT_TRUE(is_asked());
  EXPECT_NE(writer.running->prompt.messages.at(1).content.find("message 4"), std::string::npos);
  EXPECT_EQ(writer.running->prompt.messages.at(1).content.find("message 5"), std::string::npos);
  EXPECT_GT(budget.held(memory::Account::turns).count, 0);
  {
    const auto events = writer.running->events;  // its end lets go of them
    events.on_text("It was about tea.");
    events.on_end({});
  }
  world.settle();
  EXPECT_EQ(world.store.summary.content, "It was about tea.");
  EXPECT_EQ(world.store.summary.up_to, 4);
  EXPECT_EQ(ended("ok"), 1);
  EXPECT_EQ(budget.used().count, 0) << "all is given back";
}

TEST_F(SummarizerTest, AsksForNoneThatStorageHasAlready) {
  world.store.summary = {.content = "another instance's", .up_to = 4};
  end_turn();
  EXPECT_FALSE(is_asked());
  EXPECT_EQ(ended("outdated"), 1);
}

TEST_F(SummarizerTest, AsksForNoneWhileTheDoorIsClosed) {
  world.admission.begin_drain();
  end_turn();
  EXPECT_FALSE(is_asked());
  EXPECT_EQ(ended("skipped"), 1);
}

TEST_F(SummarizerTest, AsksForNoneWhileTheBackendIsInTrouble) {
  world.answerer.backend = llm::BackendStatistics{.breaker = llm::BreakerState::open};
  end_turn("a");
  world.answerer.backend = llm::BackendStatistics{.breaker = llm::BreakerState::half_open};
  end_turn("b");
  EXPECT_FALSE(is_asked());
  EXPECT_EQ(ended("skipped"), 2);
}

TEST_F(SummarizerTest, AsksForNoneWithoutRoomInTheBudget) {
  ASSERT_TRUE(budget.take_free(memory::Account::conversations, base::mebibytes(1)));
  end_turn();
  EXPECT_FALSE(is_asked());
  EXPECT_EQ(ended("skipped"), 1);
  EXPECT_EQ(budget.held(memory::Account::turns).count, 0);
}

TEST_F(SummarizerTest, LetsGoOfMessagesThatThereIsNoRoomFor) {
  for (auto& message : world.store.messages) message.content.resize(300'000);
  end_turn();
  EXPECT_FALSE(is_asked());
  EXPECT_EQ(ended("skipped"), 1);
  EXPECT_EQ(budget.used().count, 0);
}

TEST_F(SummarizerTest, WhenStoppedCutsWhatIsUnderWayAndBeginsNoMore) {
  end_turn();
  ASSERT_TRUE(is_asked());
  const auto running = writer.running;
  summarizer.stop();
  world.settle();
  EXPECT_TRUE(running->cancelled);
  EXPECT_EQ(ended("cancelled"), 1);
  EXPECT_EQ(budget.used().count, 0);
  writer.running.reset();
  end_turn();
  EXPECT_FALSE(is_asked());
}

}  // namespace
}  // namespace chatcore
