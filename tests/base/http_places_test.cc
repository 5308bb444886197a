#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/loopback.h"
#include "tests/base/streaming.h"

namespace base {
namespace {

using testing::EndsWith;
using Exchange = std::shared_ptr<HttpExchange>;

// The loop sees at once that somebody wants a place and that the one who has owed a request for the longest has sent
// it: that one is answered all the same.
TEST(HttpPlaces, AreNotTakenFromWhoseRequestHasJustCome) {
  HttpServerOptions options;
  options.max_connections = 1;
  Handed<Exchange> asked;
  ServerOnLoopback server([&](const Exchange& exchange) { asked.put(exchange); }, options);
  RawClient first(server.port);
  std::promise<void> held;
  std::promise<void> let_go;
  // Accepted by now, since the loop takes things in their order, but silent.
  first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  asked.take()->respond({200, {}, "first"});
  first.read_until("first");
  server.loop.post([&] {
    held.set_value();
    let_go.get_future().wait();
  });
  held.get_future().wait();
  RawClient second(server.port);
  first.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  let_go.set_value();
  const auto exchange = asked.take();
  std::promise<void> later;  // what was to be cut is cut by then
  server.loop.post([&] { later.set_value(); });
  later.get_future().wait();
  exchange->respond({200, {}, "answered"});
  EXPECT_THAT(first.read_to_end(), EndsWith("answered"));
}

}  // namespace
}  // namespace base
