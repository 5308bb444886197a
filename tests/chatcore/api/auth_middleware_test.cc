#include "chatcore/api/auth_middleware.h"

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

using std::chrono::seconds;

constexpr const char* kAlice = "sk-alice-0123456789";
constexpr const char* kBob = "sk-bob-0123456789";

access::Credentials two_users() {
  auto keys = access::KeyRing::parse("alice:" + std::string(kAlice) + "\nbob:" + kBob, "keys");
  access::Credentials credentials;
  credentials.keys = std::move(keys.value());
  return credentials;
}

base::HttpRequest request_of(const char* key, const char* host = "localhost:8080", const char* peer = "127.0.0.1") {
  base::HttpRequest request;
  request.method = "POST";
  request.headers = {{"host", host}};
  if (key) request.headers.emplace_back("authorization", "Bearer " + std::string(key));
  request.peer = peer;
  request.peer_is_loopback = request.peer == "127.0.0.1";
  return request;
}

class AuthMiddlewareTest : public testing::Test {
 protected:
  void open(access::Credentials credentials, access::UserLimitSettings settings = {}, AuthRules rules = {}) {
    authenticator_.replace(std::move(credentials));
    limits_.configure(settings);
    auth_.replace(std::move(rules));
  }
  Parsed<Principal> enter(Access access, const base::HttpRequest& request, seconds after = seconds(0)) {
    return auth_.enter(access, request, {.steady = base::SteadyTime(seconds(1000) + after), .wall = {}});
  }
  int status(Access access, const base::HttpRequest& request) {
    const auto principal = enter(access, request);
    return principal ? 200 : principal.error().status;
  }

  access::Authenticator authenticator_{access::Credentials{}};
  access::UserLimits limits_{access::UserLimitSettings{}};
  AuthMiddleware auth_{authenticator_, limits_, AuthRules{}};
};

TEST_F(AuthMiddlewareTest, WithoutKeysEveryoneIsNobody) {
  EXPECT_EQ(enter(Access::user, request_of(nullptr))->user, "");
  EXPECT_EQ(enter(Access::user, request_of(kAlice))->user, "");
}

TEST_F(AuthMiddlewareTest, WithKeysEveryoneIsSomeone) {
  open(two_users());
  EXPECT_EQ(enter(Access::user, request_of(kAlice))->user, "alice");
  EXPECT_EQ(enter(Access::turn, request_of(kBob))->user, "bob");
  EXPECT_EQ(status(Access::user, request_of(nullptr)), 401);
  EXPECT_EQ(status(Access::turn, request_of("sk-nobody-0123456789")), 401);
}

TEST_F(AuthMiddlewareTest, WhileAReloadReplacesKeysByPasswordsNobodyIsLetIn) {
  open(two_users(), {}, {.authenticates = true});
  authenticator_.replace(access::Credentials{});
  EXPECT_EQ(status(Access::user, request_of(nullptr)), 401);
  EXPECT_EQ(status(Access::turn, request_of(kAlice)), 401);
}

TEST_F(AuthMiddlewareTest, HealthAsksNobodyAndAKeyIsNoAdminToken) {
  open(two_users(), {}, {.admin = {.token = "admin token", .allow_remote = false}});
  EXPECT_EQ(status(Access::everyone, request_of(nullptr)), 200);
  EXPECT_EQ(status(Access::admin, request_of(kAlice)), 401);
  EXPECT_EQ(status(Access::admin, request_of("admin token")), 200);
  EXPECT_EQ(status(Access::user, request_of("admin token")), 401);
}

TEST_F(AuthMiddlewareTest, ANameThatIsAllowedIsNoWayIntoAdministrationByPlace) {
  open(two_users(), {}, {.allowed_hosts = {"chat.example"}});
  EXPECT_EQ(status(Access::user, request_of(kAlice, "chat.example")), 200);
  EXPECT_EQ(status(Access::admin, request_of(nullptr, "chat.example")), 421);
  EXPECT_EQ(status(Access::admin, request_of(nullptr, "localhost:8080")), 200);
  open(two_users(), {}, {.admin = {.token = "admin token", .allow_remote = false}, .allowed_hosts = {"chat.example"}});
  EXPECT_EQ(status(Access::admin, request_of("admin token", "chat.example")), 200);
}

TEST_F(AuthMiddlewareTest, AUserWhoAsksTooQuicklyIsToldWhenToComeBack) {
  open(two_users(), {.requests_per_second = 0.5, .burst = 1});
  EXPECT_TRUE(enter(Access::user, request_of(kAlice)));
  const auto refused = enter(Access::user, request_of(kAlice));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 429);
  EXPECT_EQ(refused.error().retry_after_seconds, 2);
  EXPECT_TRUE(enter(Access::user, request_of(kBob)));
  EXPECT_FALSE(enter(Access::user, request_of(kAlice), seconds(1)));
  EXPECT_TRUE(enter(Access::user, request_of(kAlice), seconds(2)));
}

