#include "base/web/basic_auth.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace base {
namespace {

// htpasswd -nbBC 4 alice 'open sesame', and as other programs write the same scheme.
constexpr const char* kAlice = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

using Users = std::map<std::string, std::string>;

TEST(BcryptHash, IsOneOfKnownKindWithAllItsLetters) {
  const std::string hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
  EXPECT_TRUE(is_bcrypt_hash(hash));
  for (const char kind : {'a', 'b'}) EXPECT_TRUE(is_bcrypt_hash("$2" + std::string(1, kind) + hash.substr(3)));
  for (const auto& wrong :
       {hash + "a", hash.substr(1), std::string(), "$2x" + hash.substr(3), "$2y$03" + hash.substr(6),
        "$2y$32" + hash.substr(6), hash.substr(0, 59) + ":", "$1$" + hash.substr(3)}) {
    EXPECT_FALSE(is_bcrypt_hash(wrong)) << wrong;
  }
}

TEST(BasicAuthorization, IsABase64OfUserAndPassword) {
  const auto given = parse_basic_authorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->user, "Aladdin");
  EXPECT_EQ(given->password, "open sesame");
  EXPECT_TRUE(parse_basic_authorization("bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  EXPECT_EQ(parse_basic_authorization("Basic YTpiOmM=")->password, "b:c");
  EXPECT_EQ(parse_basic_authorization("Basic YTo=")->password, "");
}

TEST(BasicAuthorization, IsNothingForAllElse) {
  for (const char* header : {"", "Basic", "Basic ", "Bearer YTpi", "Basic YTpi=", "Basic YTp", "Basic YQ==",
                             "Basic Y T p i", "Basic YTpi\n", "BasicYTpi", "Basic ====", "Basic YTpi!AAA"}) {
    EXPECT_FALSE(parse_basic_authorization(header)) << header;
  }
}

TEST(BasicAuth, TakesTheRightPasswordOfTheRightUser) {
  const BasicAuth auth(Users{{"alice", kAlice}});
  EXPECT_TRUE(auth.check({"alice", "open sesame"}));
  EXPECT_FALSE(auth.check({"alice", "open sesam"}));
  EXPECT_FALSE(auth.check({"alice", ""}));
  EXPECT_FALSE(auth.check({"bob", "open sesame"}));
  EXPECT_FALSE(auth.check({"", ""}));
}

TEST(BasicAuth, TakesASaltWithUnusedBitsSet) {
  // The 22nd letter of the salt has two bits; "u" and "v" have the same two.
  std::string hash = kAlice;
  ASSERT_EQ(hash[28], 'u');
  hash[28] = 'v';
  EXPECT_TRUE(BasicAuth(Users{{"alice", hash}}).check({"alice", "open sesame"}));
}

TEST(BasicAuth, DoesNotCutPasswords) {
  // bcrypt knows 72 bytes and no NUL.
  const BasicAuth auth(Users{{"alice", kAlice}});
  EXPECT_FALSE(auth.check({"alice", std::string("open sesame\0more", 16)}));
  EXPECT_FALSE(auth.check({"alice", "open sesame" + std::string(80, 'x')}));
}

TEST(BasicAuth, RemembersWhatItHasChecked) {
  const BasicAuth auth(Users{{"alice", kAlice}});
  EXPECT_EQ(auth.cached_result({"alice", "open sesame"}), std::nullopt);
  static_cast<void>(auth.check({"alice", "open sesame"}));
  static_cast<void>(auth.check({"alice", "wrong"}));
  EXPECT_EQ(auth.cached_result({"alice", "open sesame"}), true);
  EXPECT_EQ(auth.cached_result({"alice", "wrong"}), false);
  // A flood of guesses does not push it out.
  for (int i = 0; i < 1100; ++i) static_cast<void>(auth.check({"nobody", std::to_string(i)}));
  EXPECT_EQ(auth.cached_result({"alice", "open sesame"}), true);
  // Not by the two put together.
  EXPECT_EQ(auth.cached_result({"aliceopen", " sesame"}), std::nullopt);
}

TEST(BasicAuth, AfterAReloadTheRightPasswordOfAnUnchangedUserIsKnown) {
  const UserAndPassword alice{"alice", "open sesame"};
  const UserAndPassword bob{"bob", "open sesame"};
  const BasicAuth before(Users{{"alice", kAlice}, {"bob", kAlice}});
  EXPECT_TRUE(before.check(alice));
  EXPECT_TRUE(before.check(bob));
  const std::string another = std::string(kAlice).replace(10, 1, "x");
  const BasicAuth after(Users{{"alice", kAlice}, {"bob", another}}, &before);
  EXPECT_EQ(after.cached_result(alice), true);
  EXPECT_EQ(after.cached_result(bob), std::nullopt);
  EXPECT_FALSE(after.check(bob));
  EXPECT_EQ(BasicAuth(Users{}, &before).cached_result(alice), std::nullopt);
}

}  // namespace
}  // namespace base
