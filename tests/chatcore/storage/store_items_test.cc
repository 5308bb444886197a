// What every store promises about metadata, single messages, and the answers that clients know by a response's id.

#include <string>

#include <gtest/gtest.h>

#include "tests/chatcore/storage/contract.h"

namespace chatcore::storage {
namespace {

using namespace std::chrono_literals;

struct StoreItems : StoreContract {};

TEST_P(StoreItems, CreatesAConversationWithItsFirstMessages) {
  EXPECT_EQ(create(*store, {.key = kKey,
                            .metadata = R"({"topic":"x"})",
                            .messages = {{.role = Role::system, .content = "s"}, {.content = "What now?"}}}),
            2);
  const auto window = load_window(*store, kKey, 0);
  ASSERT_TRUE(window);
  EXPECT_EQ(contents(*window), "s What now?");
  EXPECT_EQ(window->messages[1].sequence, 2);
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "What now?");
  EXPECT_EQ((*describe(*store, kKey))->metadata, R"({"topic":"x"})");
}

TEST_P(StoreItems, AConversationMayHaveNoMessages) {
  EXPECT_EQ(create(*store, {.key = kKey}), 0);
  const auto window = load_window(*store, kKey, 0);
  EXPECT_TRUE(window->exists);
  EXPECT_EQ(window->last_sequence, 0);
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 0), 1);
  EXPECT_FALSE(load_window(*store, {"user", "unknown"}, 0)->exists);
}

TEST_P(StoreItems, CreatesNoConversationTwice) {
  append_all(*store, kKey, "u");
  EXPECT_EQ(create(*store, {.key = kKey, .messages = {{.content = "again"}}}).error().code, base::Code::conflict);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1");
  EXPECT_EQ(create(*store, {.key = {"other", kKey.id}}), 0);
}

TEST_P(StoreItems, ListsNoConversationThatIsNotToBeListed) {
  ASSERT_TRUE(create(*store, {.key = kKey, .messages = {{.content = "?"}}, .listed = false}));
  EXPECT_TRUE(list(*store, "user", 10)->empty());
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 1);
  EXPECT_TRUE(*describe(*store, kKey));
}

TEST_P(StoreItems, DescribesAConversation) {
  const auto created = clock.wall_now();
  append_all(*store, kKey, "u");
  clock.advance(5s);
  ASSERT_TRUE(append(*store, kKey, {.role = Role::assistant, .content = "!"}, 1));
  const auto description = describe(*store, kKey);
  ASSERT_TRUE(description && *description);
  EXPECT_EQ((*description)->created, created);
  EXPECT_EQ((*description)->last_used, created + 5s);
  EXPECT_EQ((*description)->metadata, "{}");
  EXPECT_EQ((*description)->last_sequence, 2);
  EXPECT_FALSE(*describe(*store, {"other", kKey.id}));
}

