#include "base/event_loop.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/io_context_pool.h"
#include "base/log.h"

namespace base {

namespace asio = boost::asio;
using boost::system::error_code;

// What a timer or watch needs to be cancelled from any thread. The operation under way holds a share of it, so
// it lives until its last handler has run; Asio's objects are not thread-safe and are touched under the lock only.
class Pending::State {
 public:
  virtual ~State() = default;

  void cancel() {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return;
    cancelled_ = true;
    close();
  }

 protected:
  // Runs `arm` unless cancelled. False when cancelled.
  template <class Arm>
  bool unless_cancelled(const Arm& arm) {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return false;
    arm();
    return true;
  }
  [[nodiscard]] bool is_cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 private:
  virtual void close() = 0;  // ends the operation under way; called once, under the lock

  std::mutex mutex_;
  bool cancelled_ = false;
};

Pending& Pending::operator=(Pending&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  state_ = std::move(other.state_);
  return *this;
}

Pending::~Pending() { cancel(); }

void Pending::cancel() {
  if (const auto state = std::exchange(state_, nullptr)) state->cancel();
}

namespace {

class OneShot final : public Pending::State, public std::enable_shared_from_this<OneShot> {
 public:
  OneShot(asio::io_context& context, std::function<void()> work) : timer_(context), work_(std::move(work)) {}

  void begin(std::chrono::nanoseconds delay) {
    unless_cancelled([&] {
      timer_.expires_after(delay);
      timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error && !self->is_cancelled()) std::exchange(self->work_, nullptr)();
      });
    });
  }

 private:
  void close() override { timer_.cancel(); }

  asio::steady_timer timer_;
  std::function<void()> work_;
};

class Beat final : public Pending::State, public std::enable_shared_from_this<Beat> {
 public:
  Beat(asio::io_context& context, std::chrono::nanoseconds interval, std::function<void(int)> work)
      : timer_(context),
        interval_(std::max(interval, std::chrono::nanoseconds(1))),
        due_(std::chrono::steady_clock::now() + interval_),
        work_(std::move(work)) {}

  void arm() {
    unless_cancelled([this] {
      timer_.expires_at(due_);
      timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error && !self->is_cancelled()) self->beat();
      });
    });
  }

 private:
  void beat() {
    // The timer never fires early, so this is 0 for a beat within its own interval.
    const auto missed = (std::chrono::steady_clock::now() - due_) / interval_;
    due_ += interval_ * (missed + 1);
    work_(static_cast<int>(std::min<std::int64_t>(missed, std::numeric_limits<int>::max())));
    arm();
  }
  void close() override { timer_.cancel(); }

  asio::steady_timer timer_;
  const std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point due_;
  std::function<void(int)> work_;
};

class ReadWatch final : public Pending::State, public std::enable_shared_from_this<ReadWatch> {
 public:
  ReadWatch(asio::io_context& context, std::function<void()> ready) : descriptor_(context), ready_(std::move(ready)) {}
  ~ReadWatch() override { close(); }

  void begin(int fd) {
    error_code error;
    descriptor_.assign(fd, error);
    if (error) {
      log_error("cannot watch a file descriptor", {{"fd", fd}, {"error", error.message()}});
      return;
    }
    arm();
  }

 private:
  void arm() {
    unless_cancelled([this] {
      descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [self = shared_from_this()](error_code error) { self->became_ready(error); });
    });
  }
  void became_ready(error_code error) {
    if (is_cancelled()) return;
    if (error) {
      log_error("watch of a file descriptor ended", {{"error", error.message()}});
      return;
    }
    ready_();
    arm();
  }
  void close() override {
    if (descriptor_.is_open()) descriptor_.release();  // not close(): the fd is the caller's
  }

  asio::posix::stream_descriptor descriptor_;
  std::function<void()> ready_;
};

class SignalWatch final : public Pending::State, public std::enable_shared_from_this<SignalWatch> {
 public:
  SignalWatch(asio::io_context& context, std::function<void(int)> work) : signals_(context), work_(std::move(work)) {}

  void begin(std::initializer_list<int> signals) {
    for (const int signal : signals) {
      error_code error;
      signals_.add(signal, error);
      if (error) log_error("cannot watch a signal", {{"signal", signal}, {"error", error.message()}});
    }
    arm();
  }

 private:
  void arm() {
    unless_cancelled([this] {
      signals_.async_wait([self = shared_from_this()](error_code error, int signal) {
        if (error || self->is_cancelled()) return;
        self->work_(signal);
        self->arm();
      });
    });
  }
  void close() override {
    error_code ignored;
    signals_.clear(ignored);   // gives the signals their former disposition back, but does not end the wait
    signals_.cancel(ignored);  // this does, and so frees what it holds
  }

  asio::signal_set signals_;
  std::function<void(int)> work_;
};

}  // namespace

struct EventLoop::Impl {
  explicit Impl(int threads) : contexts(threads) {}

  IoContextPool contexts;
};

EventLoop::EventLoop(int threads) : impl_(std::make_unique<Impl>(threads)) {}

EventLoop::~EventLoop() = default;

void LoopThread::post(std::function<void()> work) const { asio::post(*context_, std::move(work)); }

void EventLoop::post(std::function<void()> work) { this_thread().post(std::move(work)); }

LoopThread EventLoop::this_thread() { return LoopThread(native()); }

Pending EventLoop::after(std::chrono::nanoseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<OneShot>(native(), std::move(work));
  timer->begin(delay);
  return Pending(std::move(timer));
}

Pending EventLoop::every(std::chrono::nanoseconds interval, std::function<void(int)> work) {
  auto beat = std::make_shared<Beat>(native(), interval, std::move(work));
  beat->arm();
  return Pending(std::move(beat));
}

Pending EventLoop::readable(int fd, std::function<void()> ready) {
  auto watch = std::make_shared<ReadWatch>(native(), std::move(ready));
  watch->begin(fd);
  return Pending(std::move(watch));
}

Pending EventLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> work) {
  auto watch = std::make_shared<SignalWatch>(native(), std::move(work));
  watch->begin(signals);
  return Pending(std::move(watch));
}

void EventLoop::run(std::chrono::nanoseconds beat) { impl_->contexts.run(beat); }

std::chrono::nanoseconds EventLoop::longest_block() const { return impl_->contexts.longest_block(); }

void EventLoop::stop() { impl_->contexts.stop(); }

asio::io_context& EventLoop::native() { return impl_->contexts.here(); }

asio::io_context& EventLoop::next_native() { return impl_->contexts.next(); }

}  // namespace base
