// Streams, clients that leave or do not keep up, and drain: what the server does over time.

#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/http_server.h"
#include "loopback.h"

namespace base {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

using Exchange = std::shared_ptr<HttpExchange>;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kLastGet = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

// A server whose handler hands each exchange to the test.
struct Manual {
  explicit Manual(HttpServerOptions options = {})
      : server([this](const Exchange& exchange) { waiting.put(exchange); }, options) {}
  Handed<Exchange> waiting;
  ServerOnLoopback server;
};

TEST(HttpStream, ReachesTheClientChunkByChunk) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kLastGet);
  const auto exchange = manual.waiting.take();
  exchange->start(200, {{"Content-Type", "text/event-stream"}});
  client.read_until("\r\n\r\n");
  exchange->write("one");
  EXPECT_EQ(client.read_until("one\r\n"), "3\r\none\r\n");
  exchange->write("three");
  EXPECT_EQ(client.read_until("three\r\n"), "5\r\nthree\r\n");
  exchange->finish();
  EXPECT_EQ(client.read_to_end(), "0\r\n\r\n");
}

TEST(HttpStream, KeepsTheConnectionAfterItsEnd) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  auto exchange = manual.waiting.take();
  exchange->start(200, {});
  exchange->finish();
  client.read_until("0\r\n\r\n");
  client.send(kLastGet);
  manual.waiting.take()->respond({200, {}, "again"});
  EXPECT_THAT(client.read_to_end(), EndsWith("again"));
}

TEST(HttpStream, IsCutWhenTheHandlerDropsItUnfinished) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  auto exchange = manual.waiting.take();
  exchange->start(200, {});
  exchange->write("half");
  exchange.reset();
  const auto text = client.read_to_end();
  EXPECT_THAT(text, EndsWith("half\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r\n0\r\n")));
}

TEST(HttpStream, NoticesAClientThatLeavesThoughNothingIsWritten) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  exchange->on_closed([&] { gone.set(); });
  exchange->start(200, {});
  client.read_until("\r\n\r\n");
  client.leave();
  EXPECT_TRUE(gone.wait());
  EXPECT_EQ(exchange->write("nobody"), 0u);
}

TEST(HttpStream, NoticesAClientThatIsResetBeforeTheAnswerBegins) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  exchange->on_closed([&] { gone.set(); });
  client.vanish();
  EXPECT_TRUE(gone.wait());
}

TEST(HttpStream, NoticesAClientThatLeavesAfterItHasSentAhead) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet + kGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  exchange->on_closed([&] { gone.set(); });
  client.leave();
  EXPECT_TRUE(gone.wait());
}

TEST(HttpStream, DoesNotCallAClientGoneThatGotItsWholeAnswer) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kLastGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  exchange->on_closed([&] { gone.set(); });
  exchange->respond({200, {}, "all"});
  client.read_to_end();
  client.leave();
  Event later;
  manual.server.loop.post([&] { later.set(); });
  ASSERT_TRUE(later.wait());
  EXPECT_EQ(gone.count(), 0);
}

TEST(HttpStream, AnswersAClientThatHasShutItsSideWhenTheAnswerIsReady) {
  ServerOnLoopback server([](const Exchange& exchange) { exchange->respond({200, {}, "bye"}); });
  RawClient client(server.port);
  client.send(kGet);
  client.half_close();
  EXPECT_THAT(client.read_to_end(), EndsWith("bye"));
}

// More than the two sockets' buffers take together (the kernel's default ends at 4 MiB for sending): the rest has to
// wait in the answer's own queue.
constexpr std::size_t kMoreThanSocketsTake = 8u << 20;

TEST(HttpBackpressure, TellsTheWriterHowMuchWaits) {
  Manual manual;
  RawClient client(manual.server.port, 4096);
  client.send(kLastGet);
  const auto exchange = manual.waiting.take();
  exchange->start(200, {});
  EXPECT_LT(exchange->write("little"), 1000u);
  EXPECT_GE(exchange->write(std::string(kMoreThanSocketsTake, 'x')), kMoreThanSocketsTake);
  EXPECT_GT(exchange->write("little"), 1u << 20);
  exchange->finish();
  EXPECT_GT(client.read_to_end().size(), kMoreThanSocketsTake);
}