TEST_P(StoreItems, ReplacesMetadata) {
  ASSERT_TRUE(create(*store, {.key = kKey, .metadata = R"({"a":"1"})"}));
  EXPECT_EQ(set_metadata(*store, kKey, R"({"b":"it's 2"})"), true);
  EXPECT_EQ((*describe(*store, kKey))->metadata, R"({"b":"it's 2"})");
  EXPECT_EQ(set_metadata(*store, {"other", kKey.id}, "{}"), false);
}

TEST_P(StoreItems, PagesThroughMessagesFromTheFirst) {
  append_all(*store, kKey, "suaua");
  auto page = *list_messages(*store, kKey, {.limit = 2});
  EXPECT_EQ(contents(page->messages), "s1 u2");
  EXPECT_TRUE(page->has_more);
  page = *list_messages(*store, kKey, {.after = 2, .limit = 2});
  EXPECT_EQ(contents(page->messages), "a3 u4");
  EXPECT_TRUE(page->has_more);
  page = *list_messages(*store, kKey, {.after = 4, .limit = 2});
  EXPECT_EQ(contents(page->messages), "a5");
  EXPECT_FALSE(page->has_more);
}

TEST_P(StoreItems, PagesThroughMessagesFromTheNewest) {
  append_all(*store, kKey, "suau");
  auto page = *list_messages(*store, kKey, {.limit = 2, .newest_first = true});
  EXPECT_EQ(contents(page->messages), "u4 a3");
  EXPECT_TRUE(page->has_more);
  page = *list_messages(*store, kKey, {.after = 3, .limit = 2, .newest_first = true});
  EXPECT_EQ(contents(page->messages), "u2 s1");
  EXPECT_FALSE(page->has_more);
}

TEST_P(StoreItems, HasNoPageOfAnotherUsersConversation) {
  append_all(*store, kKey, "u");
  EXPECT_FALSE(*list_messages(*store, {"other", kKey.id}, {}));
}

TEST_P(StoreItems, ARemovedMessageLeavesTheOthersTheirPlaces) {
  append_all(*store, kKey, "uaua");
  EXPECT_EQ(remove_message(*store, kKey, 2), true);
  EXPECT_EQ(remove_message(*store, kKey, 2), false);
  EXPECT_EQ(remove_message(*store, {"other", kKey.id}, 1), false);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1 u3 a4");
  EXPECT_EQ(list(*store, "user", 1)->at(0).messages, 3);
  EXPECT_EQ(remove_message(*store, kKey, 4), true);
  EXPECT_EQ(append(*store, kKey, {.content = "?"}, 4), 5);
}

TEST_P(StoreItems, AnAppendNoticesThatAMessageWasRemoved) {
  append_all(*store, kKey, "ua");
  const auto known = load_window(*store, kKey, 0);
  ASSERT_TRUE(remove_message(*store, kKey, 1));
  const Append stale{.key = kKey, .message = {.content = "?"}, .after = 2, .revision = known->revision};
  EXPECT_EQ(append(*store, stale).error().code, base::Code::conflict);
  Append fresh = stale;
  fresh.revision = load_window(*store, kKey, 0)->revision;
  EXPECT_EQ(append(*store, fresh), 3);
}

TEST_P(StoreItems, AnAppendNoticesThatTheConversationBeganAnew) {
  append_all(*store, kKey, "ua");
  const auto known = load_window(*store, kKey, 0);
  ASSERT_TRUE(remove(*store, kKey));
  append_all(*store, kKey, "ua");
  const auto late = append(*store, {.key = kKey, .message = {}, .after = 2, .revision = known->revision});
  EXPECT_EQ(late.error().code, base::Code::conflict);
}

// An answer whose question, or what stood before it, was removed meanwhile is kept all the same.
TEST_P(StoreItems, AnAppendMayAllowForRemovedMessagesButForNoOtherConversation) {
  append_all(*store, kKey, "uau");
  Append answer{.key = kKey, .message = {.content = "!"}, .after = 3, .may_have_lost_messages = true};
  answer.revision = load_window(*store, kKey, 0)->revision;
  ASSERT_TRUE(remove_message(*store, kKey, 1));
  ASSERT_TRUE(remove_message(*store, kKey, 3));
  EXPECT_EQ(append(*store, answer), 4);
  ASSERT_TRUE(remove(*store, kKey));
  append_all(*store, kKey, "uau");
  EXPECT_EQ(append(*store, answer).error().code, base::Code::conflict);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "u1 a2 u3");
}

TEST_P(StoreItems, AnAppendToWhatMustExistBeginsNothing) {
  ASSERT_TRUE(create(*store, {.key = kKey}));
  const Append first{
      .key = kKey, .message = {.content = "?"}, .revision = load_window(*store, kKey, 0)->revision, .must_exist = true};
  ASSERT_TRUE(remove(*store, kKey));
  EXPECT_EQ(append(*store, first).error().code, base::Code::conflict);
  EXPECT_FALSE(load_window(*store, kKey, 0)->exists);
  ASSERT_TRUE(create(*store, {.key = kKey}));
  Append again = first;
  again.revision = load_window(*store, kKey, 0)->revision;
  EXPECT_EQ(append(*store, again), 1);
}

// Which messages a page has, in its order, each with its text; and whether it says that there are more.
void expect_page(Store& store, PageRequest request, std::vector<std::int64_t> sequences, bool has_more) {
  const auto page = list_messages(store, kKey, request);
  ASSERT_TRUE(page && *page);
  std::vector<std::int64_t> found;
  for (const Message& message : (*page)->messages) found.push_back(message.sequence);
  EXPECT_EQ(found, sequences);
  EXPECT_EQ((*page)->has_more, has_more);
  for (const Message& message : (*page)->messages) EXPECT_FALSE(message.content.empty());
}

TEST_P(StoreItems, NoMoreIsReadAtOnceThanAReaderMayHold) {
  const std::string half(kMostBytesRead / 2, 'x');
  for (int after = 0; after < 5; ++after) ASSERT_TRUE(append(*store, kKey, {.content = half}, after));
  expect_page(*store, {.limit = 10}, {1, 2}, true);
  expect_page(*store, {.after = 2, .limit = 10}, {3, 4}, true);
  expect_page(*store, {.after = 3, .limit = 10}, {4, 5}, false);
  expect_page(*store, {.limit = 10, .newest_first = true}, {5, 4}, true);
  expect_page(*store, {.after = 3, .limit = 10, .newest_first = true}, {2, 1}, false);
  expect_page(*store, {.limit = 1}, {1}, true);
  const auto window = load_window(*store, kKey, 10);
  ASSERT_EQ(window->messages.size(), 2U);
  EXPECT_EQ(window->messages.front().sequence, 4);
  EXPECT_EQ(window->last_sequence, 5);
  EXPECT_EQ(load_window(*store, kKey, 0)->messages.size(), 5U) << "asked for without any bound";
}

TEST_P(StoreItems, OneMessageIsReadHoweverLarge) {
  ASSERT_TRUE(append(*store, kKey, {.role = Role::system, .content = "s"}, 0));
  const std::string large(kMostBytesRead + 1, 'x');
  for (int after = 1; after < 3; ++after) ASSERT_TRUE(append(*store, kKey, {.content = large}, after));
  expect_page(*store, {.limit = 10, .newest_first = true}, {3}, true);
  const auto window = load_window(*store, kKey, 10);
  ASSERT_EQ(window->messages.size(), 2U);
  EXPECT_EQ(window->messages.at(0).sequence, 1) << "the system message, as always";
  EXPECT_EQ(window->messages.at(1).sequence, 3);
}

TEST_P(StoreItems, FindsAnAnswerByItsResponsesId) {
  append_all(*store, kKey, "u");
  const Message answer{.role = Role::assistant, .content = "!", .interrupted = true};
  ASSERT_EQ(append(*store, {.key = kKey, .message = answer, .after = 1, .response_id = "resp_1"}), 2);
  const auto found = find_response(*store, "user", "resp_1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->conversation_id, kKey.id);
  EXPECT_EQ((*found)->answer.content, "!");
  EXPECT_EQ((*found)->answer.sequence, 2);
  EXPECT_TRUE((*found)->answer.interrupted);
  EXPECT_EQ((*found)->created, clock.wall_now());
  EXPECT_FALSE(*find_response(*store, "other", "resp_1"));
  EXPECT_FALSE(*find_response(*store, "user", "resp_2"));
}

TEST_P(StoreItems, AResponsesIdNamesOneAnswerOfAUser) {
  ASSERT_TRUE(append(*store, {.key = kKey, .message = {}, .response_id = "resp_1"}));
  const auto again = append(*store, {.key = kKey, .message = {}, .after = 1, .response_id = "resp_1"});
  EXPECT_EQ(again.error().code, base::Code::conflict);
  EXPECT_EQ(load_window(*store, kKey, 0)->last_sequence, 1);
  EXPECT_EQ(append(*store, {.key = {"other", "c"}, .message = {}, .response_id = "resp_1"}), 1);
}

TEST_P(StoreItems, ForgetsAResponseWithItsMessageOrItsConversation) {
  ASSERT_TRUE(append(*store, {.key = kKey, .message = {}, .response_id = "resp_1"}));
  ASSERT_TRUE(append(*store, {.key = kKey, .message = {}, .after = 1, .response_id = "resp_2"}));
  ASSERT_TRUE(remove_message(*store, kKey, 1));
  EXPECT_FALSE(*find_response(*store, "user", "resp_1"));
  EXPECT_TRUE(*find_response(*store, "user", "resp_2"));
  ASSERT_TRUE(remove(*store, kKey));
  EXPECT_FALSE(*find_response(*store, "user", "resp_2"));
}

TEST_P(StoreItems, AnUnlistedConversationGoesWithTheLastOfItsResponses) {
  const ConversationKey chain{"user", "chain"};
  const ConversationKey branch{"user", "branch"};
  ASSERT_TRUE(create(*store, {.key = chain, .messages = {{.content = "long ago"}, {.content = "?"}}, .listed = false}));
  ASSERT_TRUE(append(*store, {.key = chain, .message = {}, .after = 2, .response_id = "resp_1"}));
  ASSERT_TRUE(append(*store, {.key = chain, .message = {}, .after = 3, .response_id = "resp_2"}));
  ASSERT_TRUE(fork(*store, chain, 3, {.key = branch, .messages = {{.content = "other"}}, .listed = false}));
  ASSERT_TRUE(append(*store, {.key = branch, .message = {}, .after = 4, .response_id = "resp_3"}));
  ASSERT_TRUE(remove_message(*store, chain, 4));
  EXPECT_TRUE(load_window(*store, chain, 0)->exists) << "resp_1 is in it";
  ASSERT_TRUE(*remove_message(*store, chain, 3));
  EXPECT_FALSE(load_window(*store, chain, 0)->exists);
  ASSERT_TRUE(*remove_message(*store, branch, 5));
  EXPECT_FALSE(load_window(*store, branch, 0)->exists) << "with its copies of what was deleted elsewhere";
  ASSERT_TRUE(append(*store, {.key = kKey, .message = {}}));
  ASSERT_TRUE(*remove_message(*store, kKey, 1));
  EXPECT_TRUE(load_window(*store, kKey, 0)->exists) << "one that is listed stays";
}

TEST_P(StoreItems, ForksAConversationAtAMessage) {
  append_all(*store, kKey, "suaua");
  ASSERT_TRUE(remove_message(*store, kKey, 3));
  const ConversationKey branch{"user", "branch"};
  EXPECT_EQ(fork(*store, kKey, 4, {.key = branch, .messages = {{.content = "other way"}}, .listed = true}), 5);
  const auto window = load_window(*store, branch, 0);
  EXPECT_EQ(contents(*window), "s1 u2 u4 other way");
  EXPECT_EQ(window->messages.back().sequence, 5);
  EXPECT_EQ(contents(*load_window(*store, kKey, 0)), "s1 u2 u4 a5");
  EXPECT_EQ(list(*store, "user", 1)->at(0).messages, 4);
  EXPECT_EQ(list(*store, "user", 1)->at(0).title, "u2");
}

TEST_P(StoreItems, ForksOnlyWhatIsThere) {
  append_all(*store, kKey, "ua");
  const ConversationKey branch{"user", "branch"};
  EXPECT_EQ(fork(*store, kKey, 3, {.key = branch}).error().code, base::Code::not_found);
  EXPECT_EQ(fork(*store, {"other", kKey.id}, 1, {.key = branch}).error().code, base::Code::not_found);
  EXPECT_EQ(fork(*store, kKey, 1, {.key = kKey}).error().code, base::Code::conflict);
  EXPECT_FALSE(load_window(*store, branch, 0)->exists);
  EXPECT_EQ(store->statistics().errors_total, 0U);
}

INSTANTIATE_TEST_SUITE_P(On, StoreItems, testing::Values(CONTRACT_DATABASE), name_of_database);

}  // namespace
}  // namespace chatcore::storage
