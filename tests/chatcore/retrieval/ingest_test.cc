#include "chatcore/retrieval/ingest.h"

#include <filesystem>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/retrieval/hashed_embedder.h"
#include "chatcore/retrieval/vector_file.h"
#include "tests/chatcore/retrieval/ingest_fixture.h"

namespace chatcore::retrieval {
namespace {

using base::Code;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::string_literals::operator""s;

// Fails, as an embedder that is asked over the network may.
class FailingEmbedder final : public Embedder {
 public:
  [[nodiscard]] std::string_view name() const override { return "failing"; }
  [[nodiscard]] std::size_t dimensions() const override { return 2; }
  using Embedder::embed;
  [[nodiscard]] base::Result<std::vector<float>> embed(std::string_view, std::span<const float>) const override {
    return base::fail(Code::unavailable, "no route to the embedder");
  }
};

TEST_F(Ingest, TakesAFolderWithAllThatIsBelowIt) {
  folder_.write("texts/b.txt", "Second text.");
  folder_.write("texts/sub/c.md", "Third text.");
  folder_.write("texts/a.md", "First text.");
  const auto report = run(options());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files, 3U);
  EXPECT_EQ(report->chunks, 3U);
  EXPECT_EQ(report->text_bytes, 34U);
  EXPECT_TRUE(report->skipped.empty());
  EXPECT_THAT(stored().sources, ElementsAre("a.md", "b.txt", "sub/c.md"));
}

TEST_F(Ingest, TakesSingleFilesByTheirName) {
  const auto file = folder_.write("texts/a.md", "First text.");
  folder_.write("texts/b.md", "Second text.");
  ASSERT_TRUE(run(options({file})));
  EXPECT_THAT(stored().sources, ElementsAre("a.md"));
}

TEST_F(Ingest, LeavesOutHiddenFilesAndFolders) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/.hidden.md", "Secret.");
  folder_.write("texts/.git/config.md", "Secret.");
  ASSERT_TRUE(run(options()));
  EXPECT_THAT(stored().sources, ElementsAre("a.md"));
}

TEST_F(Ingest, SkipsWhatIsNoTextAndSaysWhy) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/b.bin", std::string("\0\1\2", 3));
  const auto report = run(options()).value();
  EXPECT_EQ(report.files, 1U);
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped[0].file, "b.bin");
  EXPECT_EQ(report.skipped[0].reason, "binary; only text is read");
}

TEST_F(Ingest, AcceptsATextWithBadBytes) {
  folder_.write("texts/a.txt", "caf\xE9 in Latin-1, and a NUL\0 too"s);
  const auto report = run(options()).value();
  EXPECT_TRUE(report.skipped.empty());
  EXPECT_EQ(stored().chunks.at(0).text, "caf\xEF\xBF\xBD in Latin-1, and a NUL too");
}

TEST_F(Ingest, ReadsHtmlAsText) {
  folder_.write("texts/page.html",
                "<html><head><title>Cats</title><style>p {}</style></head><body><h2>Sleep</h2>"
                "<p>They sleep at <b>noon</b>.</p><script>alert(1)</script></body></html>");
  ASSERT_TRUE(run(options()));
  EXPECT_EQ(stored().chunks.at(0).text, "# Cats\n\n## Sleep\nThey sleep at noon.");
}

TEST_F(Ingest, SaysWhatAPdfNeeds) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/broken.pdf", "%PDF-1.4 and nothing else");
  const auto report = run(options()).value();
  ASSERT_EQ(report.skipped.size(), 1U);
  // By whether poppler is installed here.
  EXPECT_THAT(report.skipped[0].reason,
              ::testing::AnyOf(HasSubstr("apt install poppler-utils"), HasSubstr("cannot read this PDF")));
}

TEST_F(Ingest, SkipsAFileOnlyAboveTheBound) {
  folder_.write("texts/fits.txt", "12345678");
  folder_.write("texts/larger.txt", "123456789");
  IngestOptions bounded = options();
  bounded.max_file_bytes = 8;
  const auto report = run(bounded).value();
  EXPECT_THAT(stored().sources, ElementsAre("fits.txt"));
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped[0].reason, "larger than 8 B; split it");
}

TEST_F(Ingest, ForgetsTheByteOrderMark) {
  folder_.write("texts/a.txt", "\xEF\xBB\xBFText.");
  ASSERT_TRUE(run(options()));
  EXPECT_EQ(stored().chunks.at(0).text, "Text.");
}

TEST_F(Ingest, DoesNotFollowALinkIntoACircle) {
  folder_.write("texts/a.md", "First text.");
  std::filesystem::create_directory_symlink(folder_.at("texts"), folder_.at("texts/again"));
  ASSERT_TRUE(run(options()));
  EXPECT_THAT(stored().sources, ElementsAre("a.md"));
}

TEST_F(Ingest, DoesNotTakeItsOwnStore) {
  folder_.write("texts/a.md", "First text.");
  IngestOptions inside = options();
  inside.store_file = folder_.at("texts/vectors");
  ASSERT_TRUE(run(inside));
  const auto report = run(inside).value();
  EXPECT_EQ(report.files, 1U);
  EXPECT_TRUE(report.skipped.empty());
}

