#include "chatcore/retrieval/retriever.h"

#include <future>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/ingest.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/vector_store.h"
#include "tests/base/temporary_folder.h"
#include "tests/chatcore/retrieval/asking.h"

namespace chatcore::retrieval {
namespace {

using base::Code;

class RetrieverTest : public ::testing::Test {
 protected:
  void ingest_texts(IndexChoice index = IndexChoice::automatic) const {
    folder_.write("texts/cats.md", "Cats sleep most of the day and hunt at dusk.");
    folder_.write("texts/ships.md", "Ships carry containers across the ocean.");
    IngestOptions options;
    options.paths = {folder_.at("texts")};
    options.store_file = store_file_;
    options.index = index;
    ASSERT_TRUE(ingest(options, HashedEmbedder(), {}));
  }
  [[nodiscard]] RetrieverOptions options() const { return {store_file_, 5, 0.1F}; }

  const base::TemporaryFolder folder_;
  const std::string store_file_ = folder_.at("store");
  const std::shared_ptr<QueryEmbedder> embedder_ = make_built_in_query_embedder();
};

TEST_F(RetrieverTest, FindsThePassageThatBearsOnTheQuestion) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  const auto chunks = ask(retriever, "When do cats hunt?").value();
  ASSERT_FALSE(chunks.empty());
  EXPECT_EQ(chunks[0].source, "cats.md");
  EXPECT_EQ(chunks[0].text, "Cats sleep most of the day and hunt at dusk.");
  EXPECT_GT(chunks[0].score, 0.3F);
}

TEST_F(RetrieverTest, SearchesByAGraphOrWithoutAsItIsTold) {
  ingest_texts(IndexChoice::graph);
  for (const IndexChoice index : {IndexChoice::automatic, IndexChoice::exact, IndexChoice::graph}) {
    RetrieverOptions with = options();
    with.index = index;
    Retriever retriever(with, embedder_);
    const auto chunks = ask(retriever, "When do cats hunt?").value();
    ASSERT_FALSE(chunks.empty());
    EXPECT_EQ(chunks[0].source, "cats.md");
    EXPECT_GT(retriever.graph_bytes(), 0U);
    EXPECT_GT(retriever.mapped_bytes(), retriever.graph_bytes());
  }
}

TEST_F(RetrieverTest, GoesOnWithoutAGraphThatItWasToHave) {
  ingest_texts();
  RetrieverOptions with = options();
  with.index = IndexChoice::graph;
  Retriever retriever(with, embedder_);
  EXPECT_FALSE(ask(retriever, "When do cats hunt?").value().empty());
  EXPECT_EQ(retriever.graph_bytes(), 0U);
}

TEST_F(RetrieverTest, GivesNoMoreThanTop) {
  ingest_texts();
  RetrieverOptions one = options();
  one.top = 1;
  one.threshold = -1;
  Retriever retriever(one, embedder_);
  EXPECT_EQ(ask(retriever, "cats and ships").value().size(), 1U);
}

TEST_F(RetrieverTest, GivesNothingBelowTheThreshold) {
  ingest_texts();
  RetrieverOptions strict = options();
  strict.threshold = 0.99F;
  Retriever retriever(strict, embedder_);
  EXPECT_TRUE(ask(retriever, "When do cats hunt?").value().empty());
}

// No word is the same: what is left are the pieces that words share, which the vector knows.
TEST_F(RetrieverTest, FindsWhatWasMisspelt) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  const auto chunks = ask(retriever, "contianers oceann").value();
  ASSERT_FALSE(chunks.empty());
  EXPECT_EQ(chunks[0].source, "ships.md");
}

TEST_F(RetrieverTest, ReadsOnlyTheBeginningOfAHugeQuestion) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  const std::string filling(8192, ' ');
  EXPECT_FALSE(ask(retriever, "cats" + filling).value().empty());
  EXPECT_TRUE(ask(retriever, filling + "cats").value().empty());
}

