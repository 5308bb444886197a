#include "chatcore/storage/archive_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

using testing::HasSubstr;

const ConversationRecord kConversation{.key = {"user", "c"}, .created_ms = 1, .last_used_ms = 2, .last_sequence = 2};

MessageRecord message(std::int64_t sequence) { return {.message = {.content = "?", .sequence = sequence}}; }

TEST(ArchiveLines, AreReadBackAsTheyWereWritten) {
  ArchiveLines lines;
  const std::string first = line_of(kConversation);
  const std::string second = line_of(message(1));
  const auto conversation = lines.read(first);
  const auto question = lines.read(second);
  ASSERT_TRUE(conversation && question);
  EXPECT_EQ(line_of(*conversation), first);
  EXPECT_EQ(line_of(*question), second);
  EXPECT_EQ(first.find('\n'), std::string::npos);
}

TEST(ArchiveLines, HaveASummaryWhereThereIsOne) {
  ConversationRecord record = kConversation;
  EXPECT_EQ(line_of(record).find("summary"), std::string::npos);
  record.summary = {.content = "it was about tea", .up_to = 2};
  const auto read = ArchiveLines().read(line_of(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::get<ConversationRecord>(*read).summary.content, "it was about tea");
  EXPECT_EQ(std::get<ConversationRecord>(*read).summary.up_to, 2);
  record.summary.up_to = 3;
  EXPECT_THAT(ArchiveLines().read(line_of(record)).error().message, HasSubstr("up_to"));
}

TEST(ArchiveLines, KeepNulAndReplaceWhatIsNoUtf8) {
  const MessageRecord record{.message = {.content = std::string("a\0\xff", 3), .sequence = 1}};
  EXPECT_THAT(line_of(record), HasSubstr("a\\u0000\xef\xbf\xbd"));
}

TEST(ArchiveLines, RefuseAMessageThatBelongsToNothing) {
  ArchiveLines lines;
  EXPECT_THAT(lines.read(line_of(message(1))).error().message, HasSubstr("before any conversation"));
}

TEST(ArchiveLines, NoticeAMissingMessage) {
  ArchiveLines lines;
  ASSERT_TRUE(lines.read(line_of(kConversation)));
  ASSERT_TRUE(lines.read(line_of(message(1))));
  EXPECT_FALSE(lines.end());
  EXPECT_FALSE(lines.read(line_of(kConversation)));
  ASSERT_TRUE(lines.read(line_of(message(2))));
  EXPECT_TRUE(lines.end());
  EXPECT_FALSE(lines.read(line_of(message(3))));
}

TEST(ArchiveLines, AreNotConfusedByDeepOrHugeNonsense) {
  ArchiveLines lines;
  EXPECT_FALSE(lines.read(std::string(100'000, '[')));
  EXPECT_FALSE(lines.read(R"({"conversation":{"user":1e999}})"));
  EXPECT_FALSE(lines.read(R"({"conversation":[]})"));
  EXPECT_FALSE(lines.read(""));
}

}  // namespace
}  // namespace chatcore::storage
