#include "base/http_receipt.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Step = HttpReceipt::Step;

// Reads what has come as a connection does, and notes the requests that are whole.
class Received {
 public:
  void come(std::string_view bytes) {
    const std::string buffer(bytes);  // of the reader's, gone afterwards
    receipt_.lend(buffer);
    while (receipt_.waiting() > 0) {
      const Step step = receipt_.read();
      if (step == Step::need_more || step == Step::failed) break;
      if (step != Step::done) continue;
      const auto [request, held, keep_alive, http_1_0] = receipt_.take();
      requests.push_back(request.method + " " + request.path + " " + request.body);
    }
    receipt_.keep_rest();
  }
  [[nodiscard]] std::size_t waiting() const { return receipt_.waiting(); }

  std::vector<std::string> requests;

 private:
  const HttpServerOptions options_;
  HttpReceipt receipt_{options_};
};

constexpr std::string_view kTwo =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbye\r\n0\r\n\r\n";

TEST(HttpReceipt, ReadsTheSameWhereverWhatComesIsCut) {
  for (std::size_t first = 0; first <= kTwo.size(); ++first) {
    for (const std::size_t rest : {std::size_t{1}, std::size_t{7}, kTwo.size()}) {
      Received received;
      received.come(kTwo.substr(0, first));
      for (std::size_t at = first; at < kTwo.size(); at += rest) received.come(kTwo.substr(at, rest));
      EXPECT_THAT(received.requests, ElementsAre("POST /a hello", "POST /b bye")) << first << ", then by " << rest;
      EXPECT_EQ(received.waiting(), 0U);
    }
  }
}

TEST(HttpReceipt, KeepsWhatBelongsToTheNext) {
  Received received;
  received.come("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET");
  EXPECT_THAT(received.requests, ElementsAre("GET /a "));
  EXPECT_EQ(received.waiting(), 3U);
  received.come(" /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(received.requests, ElementsAre("GET /a ", "GET /b "));
}

TEST(HttpReceipt, WaitsForTheEndOfAHeader) {
  Received received;
  received.come("GET /a HTTP/1.1\r\nHost: h\r\n\r");
  EXPECT_THAT(received.requests, IsEmpty());
  received.come("\n");
  EXPECT_THAT(received.requests, ElementsAre("GET /a "));
}

}  // namespace
}  // namespace base
