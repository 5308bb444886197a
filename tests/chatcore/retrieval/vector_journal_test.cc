#include "chatcore/retrieval/vector_journal.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace chatcore::retrieval {
namespace {

class Journal : public ::testing::Test {
 protected:
  using Found = std::map<std::string, std::vector<float>>;

  // What it says to one that opens it, which then adds `texts`, each with a vector of its length.
  Found open(std::vector<std::string_view> texts = {}, std::string_view embedder = "model",
             std::size_t dimensions = 2) {
    Found found;
    VectorJournal journal(path_, embedder, dimensions);
    EXPECT_TRUE(journal.open([&](std::string_view text, std::span<const float> vector) {
      found.emplace(text, std::vector<float>(vector.begin(), vector.end()));
    }));
    std::vector<std::vector<float>> vectors;
    for (const std::string_view text : texts) vectors.emplace_back(dimensions, static_cast<float>(text.size()));
    if (!texts.empty()) {
      EXPECT_TRUE(journal.add(texts, vectors));
    }
    return found;
  }
  void cut(std::uintmax_t bytes) { std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - bytes); }

  const base::TemporaryFolder folder_;
  const std::string path_ = folder_.at("journal");
};

TEST_F(Journal, KeepsWhatWasAdded) {
  EXPECT_TRUE(open({"one", "three"}).empty());
  EXPECT_EQ(open({"fifth"}), (Found{{"one", {3, 3}}, {"three", {5, 5}}}));
  EXPECT_EQ(open().size(), 3U);
}

TEST_F(Journal, ARecordThatIsCutShortIsLeftOutAndOverwritten) {
  open({"one"});
  open({"two", "three"});
  for (const std::uintmax_t bytes : {1U, 10U, 20U}) {
    cut(bytes);
    EXPECT_EQ(open({"four"}), (Found{{"one", {3, 3}}}));
    EXPECT_EQ(open(), (Found{{"one", {3, 3}}, {"four", {4, 4}}}));
  }
}

TEST_F(Journal, ARecordThatIsDamagedIsLeftOut) {
  open({"one"});
  open({"two"});
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x7f');
  file.close();
  EXPECT_EQ(open(), (Found{{"one", {3, 3}}}));
}

TEST_F(Journal, OfAnotherEmbedderIsBegunAnew) {
  open({"one"});
  EXPECT_TRUE(open({"two"}, "another model").empty());
  EXPECT_EQ(open({}, "another model").size(), 1U);
  EXPECT_TRUE(open({}, "another model", 3).empty());
  std::ofstream(path_) << "something else";
  EXPECT_TRUE(open({"one"}).empty());
  EXPECT_EQ(open().size(), 1U);
}

TEST_F(Journal, IsGoneWhenItIsRemoved) {
  VectorJournal journal(path_, "model", 2);
  EXPECT_TRUE(journal.open([](auto, auto) {}));
  EXPECT_TRUE(std::filesystem::exists(path_));
  journal.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Journal, ThatCannotBeWrittenIsAnError) {
  VectorJournal journal(folder_.at("no such folder/journal"), "model", 2);
  EXPECT_FALSE(journal.open([](auto, auto) {}));
}

}  // namespace
}  // namespace chatcore::retrieval
