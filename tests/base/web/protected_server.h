#pragma once
// A real server behind WebAccess, which answers with the user's name.

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

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
                           WebAccess::WithoutPassword otherwise = WebAccess::WithoutPassword::refuse)
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

}  // namespace base
