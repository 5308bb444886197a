#include "base/http_exchange.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// An exchange on a queue whose connection is this test.
struct Answering {
  struct Sender final : AnswerSender {
    void wake(bool) override { ++wakes; }
    int wakes = 0;
  };

  explicit Answering(AnswerForm form = {false, false, true})
      : queue(std::make_shared<AnswerQueue>(
            form, sender, [this](AnswerQueue::Callback callback) { posted.push_back(std::move(callback)); })),
        exchange(make_exchange({}, queue)) {}

  // All that is queued, as if the socket had taken it at once, at the time "now".
  std::string sent() {
    std::string all;
    while (true) {
      auto batch = queue->take();
      if (batch.bytes.empty()) break;
      all += batch.bytes;
    }
    if (const auto date = all.find("\r\nDate: "); date != std::string::npos)
      all.replace(date + 8, all.find("\r\n", date + 2) - date - 8, "now");
    return all;
  }

  std::shared_ptr<Sender> sender = std::make_shared<Sender>();
  std::vector<AnswerQueue::Callback> posted;
  std::shared_ptr<AnswerQueue> queue;
  std::shared_ptr<HttpExchange> exchange;
};

TEST(Respond, SendsHeadAndBody) {
  Answering answering;
  answering.exchange->respond({200, {{"X", "y"}}, "hello"});
  EXPECT_GT(answering.sender->wakes, 0);
  EXPECT_EQ(answering.sent(),
            "HTTP/1.1 200 OK\r\nX: y\r\nDate: now\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
  EXPECT_TRUE(answering.queue->take().complete);
}

TEST(Respond, SaysCloseWhenTheConnectionWillNotBeKept) {
  Answering answering({false, false, true});
  answering.queue->forbid_keep_alive();
  answering.exchange->respond({});
  EXPECT_THAT(answering.sent(), HasSubstr("Connection: close\r\n"));
}

TEST(Respond, LeavesTheBodyOutForHeadButTellsItsLength) {
  Answering answering({true, false, true});
  answering.exchange->respond({200, {}, "hello"});
  const auto text = answering.sent();
  EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(Respond, HasNeitherBodyNorLengthFor204) {
  Answering answering;
  answering.exchange->respond({204, {}, "ignored"});
  const auto text = answering.sent();
  EXPECT_THAT(text, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(Respond, DropsHeadersThatWouldSplitTheResponseOrItsFraming) {
  Answering answering;
  answering.exchange->respond({200, {{"X", "a\r\nSet-Cookie: b"}, {"content-length", "99"}, {"Y", "kept"}}, "hi"});
  const auto text = answering.sent();
  EXPECT_THAT(text, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(text, Not(HasSubstr("99")));
  EXPECT_THAT(text, HasSubstr("Y: kept\r\n"));
}

TEST(Respond, CountsOnlyTheFirstTime) {
  Answering answering;
  answering.exchange->respond({200, {}, "first"});
  answering.exchange->respond({500, {}, "second"});
  answering.exchange->start(500, {});
  EXPECT_EQ(answering.exchange->write("third"), 0u);
  const auto text = answering.sent();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(text, EndsWith("first"));
}

TEST(Stream, SendsChunksAndTheirEnd) {
  Answering answering;
  answering.exchange->start(200, {});
  EXPECT_EQ(answering.sent(),
            "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
  answering.exchange->write("0123456789abcdef");
  EXPECT_EQ(answering.sent(), "10\r\n0123456789abcdef\r\n");
  answering.exchange->finish();
  EXPECT_EQ(answering.sent(), "0\r\n\r\n");
  EXPECT_TRUE(answering.queue->take().complete);
}

TEST(Stream, DoesNotEndWithAnEmptyChunk) {
  Answering answering;
  answering.exchange->start(200, {});
  answering.sent();
  answering.exchange->write("");
  EXPECT_EQ(answering.sent(), "");
  EXPECT_FALSE(answering.queue->take().complete);
}

TEST(Stream, EndsWithTheConnectionForHttp10) {
  Answering answering({false, true, true});
  answering.exchange->start(200, {});
  answering.exchange->write("plain");
  answering.exchange->finish();
  const auto text = answering.sent();
  EXPECT_THAT(text, Not(HasSubstr("chunked")));
  EXPECT_THAT(text, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\nplain"));
  EXPECT_FALSE(answering.queue->retire());
}

TEST(Stream, HasNoChunksForHead) {
  Answering answering({true, false, true});
  answering.exchange->start(200, {});
  EXPECT_GT(answering.exchange->write("body"), 0u);  // the head itself
  answering.exchange->finish();
  EXPECT_THAT(answering.sent(), EndsWith("\r\n\r\n"));
}

TEST(Write, TellsHowManyBytesWaitForTheSocket) {
  Answering answering;
  answering.exchange->start(200, {});
  answering.sent();
  EXPECT_EQ(answering.exchange->write("abc"), 8u);  // with the chunk's own "3\r\n" and "\r\n"
  EXPECT_EQ(answering.exchange->write("abc"), 16u);
  ASSERT_EQ(answering.queue->take().bytes.size(), 16u);
  EXPECT_EQ(answering.exchange->write("abc"), 24u);  // taken, but not known to be sent
  ASSERT_EQ(answering.queue->take().bytes.size(), 8u);
  EXPECT_EQ(answering.exchange->write("abc"), 16u);
}

TEST(Drained, IsToldEachTimeTheQueueHasBecomeEmpty) {
  Answering answering;
  int drained = 0;
  answering.exchange->on_drained([&] { ++drained; });
  answering.exchange->start(200, {});
  EXPECT_FALSE(answering.queue->take().drained);  // handed out, not yet sent
  auto batch = answering.queue->take();
  ASSERT_TRUE(batch.drained);
  batch.drained();
  EXPECT_EQ(drained, 1);
  EXPECT_FALSE(answering.queue->take().drained);  // it was empty before
  answering.exchange->write("more");
  answering.queue->take();
  EXPECT_TRUE(answering.queue->take().drained);
}

TEST(Closed, IsToldOnceWhenTheClientLeaves) {
  Answering answering;
  int told = 0;
  answering.exchange->on_closed([&] { ++told; });
  answering.exchange->start(200, {});
  answering.queue->close()();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(answering.queue->close());
  EXPECT_EQ(answering.exchange->write("late"), 0u);
}

TEST(Closed, IsToldFromTheLoopToWhoAsksTooLate) {
  Answering answering;
  bool told = false;
  EXPECT_FALSE(answering.queue->close());
  answering.exchange->on_closed([&] { told = true; });
  EXPECT_FALSE(told);
  ASSERT_EQ(answering.posted.size(), 1u);
  answering.posted.front()();
  EXPECT_TRUE(told);
}

TEST(Closed, IsNotToldAfterTheWholeAnswer) {
  Answering answering;
  answering.exchange->on_closed([] { FAIL(); });
  answering.exchange->respond({});
  answering.sent();
  answering.queue->retire();
  EXPECT_FALSE(answering.queue->close());
  answering.exchange->on_closed([] { FAIL(); });
  EXPECT_TRUE(answering.posted.empty());
}

TEST(Dropped, AnExchangeThatWasNotAnsweredAnswers500) {
  Answering answering;
  answering.exchange.reset();
  EXPECT_THAT(answering.sent(), StartsWith("HTTP/1.1 500"));
}

TEST(Dropped, AStreamThatWasNotFinishedIsBroken) {
  Answering answering;
  answering.exchange->start(200, {});
  answering.exchange->write("half");
  answering.exchange.reset();
  EXPECT_THAT(answering.sent(), EndsWith("half\r\n"));
  const auto batch = answering.queue->take();
  EXPECT_TRUE(batch.broken);
  EXPECT_FALSE(batch.complete);
}

TEST(Dropped, AFinishedExchangeIsJustDone) {
  Answering answering;
  answering.exchange->respond({});
  answering.exchange.reset();
  EXPECT_THAT(answering.sent(), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(answering.queue->take().complete);
}

TEST(Dropped, CallbacksThatOwnTheirExchangeAreLetGo) {
  Answering answering;
  const std::weak_ptr<HttpExchange> watched = answering.exchange;
  answering.exchange->on_closed([kept = answering.exchange] {});
  answering.exchange->on_drained([kept = answering.exchange] {});
  answering.exchange->respond({});
  answering.exchange.reset();
  EXPECT_FALSE(watched.expired());
  answering.queue->retire();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace base
