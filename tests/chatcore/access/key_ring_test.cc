#include "chatcore/access/key_ring.h"

#include <gtest/gtest.h>

namespace chatcore::access {
namespace {

constexpr const char* kAlice = "sk-alice-0123456789";
constexpr const char* kBob = "sk-bob-0123456789ab";
// printf %s sk-bob-0123456789ab | sha256sum
constexpr const char* kBobDigest = "c64d480009d96be90817e4035d00803187a2077741d43ddb04aca646dbf097c4";

std::string error_of(std::string_view text) {
  const auto ring = KeyRing::parse(text, "keys");
  return ring ? "" : ring.error().message;
}

std::string user_of(const KeyRing& ring, std::string_view key) {
  const std::string* user = ring.user_of(key);
  return user ? *user : "";
}

TEST(KeyRing, FindsTheUserOfAPlainAndOfAHashedKey) {
  const auto ring =
      KeyRing::parse("# people\n\nalice:" + std::string(kAlice) + "\r\n  bob:sha256:" + kBobDigest, "keys");
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ(ring->size(), 2U);
  EXPECT_EQ(user_of(*ring, kAlice), "alice");
  EXPECT_EQ(user_of(*ring, kBob), "bob");
}

TEST(KeyRing, AByteOrderMarkIsNoPartOfTheFirstUsersName) {
  const auto ring = KeyRing::parse(
      "\xEF\xBB\xBF"
      "alice:" +
          std::string(kAlice),
      "keys");
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ(user_of(*ring, kAlice), "alice");
}

TEST(KeyRing, NothingElseIsAKey) {
  const auto ring = KeyRing::parse("alice:" + std::string(kAlice) + "\nbob:sha256:" + kBobDigest, "keys");
  ASSERT_TRUE(ring);
  for (const std::string& wrong :
       {std::string(), std::string("alice"), std::string("sk-alice-012345678"), std::string("sk-alice-01234567890"),
        std::string("SK-ALICE-0123456789"), std::string(kBobDigest), "sha256:" + std::string(kBobDigest),
        "alice:" + std::string(kAlice), std::string(kAlice) + " ", std::string(100'000, 'a')}) {
    EXPECT_EQ(ring->user_of(wrong), nullptr) << wrong.substr(0, 50);
  }
}

TEST(KeyRing, AUserMayHaveSeveralKeysAndAColonInAKey) {
  const auto ring = KeyRing::parse("alice:" + std::string(kAlice) + "\nalice:second:key:of:alice", "keys");
  ASSERT_TRUE(ring) << ring.error().message;
  EXPECT_EQ(user_of(*ring, kAlice), "alice");
  EXPECT_EQ(user_of(*ring, "second:key:of:alice"), "alice");
}

TEST(KeyRing, EveryWrongLineIsToldWithoutWhatItHolds) {
  const std::string error = error_of(
      "alice\nbob:\ncarol:short-SECRET\n:sk-0123456789abcdef\ndave:sha256:12SECRET\nerin:key with space in it\n"
      "frank:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nzoe:sk-zoe-0123456789a");
  for (int line = 1; line <= 7; ++line) {
    EXPECT_NE(error.find("keys:" + std::to_string(line) + ": "), std::string::npos) << line << " in " << error;
  }
  EXPECT_EQ(error.find("keys:8"), std::string::npos) << error;
  EXPECT_EQ(error.find("SECRET"), std::string::npos) << error;
}

TEST(KeyRing, AKeyOfTwoUsersIsRefused) {
  EXPECT_NE(error_of("alice:" + std::string(kAlice) + "\nbob:" + kAlice).find("keys:2"), std::string::npos);
  EXPECT_NE(error_of("bob:" + std::string(kBob) + "\nalice:sha256:" + kBobDigest).find("keys:2"), std::string::npos);
}

TEST(KeyRing, AFileWithoutAKeyIsRefused) {
  EXPECT_EQ(error_of(""), "keys: holds no key");
  EXPECT_EQ(error_of("# nobody yet\n"), "keys: holds no key");
}

TEST(KeyRing, KeysAreBounded) {
  std::string text;
  for (std::size_t i = 0; i < kMaxKeys; ++i) text += "u:sk-0123456789abcdef-" + std::to_string(i) + "\n";
  EXPECT_EQ(error_of(text), "");
  EXPECT_NE(error_of(text + "u:sk-0123456789abcdef-one-more"), "");
}

}  // namespace
}  // namespace chatcore::access
