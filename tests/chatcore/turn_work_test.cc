// Who keeps a place at work, and so the door shut for others, while an answer is being made.

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "tests/chatcore/retrieval/scratch_folder.h"
#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using testing::Client;
using testing::TurnWorld;

TEST(TurnAtWork, RestsWhileAModelElsewhereWritesAndWorksToStoreTheAnswer) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  EXPECT_EQ(world.door.turns_at_work(), 0U);
  world.say("Hi");
  EXPECT_EQ(world.door.turns_at_work(), 0U);
  world.store.held = true;
  world.finish();
  EXPECT_EQ(world.door.turns_at_work(), 1U);
  world.store.release();
  world.settle();
  EXPECT_EQ(world.door.turns_at_work(), 0U);
}

TEST(TurnAtWork, AnAnswerWrittenHereIsWorkUntilItsEnd) {
  TurnWorld world;
  world.answerer.cpu_bound = true;
  Client client;
  world.begin(client, "Hello");
  EXPECT_EQ(world.door.turns_at_work(), 1U);
  world.say("Hi");
  EXPECT_EQ(world.door.turns_at_work(), 1U);
  world.finish();
  EXPECT_EQ(world.door.turns_at_work(), 0U);
}

TEST(TurnAtWork, ASlowClientKeepsNobodyElseOut) {
  TurnWorld world;
  world.answerer.cpu_bound = true;
  Client client;
  const auto turn = world.begin(client, "Hello");
  client.queued = 1u << 20;
  world.say("more than the client takes");
  EXPECT_EQ(world.door.turns_at_work(), 0U);
  turn->client_caught_up();
  world.settle();
  EXPECT_EQ(world.door.turns_at_work(), 1U);
}

// One that embeds on another machine, and answers when the test says so.
class EmbedderElsewhere final : public retrieval::QueryEmbedder {
 public:
  [[nodiscard]] std::string_view name() const override { return here_->name(); }
  [[nodiscard]] std::size_t dimensions() const override { return here_->dimensions(); }
  [[nodiscard]] bool is_cpu_bound() const override { return false; }
  void embed(std::vector<std::string> texts, std::span<const float> weights, Done done) override {
    here_->embed(std::move(texts), weights, [this, done = std::move(done)](auto given) {
      answer = [given = std::move(given), done] { done(given); };
    });
  }

  std::function<void()> answer;

 private:
  const std::shared_ptr<retrieval::QueryEmbedder> here_ = retrieval::make_built_in_query_embedder();
};

TEST(TurnAtWork, RestsWhileItsQuestionIsEmbeddedElsewhere) {
  const retrieval::ScratchFolder folder;
  folder.write("texts/cats.md", "Cats sleep most of the day and hunt at dusk.");
  retrieval::IngestOptions texts;
  texts.paths = {folder.path("texts")};
  texts.store_file = folder.path("store");
  ASSERT_TRUE(retrieval::ingest(texts, retrieval::HashedEmbedder(), {}));
  const auto embedder = std::make_shared<EmbedderElsewhere>();
  retrieval::Retriever retriever({.store_file = texts.store_file}, embedder);

  TurnWorld world;
  world.answerer.cpu_bound = true;
  world.other_retriever = &retriever;
  Client client;
  world.begin(client, "When do cats hunt?");
  ASSERT_TRUE(embedder->answer);
  EXPECT_EQ(world.door.turns_at_work(), 0U);
  std::exchange(embedder->answer, nullptr)();
  world.settle();
  EXPECT_EQ(world.door.turns_at_work(), 1U);
}

}  // namespace
}  // namespace chatcore
