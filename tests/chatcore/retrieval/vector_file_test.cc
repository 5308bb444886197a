#include "chatcore/retrieval/vector_file.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/vector_file_format.h"
#include "tests/base/temporary_folder.h"

namespace chatcore::retrieval {
namespace {

using base::Code;
using ::testing::HasSubstr;

StoreContents small_contents() {
  StoreContents contents;
  contents.embedder = "test-embedder";
  contents.dimensions = 3;
  contents.sources = {"a.md", "b.md"};
  contents.chunks = {{"Ein Stück Text", 0}, {"", 1}, {std::string("with\0nul", 8), 1}};
  contents.vectors = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  return contents;
}

// A folder with a good store file in it.
class VectorFile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(write_vector_file(file_, small_contents())); }

  // What reading says about a file of these bytes.
  [[nodiscard]] Code code_of(const std::string& bytes) const {
    const auto store = read_vector_file(folder_.write("damaged", bytes));
    return store ? Code::internal : store.error().code;
  }
  template <class Change>
  [[nodiscard]] std::string with_header(const Change& change) const {
    std::string bytes = base::TemporaryFolder::read(file_);
    VectorFileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    change(header);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  }

  const base::TemporaryFolder folder_;
  const std::string file_ = folder_.at("store");
};

TEST_F(VectorFile, ComesBackAsItWasWritten) {
  const auto store = read_vector_file(file_);
  ASSERT_TRUE(store) << store.error().message;
  const StoreContents read = store->contents();
  const StoreContents written = small_contents();
  EXPECT_EQ(read.embedder, written.embedder);
  EXPECT_EQ(read.dimensions, written.dimensions);
  EXPECT_EQ(read.sources, written.sources);
  EXPECT_EQ(read.vectors, written.vectors);
  ASSERT_EQ(read.chunks.size(), written.chunks.size());
  for (std::size_t i = 0; i < read.chunks.size(); ++i) {
    EXPECT_EQ(read.chunks[i].text, written.chunks[i].text);
    EXPECT_EQ(read.chunks[i].source, written.chunks[i].source);
  }
}

TEST_F(VectorFile, MayHoldNoChunkAtAll) {
  StoreContents empty;
  empty.dimensions = 384;
  ASSERT_TRUE(write_vector_file(file_, empty));
  EXPECT_EQ(read_vector_file(file_)->size(), 0U);
}

TEST_F(VectorFile, LeavesNothingBesideIt) {
  ASSERT_TRUE(write_vector_file(file_, small_contents()));
  const auto entries = std::filesystem::directory_iterator(folder_.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

// Two containers that share a folder each have a first process.
TEST_F(VectorFile, MayBeWrittenByTwoAtOnce) {
  const auto write_often = [this] {
    for (int i = 0; i < 100; ++i) {
      const auto written = write_vector_file(file_, small_contents());
      EXPECT_TRUE(written) << written.error().message;
      const auto store = read_vector_file(file_);
      EXPECT_TRUE(store) << store.error().message;
    }
  };
  std::thread other(write_often);
  write_often();
  other.join();
}

TEST_F(VectorFile, ThatCannotBeWrittenLeavesTheOldOne) {
  const std::string missing = folder_.at("no/such/folder/store");
  EXPECT_EQ(write_vector_file(missing, small_contents()).error().code, Code::not_found);
  const std::string occupied = folder_.at("occupied");
  std::filesystem::create_directory(occupied);
  EXPECT_FALSE(write_vector_file(occupied, small_contents()));
  const auto entries = std::filesystem::directory_iterator(folder_.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 2) << "the store and the folder in the way";
}

TEST_F(VectorFile, IsNotFoundWhenThereIsNone) {
  EXPECT_EQ(read_vector_file(folder_.at("none")).error().code, Code::not_found);
}

TEST_F(VectorFile, IsCorruptWhenItIsAFolder) {
  EXPECT_EQ(read_vector_file(folder_.path()).error().code, Code::corrupt);
}

TEST_F(VectorFile, IsCorruptWithAnyByteChanged) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string good = base::TemporaryFolder::read(file_);
  // The table of weights alone is 64 KiB: every byte before it, some of it and of what follows.
  const std::size_t step_from = 1024;
  for (std::size_t at = 0; at < good.size(); at += at < step_from ? 1 : 1 + random() % 200) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random() % 255));
    // A changed version may be an earlier one's, which is refused as such.
    const bool is_earlier = at == offsetof(VectorFileHeader, version) && bytes[at] == 1;
    EXPECT_EQ(code_of(bytes), is_earlier ? Code::conflict : Code::corrupt) << "byte " << at;
  }
}

