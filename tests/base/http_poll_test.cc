#include "base/http_poll.h"

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/event_loop.h"

namespace base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// One end is polled, the other is the test's.
class Polled final : public HttpPoll::Client {
 public:
  Polled(HttpPoll& poll, std::string name, std::vector<std::string>& told)
      : poll_(poll), name_(std::move(name)), told_(told) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    EXPECT_TRUE(poll_.add(ends_[0], *this));
  }
  ~Polled() {
    leave();
    for (const int end : ends_) close(end);
  }
  Polled(const Polled&) = delete;
  Polled& operator=(const Polled&) = delete;

  void say() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void end() const { shutdown(ends_[1], SHUT_WR); }
  void read_again() { poll_.read_again(ends_[0], *this); }
  void leave() {
    if (!std::exchange(has_left_, true)) poll_.remove(ends_[0], *this);
  }

  void ready(Events events) override {
    if (!events.readable) return;  // only that it may write, which is so from the beginning
    told_.push_back(name_ + (events.ended ? " ended" : " said something"));
    if (when_told) when_told();
  }
  void batch_ended() override { told_.push_back(name_ + " answers"); }

  std::function<void()> when_told;

 private:
  HttpPoll& poll_;
  const std::string name_;
  std::vector<std::string>& told_;
  std::array<int, 2> ends_{};
  bool has_left_ = false;
};

// All runs on this thread.
class HttpPollTest : public ::testing::Test {
 protected:
  // Until all that is ready has been told: the loop looks for it between two pieces of work.
  void run() {
    do_nothing(8);
    loop_.run();
  }
  void do_nothing(int times) {
    if (times == 0) return loop_.stop();
    loop_.post([this, times] { do_nothing(times - 1); });
  }

  EventLoop loop_;
  HttpPoll& poll_ = HttpPoll::of(loop_.native());
  std::vector<std::string> told_;
  Polled a_{poll_, "a", told_};
  Polled b_{poll_, "b", told_};
};

TEST_F(HttpPollTest, TellsOfEachChangeOnce) {
  a_.say();
  run();
  EXPECT_THAT(told_, ElementsAre("a said something"));  // though nobody has read it
  a_.say();
  run();
  EXPECT_THAT(told_, ElementsAre("a said something", "a said something"));
}

TEST_F(HttpPollTest, TellsWhoAsksAgain) {
  a_.say();
  run();
  a_.read_again();
  run();
  EXPECT_THAT(told_, ElementsAre("a said something", "a said something"));
}

TEST_F(HttpPollTest, TellsThatTheEndIsBehindWhatWasSaid) {
  a_.say();
  a_.end();
  run();
  EXPECT_THAT(told_, ElementsAre("a ended"));
}

TEST_F(HttpPollTest, ABatchIsAnsweredWhenAllOfItHasBeenRead) {
  a_.when_told = [&] { poll_.at_end_of_batch(a_); };
  b_.when_told = [&] { poll_.at_end_of_batch(b_); };
  a_.say();
  b_.say();
  run();
  EXPECT_THAT(told_, ElementsAre("a said something", "b said something", "a answers", "b answers"));
}

TEST_F(HttpPollTest, OutsideOfABatchItsEndIsNow) {
  poll_.at_end_of_batch(a_);
  EXPECT_THAT(told_, ElementsAre("a answers"));
}

TEST_F(HttpPollTest, WhoLeavesWithinABatchIsToldNothingMore) {
  a_.when_told = [&] {
    poll_.at_end_of_batch(a_);
    b_.leave();
    a_.leave();
  };
  a_.say();
  b_.say();
  run();
  EXPECT_THAT(told_, ElementsAre("a said something"));
}

TEST_F(HttpPollTest, WhoHasLeftIsToldNothing) {
  a_.say();
  a_.leave();
  run();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace base
