#pragma once
// The threads of an event loop, one Asio io_context a thread. What begins on a thread stays there, so that neither a
// lock nor another thread's wakeup stands between the steps of a request; with one context shared by two threads, each
// request cost them a quarter more time (tests/bench/http_bench.py). The price is that no other thread takes over the
// work of a busy one: a handler must not block. A private part of the event loop.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace base {

class IoContextPool {
 public:
  explicit IoContextPool(int count);
  ~IoContextPool();
  IoContextPool(const IoContextPool&) = delete;
  IoContextPool& operator=(const IoContextPool&) = delete;

  // The context that the calling thread runs; for any other thread, round robin. Thread-safe.
  boost::asio::io_context& here();
  // The next context, round robin. Thread-safe.
  boost::asio::io_context& next();

  // Runs all contexts, the first on this thread, until stop(); may be called again after that. With a `beat` each
  // thread comes back from its work at least that often.
  void run(std::chrono::nanoseconds beat);
  void stop();  // thread-safe
  // See EventLoop.
  [[nodiscard]] std::chrono::nanoseconds longest_block() const;

 private:
  class Context;

  std::vector<std::unique_ptr<Context>> contexts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> beating_{false};
};

}  // namespace base
