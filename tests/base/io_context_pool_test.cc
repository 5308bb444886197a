// The threads of an event loop: as many as it was made for, and work that comes back to the one that asked.

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/event_loop.h"

namespace base {
namespace {

TEST(IoContextPool, RunWorkOnAsManyThreads) {
  EventLoop loop(2);
  // Each waits for the other: one thread alone would never end.
  std::atomic<int> arrived{0};
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
      loop.stop();
    });
  }
  loop.run();
  EXPECT_EQ(arrived, 2);
}

TEST(ThisThread, TakesWorkBackToTheThreadThatAsked) {
  EventLoop loop(2);
  std::thread::id asked;
  std::thread::id came_back;
  loop.post([&] {
    asked = std::this_thread::get_id();
    // From outside of the loop, as a worker's result comes.
    std::thread([&, here = loop.this_thread()] {
      here.post([&] {
        came_back = std::this_thread::get_id();
        loop.stop();
      });
    }).join();
  });
  loop.run();
  EXPECT_EQ(came_back, asked);
}

TEST(ThisThread, OfAnotherThreadIsOneOfTheLoops) {
  EventLoop loop(2);
  const std::thread::id outside = std::this_thread::get_id();
  std::thread::id ran;
  std::jthread runner([&] { loop.run(); });
  loop.this_thread().post([&] {
    ran = std::this_thread::get_id();
    loop.stop();
  });
  runner.join();
  EXPECT_NE(ran, outside);
}

}  // namespace
}  // namespace base
