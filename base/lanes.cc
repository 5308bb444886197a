#include "base/lanes.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>

namespace base {

namespace asio = boost::asio;

namespace {

std::chrono::nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

class Lanes::Lane final : public asio::io_context {
 public:
  // One thread runs it: Asio then needs no lock for what the thread posts to itself.
  explicit Lane(const Lanes& owner) : asio::io_context(1), owner_(owner), keep_running_(get_executor()) {}

  void run_here(std::chrono::nanoseconds beat) {
    Lane* const before = std::exchange(of_this_thread, this);
    while (beat.count() > 0 && !stopped()) {
      last_beat = now();
      run_for(beat);
    }
    run();  // without a beat; else it is stopped, and this returns
    of_this_thread = before;
  }
  // Destroys what waits, while the context is still fit for its sockets and timers to be taken leave of.
  void destroy_work() { shutdown(); }
  [[nodiscard]] bool belongs_to(const Lanes& owner) const { return &owner == &owner_; }

  static thread_local Lane* of_this_thread;
  std::atomic<std::chrono::nanoseconds> last_beat{now()};

 private:
  const Lanes& owner_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;
};

thread_local Lanes::Lane* Lanes::Lane::of_this_thread = nullptr;

Lanes::Lanes(int count) {
  for (int i = 0; i < std::max(count, 1); ++i) lanes_.push_back(std::make_unique<Lane>(*this));
}

// What waits in one lane may own a socket of another: so all work goes before the first context does.
Lanes::~Lanes() {
  for (const auto& lane : lanes_) lane->destroy_work();
}

asio::io_context& Lanes::here() {
  Lane* const mine = Lane::of_this_thread;
  return mine != nullptr && mine->belongs_to(*this) ? *mine : next();
}

asio::io_context& Lanes::next() { return *lanes_[next_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()]; }

void Lanes::run(std::chrono::nanoseconds beat) {
  beating_ = beat.count() > 0;
  for (const auto& lane : lanes_) lane->last_beat = now();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < lanes_.size(); ++i) {
    others.emplace_back([lane = lanes_[i].get(), beat] { lane->run_here(beat); });
  }
  lanes_.front()->run_here(beat);
  for (auto& thread : others) thread.join();
  beating_ = false;
  for (const auto& lane : lanes_) lane->restart();
}

void Lanes::stop() {
  for (const auto& lane : lanes_) lane->stop();
}

std::chrono::nanoseconds Lanes::longest_silence() const {
  if (!beating_) return std::chrono::nanoseconds(0);
  std::chrono::nanoseconds longest(0);
  for (const auto& lane : lanes_) longest = std::max(longest, now() - lane->last_beat.load());
  return longest;
}

}  // namespace base
