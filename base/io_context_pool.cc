#include "base/io_context_pool.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>

namespace base {

namespace asio = boost::asio;

namespace {

std::chrono::nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

class IoContextPool::Context final : public asio::io_context {
 public:
  // One thread runs it: Asio then needs no lock for what the thread posts to itself.
  explicit Context(const IoContextPool& owner) : asio::io_context(1), owner_(owner), keep_running_(get_executor()) {}

  void run_here(std::chrono::nanoseconds beat) {
    Context* const before = std::exchange(of_this_thread, this);
    while (beat.count() > 0 && !stopped()) {
      last_beat = now();
      run_for(beat);
    }
    run();  // without a beat; else it is stopped, and this returns
    of_this_thread = before;
  }
  // Destroys what waits, while the context is still fit for its sockets and timers to be taken leave of.
  void destroy_work() { shutdown(); }
  [[nodiscard]] bool belongs_to(const IoContextPool& owner) const { return &owner == &owner_; }

  static thread_local Context* of_this_thread;
  std::atomic<std::chrono::nanoseconds> last_beat{now()};

 private:
  const IoContextPool& owner_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;
};

thread_local IoContextPool::Context* IoContextPool::Context::of_this_thread = nullptr;

IoContextPool::IoContextPool(int count) {
  for (int i = 0; i < std::max(count, 1); ++i) contexts_.push_back(std::make_unique<Context>(*this));
}

// What waits in one context may own a socket of another: so all work goes before the first context does.
IoContextPool::~IoContextPool() {
  for (const auto& context : contexts_) context->destroy_work();
}

asio::io_context& IoContextPool::here() {
  Context* const mine = Context::of_this_thread;
  return mine != nullptr && mine->belongs_to(*this) ? *mine : next();
}

asio::io_context& IoContextPool::next() {
  return *contexts_[next_.fetch_add(1, std::memory_order_relaxed) % contexts_.size()];
}

void IoContextPool::run(std::chrono::nanoseconds beat) {
  beating_ = beat.count() > 0;
  for (const auto& context : contexts_) context->last_beat = now();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < contexts_.size(); ++i) {
    others.emplace_back([context = contexts_[i].get(), beat] { context->run_here(beat); });
  }
  contexts_.front()->run_here(beat);
  for (auto& thread : others) thread.join();
  beating_ = false;
  for (const auto& context : contexts_) context->restart();
}

void IoContextPool::stop() {
  for (const auto& context : contexts_) context->stop();
}

std::chrono::nanoseconds IoContextPool::longest_block() const {
  if (!beating_) return std::chrono::nanoseconds(0);
  std::chrono::nanoseconds longest(0);
  for (const auto& context : contexts_) longest = std::max(longest, now() - context->last_beat.load());
  return longest;
}

}  // namespace base
