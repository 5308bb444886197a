#include "base/event_loop.h"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace base {
namespace {

using namespace std::chrono_literals;

constexpr auto kTooLong = 10s;  // for what comes at once

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void write_byte() const { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
  void read_byte() const {
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  }
  std::array<int, 2> ends{-1, -1};
};

TEST(EventLoop, RunsPostedWorkInOrderOnItsOwnThread) {
  EventLoop loop;
  std::vector<int> order;
  loop.post([&] { order.push_back(1); });
  loop.post([&] {
    order.push_back(2);
    loop.stop();
  });
  EXPECT_TRUE(order.empty());  // nothing runs before run()
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(EventLoop, RunsLaterWorkByItsDelay) {
  EventLoop loop;
  std::vector<int> order;
  const auto late = loop.after(2ms, [&] {
    order.push_back(2);
    loop.stop();
  });
  const auto soon = loop.after(1ms, [&] { order.push_back(1); });
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Pending, CancelledWorkDoesNotRun) {
  EventLoop loop;
  bool ran = false;
  auto cancelled = loop.after(0ms, [&] { ran = true; });
  cancelled.cancel();
  const auto end = loop.after(1ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Pending, DroppedWorkDoesNotRun) {
  EventLoop loop;
  bool ran = false;
  {
    const auto dropped = loop.after(0ms, [&] { ran = true; });
  }
  const auto end = loop.after(1ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Pending, WorkWhoseTimeHasComeIsStillCancelledByWorkBeforeIt) {
  EventLoop loop;
  bool ran = false;
  Pending second;
  const auto first = loop.after(0ms, [&] { second.cancel(); });
  second = loop.after(0ms, [&] { ran = true; });  // both have expired when the loop looks for the first time
  const auto end = loop.after(2ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Pending, AssignmentCancelsWhatWasHeldBefore) {
  EventLoop loop;
  int ran = 0;
  Pending pending = loop.after(0ms, [&] { ran = 1; });
  pending = loop.after(1ms, [&] {
    ran = 2;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(ran, 2);
}

TEST(Pending, MayBeDroppedFromItsOwnCallback) {
  EventLoop loop;
  auto pending = std::make_unique<Pending>();
  int beats = 0;
  *pending = loop.every(1ms, [&](int) {
    ++beats;
    pending.reset();
  });
  const auto end = loop.after(5ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(beats, 1);
}

TEST(Every, WaitsOneIntervalBeforeTheFirstBeat) {
  EventLoop loop;
  const auto start = std::chrono::steady_clock::now();
  const auto pending = loop.every(2ms, [&](int) { loop.stop(); });
  loop.run();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
}

TEST(Every, RunsALateBeatOnceAndTellsHowManyWereMissed) {
  EventLoop loop;
  std::vector<int> missed;
  const auto start = std::chrono::steady_clock::now();
  const auto pending = loop.every(10ms, [&](int beats) {
    missed.push_back(beats);
    if (missed.size() == 2) loop.stop();
    // The first beat holds the loop until three and a half intervals have gone.
    while (missed.size() == 1 && std::chrono::steady_clock::now() < start + 45ms) std::this_thread::yield();
  });
  loop.run();
  ASSERT_EQ(missed.size(), 2u);
  EXPECT_GE(missed[1], 2);  // the beats due at 30 ms and 40 ms; the one due at 20 ms is this one
}

TEST(Every, KeepsItsRateWhenTheWorkTakesTime) {
  EventLoop loop;
  int beats = 0;
  int missed = 0;
  bool on_time = false;
  const auto start = std::chrono::steady_clock::now();
  const auto pending = loop.every(5ms, [&](int lost) {
    ++beats;
    missed += lost;
    // Counted from the end of the work, 7 ms a beat, no beat from the sixth on could be in its own interval.
    const auto intervals = (std::chrono::steady_clock::now() - start) / 5ms;
    on_time = on_time || (beats >= 6 && intervals <= beats + missed);
    if (beats == 12) loop.stop();
    const auto busy_until = std::chrono::steady_clock::now() + 2ms;
    while (std::chrono::steady_clock::now() < busy_until) std::this_thread::yield();
  });
  loop.run();
  EXPECT_TRUE(on_time);
}

TEST(Readable, CallsEachTimeThereIsSomethingToRead) {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  pipe.write_byte();
  const auto watch = loop.readable(pipe.ends[0], [&] {
    pipe.read_byte();
    if (++calls == 1)
      pipe.write_byte();
    else
      loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(Readable, CallsAgainWhileBytesAreLeft) {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  pipe.write_byte();
  pipe.write_byte();
  const auto watch = loop.readable(pipe.ends[0], [&] {
    pipe.read_byte();
    if (++calls == 2) loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(Readable, TellsTheEndOfFile) {
  EventLoop loop;
  Pipe pipe;
  ::close(std::exchange(pipe.ends[1], -1));
  bool told = false;
  const auto watch = loop.readable(pipe.ends[0], [&] {
    told = true;
    loop.stop();
  });
  const auto end = loop.after(kTooLong, [&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(told);
}

TEST(Readable, LeavesTheDescriptorOpen) {
  EventLoop loop;
  const Pipe pipe;
  {
    auto watch = loop.readable(pipe.ends[0], [] {});
    watch.cancel();
  }
  const auto end = loop.after(1ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_NE(::fcntl(pipe.ends[0], F_GETFD), -1);
}

TEST(Readable, IsSilentAfterCancel) {
  EventLoop loop;
  const Pipe pipe;
  bool called = false;
  auto watch = loop.readable(pipe.ends[0], [&] { called = true; });
  pipe.write_byte();
  watch.cancel();
  const auto end = loop.after(2ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(called);
}

TEST(Readable, MayWatchTheSameDescriptorAgainAfterCancel) {
  EventLoop loop;
  const Pipe pipe;
  {
    const auto first = loop.readable(pipe.ends[0], [] {});
  }
  pipe.write_byte();
  bool told = false;
  const auto second = loop.readable(pipe.ends[0], [&] {
    told = true;
    loop.stop();
  });
  const auto end = loop.after(kTooLong, [&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(told);
}

TEST(OnSignals, TellsWhichSignalCame) {
  EventLoop loop;
  std::vector<int> signals;
  const auto watch = loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
    signals.push_back(signal);
    if (signals.size() == 1)
      ::raise(SIGUSR1);
    else
      loop.stop();
  });
  ::raise(SIGUSR2);
  loop.run();
  EXPECT_EQ(signals, (std::vector<int>{SIGUSR2, SIGUSR1}));
}

TEST(Pending, MayBeCancelledFromAnotherThread) {
  EventLoop loop;
  std::atomic<int> beats{0};
  auto pending = loop.every(1ms, [&](int) { ++beats; });
  std::jthread runner([&] { loop.run(); });
  while (beats == 0) std::this_thread::yield();
  pending.cancel();
  // A beat may have been under way; what the loop does after that has no more of them.
  int at_cancel = 0;
  loop.post([&] { at_cancel = beats; });
  const auto end = loop.after(10ms, [&] { loop.stop(); });
  runner.join();
  EXPECT_GE(at_cancel, 1);
  EXPECT_EQ(beats, at_cancel);
}

}  // namespace
}  // namespace base