TEST_F(AuthMiddlewareTest, WithoutNamesTheAddressIsLimited) {
  open({}, {.requests_per_second = 1, .burst = 1}, {.on_loopback = false});
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat", "192.0.2.1")), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat", "192.0.2.1")), 429);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat", "192.0.2.2")), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat", "2001:db8::1")), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat", "2001:db8::ffff:2")), 429) << "the same network";
}

TEST_F(AuthMiddlewareTest, AnswersUnderWayAreCountedAndOtherRequestsAreNot) {
  open(two_users(), {.streams = 1});
  auto first = enter(Access::turn, request_of(kAlice));
  ASSERT_TRUE(first);
  EXPECT_EQ(status(Access::turn, request_of(kAlice)), 429);
  EXPECT_EQ(status(Access::user, request_of(kAlice)), 200);
  EXPECT_EQ(status(Access::turn, request_of(kBob)), 200);
  first = Principal{};
  EXPECT_EQ(status(Access::turn, request_of(kAlice)), 200);
}

TEST_F(AuthMiddlewareTest, OnLoopbackWithoutKeysOnlyItsOwnNamesLetIn) {
  for (const char* host : {"localhost", "LOCALHOST:80", "localhost.:8080", "127.0.0.1:8080", "127.3.4.5", "[::1]:80",
                           "chat.localhost", ""}) {
    EXPECT_EQ(status(Access::user, request_of(nullptr, host)), 200) << host;
    EXPECT_EQ(status(Access::everyone, request_of(nullptr, host)), 200) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example",
                           "evillocalhost", "128.0.0.1", "0.0.0.0", "[::2]:80", "127.1", "2130706433"}) {
    EXPECT_EQ(status(Access::user, request_of(nullptr, host)), 421) << host;
    EXPECT_EQ(status(Access::everyone, request_of(nullptr, host)), 421) << host;
  }
}

TEST_F(AuthMiddlewareTest, AllowedHostsLetInBesidesLoopback) {
  open({}, {}, {.on_loopback = false, .allowed_hosts = {"Chat.Example"}});
  EXPECT_EQ(status(Access::user, request_of(nullptr, "chat.example:443")), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "localhost")), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr, "other.example")), 421);
}

TEST_F(AuthMiddlewareTest, WhereKeysAreAskedForANameDecidesNothingExceptForAdministration) {
  open(two_users());
  EXPECT_EQ(status(Access::user, request_of(kAlice, "chat.example")), 200);
  EXPECT_EQ(status(Access::admin, request_of(nullptr, "chat.example")), 421) << "loopback is all that lets it in";
  EXPECT_EQ(status(Access::admin, request_of(nullptr, "localhost")), 200);
}

TEST_F(AuthMiddlewareTest, WrongKeysAreRateLimitedAndValidOnesAreNot) {
  open(two_users());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status(Access::user, request_of("sk-wrong-0123456789")), 401) << i;
  const auto refused = enter(Access::user, request_of("sk-wrong-0123456789"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 429);
  EXPECT_EQ(refused.error().retry_after_seconds, 6);
  EXPECT_EQ(status(Access::user, request_of(kAlice)), 200);
  EXPECT_EQ(status(Access::user, request_of(nullptr)), 401) << "no key is not a wrong one";
  EXPECT_EQ(status(Access::user, request_of("sk-wrong-0123456789", "localhost:8080", "192.0.2.1")), 401);
  EXPECT_EQ(enter(Access::user, request_of("sk-wrong-0123456789"), seconds(6)).error().status, 401);
}

TEST_F(AuthMiddlewareTest, WrongAdminTokensAreRateLimited) {
  open({}, {}, {.admin = {.token = "secret"}});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status(Access::admin, request_of("wrong")), 401) << i;
  EXPECT_EQ(status(Access::admin, request_of("wrong")), 429);
  EXPECT_EQ(status(Access::admin, request_of("secret")), 200);
}

TEST_F(AuthMiddlewareTest, AnAllowedOriginReachesAllRoutesButAdmin) {
  open({}, {}, {.allowed_origins = {"https://app.example"}});
  auto request = request_of(nullptr);
  request.headers.emplace_back("origin", "https://app.example");
  EXPECT_EQ(status(Access::turn, request), 200);
  EXPECT_EQ(status(Access::admin, request), 403);
  EXPECT_EQ(auth_.allowed_origin(Access::turn, request), "https://app.example");
  EXPECT_EQ(auth_.allowed_origin(Access::admin, request), "");
}

}  // namespace
}  // namespace chatcore::api