TEST(HttpBackpressure, TellsTheWriterOnlyWhenTheClientHasReadThatTheQueueIsEmpty) {
  Manual manual;
  RawClient client(manual.server.port, 4096);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  exchange->start(200, {});
  client.read_until("\r\n\r\n");
  exchange->write(std::string(kMoreThanSocketsTake, 'x'));
  Event drained;
  exchange->on_drained([&] { drained.set(); });
  EXPECT_EQ(drained.count(), 0);
  client.read_until("x\r\n");
  EXPECT_TRUE(drained.wait());
  EXPECT_EQ(exchange->write("y"), 6u);  // nothing else waits
}

TEST(HttpBackpressure, CutsAClientThatTakesNothing) {
  HttpServerOptions options;
  options.write_timeout = 50ms;
  Manual manual(options);
  RawClient client(manual.server.port, 4096);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  exchange->on_closed([&] { gone.set(); });
  exchange->start(200, {});
  exchange->write(std::string(kMoreThanSocketsTake, 'x'));
  EXPECT_TRUE(gone.wait());
}

TEST(HttpBackpressure, DoesNotCutAStreamThatHasNothingToSay) {
  HttpServerOptions options;
  options.write_timeout = 10ms;
  Manual manual(options);
  RawClient client(manual.server.port);
  client.send(kLastGet);
  const auto exchange = manual.waiting.take();
  exchange->start(200, {});
  client.read_until("\r\n\r\n");
  Event later;
  const auto timer = manual.server.loop.after(50ms, [&] { later.set(); });
  ASSERT_TRUE(later.wait());
  exchange->write("still here");
  exchange->finish();
  EXPECT_THAT(client.read_to_end(), HasSubstr("still here"));
}

TEST(HttpDrain, IsDoneAtOnceWithoutConnections) {
  Manual manual;
  Event done;
  manual.server.loop.post([&] { manual.server.server->drain(kPatience, [&] { done.set(); }); });
  EXPECT_TRUE(done.wait());
}

TEST(HttpDrain, ClosesIdleConnectionsAndAcceptsNoMore) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  manual.waiting.take()->respond({200, {}, "first"});
  client.read_until("first");
  Event done;
  manual.server.loop.post([&] { manual.server.server->drain(kPatience, [&] { done.set(); }); });
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(done.wait());
  EXPECT_EQ(manual.server.server->connections(), 0u);
}

TEST(HttpDrain, LetsAnAnswerUnderWayFinish) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  exchange->start(200, {});
  client.read_until("\r\n\r\n");
  Event done;
  manual.server.loop.post([&] { manual.server.server->drain(kPatience, [&] { done.set(); }); });
  exchange->write("last words");
  client.read_until("last words");
  EXPECT_EQ(done.count(), 0);
  exchange->finish();
  EXPECT_THAT(client.read_to_end(), EndsWith("0\r\n\r\n"));
  EXPECT_TRUE(done.wait());
}

TEST(HttpDrain, SaysCloseInAnswersThatBeginAfterwards) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  Event done;
  manual.server.loop.post([&] { manual.server.server->drain(kPatience, [&] { done.set(); }); });
  Event begun;  // the drain reaches the connection by two posts more
  manual.server.loop.post([&] { manual.server.loop.post([&] { manual.server.loop.post([&] { begun.set(); }); }); });
  ASSERT_TRUE(begun.wait());
  exchange->respond({200, {}, "bye"});
  const auto text = client.read_to_end();
  EXPECT_THAT(text, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text, EndsWith("bye"));
  EXPECT_TRUE(done.wait());
}

TEST(HttpDrain, CutsWhatIsLeftAtTheDeadline) {
  Manual manual;
  RawClient client(manual.server.port);
  client.send(kGet);
  const auto exchange = manual.waiting.take();
  Event gone;
  Event done;
  exchange->on_closed([&] { gone.set(); });
  exchange->start(200, {});
  manual.server.loop.post([&] { manual.server.server->drain(20ms, [&] { done.set(); }); });
  EXPECT_TRUE(gone.wait());
  EXPECT_TRUE(done.wait());
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("\r\n0\r\n")));
}

}  // namespace
}  // namespace base
