#include "chatcore/retrieval/graph.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "chatcore/retrieval/vector_file.h"
#include "chatcore/retrieval/vector_store.h"
#include "tests/base/temporary_folder.h"

namespace chatcore::retrieval {
namespace {

constexpr std::size_t kDimensions = 48;

std::vector<float> direction(std::mt19937& random) {
  std::normal_distribution<float> number;
  std::vector<float> vector(kDimensions);
  for (float& one : vector) one = number(random);
  return vector;
}

// About one of some subjects each, as texts are.
class Subjects {
 public:
  explicit Subjects(std::mt19937& random) : random_(random) {
    for (int i = 0; i < 40; ++i) centres_.push_back(direction(random));
  }
  std::vector<float> vector() {
    std::vector<float> result = direction(random_);
    const auto& centre = centres_[random_() % centres_.size()];
    for (std::size_t i = 0; i < kDimensions; ++i) result[i] += centre[i];
    const float length = std::sqrt(std::inner_product(result.begin(), result.end(), result.begin(), 0.0F));
    for (float& one : result) one /= length;
    return result;
  }

 private:
  std::mt19937& random_;
  std::vector<std::vector<float>> centres_;
};

StoreContents contents_of(std::size_t chunks, Subjects& subjects) {
  StoreContents contents;
  contents.embedder = "test";
  contents.dimensions = kDimensions;
  contents.sources = {"a.md"};
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    contents.chunks.push_back({"text", 0});
    const auto vector = subjects.vector();
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  contents.graph = build_graph(contents.vectors, kDimensions, {}).value();
  return contents;
}

bool is_sound(const Graph& graph, std::size_t chunks) {
  return retrieval::is_sound(GraphView{graph.rows, graph.steps}, chunks);
}

double share_found(const VectorStore& store, Subjects& subjects) {
  constexpr std::size_t kTop = 5;
  constexpr int kQuestions = 100;
  std::size_t found = 0;
  for (int i = 0; i < kQuestions; ++i) {
    const auto question = subjects.vector();
    const auto by_graph = store.search(question, kTop, -1, Search::graph);
    for (const Match& match : store.search(question, kTop, -1, Search::exact)) {
      found += std::ranges::count(by_graph, match.chunk, &Match::chunk) != 0 ? 1 : 0;
    }
  }
  return static_cast<double>(found) / (kTop * kQuestions);
}

class GraphTest : public ::testing::Test {
 protected:
  std::mt19937 random_{7};
  Subjects subjects_{random_};
};

TEST_F(GraphTest, LeadsToWhatLookingAtEverythingFinds) {
  const VectorStore store(contents_of(4000, subjects_));
  EXPECT_GE(share_found(store, subjects_), 0.95);
  const auto question = subjects_.vector();
  EXPECT_EQ(store.search(question, 64, -1).size(), 64U);
  const auto usual = store.search(question, 5, -1);
  const auto by_graph = store.search(question, 5, -1, Search::graph);
  ASSERT_EQ(usual.size(), by_graph.size());
  for (std::size_t i = 0; i < usual.size(); ++i) EXPECT_EQ(usual[i].chunk, by_graph[i].chunk);
}

TEST_F(GraphTest, LeadsToEveryOneOfAFew) {
  for (const std::size_t chunks : {1U, 2U, 5U, 60U}) {
    const VectorStore store(contents_of(chunks, subjects_));
    EXPECT_EQ(store.search(subjects_.vector(), 100, -1, Search::graph).size(), chunks);
  }
}

TEST_F(GraphTest, LeadsToSomeOfManyThatAreTheSame) {
  StoreContents contents = contents_of(1, subjects_);
  const std::vector<float> vector = contents.vectors;
  for (int i = 1; i < 500; ++i) {
    contents.chunks.push_back({"text", 0});
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  contents.graph = build_graph(contents.vectors, kDimensions, {}).value();
  EXPECT_EQ(VectorStore(contents).search(vector, 5, -1, Search::graph).size(), 5U);
}

TEST_F(GraphTest, KeepsTheThreshold) {
  const VectorStore store(contents_of(500, subjects_));
  for (const Match& match : store.search(subjects_.vector(), 50, 0.3F, Search::graph)) EXPECT_GE(match.score, 0.3F);
}

TEST_F(GraphTest, FindsNothingInAStoreWithoutOne) {
  StoreContents contents = contents_of(10, subjects_);
  contents.graph = {};
  const VectorStore store(contents);
  EXPECT_TRUE(store.search(subjects_.vector(), 5, -1, Search::graph).empty());
  EXPECT_EQ(store.search(subjects_.vector(), 5, -1).size(), 5U);
}

TEST_F(GraphTest, IsTheSameForTheSameVectors) {
  const StoreContents contents = contents_of(300, subjects_);
  const Graph again = build_graph(contents.vectors, kDimensions, {}).value();
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(again.rows[i].chunks, contents.graph.rows[i].chunks);
  ASSERT_EQ(again.steps.size(), contents.graph.steps.size());
  for (std::size_t i = 0; i < again.steps.size(); ++i) EXPECT_EQ(again.steps[i].steps, contents.graph.steps[i].steps);
}

TEST_F(GraphTest, TellsHowFarItIs) {
  const StoreContents contents = contents_of(1300, subjects_);
  std::vector<std::size_t> told;
  ASSERT_TRUE(build_graph(contents.vectors, kDimensions, [&](std::size_t linked) { told.push_back(linked); }));
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_GE(told.size(), 2U);
  EXPECT_EQ(told.back(), 1300U);
}

TEST_F(GraphTest, ComesBackFromAFile) {
  const base::TemporaryFolder folder;
  const StoreContents contents = contents_of(2000, subjects_);
  ASSERT_TRUE(write_vector_file(folder.at("store"), contents));
  const auto store = read_vector_file(folder.at("store"));
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->graph_bytes(), 2000 * sizeof(LinkRow) + contents.graph.steps.size() * sizeof(GraphStep));
  EXPECT_GT(store->bytes(), store->graph_bytes() + contents.vectors.size() * sizeof(float));
  EXPECT_GE(share_found(*store, subjects_), 0.95);
}

// Whoever wrote the file may have meant harm, and made the checksum right.
TEST_F(GraphTest, IsRefusedWhenALinkLeadsNowhereOrBack) {
  const StoreContents good = contents_of(2000, subjects_);
  ASSERT_TRUE(is_sound(good.graph, 2000));
  ASSERT_GT(good.graph.steps.size(), 20U);
  const auto refuses = [&](const auto& change) {
    StoreContents contents = good;
    change(contents.graph);
    const base::TemporaryFolder folder;
    EXPECT_TRUE(write_vector_file(folder.at("store"), contents));
    const auto store = read_vector_file(folder.at("store"));
    return !store && store.error().code == base::Code::corrupt;
  };
  EXPECT_FALSE(refuses([](Graph&) {}));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.rows[1999].chunks[0] = 2000; }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.steps[3].chunk = 2000; }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.steps[3].steps[0] = static_cast<std::uint32_t>(graph.steps.size()); }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.steps[3].below = 3; }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.steps[3].below = 0; }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.steps.clear(); }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.rows.pop_back(); }));
  EXPECT_TRUE(refuses([](Graph& graph) { graph.rows.clear(); }));
}

TEST_F(GraphTest, IsSearchedByManyAtOnce) {
  const VectorStore store(contents_of(2000, subjects_));
  const auto question = subjects_.vector();
  const auto expected = store.search(question, 10, -1, Search::graph);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        const auto found = store.search(question, 10, -1, Search::graph);
        wrong += std::ranges::equal(found, expected, {}, &Match::chunk, &Match::chunk) ? 0 : 1;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace chatcore::retrieval
