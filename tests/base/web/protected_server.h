#pragma once
// A real server behind WebAccess, which answers with the user's name.

#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "../loopback.h"
#include "base/digest.h"
#include "base/http_client.h"
#include "base/web/web_access.h"

namespace base {

// "open sesame"
constexpr const char* kAlice = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

inline std::string fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/tls/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline WebConfigFile with_users() {
  WebConfigFile config;
  config.users = {{"alice", kAlice}};
  return config;
}

inline WebConfigFile with_tls() {
  WebConfigFile config;
  config.tls.emplace();
  config.tls->certificates = fixture("server.pem");
  config.tls->key = fixture("server.key");
  return config;
}

// Answers with the user's name, behind WebAccess.
class ProtectedServer {
 public:
  explicit ProtectedServer(const WebConfigFile& config,
                           WebAccess::WithoutPassword without_password = WebAccess::WithoutPassword::refuse)
      : server_([&](EventLoop& loop) {
          access = std::make_shared<WebAccess>(loop, without_password);
          EXPECT_TRUE(access->replace(config));
          HttpServerOptions options;
          options.tls = [access = access] { return access->tls(); };
          return std::make_unique<HttpServer>(loop, options, access->protect(answer));
        }) {}

  // The server's options hold it too, and are destroyed with the server, before its loop.
  ~ProtectedServer() { access.reset(); }
  ProtectedServer(const ProtectedServer&) = delete;
  ProtectedServer& operator=(const ProtectedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return server_.port; }
  [[nodiscard]] FetchRequest request(const std::string& scheme = "http") const {
    FetchRequest request;
    request.url = scheme + "://localhost:" + std::to_string(port()) + "/";
    request.ca_file = std::string(FIXTURES) + "/tls/ca.pem";
    return request;
  }
  [[nodiscard]] FetchResponse get(const std::string& password = "") const {
    auto asked = request();
    if (!password.empty()) asked.headers = {{"Authorization", "Basic " + encode_base64("alice:" + password)}};
    return fetch(asked).value();
  }

 private:
  static void answer(const std::shared_ptr<HttpExchange>& exchange) {
    exchange->respond({200,
                       {{"X-Frame-Options", "sameorigin"}},
                       "user=" + exchange->request().user + (exchange->request().over_tls ? " tls" : "")});
  }

 public:
  std::shared_ptr<WebAccess> access;

 private:
  ServerOnLoopback server_;
};

}  // namespace base
