#include "base/web/web_access.h"

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../loopback.h"
#include "base/digest.h"
#include "base/http_client.h"

namespace base {
namespace {

using testing::HasSubstr;
using WithoutPassword = WebAccess::WithoutPassword;

// "open sesame"
constexpr const char* kAlice = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/tls/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

WebConfigFile with_users() {
  WebConfigFile config;
  config.users = {{"alice", kAlice}};
  return config;
}

WebConfigFile with_tls() {
  WebConfigFile config;
  config.tls.emplace();
  config.tls->certificates = fixture("server.pem");
  config.tls->key = fixture("server.key");
  return config;
}

// Answers with the user's name, behind WebAccess.
class ProtectedServer {
 public:
  explicit ProtectedServer(const WebConfigFile& config, WithoutPassword otherwise = WithoutPassword::refuse)
      : access(loop_, otherwise) {
    EXPECT_TRUE(access.replace(config));
    HttpServerOptions options;
    options.tls = [this] { return access.tls(); };
    server_ =
        std::make_unique<HttpServer>(loop_, options, access.protect([](const std::shared_ptr<HttpExchange>& exchange) {
          exchange->respond({200,
                             {{"X-Frame-Options", "sameorigin"}},
                             "user=" + exchange->request().user + (exchange->request().over_tls ? " tls" : "")});
        }));
    port = server_->listen("127.0.0.1:0").value();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ProtectedServer() {
    std::promise<void> gone;
    loop_.post([&] {
      server_.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }
  ProtectedServer(const ProtectedServer&) = delete;
  ProtectedServer& operator=(const ProtectedServer&) = delete;

  [[nodiscard]] FetchRequest request(const std::string& scheme = "http") const {
    FetchRequest request;
    request.url = scheme + "://localhost:" + std::to_string(port) + "/";
    request.ca_file = std::string(FIXTURES) + "/tls/ca.pem";
    return request;
  }
  [[nodiscard]] FetchResponse get(const std::string& password = "") const {
    auto asked = request();
    if (!password.empty()) asked.headers = {{"Authorization", "Basic " + encode_base64("alice:" + password)}};
    return fetch(asked).value();
  }

 private:
  EventLoop loop_;

 public:
  WebAccess access;
  std::uint16_t port = 0;

 private:
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

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

TEST(WebAccess, WhereOthersMayKnowTheClientItIsPassedOnWithoutAUser) {
  const ProtectedServer server(with_users(), WithoutPassword::pass_on);
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

TEST(WebAccess, RequestsOverTheRateAreRefused) {
  WebConfigFile config;
  config.rate = {.interval = std::chrono::hours(1), .burst = 3};
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
  request.url = "https://127.0.0.2:" + std::to_string(server.port) + "/";
  EXPECT_FALSE(fetch(request));  // listens on 127.0.0.1
  request.url = "https://127.0.0.1:" + std::to_string(server.port) + "/";
  request.ca_file.clear();
  request.server_certificate = fixture("client.pem");
  EXPECT_FALSE(fetch(request));
  request.server_certificate = fixture("server.pem");
  EXPECT_EQ(fetch(request).value().status, 200);
}

TEST(WebAccess, AClientWithoutTlsIsToldToUseIt) {
  const ProtectedServer server(with_tls());
  RawClient client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("use https:// instead of http://"));
}

TEST(WebAccess, AReloadShowsTheNewCertificateAndAWrongOneChangesNothing) {
  ProtectedServer server(with_tls());
  auto renewed = with_tls();
  renewed.tls->certificates = fixture("client.pem");
  EXPECT_FALSE(server.access.replace(renewed));  // not with the server's key
  EXPECT_TRUE(fetch(server.request("https")));
  renewed.tls->key = fixture("client.key");
  EXPECT_TRUE(server.access.replace(renewed));
  auto request = server.request("https");
  request.ca_file.clear();
  request.server_certificate = fixture("client.pem");
  EXPECT_TRUE(fetch(request));
}

}  // namespace
}  // namespace base