TEST_F(VectorFile, IsCorruptCutShortAnywhere) {
  const std::string good = base::TemporaryFolder::read(file_);
  for (std::size_t length = 0; length < good.size(); length += length < 1024 ? 1 : 97) {
    EXPECT_EQ(code_of(good.substr(0, length)), Code::corrupt) << length << " bytes";
  }
}

TEST_F(VectorFile, IsCorruptWithBytesAppended) {
  EXPECT_EQ(code_of(base::TemporaryFolder::read(file_) + '\0'), Code::corrupt);
}

TEST_F(VectorFile, IsCorruptWhenItIsSomethingElse) {
  EXPECT_EQ(code_of("[{\"content\":\"the incident's own docs.json\"}]"), Code::corrupt);
  EXPECT_EQ(code_of(std::string(4096, '\0')), Code::corrupt);
}

// Counts that would overflow or fill the memory, were they believed.
TEST_F(VectorFile, IsCorruptWithAbsurdCounts) {
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t absurd : {kHuge, kHuge / 2 + 1, kHuge / 4 + 1, kHuge / 8 + 1, std::uint64_t{1} << 40}) {
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.chunks = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.sources = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.weights = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.text_bytes = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.terms = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.graph_rows = absurd; })), Code::corrupt);
    EXPECT_EQ(code_of(with_header([&](auto& header) { header.graph_steps = absurd; })), Code::corrupt);
  }
  EXPECT_EQ(code_of(with_header([](auto& header) { header.dimensions = 0; })), Code::corrupt);
  EXPECT_EQ(code_of(with_header([](auto& header) { header.dimensions = 0xFFFFFFFF; })), Code::corrupt);
  EXPECT_EQ(code_of(with_header([](auto& header) { header.embedder_bytes = 0xFFFFFFFF; })), Code::corrupt);
}

TEST_F(VectorFile, SaysWhatToDoWhenItIsBroken) {
  const auto store = read_vector_file(folder_.write("damaged", "nonsense"));
  EXPECT_THAT(store.error().message, HasSubstr("damaged"));
  EXPECT_THAT(store.error().message, HasSubstr("move it away"));
  EXPECT_THAT(store.error().message, HasSubstr("chatcore ingest"));
}

TEST_F(VectorFile, IsRefusedForAnotherEmbedder) {
  const auto store = load_vector_store(file_, HashedEmbedder().name(), HashedEmbedder().dimensions());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::conflict);
  EXPECT_THAT(store.error().message, HasSubstr("test-embedder"));
  EXPECT_THAT(store.error().message, HasSubstr("leakguard-hashed-384-3"));
}

TEST_F(VectorFile, IsRefusedForTheSameEmbedderWithOtherDimensions) {
  StoreContents contents = small_contents();
  contents.embedder = HashedEmbedder().name();
  ASSERT_TRUE(write_vector_file(file_, contents));
  EXPECT_EQ(load_vector_store(file_, HashedEmbedder().name(), HashedEmbedder().dimensions()).error().code,
            Code::conflict);
}

TEST_F(VectorFile, OfALaterVersionIsRefusedByItsVersion) {
  const auto bytes = with_header([](auto& header) { header.version = 3; });
  const auto store = read_vector_file(folder_.write("later", bytes));
  EXPECT_EQ(store.error().code, Code::corrupt);
  EXPECT_THAT(store.error().message, HasSubstr("version 3"));
}

TEST_F(VectorFile, OfAnEarlierVersionIsToBeMadeAgain) {
  const auto bytes = with_header([](auto& header) { header.version = 1; });
  const auto store = read_vector_file(folder_.write("earlier", bytes));
  EXPECT_EQ(store.error().code, Code::conflict);
  EXPECT_THAT(store.error().message, HasSubstr("version 1"));
  EXPECT_THAT(store.error().message, HasSubstr("chatcore ingest"));
}

// `cp` over the file takes the pages from under whoever has it mapped. That must not end the program.
TEST_F(VectorFile, CutShortInItsPlaceReadsAsZeros) {
  StoreContents contents = small_contents();
  contents.chunks[0].text = std::string(1 << 20, 'x');
  ASSERT_TRUE(write_vector_file(file_, contents));
  const auto store = read_vector_file(file_);
  ASSERT_TRUE(store);
  std::filesystem::resize_file(file_, 128);
  const std::vector<float> question = {1, 0, 0};
  EXPECT_LE(store->search(question, 3, -1).size(), 3U);
  EXPECT_THAT(std::string(store->text(0)), ::testing::Each('\0'));
}

}  // namespace
}  // namespace chatcore::retrieval
