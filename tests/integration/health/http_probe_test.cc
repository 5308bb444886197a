#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/source/probe/http.h"
#include "tests/base/streaming.h"
#include "tests/integration/health/asker.h"

namespace guard::source {
namespace {

using base::RawServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = ProbeAnswer::Kind;

// What is made of a peer that says `answer` and then nothing more.
ProbeAnswer answer_to(const std::string& said, std::vector<int> statuses = {}, base::Duration timeout = seconds(5)) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url(), std::move(statuses), timeout});
  peer.accept();
  peer.say(said);
  return asker.answer();
}

TEST(HttpProbe, PassesOnEveryStatusFrom200To399) {
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), ProbeAnswer::passed());
  EXPECT_EQ(answer_to("HTTP/1.1 204 No Content\r\n\r\n"), ProbeAnswer::passed());
  EXPECT_EQ(answer_to("HTTP/1.1 399 Odd\r\n\r\n"), ProbeAnswer::passed());
}

TEST(HttpProbe, FailsOnAllOthers) {
  EXPECT_EQ(answer_to("HTTP/1.1 400 Bad\r\n\r\n"), ProbeAnswer::failed("answered 400"));
  EXPECT_EQ(answer_to("HTTP/1.1 500 Oops\r\n\r\n"), ProbeAnswer::failed("answered 500"));
}

TEST(HttpProbe, PassesOnTheStatusesMeant) {
  EXPECT_EQ(answer_to("HTTP/1.1 503 Busy\r\n\r\n", {200, 503}), ProbeAnswer::passed());
  EXPECT_EQ(answer_to("HTTP/1.1 204 No Content\r\n\r\n", {200, 503}), ProbeAnswer::failed("answered 204"));
}

TEST(HttpProbe, DoesNotFollowARedirect) {
  RawServer elsewhere;
  EXPECT_EQ(answer_to("HTTP/1.1 302 Found\r\nlocation: " + elsewhere.url() + "\r\n\r\n"), ProbeAnswer::passed());
  EXPECT_EQ(answer_to("HTTP/1.1 302 Found\r\nlocation: " + elsewhere.url() + "\r\n\r\n", {200}),
            ProbeAnswer::failed("answered 302"));
}

TEST(HttpProbe, AsksOnAConnectionOfItsOwnAndHangsUp) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url() + "-/healthy", {}, seconds(5)});
  const auto request = peer.accept();
  EXPECT_THAT(request, HasSubstr("GET /-/healthy HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("connection: close\r\n"));
  peer.say("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
  EXPECT_EQ(asker.answer(), ProbeAnswer::passed()) << "the status decides, the body is not waited for";
  EXPECT_TRUE(peer.sees_hang_up());
}

TEST(HttpProbe, FailsWhenNoAnswerComesInTime) {
  EXPECT_EQ(answer_to("", {}, milliseconds(100)), ProbeAnswer::failed("no answer within 100ms"));
}

TEST(HttpProbe, FailsWhenTheHeaderDripsBeyondItsTime) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url(), {}, milliseconds(200)});
  peer.accept();
  peer.say("HTTP/1.1 200 OK\r\n");
  const auto began = std::chrono::steady_clock::now();
  std::thread drips([&] {
    while (!peer.sees_hang_up_within(milliseconds(20))) peer.say("x: y\r\n");
  });
  EXPECT_EQ(asker.answer(), ProbeAnswer::failed("no answer within 200ms"));
  drips.join();
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(150));
}

TEST(HttpProbe, FailsWhenTheHeaderHasNoEnd) {
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nx: " + std::string(1u << 20, 'y')).kind, Kind::failed);
}

TEST(HttpProbe, FailsWhenItIsHungUpOn) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url(), {}, seconds(5)});
  peer.accept();
  peer.hang_up();
  EXPECT_EQ(asker.answer().kind, Kind::failed);
}

TEST(HttpProbe, FailsWhenTheConnectionIsReset) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url(), {}, seconds(5)});
  peer.accept();
  peer.reset();
  EXPECT_EQ(asker.answer().kind, Kind::failed);
}

TEST(HttpProbe, FailsWhenAnotherProtocolAnswers) {
  EXPECT_EQ(answer_to("SSH-2.0-OpenSSH_9.2\r\n\r\n").kind, Kind::failed);
}

TEST(HttpProbe, FailsWhenNobodyListens) {
  std::string url;
  {
    RawServer gone;
    url = gone.url();
  }
  Asker asker;
  asker.http({url, {}, seconds(5)});
  const auto answer = asker.answer();
  EXPECT_EQ(answer.kind, Kind::failed);
  EXPECT_THAT(answer.why, HasSubstr("onnect"));
}

TEST(HttpProbe, SaysNothingOfTheWorkloadWhenItsNameIsNotResolved) {
  Asker asker;
  asker.http({"http://no-such-host.invalid/", {}, seconds(1)});
  EXPECT_EQ(asker.answer().kind, Kind::unable);
}

TEST(HttpProbe, SaysNothingOfTheWorkloadWhenNoDescriptorIsFree) {
  RawServer peer;
  Asker asker;
  const NoDescriptorsLeft none;
  asker.http({peer.url(), {}, seconds(2)});
  EXPECT_EQ(asker.answer(), ProbeAnswer::unable("no descriptor is free for a connection"));
}

TEST(HttpProbe, HangsUpWhenItIsGivenUp) {
  RawServer peer;
  Asker asker;
  asker.http({peer.url(), {}, seconds(30)});
  peer.accept();
  asker.give_up();
  EXPECT_TRUE(peer.sees_hang_up());
}

}  // namespace
}  // namespace guard::source
