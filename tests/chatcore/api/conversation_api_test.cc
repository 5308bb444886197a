// What /v1/conversations takes and answers with.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chatcore/api/conversation_replies.h"
#include "chatcore/api/conversation_requests.h"
#include "chatcore/api/item_id.h"

namespace chatcore::api {
namespace {

std::string items(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) list += std::string(i == 0 ? "" : ",") + R"({"role":"user","content":"a"})";
  return R"({"items":[)" + list + "]}";
}

Parsed<storage::PageRequest> query(const std::string& text) {
  base::HttpRequest request;
  request.query = text;
  return parse_items_query(request, "c");
}

TEST(ConversationRequest, MayBeNothing) {
  for (const char* body : {"", "{}", R"({"items":[],"metadata":{}})", R"({"items":null,"metadata":null})"}) {
    const auto parsed = parse_conversation_request(body);
    ASSERT_TRUE(parsed) << body;
    EXPECT_TRUE(parsed->items.empty());
    EXPECT_EQ(parsed->metadata, "{}");
  }
  EXPECT_FALSE(parse_conversation_request("[]"));
}

TEST(ConversationRequest, AUserMessageIsNotEmpty) {
  const std::string body = R"({"items":[{"role":"user","content":"a"},{"role":"assistant","content":""},)"
                           R"({"role":"user","content":" "}]})";
  EXPECT_EQ(parse_conversation_request(body).error().param, "items[2].content");
  EXPECT_EQ(parse_items_request(body).error().param, "items[2].content");
  EXPECT_TRUE(parse_items_request(R"({"items":[{"role":"assistant","content":""}]})")) << "an answer may be";
}

TEST(ConversationRequest, TakesUpToTwentyItems) {
  EXPECT_EQ(parse_conversation_request(items(20))->items.size(), 20U);
  EXPECT_EQ(parse_conversation_request(items(21)).error().param, "items");
  EXPECT_EQ(parse_items_request(items(20))->size(), 20U);
  EXPECT_FALSE(parse_items_request(items(21)));
  EXPECT_FALSE(parse_items_request(items(0)));
  EXPECT_EQ(parse_items_request("{}").error().code, "missing_field");
}

TEST(ConversationRequest, AnUpdateMustBringMetadata) {
  EXPECT_EQ(parse_metadata_request("{}").error().param, "metadata");
  EXPECT_EQ(*parse_metadata_request(R"({"metadata":{"a":"b"}})"), R"({"a":"b"})");
  EXPECT_EQ(*parse_metadata_request(R"({"metadata":null})"), "{}");
}

std::string metadata(const std::string& key, const std::string& value) {
  return R"({"metadata":{")" + key + R"(":")" + value + R"("}})";
}
std::string repeated(int count, const std::string& letter) {
  std::string text;
  for (int i = 0; i < count; ++i) text += letter;
  return text;
}

TEST(ConversationRequest, MetadataIsBoundedInLettersWhateverTheirBytes) {
  EXPECT_TRUE(parse_metadata_request(metadata(repeated(64, "آ"), repeated(512, "😀"))));
  EXPECT_FALSE(parse_metadata_request(metadata(repeated(65, "a"), "")));
  EXPECT_EQ(parse_metadata_request(metadata("k", repeated(513, "a"))).error().param, "metadata");
}

TEST(ConversationRequest, MetadataHoldsNoNulButMaySpeakOfOne) {
  EXPECT_EQ(parse_metadata_request(metadata("k", R"(a\u0000)")).error().code, "invalid_text");
  EXPECT_EQ(parse_metadata_request(metadata(R"(a\u0000)", "")).error().code, "invalid_text");
  EXPECT_EQ(*parse_metadata_request(metadata("k", R"(a\\u0000)")), R"({"k":"a\\u0000"})");
}

TEST(ItemsQuery, HasDefaultsAndBounds) {
  EXPECT_EQ(query("")->limit, 20U);
  EXPECT_TRUE(query("")->newest_first);
  EXPECT_FALSE(query("order=asc")->newest_first);
  EXPECT_EQ(query("limit=1")->limit, 1U);
  EXPECT_EQ(query("limit=100")->limit, 100U);
  EXPECT_EQ(query("after=" + item_id("c", 7))->after, 7);
  for (const char* wrong :
       {"limit=0", "limit=101", "limit=-1", "limit=1x", "limit=99999999999999999999", "order=up", "after=msg_1"}) {
    EXPECT_FALSE(query(wrong)) << wrong;
  }
  EXPECT_FALSE(query("after=" + item_id("other", 7)));
}

TEST(Items, AnEmptyListHasNoEnds) {
  EXPECT_EQ(items_json("c", {}), R"({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false})");
}

TEST(Items, RolesHavePartsOfTheirOwn) {
  EXPECT_THAT(item_json("c", {.content = "a", .sequence = 1}),
              testing::HasSubstr(R"("role":"user","content":[{"type":"input_text","text":"a"}])"));
  EXPECT_THAT(item_json("c", {.role = conversation::Role::assistant, .content = "a", .sequence = 1}),
              testing::HasSubstr(R"("content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}])"));
}

TEST(Conversation, UnreadableMetadataIsEmptyRatherThanABrokenAnswer) {
  const base::WallTime time(std::chrono::seconds(5));
  EXPECT_EQ(conversation_json("c", {.created = time, .last_used = time, .metadata = "{"}),
            R"({"id":"c","object":"conversation","created_at":5,"metadata":{}})");
}

}  // namespace
}  // namespace chatcore::api
