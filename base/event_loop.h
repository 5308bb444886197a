#pragma once
// One Asio loop behind a small face: post work, run it later or repeatedly, wait for a file descriptor or a
// signal. leakguard runs it on one thread, which owns all guard state; chatcore on as many as it has cores, and
// what a loop thread posts stays on that thread.
// Whatever may block goes to a Worker (base/worker.h), which posts its result back here.
//
// All members are thread-safe unless they say otherwise. Callbacks run on a loop thread.

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace base {

// A pending timer or watch. Destroying or cancelling it ends it: a callback that has not begun will not begin
// (for a loop of one thread; with several, one may already be on its way). The loop must outlive it.
class Pending {
 public:
  class State;
  Pending() = default;
  explicit Pending(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) noexcept;
  ~Pending();
  void cancel();

 private:
  std::shared_ptr<State> state_;
};

// One thread of a loop, to come back to: what belongs together then stays together, and nothing crosses threads step
// after step. The loop must outlive it.
class LoopThread {
 public:
  void post(std::function<void()> work) const;

 private:
  friend class EventLoop;
  explicit LoopThread(boost::asio::io_context& context) : context_(&context) {}
  boost::asio::io_context* context_;
};

class EventLoop {
 public:
  // run() uses this number of threads; work stays on the thread that started it (base/io_context_pool.h).
  explicit EventLoop(int threads = 1);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(std::function<void()> work);
  // The thread of this loop that asks; any of them when another one does.
  [[nodiscard]] LoopThread this_thread();

  [[nodiscard]] Pending after(std::chrono::nanoseconds delay, std::function<void()> work);
  // First after one interval, then at fixed rate. A beat that comes late is run once, not made up for;
  // `work` is told how many whole beats were missed before this one.
  [[nodiscard]] Pending every(std::chrono::nanoseconds interval, std::function<void(int missed)> work);
  // Calls `ready` each time `fd` (a pipe, pidfd, inotify, eventfd …) becomes readable, until cancelled.
  // Does not own the fd; cancel before closing it. End of file is readable too: cancel then. For a file that
  // signals by POLLPRI (a pressure trigger), watch an epoll fd that waits for EPOLLPRI on it.
  [[nodiscard]] Pending readable(int fd, std::function<void()> ready);
  [[nodiscard]] Pending on_signals(std::initializer_list<int> signals, std::function<void(int signal)> work);

  // Until stop(), on this thread and as many more as the loop was made for; may be called again after that. With a
  // `beat` each of them comes back from its work to say so at least that often, unless its work does not end; it costs
  // a look at the clock for every piece of work.
  void run(std::chrono::nanoseconds beat = std::chrono::nanoseconds(0));
  // Longest time that any loop thread has been blocked; 0 without a beat.
  [[nodiscard]] std::chrono::nanoseconds longest_block() const;
  void stop();

  // For the HTTP server and the watches of descriptors alone: the context of the calling thread, or of any; and the
  // context whose turn it is, for what begins anew and shall be spread evenly.
  boost::asio::io_context& native();
  boost::asio::io_context& next_native();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace base
