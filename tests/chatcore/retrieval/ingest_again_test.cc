// What ingest takes over: from the store that is there, and from the incident's own.

#include <gmock/gmock.h>

#include "tests/chatcore/retrieval/ingest_fixture.h"

namespace chatcore::retrieval {
namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Counts what it is asked for.
class CountingEmbedder final : public Embedder {
 public:
  explicit CountingEmbedder(std::string name = "counting") : name_(std::move(name)) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::size_t dimensions() const override { return 2; }
  using Embedder::embed;
  [[nodiscard]] base::Result<std::vector<float>> embed(std::string_view text, std::span<const float>) const override {
    asked.emplace_back(text);
    return std::vector<float>{1, 0};
  }
  mutable std::vector<std::string> asked;

 private:
  std::string name_;
};

TEST_F(Ingest, EmbedsOnlyWhatHasChanged) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/b.md", "Second text.");
  const CountingEmbedder embedder;
  const auto first = ingest(options(), embedder, {}).value();
  EXPECT_EQ(first.embedded, 2U);
  EXPECT_EQ(first.reused, 0U);
  folder_.write("texts/b.md", "Second text, changed.");
  folder_.write("texts/c.md", "Third text.");
  embedder.asked.clear();
  const auto second = ingest(options(), embedder, {}).value();
  EXPECT_EQ(second.embedded, 2U);
  EXPECT_EQ(second.reused, 1U);
  EXPECT_THAT(embedder.asked, ElementsAre("Second text, changed.", "Third text."));
  embedder.asked.clear();
  EXPECT_EQ(ingest(options(), embedder, {})->reused, 3U);
  EXPECT_TRUE(embedder.asked.empty());
}

TEST_F(Ingest, TakesOverNoVectorOfAnotherEmbedder) {
  folder_.write("texts/a.md", "First text.");
  ASSERT_TRUE(ingest(options(), CountingEmbedder("one"), {}));
  EXPECT_EQ(ingest(options(), CountingEmbedder("other"), {})->embedded, 1U);
}

TEST_F(Ingest, LinksALargeStoreUnlessItIsToBeExact) {
  for (int i = 0; i < 8; ++i) folder_.write("texts/" + std::to_string(i) + ".md", "Text " + std::to_string(i));
  IngestOptions with = options();
  const CountingEmbedder model;
  EXPECT_FALSE(ingest(with, model, {})->has_graph);
  with.graph_from = 8;
  EXPECT_FALSE(run(with)->has_graph) << "of the built-in embedder";
  EXPECT_TRUE(ingest(with, model, {})->has_graph);
  EXPECT_NE(read_vector_file(store_file_)->graph_bytes(), 0U);
  with.index = IndexChoice::exact;
  EXPECT_FALSE(run(with)->has_graph);
  EXPECT_EQ(read_vector_file(store_file_)->graph_bytes(), 0U);
  with.index = IndexChoice::graph;
  with.graph_from = 9;
  EXPECT_TRUE(run(with)->has_graph);
}

TEST_F(Ingest, LinksAnewOnlyWhatHasChanged) {
  for (int i = 0; i < 8; ++i) folder_.write("texts/" + std::to_string(i) + ".md", "Text " + std::to_string(i));
  IngestOptions with = options();
  with.index = IndexChoice::graph;
  bool links = false;
  const auto ingest_now = [&] {
    links = false;
    return ingest(with, HashedEmbedder(), [&](const IngestProgress& now) { links = links || now.links; });
  };
  ASSERT_TRUE(ingest_now());
  EXPECT_TRUE(links);
  const std::string before = base::TemporaryFolder::read(store_file_);
  ASSERT_TRUE(ingest_now());
  EXPECT_FALSE(links);
  EXPECT_EQ(base::TemporaryFolder::read(store_file_), before);
  folder_.write("texts/3.md", "Changed");
  ASSERT_TRUE(ingest_now());
  EXPECT_TRUE(links);
}

constexpr std::string_view kDocuments =
    R"({"_documents":[{"pageContent":"Cats hunt.","embedding":[0,2],"metadata":{"a":[1,{"pageContent":"no"}]}},)"
    R"({"pageContent":"Ships sail.","embedding":[1,2,3]},{"pageContent":"Trees grow."}],"other":[{"pageContent":1}]})";

TEST_F(Ingest, TakesTheIncidentsOwnStoreWithItsEmbeddings) {
  IngestOptions own = options({folder_.write("docs.json", kDocuments)});
  own.embeddings_by = "counting";
  const CountingEmbedder embedder;
  const auto report = ingest(own, embedder, {}).value();
  EXPECT_EQ(report.chunks, 3U);
  EXPECT_EQ(report.brought, 1U);
  EXPECT_THAT(embedder.asked, ElementsAre("Ships sail.", "Trees grow."));
  EXPECT_THAT(stored().sources, ElementsAre("docs.json"));
  EXPECT_THAT(stored().vectors, ElementsAre(0, 1, 1, 0, 1, 0));
}

TEST_F(Ingest, EmbedsTheIncidentsTextsAnewUnlessTheEmbedderIsNamed) {
  IngestOptions own = options({folder_.write("docs.json", kDocuments)});
  for (const char* by : {"", "text-embedding-ada-002"}) {
    own.embeddings_by = by;
    own.store_file = folder_.at(std::string("store") + by);
    EXPECT_EQ(ingest(own, CountingEmbedder(), {})->embedded, 3U);
  }
}

TEST_F(Ingest, SaysWhereADocsJsonIsBroken) {
  const auto cut = kDocuments.substr(0, 50);
  const auto report = run(options({folder_.write("docs.json", cut)}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::corrupt);
  EXPECT_THAT(report.error().message, HasSubstr("docs.json"));
  EXPECT_THAT(report.error().message, HasSubstr("byte 51"));
}

TEST_F(Ingest, TakesOtherJsonAsText) {
  ASSERT_TRUE(run(options({folder_.write("package.json", R"({"name": "cats"})")})));
  EXPECT_EQ(stored().chunks.at(0).text, R"({"name": "cats"})");
}

TEST_F(Ingest, PutsHeadingsBeforeThePiecesOfMarkdown) {
  folder_.write("texts/a.md", "# Cats\n\nThey sleep all day.\n\n## Food\n\nFish and mice are eaten.\n");
  IngestOptions small = options();
  small.split = {30, 0};
  ASSERT_TRUE(run(small));
  std::vector<std::string> texts;
  for (const Chunk& chunk : stored().chunks) texts.push_back(chunk.text);
  EXPECT_THAT(
      texts, ElementsAre("# Cats\n\nThey sleep all day.", "Cats\n## Food\n\nFish and mice are", "Cats > Food\neaten."));
}

TEST_F(Ingest, ReplacesABrokenStoreOnlyWhenToldTo) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("data/vectors", "was a store once");
  IngestOptions forced = options();
  forced.replace_broken = true;
  ASSERT_TRUE(run(forced));
  EXPECT_THAT(stored().sources, ElementsAre("a.md"));
}

}  // namespace
}  // namespace chatcore::retrieval
