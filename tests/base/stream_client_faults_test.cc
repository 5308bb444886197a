// Peers that are silent, slow, endless, rude or not there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/stream_client.h"
#include "streaming.h"

namespace base {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

// Runs one request against a peer that says `answer` and then nothing more, and returns how it ended.
Error error_of(StreamRequest request, RawServer& peer, const std::string& answer, bool hang_up = false) {
  ClientOnLoop client;
  Reader reader;
  request.url = peer.url();
  const auto stream = client.client->open(std::move(request), reader.events());
  peer.accept();
  peer.say(answer);
  if (hang_up) peer.hang_up();
  const auto status = reader.status();
  EXPECT_FALSE(status);
  return status ? Error{} : status.error();
}

TEST(StreamDeadline, APeerThatNeverAnswers) {
  RawServer peer;
  StreamRequest request;
  request.first_byte_timeout = 50ms;
  const auto error = error_of(request, peer, "");
  EXPECT_EQ(error.code, Code::deadline_exceeded);
  EXPECT_THAT(error.message, HasSubstr("no answer within 50ms"));
}

TEST(StreamDeadline, APeerThatSendsAHeaderAndNothingElse) {
  RawServer peer;
  StreamRequest request;
  request.first_byte_timeout = 50ms;
  EXPECT_EQ(error_of(request, peer, kHead).code, Code::deadline_exceeded);
}

TEST(StreamDeadline, APeerThatFallsSilentAfterItHasBegun) {
  RawServer peer;
  StreamRequest request;
  request.first_byte_timeout = 10s;
  request.idle_timeout = 50ms;
  const auto error = error_of(request, peer, kHead + "a");
  EXPECT_EQ(error.code, Code::deadline_exceeded);
  EXPECT_THAT(error.message, HasSubstr("no byte came within 50ms"));
}

TEST(StreamDeadline, TheFirstBytesAreNotTheAnswersBeginningUntilTheReaderSaysSo) {
  for (const bool says_begun : {false, true}) {
    RawServer peer;
    ClientOnLoop client;
    Reader reader;
    auto request = asking(peer.url());
    request.reader_says_begun = true;
    request.first_byte_timeout = says_begun ? 10s : 150ms;
    request.idle_timeout = 20ms;
    const auto stream = client.client->open(request, reader.events());
    peer.accept();
    peer.say(kHead + "a");
    ASSERT_TRUE(reader.wait_for_bytes(1));
    if (says_begun) stream->answer_begun();
    const auto status = reader.status();
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr(says_begun ? "no byte came within 20ms" : "no answer within 150ms"));
  }
}

TEST(StreamDeadline, TheWholeAnswer) {
  RawServer peer;
  StreamRequest request;
  request.total_timeout = 50ms;
  EXPECT_EQ(error_of(request, peer, kHead + "a").code, Code::deadline_exceeded);
}

TEST(StreamDeadline, OneThatIsNeverTakenIntoTheBacklog) {
  SilentSocket nobody;
  ClientOnLoop client;
  Reader reader;
  auto request = asking("http://127.0.0.1:" + std::to_string(nobody.port) + "/");
  request.first_byte_timeout = 50ms;
  const auto stream = client.client->open(request, reader.events());
  EXPECT_EQ(reader.status().error().code, Code::deadline_exceeded);
}

TEST(StreamDeadline, APauseIsNoSilenceOfThePeer) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  auto request = asking(peer.url());
  request.idle_timeout = 40ms;
  const auto stream = client.client->open(request, reader.events());
  peer.accept();
  peer.say(kHead + "a");
  ASSERT_TRUE(reader.wait_for_bytes(1));
  stream->pause();
  Event later;
  const auto timer = client.loop.after(150ms, [&] { later.set(); });
  ASSERT_TRUE(later.wait());
  EXPECT_EQ(reader.ended.count(), 0);
  stream->resume();
  EXPECT_EQ(reader.status().error().code, Code::deadline_exceeded);
}

TEST(StreamFault, NobodyListens) {
  std::uint16_t port = 0;
  {
    const RawServer gone;
    port = gone.port;
  }
  ClientOnLoop client;
  Reader reader;
  const auto stream = client.client->open(asking("http://127.0.0.1:" + std::to_string(port) + "/"), reader.events());
  EXPECT_EQ(reader.status().error().code, Code::unavailable);
}

TEST(StreamFault, APeerThatHangsUpWithoutAWord) {
  RawServer peer;
  EXPECT_EQ(error_of({}, peer, "", true).code, Code::unavailable);
}

TEST(StreamFault, AnAnswerThatIsCutOff) {
  for (const std::string rest : {"Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawServer peer;
    EXPECT_EQ(error_of({}, peer, "HTTP/1.1 200 OK\r\n" + rest, true).code, Code::unavailable) << rest;
  }
}

TEST(StreamFault, AnAnswerThatIsNotHttp) {
  RawServer peer;
  EXPECT_EQ(error_of({}, peer, "SSH-2.0-OpenSSH\r\n\r\n", true).code, Code::unavailable);
}

TEST(StreamBound, AHeaderWithoutEnd) {
  RawServer peer;
  StreamRequest request;
  request.max_header_bytes = 1000;
  std::string header = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) header += "X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n";
  EXPECT_EQ(error_of(request, peer, header).code, Code::too_large);
}

TEST(StreamBound, ABodyAtItsBoundIsTakenAndOneByteMoreIsNot) {
  StreamRequest request;
  request.max_body_bytes = 10;
  {
    RawServer peer;
    ClientOnLoop client;
    Reader reader;
    request.url = peer.url();
    const auto stream = client.client->open(request, reader.events());
    peer.accept();
    peer.say(kHead + "0123456789");
    peer.hang_up();
    EXPECT_TRUE(reader.status());
  }
  RawServer peer;
  EXPECT_EQ(error_of(request, peer, kHead + "0123456789a").code, Code::too_large);
}

TEST(StreamFault, AUrlThatIsNone) {
  for (const char* url : {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"}) {
    ClientOnLoop client;
    Reader reader;
    const auto stream = client.client->open(asking(url), reader.events());
    EXPECT_EQ(reader.status().error().code, Code::invalid_argument) << url;
  }
}

TEST(StreamFault, AnErrorTellsTheOriginAndNoSecretOfTheUrl) {
  RawServer peer;
  ClientOnLoop client;
  Reader reader;
  auto request = asking("http://user:password@127.0.0.1:" + std::to_string(peer.port) + "/path?key=secret");
  request.first_byte_timeout = 30ms;
  const auto stream = client.client->open(request, reader.events());
  const auto message = reader.status().error().message;
  EXPECT_THAT(message, HasSubstr("http://127.0.0.1:"));
  for (const char* secret : {"password", "secret", "path"}) EXPECT_THAT(message, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace base
