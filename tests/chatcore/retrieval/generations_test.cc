// The store is replaced while questions are asked.

#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/query_embedder.h"
#include "chatcore/retrieval/retriever.h"
#include "chatcore/retrieval/vector_file.h"
#include "tests/base/temporary_folder.h"
#include "tests/chatcore/retrieval/asking.h"

namespace chatcore::retrieval {
namespace {

using base::Code;

// A store of `chunks` about cats that names its number in each of them.
StoreContents numbered(int number, std::size_t chunks) {
  const HashedEmbedder embedder;
  StoreContents contents;
  contents.embedder = embedder.name();
  contents.dimensions = embedder.dimensions();
  contents.sources = {"cats.md"};
  const std::string text = "Cats of the generation " + std::to_string(number) + " hunt at dusk.";
  const auto vector = embedder.embed(text).value();
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    contents.chunks.push_back({text, 0});
    contents.vectors.insert(contents.vectors.end(), vector.begin(), vector.end());
  }
  return contents;
}

// Mapped bytes of this process by the kernel's own account.
std::size_t mapped_bytes_of(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  std::size_t bytes = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) == std::string::npos) continue;
    std::size_t end_at = 0;
    const auto begin = std::stoull(line, &end_at, 16);
    bytes += std::stoull(line.substr(end_at + 1), nullptr, 16) - begin;
  }
  return bytes;
}

class Generations : public ::testing::Test {
 protected:
  void write(int number, std::size_t chunks = 100) {
    ASSERT_TRUE(write_vector_file(store_file_, numbered(number, chunks)));
  }
  [[nodiscard]] static std::string best_of(const base::Result<std::vector<RetrievedChunk>>& found) {
    return found && !found->empty() ? found->front().text : "nothing";
  }

  const base::TemporaryFolder folder_;
  const std::string store_file_ = folder_.at("generations.store");
  Retriever retriever_{{.store_file = store_file_}, make_built_in_query_embedder()};
};

TEST_F(Generations, TheNewFileIsTakenAndTheOldOneLetGo) {
  write(1);
  EXPECT_EQ(best_of(ask(retriever_, "cats")), "Cats of the generation 1 hunt at dusk.");
  write(2, 200);
  ASSERT_TRUE(retriever_.refresh());
  EXPECT_EQ(best_of(ask(retriever_, "cats")), "Cats of the generation 2 hunt at dusk.");
  EXPECT_EQ(retriever_.loads(), 2U);
  EXPECT_EQ(retriever_.chunks(), 200U);
}

TEST_F(Generations, TheSameFileIsReadOnce) {
  write(1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(retriever_.refresh());
  EXPECT_EQ(retriever_.loads(), 1U);
}

TEST_F(Generations, ABrokenNewFileLeavesTheOldOneServing) {
  write(1);
  ASSERT_TRUE(retriever_.warm_up());
  folder_.write("broken", "nonsense");
  std::filesystem::rename(folder_.at("broken"), store_file_);
  EXPECT_EQ(retriever_.refresh().error().code, Code::corrupt);
  EXPECT_TRUE(retriever_.refresh()) << "and it is not read again";
  EXPECT_EQ(best_of(ask(retriever_, "cats")), "Cats of the generation 1 hunt at dusk.");
  EXPECT_EQ(retriever_.loads(), 2U);
  EXPECT_EQ(retriever_.failed_loads(), 1U);
  write(3);
  ASSERT_TRUE(retriever_.refresh());
  EXPECT_EQ(best_of(ask(retriever_, "cats")), "Cats of the generation 3 hunt at dusk.");
}

TEST_F(Generations, FiftySwapsUnderQuestionsFailNoneAndLeaveOneMapping) {
  write(0);
  ASSERT_TRUE(retriever_.warm_up());
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 3; ++i) {
      askers.emplace_back([&] {
        while (!stop) {
          const auto found = ask(retriever_, "cats" + std::string(static_cast<std::size_t>(answered % 7), ' '));
          ++(found && found->size() == 5 ? answered : failed);
        }
      });
    }
    for (int number = 1; number <= 50; ++number) {
      const int before = answered;
      write(number, 100 + static_cast<std::size_t>(number));
      EXPECT_TRUE(retriever_.refresh());
      while (answered + failed < before + 3) std::this_thread::yield();  // some are asked of each
    }
    stop = true;
  }
  EXPECT_EQ(failed, 0);
  EXPECT_GE(answered, 150);
  EXPECT_EQ(best_of(ask(retriever_, "cats")), "Cats of the generation 50 hunt at dusk.");
  const auto file_bytes = std::filesystem::file_size(store_file_);
  EXPECT_LE(mapped_bytes_of("generations.store"), file_bytes + 4096) << "one generation, rounded up to pages";
}

// What a search of a large store goes through.
TEST_F(Generations, AnswersFromTheSearchThreadAreTheSame) {
  write(1, 300);
  Retriever threaded({.store_file = store_file_, .search_inline_up_to = 100}, make_built_in_query_embedder());
  const auto here = ask(retriever_, "cats at dusk").value();
  const auto there = ask(threaded, "cats at dusk").value();
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < here.size(); ++i) EXPECT_EQ(here[i].score, there[i].score);
}

TEST_F(Generations, AQuestionAskedAgainIsTakenFromTheCacheUntilTheStoreChanges) {
  write(1);
  ASSERT_TRUE(ask(retriever_, "cats"));
  const std::size_t bytes = retriever_.cache_bytes();
  EXPECT_GT(bytes, 384 * sizeof(float));
  ASSERT_TRUE(ask(retriever_, "cats"));
  EXPECT_EQ(retriever_.cache_bytes(), bytes);
  write(2);
  ASSERT_TRUE(retriever_.refresh());
  ASSERT_TRUE(ask(retriever_, "cats"));
  EXPECT_EQ(retriever_.cache_bytes(), bytes) << "the older store's is gone";
}

}  // namespace
}  // namespace chatcore::retrieval
