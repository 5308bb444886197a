// What the HTTP client refuses, gives up on and never tells.

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/http_client.h"
#include "loopback.h"

namespace base {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

using Exchange = std::shared_ptr<HttpExchange>;

FetchRequest get(const ServerOnLoopback& server) {
  FetchRequest request;
  request.url = server.url("/");
  return request;
}

TEST(FetchLimits, SaysUnavailableWhenNobodyListens) {
  FetchRequest request;
  {
    const SilentSocket gone;
    request = gone.request();
  }
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
}

TEST(FetchLimits, NamesTheHostButNeverThePathOrTheUser) {
  FetchRequest request;
  {
    const SilentSocket gone;
    request.url = "http://user:password@127.0.0.1:" + std::to_string(gone.port) + "/bot-token/send?key=hidden";
  }
  const auto message = fetch(request).error().message;
  EXPECT_THAT(message, HasSubstr("GET http://127.0.0.1:"));
  for (const auto* secret : {"password", "bot-token", "hidden"}) EXPECT_THAT(message, Not(HasSubstr(secret)));
}

TEST(FetchLimits, GivesUpAfterTheTotalTimeout) {
  const SilentSocket silent;
  auto request = silent.request();
  request.total_timeout = 30ms;
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST(FetchLimits, GivesUpAfterTheIdleTimeout) {
  const SilentSocket silent;
  auto request = silent.request();
  request.total_timeout = 0ms;
  request.idle_timeout = 30ms;
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST(FetchLimits, StopsWhenAskedTo) {
  const SilentSocket silent;
  std::stop_source source;
  auto request = silent.request();
  request.total_timeout = 0ms;
  request.stop = source.get_token();
  std::promise<Code> ended;
  std::jthread fetching([&] { ended.set_value(fetch(request).error().code); });
  source.request_stop();
  auto code = ended.get_future();
  ASSERT_EQ(code.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(code.get(), Code::cancelled);
}

TEST(FetchLimits, DoesNotEvenBeginWhenStoppedBefore) {
  std::stop_source source;
  source.request_stop();
  const SilentSocket silent;
  auto request = silent.request();
  request.stop = source.get_token();
  EXPECT_EQ(fetch(request).error().code, Code::cancelled);
}

TEST(FetchLimits, TakesABodyOfTheBoundAndRefusesOneByteMore) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({200, {}, std::string(1000, 'x')}); });
  auto request = get(server);
  request.max_body_bytes = 1000;
  ASSERT_TRUE(fetch(request));
  request.max_body_bytes = 999;
  EXPECT_EQ(fetch(request).error().code, Code::too_large);
}

TEST(FetchLimits, BoundsAnEndlessHeader) {
  const std::string line(8000, 'x');
  ServerOnLoopback server([&](const Exchange& exchange) {
    HttpHeaders headers;
    for (int i = 0; i < 100; ++i) headers.emplace_back("X", line);
    exchange->respond({200, headers, ""});
  });
  EXPECT_EQ(fetch(get(server)).error().code, Code::too_large);
}

TEST(FetchLimits, RefusesWhatIsNotAnHttpUrl) {
  for (const auto* url : {"", "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http://a b/"}) {
    FetchRequest request;
    request.url = url;
    const auto response = fetch(request);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Code::invalid_argument) << url;
  }
}

TEST(FetchLimits, RefusesMethodsAndHeadersThatWouldSplitTheRequest) {
  const SilentSocket silent;
  auto request = silent.request();
  request.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET";
  EXPECT_EQ(fetch(request).error().code, Code::invalid_argument);
  request = silent.request();
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(fetch(request).error().code, Code::invalid_argument);
}

TEST(FetchLimits, SaysUnavailableWhenTheAnswerIsCutShort) {
  ServerOnLoopback server([](const Exchange& exchange) {
    exchange->start(200, {});
    exchange->write("half");
  });
  EXPECT_EQ(fetch(get(server)).error().code, Code::unavailable);
}

}  // namespace
}  // namespace base
