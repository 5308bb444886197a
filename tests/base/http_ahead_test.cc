// Clients that send more before their answer has come.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loopback.h"

namespace base {
namespace {

using Exchange = std::shared_ptr<HttpExchange>;

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

// Each answer makes room for the requests that it answers, and for nothing beyond: whoever sends faster than the
// handler answers is held up by the kernel.
TEST(HttpSentAhead, IsReadNoFurtherWithEachAnswer) {
  Handed<Exchange> asked;
  ServerOnLoopback server([&](const Exchange& exchange) {
    if (exchange->request().path == "/now") return exchange->respond({});
    asked.put(exchange);
  });
  RawClient client(server.port);
  std::string requests;
  for (int i = 0; i < 4096; ++i) requests += get("/later") + get("/now");
  std::size_t sent = client.send_at_once(requests);
  for (int answered = 0; answered < 512; ++answered) {
    asked.take()->respond({200, {}, "later"});
    client.read_until("later");
    sent += client.send_at_once(std::string_view(requests).substr(sent % requests.size()));
  }
  EXPECT_LT(sent, 512u << 10);
}

}  // namespace
}  // namespace base
