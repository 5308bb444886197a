// Clients that do everything at once, and handlers that answer in every way, on several threads: mostly for the
// sanitizers to look at.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/worker.h"
#include "loopback.h"

namespace base {
namespace {

using testing::AnyOf;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;
using Exchange = std::shared_ptr<HttpExchange>;

constexpr std::size_t kBigBytes = 300'000;

std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n";
}

class Storm {
 public:
  Storm() : server_(std::make_unique<HttpServer>(*loop_, options(), [this](const Exchange& e) { answer(e); })) {
    port_ = server_->listen("127.0.0.1:0").value();
    runner_ = std::thread([this] { loop_->run(); });
  }
  ~Storm() {
    if (runner_.joinable()) end();
  }
  // Answers are still being made elsewhere when the server has gone.
  void end() {
    std::promise<void> gone;
    loop_->post([&] {
      server_.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    std::promise<void> made;
    elsewhere([&] { made.set_value(); });
    made.get_future().wait();
    loop_->stop();
    runner_.join();
    loop_.reset();  // with what it has not done
  }
  // Of requests that the handler has seen, and of those that somebody still holds.
  [[nodiscard]] std::size_t seen() const { return seen_.size(); }
  [[nodiscard]] std::ptrdiff_t still_held() const {
    return std::ranges::count_if(seen_, [](const auto& exchange) { return !exchange.expired(); });
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  void client(unsigned seed) {
    random_engine = std::mt19937(seed);
    for (int i = 0; i < 60; ++i) do_one();
  }
  // Still waiting when the server goes.
  void leave_some() {
    for (int i = 0; i < 40; ++i) {
      left_.push_back(std::make_unique<RawClient>(port_));
      left_.back()->send(get(any(kAnsweredPaths)));
    }
  }

 private:
  using Paths = std::vector<std::string>;
  static inline const Paths kAnsweredPaths{"/now", "/elsewhere", "/on-its-thread", "/stream"};
  static inline const Paths kAllPaths{"/now",     "/elsewhere", "/on-its-thread", "/stream",
                                      "/dropped", "/broken",    "/never"};
  static inline thread_local std::mt19937 random_engine;

  static HttpServerOptions options() {
    HttpServerOptions options;
    options.max_connections = 200;
    return options;
  }
  static std::size_t below(std::size_t bound) { return random_engine() % bound; }
  static const std::string& any(const Paths& paths) { return paths[below(paths.size())]; }

  void answer(const Exchange& exchange) {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(exchange);
    }
    const auto path = exchange->request().path;
    const auto respond = [exchange, path] { exchange->respond({200, {}, path}); };
    if (path == "/now") return respond();
    if (path == "/on-its-thread") return loop_->post(respond);
    if (path == "/elsewhere") return elsewhere(respond);
    if (path == "/big") return exchange->respond({200, {}, std::string(kBigBytes, 'x')});
    if (path == "/never") return exchange->on_closed([exchange] {});
    if (path == "/dropped") return;
    exchange->start(200, {});
    exchange->write(path);
    elsewhere([exchange, path] {
      for (int i = 0; i < 20; ++i) exchange->write(std::string(5000, 's'));
      if (path == "/stream") exchange->finish();
    });
  }
  void elsewhere(std::function<void()> work) { EXPECT_TRUE(worker_.submit(std::move(work))); }

  void do_one() {
    RawClient client(port_, below(4) == 0 ? 4096 : 0);
    switch (below(7)) {
      case 0: return send_ahead(client);
      case 1: return void(client.send(get(any(kAllPaths)).substr(0, below(40))));  // and leaves
      case 2:
        client.send(get(any(kAllPaths)));
        client.half_close();
        EXPECT_THAT(client.read_to_end(), AnyOf(IsEmpty(), StartsWith("HTTP/1.1 ")));
        return;
      case 3: client.send(get(any(kAllPaths))); return client.vanish();
      case 4: return send_when_told(client);
      case 5:
        client.send("BROKEN\r\n\r\n" + std::string(below(100'000), 'x'));
        // The refusal may be lost where the kernel resets the connection over what was not read.
        EXPECT_THAT(client.read_to_end(), AnyOf(IsEmpty(), StartsWith("HTTP/1.1 400 ")));
        return;
      default: client.send(get("/big", "Connection: close\r\n")); EXPECT_GT(client.read_to_end().size(), kBigBytes);
    }
  }
  static void send_ahead(RawClient& client) {
    std::string all;
    for (std::size_t n = below(50); n > 0; --n) all += get(any(kAnsweredPaths));
    client.send(all + get("/now", "Connection: close\r\n"));
    EXPECT_THAT(client.read_to_end(), EndsWith("/now"));
  }
  static void send_when_told(RawClient& client) {
    const std::string body(1 + below(200'000), 'b');
    client.send("POST /elsewhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n");
    client.read_until("100 Continue\r\n\r\n");
    client.send(body);
    EXPECT_THAT(client.read_to_end(), EndsWith("/elsewhere"));
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<HttpExchange>> seen_;
  std::unique_ptr<EventLoop> loop_ = std::make_unique<EventLoop>(3);
  std::vector<std::unique_ptr<RawClient>> left_;
  Worker worker_{"elsewhere", 100'000};
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread runner_;
};

TEST(HttpStorm, EachIsAnsweredAndNothingIsTouchedThatIsGone) {
  Storm storm;
  std::vector<std::thread> clients;
  for (unsigned seed = 0; seed < 6; ++seed) clients.emplace_back([&storm, seed] { storm.client(seed); });
  for (auto& client : clients) client.join();
  storm.leave_some();
  storm.end();
  EXPECT_GT(storm.seen(), 200u) << "most of 360 clients get a request through";
  EXPECT_EQ(storm.still_held(), 0) << "nobody keeps what is over";
}

}  // namespace
}  // namespace base
