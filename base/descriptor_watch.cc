#include "base/descriptor_watch.h"

#include <array>
#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/log.h"

namespace base {

namespace asio = boost::asio;
using boost::system::error_code;

// A wait under way holds a share of this, so it lives until its last handler has run.
class DescriptorWatch::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& context, std::function<void(Side)> ready) : descriptor_(context), ready_(std::move(ready)) {}
  ~State() { close(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void open(int fd) {
    error_code error;
    descriptor_.assign(fd, error);
    if (error) log_error("cannot watch a socket", {{"fd", fd}, {"error", error.message()}});
  }

  void want(bool read, bool write) {
    const std::lock_guard lock(mutex_);
    sides_[0].wanted = read;
    sides_[1].wanted = write;
    wait_for(Side::read);
    wait_for(Side::write);
  }

  void close() {
    std::function<void(Side)> ready;  // destroyed after the lock is gone: it may own anything
    const std::lock_guard lock(mutex_);
    ready.swap(ready_);
    if (descriptor_.is_open()) descriptor_.release();  // not close(): the fd is the caller's
  }

 private:
  struct SideState {
    bool wanted = false;
    bool waiting = false;  // Asio has been asked; a wait is not taken back when nobody wants it any more
  };

  SideState& state_of(Side side) { return sides_[side == Side::read ? 0 : 1]; }

  // Under the lock.
  void wait_for(Side side) {
    auto& state = state_of(side);
    if (!state.wanted || state.waiting || !descriptor_.is_open()) return;
    state.waiting = true;
    const auto how =
        side == Side::read ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
    // An error is handed on as readiness: whoever reads or writes will meet it.
    descriptor_.async_wait(how, [self = shared_from_this(), side](error_code) { self->became_ready(side); });
  }

  void became_ready(Side side) {
    std::function<void(Side)> ready;
    {
      const std::lock_guard lock(mutex_);
      auto& state = state_of(side);
      state.waiting = false;
      if (!state.wanted) return;
      state.wanted = false;
      ready = ready_;
    }
    if (ready) ready(side);
  }

  std::mutex mutex_;
  asio::posix::stream_descriptor descriptor_;
  std::function<void(Side)> ready_;
  std::array<SideState, 2> sides_;
};

DescriptorWatch::DescriptorWatch(EventLoop& loop, int fd, std::function<void(Side)> ready)
    : state_(std::make_shared<State>(loop.native(), std::move(ready))) {
  state_->open(fd);
}

DescriptorWatch::~DescriptorWatch() { state_->close(); }

void DescriptorWatch::want(bool read, bool write) { state_->want(read, write); }

}  // namespace base
