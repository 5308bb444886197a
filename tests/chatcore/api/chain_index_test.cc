#include "chatcore/api/chain_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using conversation::Message;
using conversation::Role;

// "system, question, answer, question …" from letters: s, u, a; each message has its place as text.
std::vector<Message> history(const std::string& roles) {
  std::vector<Message> messages;
  for (const char role : roles) {
    messages.push_back({.role = role == 's'   ? Role::system
                                : role == 'a' ? Role::assistant
                                              : Role::user,
                        .content = "text " + std::to_string(messages.size())});
  }
  return messages;
}

base::Digest digest_of(const std::vector<Message>& messages, const std::string& user = "alice") {
  HistoryDigest digest(user);
  for (const auto& message : messages) digest.add(message.role, message.content);
  return digest.value();
}

TEST(ChainIndex, FindsTheChainThatEndedWithTheHistory) {
  ChainIndex index;
  index.put(digest_of(history("sua")), {"chain_1", 3});
  const auto known = index.find("alice", history("suau"));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->messages, 3U);
  EXPECT_EQ(known->end.conversation_id, "chain_1");
  EXPECT_EQ(known->end.last_sequence, 3);
}

TEST(ChainIndex, FindsTheLongestKnownPrefix) {
  ChainIndex index;
  index.put(digest_of(history("ua")), {"chain_1", 2});
  index.put(digest_of(history("uaua")), {"chain_2", 4});
  EXPECT_EQ(index.find("alice", history("uauau"))->end.conversation_id, "chain_2");
  EXPECT_EQ(index.find("alice", history("uauuu"))->end.conversation_id, "chain_1");
}

TEST(ChainIndex, FindsNeitherAnotherUsersHistoryNorAnotherText) {
  ChainIndex index;
  index.put(digest_of(history("ua")), {"chain_1", 2});
  EXPECT_FALSE(index.find("bob", history("uau")));
  auto changed = history("uau");
  changed[1].content += ".";
  EXPECT_FALSE(index.find("alice", changed));
  auto moved = history("uau");
  moved[0].content += moved[1].content;
  moved[1].content.clear();
  EXPECT_FALSE(index.find("alice", moved));
  EXPECT_FALSE(index.find("alice", history("ua"))) << "a question has to follow";
}

TEST(ChainIndex, AContinuedChainIsFoundAtItsNewEndOnly) {
  ChainIndex index;
  index.put(digest_of(history("ua")), {"chain_1", 2});
  index.put(digest_of(history("uaua")), {"chain_1", 4});
  EXPECT_FALSE(index.find("alice", history("uau")));
  EXPECT_EQ(index.find("alice", history("uauau"))->end.last_sequence, 4);
}

TEST(ChainIndex, EvictsTheLeastRecentlyUsed) {
  ChainIndex index(2);
  const auto put = [&](const std::string& user) { index.put(digest_of(history("ua"), user), {"chain_" + user, 2}); };
  put("alice");
  put("bob");
  EXPECT_TRUE(index.find("alice", history("uau")));
  put("carol");
  EXPECT_TRUE(index.find("alice", history("uau")));
  EXPECT_FALSE(index.find("bob", history("uau")));
  EXPECT_TRUE(index.find("carol", history("uau")));
}

}  // namespace
}  // namespace chatcore::api
