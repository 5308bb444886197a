#include "base/http_client.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include <sys/un.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loopback.h"

namespace base {
namespace {

using namespace std::chrono_literals;
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

// A socket that takes connections into its backlog and never says a word.
class SilentSocket {
 public:
  SilentSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~SilentSocket() { ::close(fd_); }
  SilentSocket(const SilentSocket&) = delete;
  SilentSocket& operator=(const SilentSocket&) = delete;

  [[nodiscard]] FetchRequest request() const {
    FetchRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/secret";
    return request;
  }
  std::uint16_t port = 0;

 private:
  int fd_;
};

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

TEST(Fetch, SaysUnavailableWhenNobodyListens) {
  FetchRequest request;
  {
    const SilentSocket gone;
    request = gone.request();
  }
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
}

TEST(Fetch, NamesTheHostButNeverThePathOrTheUser) {
  FetchRequest request;
  {
    const SilentSocket gone;
    request.url = "http://user:password@127.0.0.1:" + std::to_string(gone.port) + "/bot-token/send?key=hidden";
  }
  const auto message = fetch(request).error().message;
  EXPECT_THAT(message, HasSubstr("GET http://127.0.0.1:"));
  for (const auto* secret : {"password", "bot-token", "hidden"}) EXPECT_THAT(message, Not(HasSubstr(secret)));
}

TEST(Fetch, GivesUpAfterTheTotalTimeout) {
  const SilentSocket silent;
  auto request = silent.request();
  request.total_timeout = 30ms;
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST(Fetch, GivesUpAfterTheIdleTimeout) {
  const SilentSocket silent;
  auto request = silent.request();
  request.total_timeout = 0ms;
  request.idle_timeout = 30ms;
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::deadline_exceeded);
}

TEST(Fetch, StopsWhenAskedTo) {
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

TEST(Fetch, DoesNotEvenBeginWhenStoppedBefore) {
  std::stop_source source;
  source.request_stop();
  const SilentSocket silent;
  auto request = silent.request();
  request.stop = source.get_token();
  EXPECT_EQ(fetch(request).error().code, Code::cancelled);
}

TEST(Fetch, TakesABodyOfTheBoundAndRefusesOneByteMore) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({200, {}, std::string(1000, 'x')}); });
  auto request = get(server);
  request.max_body_bytes = 1000;
  ASSERT_TRUE(fetch(request));
  request.max_body_bytes = 999;
  EXPECT_EQ(fetch(request).error().code, Code::too_large);
}

TEST(Fetch, BoundsAnEndlessHeader) {
  const std::string line(8000, 'x');
  ServerOnLoopback server([&](const Exchange& exchange) {
    HttpHeaders headers;
    for (int i = 0; i < 100; ++i) headers.emplace_back("X", line);
    exchange->respond({200, headers, ""});
  });
  EXPECT_EQ(fetch(get(server)).error().code, Code::too_large);
}

TEST(Fetch, RefusesWhatIsNotAnHttpUrl) {
  for (const auto* url : {"", "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http://a b/"}) {
    FetchRequest request;
    request.url = url;
    const auto response = fetch(request);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Code::invalid_argument) << url;
  }
}

TEST(Fetch, RefusesMethodsAndHeadersThatWouldSplitTheRequest) {
  const SilentSocket silent;
  auto request = silent.request();
  request.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET";
  EXPECT_EQ(fetch(request).error().code, Code::invalid_argument);
  request = silent.request();
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(fetch(request).error().code, Code::invalid_argument);
}

TEST(Fetch, SaysUnavailableWhenTheAnswerIsCutShort) {
  ServerOnLoopback server([](const Exchange& exchange) {
    exchange->start(200, {});
    exchange->write("half");
  });
  EXPECT_EQ(fetch(get(server)).error().code, Code::unavailable);
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
  EXPECT_EQ(fetch(request).error().code, Code::unavailable);  // the socket is gone
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
