#include "chatcore/command/watchdog.h"

#include <array>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "chatcore/command/service_manager.h"

namespace chatcore::command {
namespace {

using std::chrono::milliseconds;

// The service manager's end: a datagram socket that NOTIFY_SOCKET names.
class Manager {
 public:
  Manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string name = "chatcore-watchdog-test-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 2);  // after a NUL: no file
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before any thread
  }
  ~Manager() {
    unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): after all threads
    close(fd_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // The next message, "" when none comes within the patience.
  std::string next(milliseconds patience) {
    const timeval time{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    std::array<char, 256> buffer{};
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : "";
  }

 private:
  const int fd_;
};

constexpr milliseconds kGranted{400};
constexpr milliseconds kPatience{10'000};

TEST(Watchdog, IsFedWhileEveryThreadOfTheLoopComesBackAndNotWhenOneIsStuck) {
  Manager manager;
  base::EventLoop loop(2);
  const Watchdog watchdog(loop, kGranted, notify_alive);
  std::thread threads([&] { loop.run(watchdog.beat()); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(manager.next(kPatience), "WATCHDOG=1");

  std::promise<void> stuck;
  std::promise<void> release;
  loop.post([&] {
    stuck.set_value();
    release.get_future().wait();
  });
  stuck.get_future().wait();
  while (loop.longest_block() <= kGranted / 2) std::this_thread::yield();
  while (!manager.next(milliseconds(1)).empty()) {  // what was sent before that
  }
  EXPECT_EQ(manager.next(3 * kGranted), "") << "the other thread still runs the loop's timers";

  release.set_value();
  EXPECT_EQ(manager.next(kPatience), "WATCHDOG=1");
  loop.stop();
  threads.join();
}

TEST(Watchdog, WithoutOneNothingIsSent) {
  Manager manager;
  base::EventLoop loop;
  int fed = 0;
  const Watchdog watchdog(loop, std::chrono::nanoseconds(0), [&] { ++fed; });
  EXPECT_EQ(watchdog.beat().count(), 0);
  loop.post([&] { loop.stop(); });
  loop.run(watchdog.beat());
  EXPECT_EQ(fed, 0);
  EXPECT_EQ(manager.next(milliseconds(1)), "");
}

TEST(LongestSilence, IsZeroWithoutABeat) {
  base::EventLoop loop;
  EXPECT_EQ(loop.longest_block().count(), 0);
}

}  // namespace
}  // namespace chatcore::command
