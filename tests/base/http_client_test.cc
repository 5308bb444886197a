#include "base/http_client.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <sys/un.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loopback.h"

namespace base {
namespace {

using testing::HasSubstr;
using testing::Not;

using Exchange = std::shared_ptr<HttpExchange>;

void tell_request(const Exchange& exchange) {
  const auto& request = exchange->request();
  std::string text = request.method + " " + request.path + "?" + request.query + "\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\n");
  exchange->respond({200, {{"X-Answer", "Yes"}}, text + "\n" + request.body});
}

FetchRequest get(const ServerOnLoopback& server, std::string_view path = "/") {
  FetchRequest request;
  request.url = server.url(path);
  return request;
}

TEST(Fetch, BringsStatusHeadersAndBody) {
  ServerOnLoopback server(tell_request);
  const auto response = fetch(get(server, "/a?b=c"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->header("x-answer"), "Yes");
  EXPECT_EQ(response->header("absent"), "");
  EXPECT_THAT(response->body, HasSubstr("GET /a?b=c\n"));
}

TEST(Fetch, SendsMethodHeadersAndBody) {
  ServerOnLoopback server(tell_request);
  auto request = get(server);
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = std::string("{\"a\":\0}", 7);
  const auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(response->body, HasSubstr("POST /"));
  EXPECT_THAT(response->body, HasSubstr("content-type: application/json\n"));
  EXPECT_THAT(response->body, HasSubstr("x-empty: \n"));
  EXPECT_THAT(response->body, HasSubstr("\n" + request.body));
}

TEST(Fetch, SendsAnEmptyPostWithoutClaimingAForm) {
  ServerOnLoopback server(tell_request);
  auto request = get(server);
  request.method = "POST";
  const auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(response->body, HasSubstr("content-length: 0\n"));
  EXPECT_THAT(response->body, Not(HasSubstr("content-type")));
}

TEST(Fetch, TakesEveryStatusForAnAnswer) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({503, {}, "busy"}); });
  const auto response = fetch(get(server));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "busy");
}

TEST(Fetch, DoesNotFollowARedirect) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({302, {{"Location", "/other"}}, ""}); });
  const auto response = fetch(get(server));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->header("location"), "/other");
}

TEST(Fetch, AsksForTheHeadOnly) {
  ServerOnLoopback server(tell_request);
  auto request = get(server);
  request.method = "HEAD";
  const auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "");
}

TEST(Fetch, AsksLoopbackDirectlyWhateverTheProxy) {
  ServerOnLoopback server(tell_request);
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto response = fetch(get(server));
  ::unsetenv("http_proxy");
  EXPECT_TRUE(response);
}

TEST(Fetch, SpeaksOverAUnixSocket) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("socket-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "engine.sock";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  std::string asked;
  std::jthread server([&] {
    const int fd = ::accept(listener, nullptr, nullptr);
    std::array<char, 4096> buffer{};
    while (asked.find("\r\n\r\n") == std::string::npos) {
      const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      asked.append(buffer.data(), static_cast<std::size_t>(size));
    }
    ::send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", 40, MSG_NOSIGNAL);
    ::close(fd);
  });
  FetchRequest request;
  request.url = "http://docker/_ping";
  request.unix_socket = path.string();
  const auto response = fetch(request);
  server.join();
  ::close(listener);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "OK");
  EXPECT_THAT(asked, HasSubstr("GET /_ping HTTP/1.1\r\n"));
  const auto gone = fetch(request);
  EXPECT_EQ(gone.error().code, Code::unavailable);
  EXPECT_EQ(gone.error().message, "connect to " + path.string() + ": No such file or directory");
}

TEST(FetchStream, HandsTheBodyOnAsItComes) {
  Handed<Exchange> waiting;
  ServerOnLoopback server([&](const Exchange& exchange) { waiting.put(exchange); });
  Event first;
  std::string body;
  std::jthread writer([&] {
    const auto exchange = waiting.take();
    exchange->start(200, {});
    exchange->write("one ");
    EXPECT_TRUE(first.wait());  // the second part is written only after the first has been read
    exchange->write("two");
    exchange->finish();
  });
  const auto response = fetch_stream(get(server), [&](std::string_view data) {
    body.append(data);
    first.set();
    return true;
  });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(body, "one two");
}

TEST(FetchStream, HangsUpWhenTheReaderHasEnough) {
  Event gone;
  ServerOnLoopback server([&](const Exchange& exchange) {
    exchange->on_closed([&gone, exchange] { gone.set(); });
    exchange->start(200, {});
    exchange->write("more");
  });
  const auto response = fetch_stream(get(server), [](std::string_view) { return false; });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::cancelled);
  EXPECT_TRUE(gone.wait());
}

TEST(FetchStream, IsNotBoundInLength) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({200, {}, std::string(100'000, 'x')}); });
  auto request = get(server);
  request.max_body_bytes = 10;
  std::size_t size = 0;
  const auto response = fetch_stream(request, [&](std::string_view data) {
    size += data.size();
    return true;
  });
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(size, 100'000u);
}

TEST(FetchStream, CollectsTheBodyOfARefusal) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({404, {}, "no such container"}); });
  const auto response = fetch_stream(get(server), [](std::string_view) {
    ADD_FAILURE();
    return true;
  });
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no such container");
}

}  // namespace
}  // namespace base
