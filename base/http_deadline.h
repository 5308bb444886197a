#pragma once
// One deadline at a time for what an HTTP client has to do next. Nearly every deadline is replaced long before it is
// met, several times a request: so replacing one only notes the new time, and the timer, when it fires too early, is
// armed again for the rest. A private part of the server.

#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace base {

// Owner is kept alive while the timer runs; all members are called on its thread.
template <class Owner, class Executor>
class HttpDeadline {
 public:
  using Member = void (Owner::*)();
  using Time = std::chrono::steady_clock::time_point;

  explicit HttpDeadline(const Executor& executor) : timer_(executor) {}

  // Calls `too_late` after `time`, unless replaced or called off.
  void allow(Owner& owner, std::chrono::milliseconds time, Member too_late) {
    due_ = std::chrono::steady_clock::now() + time;
    too_late_ = too_late;
    if (!armed_ || due_ < armed_for_) arm(owner);
  }
  void call_off() { too_late_ = nullptr; }
  // Lets go of the owner too.
  void end() {
    too_late_ = nullptr;
    timer_.cancel();
  }

 private:
  void arm(Owner& its_owner) {
    armed_ = true;
    armed_for_ = due_;
    timer_.expires_at(due_);
    timer_.async_wait(
        [this, owner = its_owner.shared_from_this(), number = ++number_](boost::system::error_code error) {
          // A wait that was replaced when its time had already come ends without an error.
          if (number != number_) return;
          armed_ = false;
          if (error || too_late_ == nullptr) return;
          if (std::chrono::steady_clock::now() < due_) return arm(*owner);
          (owner.get()->*std::exchange(too_late_, nullptr))();
        });
  }

  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                    Executor>
      timer_;
  bool armed_ = false;
  Time armed_for_;
  unsigned number_ = 0;
  Time due_;
  Member too_late_ = nullptr;
};

}  // namespace base