TEST_F(RetrieverTest, LoadsOnceForAllQuestions) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  EXPECT_EQ(retriever.loads(), 0U);
  EXPECT_EQ(retriever.chunks(), 0U);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ask(retriever, "cats"));
  ASSERT_TRUE(retriever.warm_up());
  EXPECT_EQ(retriever.loads(), 1U);
  EXPECT_EQ(retriever.chunks(), 2U);
}

TEST_F(RetrieverTest, LoadsOnceWhenTheFirstQuestionsComeTogether) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  constexpr int kAskers = 8;
  std::latch start(kAskers);
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < kAskers; ++i) {
      askers.emplace_back([&] {
        start.arrive_and_wait();
        const auto chunks = ask(retriever, "cats");
        if (chunks && !chunks->empty()) ++answered;
      });
    }
  }
  EXPECT_EQ(answered, kAskers);
  EXPECT_EQ(retriever.loads(), 1U);
}

// The thread on which the retriever tells what it has found.
std::thread::id answering_thread(Retriever& retriever) {
  std::promise<std::thread::id> answered;
  retriever.retrieve("cats", [&](const auto&) { answered.set_value(std::this_thread::get_id()); });
  return answered.get_future().get();
}

TEST_F(RetrieverTest, ReadsNoFileOnTheThreadThatAsks) {
  Retriever retriever(options(), embedder_);
  EXPECT_NE(answering_thread(retriever), std::this_thread::get_id()) << "it looks for a file that is missing";
  ingest_texts();
  EXPECT_NE(answering_thread(retriever), std::this_thread::get_id()) << "it loads the store";
  EXPECT_EQ(retriever.loads(), 1U);
  EXPECT_EQ(answering_thread(retriever), std::this_thread::get_id()) << "of a store that is loaded";
}

TEST_F(RetrieverTest, AnswersFromMemoryWhenTheFileIsGone) {
  ingest_texts();
  Retriever retriever(options(), embedder_);
  ASSERT_TRUE(retriever.warm_up());
  std::filesystem::remove(store_file_);
  EXPECT_FALSE(ask(retriever, "cats").value().empty());
}

TEST_F(RetrieverTest, FindsNothingWithoutAStoreFile) {
  Retriever missing(options(), embedder_);
  EXPECT_TRUE(ask(missing, "cats").value().empty());
  Retriever none(RetrieverOptions{}, embedder_);
  EXPECT_TRUE(ask(none, "cats").value().empty());
  EXPECT_TRUE(none.warm_up());
  EXPECT_EQ(missing.loads() + none.loads(), 0U);
}

TEST_F(RetrieverTest, SeesAStoreThatIsIngestedLater) {
  Retriever retriever(options(), embedder_);
  EXPECT_TRUE(ask(retriever, "cats").value().empty());
  ingest_texts();
  EXPECT_FALSE(ask(retriever, "cats").value().empty());
}

TEST_F(RetrieverTest, SaysEachTimeThatTheFileIsBrokenButReadsItOnce) {
  folder_.write("store", "broken");
  Retriever retriever(options(), embedder_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(retriever, "cats").error().code, Code::corrupt);
  EXPECT_EQ(retriever.loads(), 1U);
  EXPECT_EQ(base::TemporaryFolder::read(store_file_), "broken");
}

TEST_F(RetrieverTest, TriesABrokenFileAgainOnlyWhenToldTo) {
  folder_.write("store", "broken");
  Retriever retriever(options(), embedder_);
  EXPECT_EQ(retriever.warm_up().error().code, Code::corrupt);
  std::filesystem::remove(store_file_);
  ingest_texts();
  EXPECT_EQ(ask(retriever, "cats").error().code, Code::corrupt);
  EXPECT_TRUE(retriever.warm_up());
  EXPECT_FALSE(ask(retriever, "cats").value().empty());
  EXPECT_EQ(retriever.loads(), 2U);
}

}  // namespace
}  // namespace chatcore::retrieval
