// The shed request against a real HTTP server on loopback.

#include "guard/action/shed_request.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/http_server.h"
#include "loop_thread.h"

namespace engine_test {
namespace {

using base::Code;
using testing::HasSubstr;
using testing::Not;

class ShedServer : public testing::Test {
 protected:
  ShedServer() : token_file(testing::TempDir() + "shed-token-" + std::to_string(::getpid())) {
    std::ofstream(token_file) << "top-secret\n";
    thread.on_loop([&] {
      server = std::make_unique<base::HttpServer>(thread.loop, base::HttpServerOptions{}, [&](const auto& exchange) {
        received = exchange->request();
        exchange->respond(
            {.status = status, .headers = {}, .body = "you sent " + std::string(received.header("authorization"))});
      });
      port = server->listen("127.0.0.1:0").value();
    });
  }
  ~ShedServer() override {
    thread.on_loop([&] { server.reset(); });
    std::remove(token_file.c_str());
  }
  guard::policy::Shed shed() const {
    return {
        .url = "http://127.0.0.1:" + std::to_string(port) + "/admin/shed", .target = {0.7}, .token_file = token_file};
  }

  std::string token_file;
  LoopThread thread;
  std::unique_ptr<base::HttpServer> server;
  std::uint16_t port = 0;
  std::atomic<int> status{200};
  base::HttpRequest received;  // written before the answer that the test waits for
};

TEST_F(ShedServer, IsAskedForTheTargetWithTheToken) {
  ASSERT_TRUE(guard::action::request_shed(shed()));
  EXPECT_EQ(received.method, "POST");
  EXPECT_EQ(received.path, "/admin/shed");
  EXPECT_EQ(received.body, R"({"target_ratio":0.7})");
  EXPECT_EQ(received.header("authorization"), "Bearer top-secret");
  EXPECT_EQ(received.header("content-type"), "application/json");
}

TEST_F(ShedServer, IsAskedWithoutATokenWhenThereIsNone) {
  auto request = shed();
  request.token_file.clear();
  ASSERT_TRUE(guard::action::request_shed(request));
  EXPECT_EQ(received.header("authorization"), "");
}

TEST_F(ShedServer, MayAnswerWithAnySuccess) {
  status = 204;
  EXPECT_TRUE(guard::action::request_shed(shed()));
}

TEST_F(ShedServer, ThatRefusesIsATypedErrorWithoutTheToken) {
  const std::pair<int, Code> answers[] = {{401, Code::permission_denied}, {403, Code::permission_denied},
                                          {404, Code::not_found},         {422, Code::conflict},
                                          {429, Code::exhausted},         {503, Code::unavailable}};
  for (const auto& [answer, code] : answers) {
    status = answer;
    const auto asked = guard::action::request_shed(shed());
    ASSERT_FALSE(asked) << answer;
    EXPECT_EQ(asked.error().code, code) << answer;
    EXPECT_THAT(asked.error().message, HasSubstr(std::to_string(answer)));
    EXPECT_THAT(asked.error().message, Not(HasSubstr("secret")));
  }
}

TEST_F(ShedServer, ThatIsGoneIsUnavailable) {
  thread.on_loop([&] { server.reset(); });
  const auto asked = guard::action::request_shed(shed());
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Code::unavailable);
}

}  // namespace
}  // namespace engine_test
