#include "chatcore/api/item_id.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

TEST(ItemId, NamesAPlaceInOneConversation) {
  for (const std::int64_t sequence : {std::int64_t{1}, std::int64_t{16}, std::numeric_limits<std::int64_t>::max()}) {
    const auto id = item_id("conv_a", sequence);
    EXPECT_EQ(sequence_of_item("conv_a", id), sequence);
    EXPECT_EQ(sequence_of_item("conv_b", id), std::nullopt);
  }
}

TEST(ItemId, StaysTheSame) { EXPECT_EQ(item_id("", 255), "msg_cbf29ce48422232500000000000000ff"); }

TEST(ItemId, ContainsAConversationIdThatChatcoreGenerated) {
  for (const std::string prefix : {"chain_", "conv_"}) {
    const std::string conversation = prefix + std::string(30, 'a') + "09";
    const auto id = item_id(conversation, 255);
    EXPECT_EQ(sequence_of_item(conversation, id), 255);
    EXPECT_EQ(sequence_of_item(prefix + std::string(32, 'a'), id), std::nullopt);
    const auto place = place_of_item(id);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->conversation_id, conversation);
    EXPECT_EQ(place->sequence, 255);
    EXPECT_FALSE(place_of_item(id + "0"));
    EXPECT_FALSE(place_of_item(id.substr(1)));
  }
  for (const auto& id : {item_id("conv_1", 5), item_id("conv_" + std::string(32, 'A'), 5), std::string("msg_x"),
                         std::string("rs_1"), std::string()}) {
    EXPECT_FALSE(place_of_item(id)) << id;
  }
}

TEST(ItemId, WhatIsNotMadeHereNamesNothing) {
  const auto id = item_id("c", 10);
  EXPECT_FALSE(sequence_of_item("c", ""));
  EXPECT_FALSE(sequence_of_item("c", "msg_"));
  EXPECT_FALSE(sequence_of_item("c", id + "0"));
  EXPECT_FALSE(sequence_of_item("c", id.substr(0, id.size() - 1)));
  EXPECT_FALSE(sequence_of_item("c", id.substr(0, id.size() - 1) + "A")) << "capital digits";
  EXPECT_FALSE(sequence_of_item("c", id.substr(0, id.size() - 1) + "g"));
  EXPECT_FALSE(sequence_of_item("c", "MSG_" + id.substr(4)));
  EXPECT_FALSE(sequence_of_item("c", item_id("c", 0)));
  EXPECT_FALSE(sequence_of_item("c", item_id("c", -1)));
}

}  // namespace
}  // namespace chatcore::api
