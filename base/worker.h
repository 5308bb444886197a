#pragma once
// One thread with a bounded queue, for work that may block: engine calls, databases, notifiers, file scans.
// A job that hangs costs its own worker only; when the queue is full submit() says so and the caller decides.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace base {

class Worker {
 public:
  // `name` shows in the thread list (15 characters at most); `capacity` bounds the jobs waiting.
  Worker(std::string name, std::size_t capacity);
  // Drops jobs that have not begun and waits for the one that runs.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False when `capacity` jobs wait already; the job is then not taken.
  [[nodiscard]] bool submit(std::function<void()> job);
  [[nodiscard]] std::size_t waiting() const;

 private:
  void run();

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace base
