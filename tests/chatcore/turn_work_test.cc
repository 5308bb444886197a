// Who keeps a place at work, and so the door shut for others, while an answer is being made.

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "tests/base/temporary_folder.h"
#include "tests/chatcore/turn_parts.h"

namespace chatcore {
namespace {

using testing::Client;
using testing::TurnWorld;

TEST(TurnAtWork, RestsWhileAModelElsewhereWritesAndWorksToStoreTheAnswer) {
  TurnWorld world;
  Client client;
  world.begin(client, "Hello");
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
  world.say("Hi");
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
  world.store.held = true;
  world.finish();
  EXPECT_EQ(world.admission.turns_at_work(), 1U);
  world.store.release();
  world.settle();
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
}

TEST(TurnAtWork, AnAnswerWrittenHereIsWorkUntilItsEnd) {
  TurnWorld world;
  world.answerer.cpu_bound = true;
  Client client;
  world.begin(client, "Hello");
  EXPECT_EQ(world.admission.turns_at_work(), 1U);
  world.say("Hi");
  EXPECT_EQ(world.admission.turns_at_work(), 1U);
  world.finish();
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
}

TEST(TurnAtWork, ASlowClientKeepsNobodyElseOut) {
  TurnWorld world;
  world.answerer.cpu_bound = true;
  Client client;
  const auto turn = world.begin(client, "Hello");
  client.queued = 1u << 20;
  world.say("more than the client takes");
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
  turn->client_caught_up();
  world.settle();
  EXPECT_EQ(world.admission.turns_at_work(), 1U);
}

TEST(TurnAtWork, APromptThatHasNoRoomIsRefusedAndNotSent) {
  TurnWorld world;
  memory::Budget budget(base::kibibytes(64));
  Admission admission({}, &budget);
  std::optional<TurnResult> refused;
  Turn::begin(world.parts(), std::move(*admission.enter({1})),
              {.conversation = conversation::ConversationKey{.user = "", .id = "c"},
               .messages = {{.content = std::string(80u << 10, 'x')}}},
              {.on_begin = [](std::int64_t) {},
               .on_text = [](std::string_view) { return std::size_t{0}; },
               .on_end = [&refused](const TurnResult& ended) { refused = ended; }});
  world.settle();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status.error().code, base::Code::exhausted);
  EXPECT_FALSE(world.answerer.running) << "the language model was not asked";
  EXPECT_EQ(budget.used(), base::Bytes{0});
}

// Else a service that answers nothing but those would keep for ever to the few that a crowd's end has left it.
TEST(TurnAtWork, ATurnWithoutAConversationIsMeasuredToo) {
  TurnWorld world;
  Admission admission({.max_turns = 100, .max_bytes_in_flight = {0}, .target_delay = std::chrono::hours(1)});
  const auto first = admission.at_work_limit();
  std::vector<Admission::Entry> others;
  for (std::size_t i = 1; i < first; ++i) others.push_back(admission.enter({1}));
  for (int i = 0; i < 10'000 && admission.at_work_limit() == first; ++i) {  // a window passes
    Turn::begin(world.parts(), std::move(*admission.enter({1})),
                {.conversation = std::nullopt, .messages = {{.content = "Hello"}}},
                {.on_begin = [](std::int64_t) {},
                 .on_text = [](std::string_view) { return std::size_t{0}; },
                 .on_end = [](const TurnResult&) {}});
    world.settle();
    world.finish();
  }
  EXPECT_GT(admission.at_work_limit(), first);
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
  const base::TemporaryFolder folder;
  folder.write("texts/cats.md", "Cats sleep most of the day and hunt at dusk.");
  retrieval::IngestOptions texts;
  texts.paths = {folder.at("texts")};
  texts.store_file = folder.at("store");
  ASSERT_TRUE(retrieval::ingest(texts, retrieval::HashedEmbedder(), {}));
  const auto embedder = std::make_shared<EmbedderElsewhere>();
  retrieval::Retriever retriever({.store_file = texts.store_file}, embedder);
  ASSERT_TRUE(retriever.warm_up());

  TurnWorld world;
  world.answerer.cpu_bound = true;
  world.other_retriever = &retriever;
  Client client;
  world.begin(client, "When do cats hunt?");
  ASSERT_TRUE(embedder->answer);
  EXPECT_EQ(world.admission.turns_at_work(), 0U);
  std::exchange(embedder->answer, nullptr)();
  world.settle();
  EXPECT_EQ(world.admission.turns_at_work(), 1U);
}

}  // namespace
}  // namespace chatcore
