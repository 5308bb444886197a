#pragma once
// Two ends of a real loopback connection for tests: a server on a loop thread of its own, and a client that
// writes bytes as a test wants them, malformed or half. Every wait ends after kPatience and fails the test.

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/event_loop.h"
#include "base/http_server.h"

namespace base {

constexpr auto kPatience = std::chrono::seconds(10);

// An HttpServer on 127.0.0.1, on as many threads as asked for, until destroyed.
class ServerOnLoopback {
 public:
  explicit ServerOnLoopback(const HttpHandler& handler, const HttpServerOptions& options = {}, int threads = 1)
      : ServerOnLoopback([&](EventLoop& its_loop) { return std::make_unique<HttpServer>(its_loop, options, handler); },
                         threads) {}
  // A server whose handler needs the loop.
  using MakeServer = std::function<std::unique_ptr<HttpServer>(EventLoop& loop)>;
  explicit ServerOnLoopback(const MakeServer& make, int threads = 1) : loop(threads), server(make(loop)) {
    port = server->listen("127.0.0.1:0").value();
    runner_ = std::thread([this] { loop.run(); });
  }
  ~ServerOnLoopback() {
    // Destroyed on the loop, as in the programs, so that connections are cut before it stops.
    std::promise<void> gone;
    loop.post([&] {
      server.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    loop.post([this] { loop.stop(); });
    runner_.join();
  }
  ServerOnLoopback(const ServerOnLoopback&) = delete;
  ServerOnLoopback& operator=(const ServerOnLoopback&) = delete;

  [[nodiscard]] std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  }

  EventLoop loop;
  std::unique_ptr<HttpServer> server;
  std::uint16_t port = 0;

 private:
  std::thread runner_;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    const timeval patience{std::chrono::seconds(kPatience).count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { leave(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the other side has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // What of it goes without waiting, where little lies between the other side and here. Returns how much.
  [[nodiscard]] std::size_t send_at_once(std::string_view bytes) const {
    const int little = 4096;
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  void half_close() const { ::shutdown(fd_, SHUT_WR); }
  void leave() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Leaves by a reset instead of an orderly end.
  void vanish() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    leave();
  }

  // All until the other side closes.
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  // All until and with `mark`.
  std::string read_until(std::string_view mark) {
    std::size_t searched = 0;
    std::size_t found = 0;
    while ((found = received_.find(mark, searched)) == std::string::npos) {
      searched = received_.size() < mark.size() ? 0 : received_.size() - mark.size();
      if (!receive()) {
        ADD_FAILURE() << "the connection ended before \"" << mark << "\"";
        return std::exchange(received_, {});
      }
    }
    auto front = received_.substr(0, found + mark.size());
    received_.erase(0, front.size());
    return front;
  }

 private:
  bool receive() {
    std::array<char, 65536> buffer{};
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "nothing came for too long";
    if (size <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  int fd_ = -1;
  std::string received_;
};

// A socket that takes connections into its backlog and never says a word.
class SilentSocket {
 public:
  SilentSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~SilentSocket() { ::close(fd_); }
  SilentSocket(const SilentSocket&) = delete;
  SilentSocket& operator=(const SilentSocket&) = delete;

  [[nodiscard]] FetchRequest request() const {
    FetchRequest asking;
    asking.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    return asking;
  }
  std::uint16_t port = 0;

 private:
  int fd_;
};

// A flag that one thread raises and another waits for.
class Event {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  // True when set at least `times` within kPatience.
  [[nodiscard]] bool wait(int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count_ >= times; });
  }
  [[nodiscard]] int count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// A value that one thread leaves and another takes.
template <class T>
class Handed {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    full_ = true;
    changed_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return full_; }));
    full_ = false;
    return std::exchange(value_, T{});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
  T value_{};
};

}  // namespace base
