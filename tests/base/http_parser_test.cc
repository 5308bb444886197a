#include "base/http_parser.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace base {
namespace {

using Step = HttpRequestParser::Step;

constexpr std::size_t kMaxHeader = 200;
constexpr std::size_t kMaxBody = 20;

struct Outcome {
  Step step = Step::need_more;
  int status = 0;
  HttpRequest request;
  std::string left;  // not taken
};

// Feeds `text` in pieces of `piece` bytes, as a socket would deliver them.
Outcome parse(std::string_view text, std::size_t piece = std::string::npos) {
  HttpRequestParser parser(kMaxHeader, kMaxBody);
  Outcome outcome;
  while (!text.empty() && (outcome.step == Step::need_more || outcome.step == Step::header_done)) {
    outcome.left.append(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    do {
      std::size_t taken = 0;
      outcome.step = parser.feed(outcome.left, taken);
      outcome.left.erase(0, taken);
    } while (outcome.step == Step::header_done);
  }
  outcome.status = parser.failure_status();
  if (outcome.step == Step::done) outcome.request = parser.take();
  outcome.left.append(text);
  return outcome;
}

std::string with_header(std::string_view lines, std::string_view body = "") {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

int status_of(std::string_view text) { return parse(text).status; }

TEST(HttpRequestParser, ReadsARequest) {
  const auto outcome = parse("POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-Y: Z\r\nContent-Length: 2\r\n\r\nhi");
  ASSERT_EQ(outcome.step, Step::done);
  EXPECT_EQ(outcome.request.method, "POST");
  EXPECT_EQ(outcome.request.path, "/a b");
  EXPECT_EQ(outcome.request.query, "c=d");
  EXPECT_EQ(outcome.request.header("x-y"), "Z");
  EXPECT_EQ(outcome.request.body, "hi");
}

TEST(HttpRequestParser, ReadsTheSameInWhateverPiecesItComes) {
  const std::string requests[] = {with_header("Content-Length: 5\r\n", "hello"),
                                  with_header("Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"),
                                  with_header("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nT: v\r\n\r\n")};
  for (const auto& request : requests) {
    for (std::size_t piece = 1; piece <= request.size(); ++piece) {
      const auto outcome = parse(request, piece);
      ASSERT_EQ(outcome.step, Step::done) << piece;
      ASSERT_EQ(outcome.request.body, "hello") << piece;
      ASSERT_EQ(outcome.left, "") << piece;
    }
  }
}

TEST(HttpRequestParser, ReadsAnEmptyChunkedBodyByteByByte) {
  const auto outcome = parse(with_header("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 1);
  EXPECT_EQ(outcome.step, Step::done);
  EXPECT_EQ(outcome.request.body, "");
}

TEST(HttpRequestParser, LeavesTheNextRequestUntaken) {
  EXPECT_EQ(parse(with_header("Content-Length: 2\r\n", "hiGET / HTTP/1.1")).left, "GET / HTTP/1.1");
  EXPECT_EQ(parse(with_header("Transfer-Encoding: chunked\r\n", "0\r\n\r\nGET")).left, "GET");
}

TEST(HttpRequestParser, AsksForMoreUntilTheRequestIsWhole) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\n").step, Step::need_more);
  EXPECT_EQ(parse(with_header("Content-Length: 3\r\n", "hi")).step, Step::need_more);
  EXPECT_EQ(parse(with_header("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n")).step, Step::need_more);
}

TEST(HttpRequestParser, RefusesGarbageBeforeTheHeaderEnds) {
  EXPECT_EQ(status_of("\x16\x03\x01\x02"), 400);  // a TLS client
  EXPECT_EQ(status_of("GET\r\n"), 400);
  EXPECT_EQ(status_of(" GET / HTTP/1.1\r\n"), 400);
}

TEST(HttpRequestParser, RefusesOtherVersions) {
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(HttpRequestParser, BoundsTheHeaderToTheByte) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const std::string end = "\r\n\r\n";
  const auto filled = [&](std::size_t size) {
    return begin + std::string(size - begin.size() - end.size(), 'x') + end;
  };
  for (const std::size_t piece : {std::size_t{1}, std::size_t{64}, std::string::npos}) {
    EXPECT_EQ(parse(filled(kMaxHeader), piece).step, Step::done);
    EXPECT_EQ(parse(filled(kMaxHeader + 1), piece).status, 431);
  }
  EXPECT_EQ(status_of(begin + std::string(1000, 'x')), 431);
  EXPECT_EQ(status_of("GET /" + std::string(1000, 'x')), 431);
}

// A field of four bytes takes a hundred in memory.
TEST(HttpRequestParser, BoundsTheNumberOfFields) {
  const auto status_of = [](int fields, std::string_view end) {
    HttpRequestParser parser(16u << 10, kMaxBody);
    std::string header = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < fields; ++i) header += "a:\r\n";
    std::size_t taken = 0;
    return parser.feed(header + std::string(end), taken) == Step::done ? 0 : parser.failure_status();
  };
  EXPECT_EQ(status_of(128, "\r\n"), 0);
  EXPECT_EQ(status_of(129, "\r\n"), 431);
  EXPECT_EQ(status_of(129, "half"), 431);
}

TEST(HttpRequestParser, BoundsADeclaredBodyBeforeItComes) {
  EXPECT_EQ(parse(with_header("Content-Length: 20\r\n")).step, Step::need_more);
  EXPECT_EQ(status_of(with_header("Content-Length: 21\r\n")), 413);
  EXPECT_EQ(status_of(with_header("Content-Length: 18446744073709551615\r\n")), 413);
}

TEST(HttpRequestParser, BoundsAChunkedBodyAsItComes) {
  const std::string half = "a\r\n0123456789\r\n";
  EXPECT_EQ(parse(with_header("Transfer-Encoding: chunked\r\n", half + half + "0\r\n\r\n")).step, Step::done);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", half + half + "1\r\n")), 413);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n")), 413);
}

