#include "base/http_server.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loopback.h"

namespace base {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using Exchange = std::shared_ptr<HttpExchange>;

void echo(const Exchange& exchange) {
  const auto& request = exchange->request();
  exchange->respond({200, {}, request.method + " " + request.path + " " + request.body});
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kLastGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

std::string post(std::string_view headers, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST(HttpServer, AnswersOneRequestAndCloses) {
  ServerOnLoopback server(echo);
  RawClient client(server.port);
  client.send(kLastGet);
  EXPECT_THAT(client.read_to_end(), testing::MatchesRegex("HTTP/1.1 200 OK\r\nDate: [A-Z][a-z, A-Z0-9:]*GMT\r\n"
                                                          "Content-Length: 6\r\nConnection: close\r\n\r\nGET / "));
}

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  ServerOnLoopback server(echo);
  RawClient client(server.port);
  client.send(kGet);
  EXPECT_THAT(client.read_until("GET / "), HasSubstr("Connection: keep-alive\r\n"));
  client.send(kLastGet);
  EXPECT_THAT(client.read_to_end(), EndsWith("GET / "));
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  ServerOnLoopback server(echo);
  RawClient client(server.port);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(all + kLastGet);
  const auto text = client.read_to_end();
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = text.find("GET /" + std::to_string(i) + " ", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(HttpServer, TellsTheHandlerWhoAsks) {
  std::string peer;
  bool loopback = false;
  ServerOnLoopback server([&](const Exchange& exchange) {
    peer = exchange->request().peer;
    loopback = exchange->request().peer_is_loopback;
    exchange->respond({});
  });
  RawClient client(server.port);
  client.send(kLastGet);
  client.read_to_end();
  EXPECT_EQ(peer, "127.0.0.1");
  EXPECT_TRUE(loopback);
}

TEST(HttpServer, LetsAnotherThreadAnswerLater) {
  Handed<Exchange> waiting;
  ServerOnLoopback server([&](const Exchange& exchange) { waiting.put(exchange); });
  RawClient client(server.port);
  client.send(kLastGet);
  waiting.take()->respond({201, {}, "late"});
  EXPECT_THAT(client.read_to_end(), EndsWith("late"));
}

TEST(HttpServer, Answers500WhenTheHandlerDropsTheExchange) {
  ServerOnLoopback server([](const Exchange&) {});
  RawClient client(server.port);
  client.send(kLastGet);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 500 "));
}

TEST(HttpServer, ServesManyClientsOnSeveralThreads) {
  std::atomic<int> served{0};
  ServerOnLoopback server(
      [&](const Exchange& exchange) {
        ++served;
        echo(exchange);
      },
      {}, 4);
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      RawClient client(server.port);
      for (int n = 0; n < 20; ++n) {
        client.send(kGet);
        client.read_until("GET / ");
      }
    });
  }
  clients.clear();
  EXPECT_EQ(served, 160);
}

TEST(HttpServerLimits, RefusesAMalformedRequest) {
  ServerOnLoopback server(echo);
  RawClient client(server.port);
  client.send("NONSENSE\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServerLimits, LetsTheProgramSayHowARefusalLooks) {
  HttpServerOptions options;
  options.max_body_bytes = 1;
  options.refusal = [](int status) {
    return HttpResponse{status, {{"Content-Type", "application/json"}}, "{\"status\":" + std::to_string(status) + "}"};
  };
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send(post("Content-Length: 2\r\n", ""));
  const auto text = client.read_to_end();
  EXPECT_THAT(text, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(text, EndsWith("{\"status\":413}"));
}

TEST(HttpServerLimits, RefusesANulInThePath) {
  ServerOnLoopback server(echo);
  RawClient client(server.port);
  client.send("GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServerLimits, RefusesAHeaderOverTheBoundThoughTheClientGoesOnSending) {
  HttpServerOptions options;
  options.max_header_bytes = 1024;
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send("GET / HTTP/1.1\r\nX: " + std::string(1u << 20, 'x'));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServerLimits, TakesABodyOfTheBoundAndRefusesOneByteMore) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  ServerOnLoopback server(echo, options);
  RawClient fits(server.port);
  fits.send(post("Content-Length: 1000\r\n", std::string(1000, 'x')));
  EXPECT_THAT(fits.read_to_end(), StartsWith("HTTP/1.1 200 "));
  RawClient over(server.port);
  over.send(post("Content-Length: 1001\r\n", ""));  // refused before any of it comes
  EXPECT_THAT(over.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, RefusesAChunkedBodyOverTheBound) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send(post("Transfer-Encoding: chunked\r\n", "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n"));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, SendsContinueOnlyForABodyItWillTake) {
  HttpServerOptions options;
  options.max_body_bytes = 10;
  ServerOnLoopback server(echo, options);
  RawClient fits(server.port);
  fits.send(post("Content-Length: 2\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(fits.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  fits.send("hi");
  EXPECT_THAT(fits.read_to_end(), EndsWith("POST / hi"));
  RawClient over(server.port);
  over.send(post("Content-Length: 11\r\nExpect: 100-continue\r\n", ""));
  EXPECT_THAT(over.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, GivesUpOnASlowHeader) {
  HttpServerOptions options;
  options.header_timeout = 300ms;  // long enough for the first bytes to come in time on a busy machine
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send("GET / HTTP/1.1\r\nHo");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServerLimits, GivesUpOnASlowBody) {
  HttpServerOptions options;
  options.body_timeout = 30ms;
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send(post("Content-Length: 5\r\n", "hel"));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServerLimits, ClosesSilentlyOnAClientThatNeverAsks) {
  HttpServerOptions options;
  options.header_timeout = 20ms;
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServerLimits, ClosesAnIdleConnectionAfterItsTime) {
  HttpServerOptions options;
  options.idle_timeout = 20ms;
  ServerOnLoopback server(echo, options);
  RawClient client(server.port);
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), EndsWith("GET / "));  // kept, and closed then
}

TEST(HttpServerLimits, DoesNotHurryAHandler) {
  HttpServerOptions options;
  options.body_timeout = options.idle_timeout = options.write_timeout = 10ms;
  Handed<Exchange> waiting;
  ServerOnLoopback server([&](const Exchange& exchange) { waiting.put(exchange); }, options);
  RawClient client(server.port);
  client.send(kLastGet);
  const auto exchange = waiting.take();
  Event later;
  const auto timer = server.loop.after(50ms, [&] { later.set(); });
  ASSERT_TRUE(later.wait());
  exchange->respond({200, {}, "slow"});
  EXPECT_THAT(client.read_to_end(), EndsWith("slow"));
}

TEST(HttpServerLimits, TurnsAwayWhoComesWhileAllPlacesAreBeingAnswered) {
  HttpServerOptions options;
  options.max_connections = 2;
  Handed<Exchange> waiting;
  ServerOnLoopback server([&](const Exchange& exchange) { waiting.put(exchange); }, options);
  RawClient first(server.port);
  first.send(kLastGet);
  const auto one = waiting.take();
  RawClient second(server.port);
  second.send(kLastGet);
  const auto other = waiting.take();
  RawClient third(server.port);
  third.send(kGet);
  const auto text = third.read_to_end();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(text, HasSubstr("Retry-After: "));
  one->respond({200, {}, "answered"});  // the others are not disturbed
  other->respond({200, {}, "answered"});
  EXPECT_THAT(first.read_to_end(), EndsWith("answered"));
  EXPECT_THAT(second.read_to_end(), EndsWith("answered"));
}

TEST(HttpServerLimits, TheLongestSilentGivesUpItsPlaceToWhoAsks) {
  HttpServerOptions options;
  options.max_connections = 2;
  ServerOnLoopback server(echo, options);
  RawClient silent(server.port);
  silent.send("GET / HTTP/1.1\r\nHost: h");  // and never the rest
  RawClient asking(server.port);
  asking.send(kGet);
  asking.read_until("GET / ");
  RawClient late(server.port);
  late.send(kGet);
  late.read_until("GET / ");
  EXPECT_EQ(silent.read_to_end(), "");
  asking.send(kGet);  // who asked last waits for the shortest
  asking.read_until("GET / ");
}

TEST(HttpServer, RefusesAnAddressInUseOrWithoutAPort) {
  EventLoop loop;
  HttpServer first(loop, {}, echo);
  HttpServer second(loop, {}, echo);
  const auto port = first.listen("127.0.0.1:0");
  ASSERT_TRUE(port);
  const auto taken = second.listen("127.0.0.1:" + std::to_string(*port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::unavailable);
  for (const auto* address : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "host:80", "::1:80",
                              "[127.0.0.1]:80", "[]:80"}) {
    const auto refused = second.listen(address);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, Code::invalid_argument) << address;
  }
  EXPECT_TRUE(second.listen(":0"));
}

}  // namespace
}  // namespace base
