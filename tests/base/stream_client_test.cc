// Streams as they should be: handed on at once, paused, resumed, cancelled, connections used again.

#include "base/stream_client.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/http_text.h"
#include "streaming.h"

namespace base {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

using Exchange = std::shared_ptr<HttpExchange>;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

void echo(const Exchange& exchange) {
  const auto& request = exchange->request();
  exchange->respond({201, {{"X-Method", request.method}}, request.body});
}

TEST(StreamClient, SendsTheRequestAndBringsTheAnswer) {
  ServerOnLoopback server(echo);
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(server.url("/"), "hello"), reader.events());
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.text(), "hello");
  EXPECT_EQ(reader.head().status, 201);
  EXPECT_EQ(find_header(reader.head().headers, "x-method"), "POST");
}

TEST(StreamClient, SendsALargeBodyWhole) {
  ServerOnLoopback server(echo);
  ClientOnLoop client;
  Reader reader;
  const std::string body(900'000, 'b');
  const auto stream = client.client->open(asking(server.url("/"), body), reader.events());
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.text(), body);
}

TEST(StreamClient, HandsOnEachPieceWhileThePeerHasYetToSendTheNext) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(peer.url()), reader.events());
  peer.accept();
  peer.say(kHead);
  EXPECT_TRUE(reader.headed.wait());
  for (const char* piece : {"one", "two", "three"}) {
    const auto before = reader.text();
    peer.say(piece);
    EXPECT_TRUE(reader.wait_for_bytes(before.size() + std::string(piece).size()));
    EXPECT_EQ(reader.text(), before + piece);
  }
  EXPECT_EQ(reader.ended.count(), 0);
  peer.hang_up();
  EXPECT_TRUE(reader.status());
}

TEST(StreamClient, UsesAKeptConnectionAgain) {
  ServerOnLoopback server(echo);
  ClientOnLoop client;
  for (int i = 0; i < 5; ++i) {
    Reader reader;
    const auto stream = client.client->open(asking(server.url("/")), reader.events());
    EXPECT_TRUE(reader.status());
  }
  EXPECT_EQ(client.client->connections_made(), 1u);
}

TEST(StreamClient, OpensNoMoreConnectionsThanItMay) {
  ServerOnLoopback server(echo, {}, 2);
  ClientOnLoop client({.max_connections = 2, .max_connections_per_host = 2});
  std::array<Reader, 20> readers;
  std::vector<std::unique_ptr<HttpStream>> streams;
  for (auto& reader : readers) streams.push_back(client.client->open(asking(server.url("/")), reader.events()));
  for (auto& reader : readers) EXPECT_TRUE(reader.status());
  EXPECT_LE(client.client->connections_made(), 2u);
}

TEST(StreamClient, APausedStreamStallsItsPeer) {
  RawServer peer(16 << 10);
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(peer.url()), reader.events());
  peer.accept();
  peer.say(kHead + "first");
  ASSERT_TRUE(reader.wait_for_bytes(5));
  stream->pause();
  constexpr std::size_t kMost = 64u << 20;
  const std::size_t taken = peer.say_until_stalled(kMost);
  EXPECT_LT(taken, 1u << 20);
  EXPECT_EQ(reader.text(), "first");
  stream->resume();
  EXPECT_TRUE(reader.wait_for_bytes(5 + taken));
  peer.hang_up();
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.text().size(), 5 + taken);
}

TEST(StreamClient, MayBePausedAndResumedWithinItsOwnEvents) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  std::unique_ptr<HttpStream> stream;
  Event ready;
  auto events = reader.events();
  events.on_data = [&, collect = events.on_data](std::string_view bytes) {
    collect(bytes);
    if (!ready.wait()) return;
    stream->pause();
    stream->resume();
  };
  stream = client.client->open(asking(peer.url()), std::move(events));
  ready.set();
  peer.accept();
  peer.say(kHead);
  peer.say(std::string(300'000, 'z'));
  peer.hang_up();
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.text().size(), 300'000u);
}

TEST(StreamClient, HangsUpOnThePeerWhenCancelled) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(peer.url()), reader.events());
  peer.accept();
  peer.say(kHead + "a");
  ASSERT_TRUE(reader.wait_for_bytes(1));
  stream->cancel();
  EXPECT_TRUE(peer.sees_hang_up());
  EXPECT_EQ(reader.ended.count(), 0);
  EXPECT_TRUE(client.comes_true([&] { return client.client->open_streams() == 0; }));
}

