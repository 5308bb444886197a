#include "chatcore/retrieval/vector_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace chatcore::retrieval {
namespace {

// One chunk for each vector, named by its place.
VectorStore store_of(std::size_t dimensions, const std::vector<std::vector<float>>& vectors) {
  StoreContents contents;
  contents.embedder = "test";
  contents.dimensions = dimensions;
  contents.sources = {"a.md"};
  for (const auto& vector : vectors) {
    contents.chunks.push_back({"chunk " + std::to_string(contents.chunks.size()), 0});
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  return VectorStore(contents);
}

std::vector<std::size_t> places(const std::vector<Match>& matches) {
  std::vector<std::size_t> result;
  for (const Match& match : matches) result.push_back(match.chunk);
  return result;
}

using Places = std::vector<std::size_t>;

TEST(VectorStore, FindsTheBestFirst) {
  const auto store = store_of(2, {{0.6F, 0.8F}, {1, 0}, {0, 1}, {0.8F, 0.6F}});
  const std::vector<float> question = {1, 0};
  EXPECT_EQ(places(store.search(question, 3, -1)), (Places{1, 3, 0}));
}

TEST(VectorStore, GivesTextAndSourceOfAMatch) {
  const auto store = store_of(1, {{-1}, {1}});
  const std::vector<float> question = {1};
  const auto matches = store.search(question, 1, 0);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(store.text(matches[0].chunk), "chunk 1");
  EXPECT_EQ(store.source(matches[0].chunk), "a.md");
  EXPECT_FLOAT_EQ(matches[0].score, 1);
}

TEST(VectorStore, TakesTheThresholdItselfButNothingBelow) {
  const auto store = store_of(1, {{0.5F}, {std::nextafter(0.5F, 0.0F)}});
  const std::vector<float> question = {1};
  EXPECT_EQ(places(store.search(question, 5, 0.5F)), (Places{0}));
}

TEST(VectorStore, PrefersTheEarlierOfEquals) {
  const auto store = store_of(1, {{0.5F}, {0.5F}, {0.5F}, {0.5F}});
  const std::vector<float> question = {1};
  EXPECT_EQ(places(store.search(question, 2, 0)), (Places{0, 1}));
}

TEST(VectorStore, FindsNothingWhenThereIsNothing) {
  const std::vector<float> question = {1};
  EXPECT_TRUE(VectorStore().search(question, 5, -1).empty());
  EXPECT_TRUE(store_of(1, {{1}}).search(question, 0, -1).empty());
}

TEST(VectorStore, FindsNothingForAQuestionOfAnotherDimension) {
  const std::vector<float> question = {1, 0};
  EXPECT_TRUE(store_of(1, {{1}}).search(question, 5, -1).empty());
}

TEST(VectorStore, LeavesOutWhatIsNoNumber) {
  const auto store = store_of(1, {{std::numeric_limits<float>::quiet_NaN()}, {1}});
  const std::vector<float> question = {1};
  EXPECT_EQ(places(store.search(question, 5, -1)), (Places{1}));
}

TEST(VectorStore, FindsWhatSortingEverythingFinds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> number(-1, 1);
  constexpr std::size_t kDimensions = 37;  // no multiple of the lanes
  std::vector<std::vector<float>> vectors(200, std::vector<float>(kDimensions));
  for (auto& vector : vectors) std::generate(vector.begin(), vector.end(), [&] { return number(random); });
  const auto store = store_of(kDimensions, vectors);
  const auto& question = vectors[17];

  std::vector<std::pair<double, std::size_t>> expected;
  for (std::size_t chunk = 0; chunk < vectors.size(); ++chunk) {
    double score = 0;
    for (std::size_t i = 0; i < kDimensions; ++i) score += double{vectors[chunk][i]} * double{question[i]};
    expected.emplace_back(-score, chunk);
  }
  std::sort(expected.begin(), expected.end());
  const auto found = store.search(question, 10, -100);
  ASSERT_EQ(found.size(), 10U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].chunk, expected[i].second);
    EXPECT_NEAR(found[i].score, -expected[i].first, 1e-4);
  }
}

}  // namespace
}  // namespace chatcore::retrieval