TEST(HttpRequestParser, BoundsChunkExtensionsAndTrailers) {
  const std::string endless(kMaxHeader, 'x');
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "1;" + endless)), 400);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "0\r\nX: " + endless)), 400);
}

TEST(HttpRequestParser, RefusesBrokenChunks) {
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\n", "-1\r\nhello\r\n")), 400);
}

TEST(HttpRequestParser, RefusesEveryDoubtAboutWhereTheBodyEnds) {
  EXPECT_EQ(status_of(with_header("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length: 5, 5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length: +5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length: -5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length:\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Content-Length : 5\r\n")), 400);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(HttpRequestParser, RefusesOtherTransferCodings) {
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: gzip\r\n")), 501);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(status_of(with_header("Transfer-Encoding: xchunked\r\n")), 501);
}

TEST(HttpRequestParser, WantsExactlyOneHost) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").step, Step::done);
}

TEST(HttpRequestParser, RefusesTargetsThatCannotBeDecoded) {
  EXPECT_EQ(status_of("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(HttpRequestParser, KeepsTrailersOutOfTheHeaders) {
  const auto outcome =
      parse(with_header("Transfer-Encoding: chunked\r\n", "0\r\nAuthorization: Bearer forged\r\n\r\n"));
  ASSERT_EQ(outcome.step, Step::done);
  EXPECT_EQ(outcome.request.header("authorization"), "");
}

TEST(HttpRequestParser, PassesOverEmptyLinesBeforeARequest) {
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{3}}) {
    EXPECT_EQ(parse("\r\n" + request, piece).step, Step::done) << piece;
    EXPECT_EQ(parse("\r\n\r\n" + request, piece).step, Step::done) << piece;
    EXPECT_EQ(parse("\r\n", piece).step, Step::need_more) << piece;
    EXPECT_EQ(parse("\r" + request, piece).status, 400) << piece;
    EXPECT_EQ(parse("\n" + request, piece).status, 400) << piece;
  }
  std::string without_end;
  while (without_end.size() < 2 * kMaxHeader) without_end += "\r\n";
  EXPECT_EQ(parse(without_end).status, 431);
  EXPECT_EQ(parse(without_end, 1).status, 431);
}

TEST(HttpRequestParser, KnowsOneExpectation) {
  HttpRequestParser parser(kMaxHeader, kMaxBody);
  std::size_t taken = 0;
  EXPECT_EQ(parser.feed(with_header("Content-Length: 5\r\nExpect: 100-Continue\r\n"), taken), Step::header_done);
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(status_of(with_header("Content-Length: 5\r\nExpect: a-pony\r\n")), 417);
  EXPECT_EQ(status_of(with_header("Content-Length: 5\r\nExpect: a-pony\r\nExpect: 100-continue\r\n")), 417);
}

TEST(HttpRequestParser, TellsWhoWantsToKeepTheConnection) {
  const auto keeps = [](std::string_view text) {
    HttpRequestParser parser(kMaxHeader, kMaxBody);
    for (auto step = Step::header_done; step == Step::header_done;) {
      std::size_t taken = 0;
      step = parser.feed(text, taken);
      text.remove_prefix(taken);
    }
    EXPECT_EQ(text, "");
    return parser.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(keeps(with_header("Transfer-Encoding: chunked\r\n", "0\r\nConnection: close\r\n\r\n")));
}

}  // namespace
}  // namespace base
