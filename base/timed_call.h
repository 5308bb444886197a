#pragma once
// A call that may hang for ever, such as one into a file system whose server is gone: it runs on a thread of its own,
// and the caller waits only a bounded time for the answer. While a call hangs it is not made again.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <pthread.h>

#include "base/clock.h"

namespace base {

// `T` is the answer: default-constructible and copyable. One thread uses an object.
template <typename T>
class TimedCall {
 public:
  // `name` shows in the thread list (15 characters at most). The call owns all that it uses: it may still run when this
  // object is gone.
  TimedCall(const char* name, std::function<T()> call) : state_(std::make_shared<State>()) {
    state_->call = std::move(call);
    thread_ = std::thread([state = state_, name] {
      pthread_setname_np(pthread_self(), name);
      state->run();
    });
  }
  // Does not wait for a call that hangs: its thread ends when the call returns.
  ~TimedCall() {
    bool is_under_way = false;
    {
      const std::lock_guard lock(state_->mutex);
      state_->is_stopping = true;
      is_under_way = state_->is_asked;
      state_->changed.notify_all();
    }
    if (is_under_way)
      thread_.detach();
    else
      thread_.join();
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;

  // Makes the call, unless one is under way. Does not wait.
  void start(SteadyTime now) {
    const std::lock_guard lock(state_->mutex);
    if (state_->is_asked) return;
    state_->is_asked = true;
    is_hanging_ = false;
    started_at_ = now;
    state_->changed.notify_all();
  }

  // The answer to the last start(), waited for until `end` (real time); nothing while the call hangs. A call that was
  // waited for once without an answer is not waited for again.
  std::optional<T> answer(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(state_->mutex);
    if (!is_hanging_) is_hanging_ = !state_->changed.wait_until(lock, end, [&] { return !state_->is_asked; });
    if (state_->is_asked) return std::nullopt;
    return state_->answer;
  }

  [[nodiscard]] SteadyTime started_at() const { return started_at_; }

 private:
  struct State {
    std::function<T()> call;
    std::mutex mutex;
    std::condition_variable changed;
    bool is_asked = false;  // a call waits for its thread or is under way
    bool is_stopping = false;
    T answer{};

    void run() {
      std::unique_lock lock(mutex);
      while (true) {
        changed.wait(lock, [&] { return is_asked || is_stopping; });
        if (is_stopping) return;
        lock.unlock();
        T got = call();
        lock.lock();
        answer = std::move(got);
        is_asked = false;
        changed.notify_all();
      }
    }
  };

  const std::shared_ptr<State> state_;  // shared with the thread, which is left behind when it hangs
  std::thread thread_;
  bool is_hanging_ = false;
  SteadyTime started_at_;
};

}  // namespace base