TEST_F(Ingest, GivesTheSameFileForTheSameTexts) {
  for (const char* name : {"z.md", "m.md", "a.md"})
    folder_.write(std::string("texts/") + name, std::string(name) + " x");
  ASSERT_TRUE(run(options()));
  const auto first = base::TemporaryFolder::read(store_file_);
  ASSERT_TRUE(run(options()));
  EXPECT_EQ(base::TemporaryFolder::read(store_file_), first);
}

TEST_F(Ingest, ReplacesTheStoreOfAnEarlierOne) {
  const auto file = folder_.write("texts/old.md", "Old text.");
  ASSERT_TRUE(run(options()));
  std::filesystem::remove(file);
  folder_.write("texts/new.md", "New text.");
  const auto report = run(options()).value();
  EXPECT_EQ(report.gone, 1U);
  EXPECT_THAT(stored().sources, ElementsAre("new.md"));
  EXPECT_EQ(run(options()).value().gone, 0U);
}

TEST_F(Ingest, TakesAFileOnceHoweverOftenItIsNamed) {
  const auto file = folder_.write("texts/sub/a.md", "First text.");
  std::filesystem::create_symlink(file, folder_.at("texts/link.md"));
  const auto report = run(options({folder_.at("texts"), file, folder_.at("texts/sub")})).value();
  EXPECT_EQ(report.chunks, 1U);
  EXPECT_THAT(stored().sources, ElementsAre("a.md"));
}

TEST_F(Ingest, NamesTheFolderThatItMayNotLookInto) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/sub/locked/b.md", "Second text.");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(folder_.at("texts/sub/locked"), std::filesystem::perms::none);
  // Root may look into everything, so it becomes nobody for as long as it looks.
  constexpr uid_t kNobody = 65534;
  const uid_t us = geteuid();
  ASSERT_EQ(us == 0 ? seteuid(kNobody) : 0, 0);
  const auto report = run(options());
  ASSERT_EQ(seteuid(us), 0);
  std::filesystem::permissions(folder_.at("texts/sub/locked"), std::filesystem::perms::all);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::permission_denied);
  EXPECT_THAT(report.error().message, HasSubstr(folder_.at("texts/sub/locked")));
}

TEST_F(Ingest, ReplacesTheWholeStoreOfAnotherEmbedder) {
  folder_.write("texts/a.md", "First text.");
  StoreContents other;
  other.embedder = "another";
  other.dimensions = 7;
  std::filesystem::create_directory(folder_.at("data"));
  ASSERT_TRUE(write_vector_file(store_file_, other));
  ASSERT_TRUE(run(options()));
  EXPECT_EQ(stored().embedder, HashedEmbedder().name());
}

TEST_F(Ingest, RefusesToReplaceABrokenStore) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("data/vectors", "was a store once");
  const auto report = run(options());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::corrupt);
  EXPECT_EQ(base::TemporaryFolder::read(store_file_), "was a store once");
}

TEST_F(Ingest, KeepsTheOldStoreWhenTheEmbedderFails) {
  folder_.write("texts/a.md", "First text.");
  ASSERT_TRUE(run(options()));
  const auto before = base::TemporaryFolder::read(store_file_);
  const auto report = ingest(options(), FailingEmbedder(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::unavailable);
  EXPECT_THAT(report.error().message, HasSubstr("no route"));
  EXPECT_EQ(base::TemporaryFolder::read(store_file_), before);
}

TEST_F(Ingest, NamesAPathThatDoesNotExist) {
  const auto report = run(options({folder_.at("nowhere")}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_found);
  EXPECT_THAT(report.error().message, HasSubstr("nowhere"));
}

TEST_F(Ingest, RefusesToMakeAnEmptyStore) {
  folder_.write("texts/blank.md", " \n\n ");
  EXPECT_EQ(run(options()).error().code, Code::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(store_file_));
}

TEST_F(Ingest, RefusesMoreChunksThanItsBound) {
  folder_.write("texts/a.md", "one two three four");
  IngestOptions bounded = options();
  bounded.split = {10, 0};
  bounded.max_chunks = 2;
  EXPECT_TRUE(run(bounded));
  bounded.max_chunks = 1;
  EXPECT_EQ(run(bounded).error().code, Code::too_large);
}

TEST_F(Ingest, TellsItsProgress) {
  folder_.write("texts/a.md", "First text.");
  folder_.write("texts/b.md", "Second text.");
  std::vector<std::string> seen;
  const auto note = [&](const IngestProgress& progress) {
    seen.push_back(progress.file + " " + std::to_string(progress.files_done) + "/" +
                   std::to_string(progress.files_total) + " " + std::to_string(progress.chunks_done) + "/" +
                   std::to_string(progress.chunks));
  };
  ASSERT_TRUE(ingest(options(), HashedEmbedder(), note));
  EXPECT_THAT(seen, ElementsAre("a.md 1/2 0/1", "b.md 2/2 0/2", " 2/2 2/2"));
}

}  // namespace
}  // namespace chatcore::retrieval
