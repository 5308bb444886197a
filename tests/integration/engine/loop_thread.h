#pragma once
// An event loop on a thread of its own, for tests of what lives on one: everything that belongs to the loop is made,
// asked and ended through on_loop().

#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/event_loop.h"

namespace engine_test {

class LoopThread {
 public:
  LoopThread() : beat_(loop.every(std::chrono::hours(1), [](int) {})), thread_([this] { loop.run(); }) {}
  ~LoopThread() {
    loop.stop();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  template <class Work>
  auto on_loop(Work work) -> std::invoke_result_t<Work> {
    std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }
  // True as soon as `condition`, asked on the loop, holds; false when it does not within 10 s.
  bool comes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!on_loop(condition)) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  base::EventLoop loop;

 private:
  base::Pending beat_;  // a loop without anything to wait for would end
  std::thread thread_;
};

}  // namespace engine_test