TEST(StreamClient, HangsUpWhenCancelledWhilePaused) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(peer.url()), reader.events());
  peer.accept();
  peer.say(kHead + "a");
  ASSERT_TRUE(reader.wait_for_bytes(1));
  stream->pause();
  peer.say("b");
  stream->cancel();
  EXPECT_TRUE(peer.sees_hang_up());
  EXPECT_EQ(reader.text(), "a");
}

TEST(StreamClient, MayBeCancelledWithinItsOwnEvents) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  std::unique_ptr<HttpStream> stream;
  Event ready;
  Event let_go;
  auto events = reader.events();
  events.on_data = [&](std::string_view) {
    if (ready.wait()) stream.reset();
    let_go.set();
  };
  stream = client.client->open(asking(peer.url()), std::move(events));
  ready.set();
  peer.accept();
  peer.say(kHead + "a");
  EXPECT_TRUE(peer.sees_hang_up());
  EXPECT_TRUE(let_go.wait());
  EXPECT_EQ(reader.ended.count(), 0);
}

TEST(StreamClient, AReaderThatOwnsItsOwnStreamIsLetGoWhenItEnds) {
  ServerOnLoopback server(echo);
  ClientOnLoop client;
  struct Owner {
    std::unique_ptr<HttpStream> stream;
    Event ended;
  };
  for (const bool cancelled : {false, true}) {
    auto owner = std::make_shared<Owner>();
    const std::weak_ptr<Owner> watched = owner;
    Reader reader;
    auto events = reader.events();
    events.on_end = [owner](const Status&) { owner->ended.set(); };
    owner->stream = client.client->open(asking(server.url("/")), std::move(events));
    if (cancelled)
      owner->stream->cancel();
    else
      EXPECT_TRUE(owner->ended.wait());
    owner.reset();
    EXPECT_TRUE(client.comes_true([&] { return watched.expired(); })) << (cancelled ? "cancelled" : "ended");
  }
}

TEST(StreamClient, MayBeDestroyedWithStreamsOpen) {
  RawServer peer;
  Reader reader;
  std::unique_ptr<HttpStream> stream;
  {
    ClientOnLoop client;
    stream = client.client->open(asking(peer.url()), reader.events());
    peer.accept();
    peer.say(kHead + "a");
    ASSERT_TRUE(reader.wait_for_bytes(1));
  }
  EXPECT_TRUE(peer.sees_hang_up());
  EXPECT_EQ(reader.ended.count(), 0);
  stream->resume();
  stream->cancel();
}

TEST(StreamClient, FollowsNoRedirect) {
  ServerOnLoopback server([](const Exchange& exchange) {
    EXPECT_EQ(exchange->request().path, "/");
    exchange->respond({302, {{"Location", "/elsewhere"}}, ""});
  });
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(server.url("/")), reader.events());
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.head().status, 302);
}

TEST(StreamClient, UsesNoProxyOfTheEnvironment) {
  ServerOnLoopback server(echo);
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking(server.url("/")), reader.events());
  EXPECT_TRUE(reader.status());
  ::unsetenv("http_proxy");
}

TEST(StreamClient, SendsNoHeaderThatWouldAddAnother) {
  ServerOnLoopback server(echo);
  ClientOnLoop client;
  Reader reader;
  auto request = asking(server.url("/"));
  request.headers = {{"Authorization", "Bearer a\r\nX-Evil: 1"}};
  const auto stream = client.client->open(std::move(request), reader.events());
  EXPECT_EQ(reader.status().error().code, Code::invalid_argument);
}

TEST(StreamClient, ServesManyStreamsAtOnceWithoutAThreadForAny) {
  ServerOnLoopback server(echo, {}, 2);
  ClientOnLoop client;
  std::array<Reader, 100> readers;
  std::vector<std::unique_ptr<HttpStream>> streams;
  for (auto& reader : readers) {
    streams.push_back(client.client->open(asking(server.url("/"), std::string(50'000, 'm')), reader.events()));
  }
  for (auto& reader : readers) {
    EXPECT_TRUE(reader.status());
    EXPECT_EQ(reader.text().size(), 50'000u);
  }
}

}  // namespace
}  // namespace base
