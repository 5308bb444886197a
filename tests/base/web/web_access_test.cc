#include "base/web/web_access.h"

#include <array>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protected_server.h"

namespace base {
namespace {

using testing::HasSubstr;
using WithoutPassword = WebAccess::WithoutPassword;

TEST(WebAccess, WithoutUsersEveryoneIsServed) { EXPECT_EQ(ProtectedServer(WebConfigFile{}).get().body, "user="); }

TEST(WebAccess, ARightPasswordIsServedAndNamesTheUser) {
  const ProtectedServer server(with_users());
  for (int i = 0; i < 2; ++i) {  // computed, then remembered
    const auto response = server.get("open sesame");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "user=alice");
  }
}

TEST(WebAccess, NoPasswordOrAWrongOneIsChallenged) {
  const ProtectedServer server(with_users());
  for (const char* password : {"", "wrong", "wrong"}) {
    const auto response = server.get(password);
    EXPECT_EQ(response.status, 401) << password;
    EXPECT_THAT(std::string(response.header("www-authenticate")), HasSubstr("Basic realm="));
  }
}

TEST(WebAccess, AfterTenWrongPasswordsANetworkWaitsButARightOneThatIsKnownGoesOn) {
  const ProtectedServer server(with_users());
  EXPECT_EQ(server.get("open sesame").status, 200);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.get("guess " + std::to_string(i)).status, 401) << i;
  EXPECT_EQ(server.get("one more").status, 429);
  EXPECT_EQ(server.get("guess 0").status, 401);  // costs nothing
  EXPECT_EQ(server.get("open sesame").status, 200);
}

TEST(WebAccess, GuessesAtTheSameTimeAreCountedBeforeTheyAreChecked) {
  const ProtectedServer server(with_users());
  std::vector<std::future<int>> statuses;
  for (int i = 0; i < 30; ++i)
    statuses.push_back(
        std::async(std::launch::async, [&, i] { return server.get("guess " + std::to_string(i)).status; }));
  int checked = 0;
  for (auto& status : statuses) checked += status.get() == 401 ? 1 : 0;
  EXPECT_LE(checked, 12);  // ten, and one every six seconds
}

TEST(WebAccess, ManyRequestsWithOnePasswordWaitForOneCheck) {
  const ProtectedServer server(with_users());
  std::vector<std::future<int>> statuses;
  for (int i = 0; i < 100; ++i)
    statuses.push_back(std::async(std::launch::async, [&] { return server.get("open sesame").status; }));
  for (auto& status : statuses) EXPECT_EQ(status.get(), 200);
}

TEST(WebAccess, WhereOthersMayKnowTheClientItIsPassedOnWithoutAUser) {
  const ProtectedServer server(with_users(), WithoutPassword::forward);
  EXPECT_EQ(server.get("wrong").body, "user=");
  EXPECT_EQ(server.get("open sesame").body, "user=alice");
}

TEST(WebAccess, HeadersAreAddedWhereTheHandlerHasSetNone) {
  auto config = with_users();
  config.headers = {{"X-Frame-Options", "deny"}, {"Strict-Transport-Security", "max-age=60"}};
  const ProtectedServer server(config);
  const auto response = server.get("open sesame");
  EXPECT_EQ(response.header("strict-transport-security"), "max-age=60");
  EXPECT_EQ(response.header("x-frame-options"), "sameorigin");
  EXPECT_EQ(server.get().header("x-frame-options"), "deny");
}

// A request keeps the configuration with which it began.
TEST(WebAccess, AReloadBetweenTwoRequestsMixesNothing) {
  std::array<WebConfigFile, 2> configs;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    for (int header = 0; header < 20; ++header)
      configs.at(i).headers.emplace_back("X-" + std::to_string(header), std::string(1000, i == 0 ? 'a' : 'b'));
  }
  const ProtectedServer server(configs[0]);
  const std::jthread reloads([&](const std::stop_token& stop) {
    for (std::size_t i = 0; !stop.stop_requested(); ++i) EXPECT_TRUE(server.access->replace(configs.at(i % 2)));
  });
  for (int i = 0; i < 500; ++i) {
    const auto response = server.get();
    const std::string first(response.header("x-0"));
    ASSERT_EQ(first.size(), 1000U);
    EXPECT_EQ(first.find_first_not_of(first[0]), std::string::npos);
    EXPECT_EQ(response.header("x-19"), first);
  }
}

TEST(WebAccess, SuitesOfTls13AloneAreRefusedWhereOnlyTls12IsAllowed) {
  auto config = with_tls();
  config.tls->cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  EXPECT_TRUE(TlsContext::make(*config.tls));
  config.tls->allows_1_3 = false;
  EXPECT_THAT(TlsContext::make(*config.tls).error().message, HasSubstr("none of TLS 1.2"));
}

TEST(WebAccess, RequestsOverTheRateAreRefused) {
  WebConfigFile config;
  config.rate = RateLimit{.per_second = 1.0 / 3600, .burst = 3};
  const ProtectedServer server(config);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server.get().status, 200);
  EXPECT_EQ(server.get().status, 429);
}

TEST(WebAccess, TlsIsSpokenToThoseWhoTrustTheCertificate) {
  const ProtectedServer server(with_tls());
  EXPECT_EQ(fetch(server.request("https")).value().body, "user= tls");
  auto distrusting = server.request("https");
  distrusting.ca_file = std::string(FIXTURES) + "/tls/stranger.pem";
  EXPECT_FALSE(fetch(distrusting));
}

TEST(WebAccess, AClientMayTrustOneCertificateWhateverHostItNames) {
  const ProtectedServer server(with_tls());
  auto request = server.request("https");
  request.url = "https://127.0.0.2:" + std::to_string(server.port()) + "/";
  EXPECT_FALSE(fetch(request));  // listens on 127.0.0.1
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.ca_file.clear();
  request.server_certificate = fixture("client.pem");
  EXPECT_FALSE(fetch(request));
  request.server_certificate = fixture("server.pem");
  EXPECT_EQ(fetch(request).value().status, 200);
}

TEST(WebAccess, AClientWithoutTlsIsToldToUseIt) {
  const ProtectedServer server(with_tls());
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("use https:// instead of http://"));
}

TEST(WebAccess, AReloadShowsTheNewCertificateAndAWrongOneChangesNothing) {
  ProtectedServer server(with_tls());
  auto renewed = with_tls();
  renewed.tls->certificates = fixture("client.pem");
  EXPECT_FALSE(server.access->replace(renewed));  // not with the server's key
  EXPECT_TRUE(fetch(server.request("https")));
  renewed.tls->key = fixture("client.key");
  EXPECT_TRUE(server.access->replace(renewed));
  auto request = server.request("https");
  request.ca_file.clear();
  request.server_certificate = fixture("client.pem");
  EXPECT_TRUE(fetch(request));
}

}  // namespace
}  // namespace base
