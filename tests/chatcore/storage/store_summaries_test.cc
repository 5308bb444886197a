// What every store promises about the summary of what precedes a window.

#include <string>

#include <gtest/gtest.h>

#include "tests/chatcore/storage/contract.h"

namespace chatcore::storage {
namespace {

struct StoreSummaries : StoreContract {
  // Of the conversation as it is now.
  bool keep(std::int64_t up_to, const std::string& content) {
    return keep(load_window(*store, kKey, 1)->revision, up_to, content);
  }
  bool keep(std::int64_t revision, std::int64_t up_to, const std::string& content) {
    const auto kept = wait_for<bool>([&](auto done) {
      store->keep_summary({.key = kKey, .revision = revision, .summary = {.content = content, .up_to = up_to}}, done);
    });
    EXPECT_TRUE(kept) << kept.error().message;
    return kept.value_or(false);
  }
  // "content up to 3", "" when there is none.
  std::string summary(const ConversationKey& key = kKey) {
    const auto window = load_window(*store, key, 1);
    EXPECT_TRUE(window);
    const Summary& found = window->summary;
    return found.up_to == 0 ? found.content : found.content + " up to " + std::to_string(found.up_to);
  }
};

TEST_P(StoreSummaries, AreReadWithTheWindowAlsoByAnotherStore) {
  append_all(*store, kKey, "uaua");
  EXPECT_EQ(summary(), "");
  EXPECT_TRUE(keep(2, "it's about سلام"));
  EXPECT_EQ(summary(), "it's about سلام up to 2");
  EXPECT_EQ(load_window(*open(), kKey, 1)->summary.up_to, 2);
  EXPECT_EQ(summary({"other", kKey.id}), "");
}

TEST_P(StoreSummaries, OnlyGoForward) {
  append_all(*store, kKey, "uauaua");
  EXPECT_TRUE(keep(2, "first"));
  EXPECT_TRUE(keep(4, "second"));
  EXPECT_FALSE(keep(4, "as far"));
  EXPECT_FALSE(keep(2, "late"));
  EXPECT_EQ(summary(), "second up to 4");
}

TEST_P(StoreSummaries, OfAnotherRevisionAreNotKept) {
  append_all(*store, kKey, "uaua");
  const std::int64_t revision = load_window(*store, kKey, 1)->revision;
  EXPECT_EQ(remove_message(*store, kKey, 1), true);
  EXPECT_FALSE(keep(revision, 2, "of what was said"));
  EXPECT_EQ(summary(), "");
  EXPECT_TRUE(keep(2, "of what is left"));
}

TEST_P(StoreSummaries, GoWithTheConversation) {
  append_all(*store, kKey, "uaua");
  const std::int64_t revision = load_window(*store, kKey, 1)->revision;
  EXPECT_TRUE(keep(2, "gone"));
  EXPECT_EQ(remove(*store, kKey), true);
  EXPECT_FALSE(keep(revision, 4, "late")) << "there is nothing to keep it for";
  append_all(*store, kKey, "uaua");
  EXPECT_EQ(summary(), "");
  EXPECT_FALSE(keep(revision, 4, "late")) << "the conversation was begun anew";
}

TEST_P(StoreSummaries, GoWithAMessageTheySpeakOf) {
  append_all(*store, kKey, "uauaua");
  EXPECT_TRUE(keep(3, "kept"));
  EXPECT_EQ(remove_message(*store, kKey, 4), true);
  EXPECT_EQ(summary(), "kept up to 3");
  EXPECT_EQ(remove_message(*store, kKey, 9), false);
  EXPECT_EQ(summary(), "kept up to 3");
  EXPECT_EQ(remove_message(*store, kKey, 3), true);
  EXPECT_EQ(summary(), "");
}

TEST_P(StoreSummaries, AreCopiedByAForkThatHasAllTheySpeakOf) {
  append_all(*store, kKey, "uauaua");
  EXPECT_TRUE(keep(3, "what came before"));
  EXPECT_EQ(fork(*store, kKey, 4, {.key = {"user", "whole"}}), 4);
  EXPECT_EQ(summary({"user", "whole"}), "what came before up to 3");
  EXPECT_EQ(fork(*store, kKey, 2, {.key = {"user", "part"}}), 2);
  EXPECT_EQ(summary({"user", "part"}), "");
}

INSTANTIATE_TEST_SUITE_P(On, StoreSummaries, testing::Values(CONTRACT_DATABASE), name_of_database);

}  // namespace
}  // namespace chatcore::storage
