// Real connections against a server whose memory is somebody's account.

#include "base/http_memory.h"

#include <atomic>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/loopback.h"

namespace base {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Has so much room for requests, and room for everything else.
class Account final : public HttpMemory {
 public:
  explicit Account(std::int64_t room) : room_(room) {}
  bool take(Kind kind, std::size_t bytes) override {
    const auto count = static_cast<std::int64_t>(bytes);
    if (kind == Kind::requests && held(kind) + count > room_) return false;
    at(kind) += count;
    return true;
  }
  void add(Kind kind, std::size_t bytes) override { at(kind) += static_cast<std::int64_t>(bytes); }
  void give_back(Kind kind, std::size_t bytes) override { at(kind) -= static_cast<std::int64_t>(bytes); }
  [[nodiscard]] std::int64_t held(Kind kind) { return at(kind); }

 private:
  std::atomic<std::int64_t>& at(Kind kind) { return held_[static_cast<std::size_t>(kind)]; }
  const std::int64_t room_;
  std::atomic<std::int64_t> held_[3] = {};
};

HttpServerOptions counted(Account& account) {
  HttpServerOptions options;
  options.memory = &account;
  return options;
}

HttpHandler echo() {
  return [](const std::shared_ptr<HttpExchange>& exchange) { exchange->respond({200, {}, exchange->request().body}); };
}

std::string post(std::size_t length, std::size_t sent) {
  return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" +
         std::string(sent, 'b');
}

TEST(HttpMemory, ABodyThatFindsNoRoomIsRefusedBeforeItIsSent) {
  Account account(10'000);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient client(server.port);
  ASSERT_TRUE(client.send(post(20'000, 0)));
  const auto answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
  EXPECT_EQ(account.held(HttpMemory::Kind::requests), 0);
}

TEST(HttpMemory, ABodyThatFitsIsTakenAndGivenBackAfterItsAnswer) {
  Account account(10'000);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient client(server.port);
  for (int i = 0; i < 3; ++i) {  // all three together would not fit
    ASSERT_TRUE(client.send(post(9'000, 9'000)));
    EXPECT_THAT(client.read_until(std::string(9'000, 'b')), StartsWith("HTTP/1.1 200 "));
  }
}

TEST(HttpMemory, ChunksWithoutEndMeetTheEndOfTheRoom) {
  Account account(50'000);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient client(server.port);
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = "1000\r\n" + std::string(0x1000, 'c') + "\r\n";
  for (int i = 0; i < 20 && client.send(chunk); ++i) {
  }
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 503 "));
}

TEST(HttpMemory, WhoOnlyDeclaresABodyTakesNoRoomFromOthers) {
  Account account(10'000);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient liar(server.port);
  ASSERT_TRUE(liar.send(post(9'000, 10)));
  RawClient honest(server.port);
  ASSERT_TRUE(honest.send(post(5'000, 5'000)));
  EXPECT_THAT(honest.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

// Whoever looks whether the server is alive, or tells it to shed, must not need the room that others have taken.
TEST(HttpMemory, WhatIsSmallIsCountedAndAnsweredWithoutRoom) {
  Account account(0);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient client(server.port);
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  ASSERT_TRUE(client.send(post(1024, 1000)));
  ASSERT_TRUE(client.send(std::string(24, 'e')));
  EXPECT_THAT(client.read_until(std::string(24, 'e')), StartsWith("HTTP/1.1 200 "));
  ASSERT_TRUE(client.send(post(1025, 1025)));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 503 "));
}

TEST(HttpMemory, ConnectionsAreCountedWhileTheyAreOpen) {
  Account account(10'000);
  const ServerOnLoopback server(echo(), counted(account));
  RawClient first(server.port);
  ASSERT_TRUE(first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  first.read_until("\r\n\r\n");
  const auto one = account.held(HttpMemory::Kind::connections);
  EXPECT_GT(one, 0);
  RawClient second(server.port);
  ASSERT_TRUE(second.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  second.read_until("\r\n\r\n");
  EXPECT_EQ(second.read_to_end(), "");
  EXPECT_EQ(account.held(HttpMemory::Kind::connections), one);
}

TEST(HttpMemory, WhatAClientDoesNotReadIsCountedUntilItIsGone) {
  Account account(10'000);
  std::shared_ptr<HttpExchange> stream;
  Event begun;
  Event gone;
  const ServerOnLoopback server(
      [&](const std::shared_ptr<HttpExchange>& exchange) {
        stream = exchange;
        exchange->on_closed([&] { gone.set(); });
        exchange->start(200, {});
        exchange->write(std::string(32u << 20, 's'));
        begun.set();
      },
      counted(account));
  RawClient client(server.port, 4096);
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(begun.wait());
  EXPECT_GT(account.held(HttpMemory::Kind::answers), 16 << 20);
  client.vanish();
  ASSERT_TRUE(gone.wait());
  EXPECT_EQ(account.held(HttpMemory::Kind::answers), 0);
  stream.reset();
}

}  // namespace
}  // namespace base
