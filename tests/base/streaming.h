#pragma once
// A StreamClient on loop threads of its own, what the reader of one stream has seen, and a peer that answers with
// whatever bytes a test wants.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <poll.h>

#include "base/stream_client.h"
#include "loopback.h"

namespace base {

class ClientOnLoop {
 public:
  explicit ClientOnLoop(StreamClientOptions options = {}, int threads = 2)
      : loop(threads), client(std::make_unique<StreamClient>(loop, options)) {
    runner_ = std::thread([this] { loop.run(); });
  }
  ~ClientOnLoop() {
    client.reset();
    loop.post([this] { loop.stop(); });
    runner_.join();
  }
  ClientOnLoop(const ClientOnLoop&) = delete;
  ClientOnLoop& operator=(const ClientOnLoop&) = delete;

  // For what happens in steps on the loop that no event tells of.
  [[nodiscard]] bool comes_true(const std::function<bool()>& fact) {
    // Shared, since a beat may be on its way on the other thread when this returns.
    const auto seen = std::make_shared<Event>();
    const auto beat = loop.every(std::chrono::milliseconds(1), [seen, fact](int) {
      if (seen->count() == 0 && fact()) seen->set();
    });
    return seen->wait();
  }

  EventLoop loop;
  std::unique_ptr<StreamClient> client;

 private:
  std::thread runner_;
};

// Collects the events of one stream. Outlives the stream.
class Reader {
 public:
  StreamEvents events() {
    return {.on_head =
                [this](const StreamHead& head) {
                  {
                    const std::lock_guard lock(mutex_);
                    head_ = head;
                  }
                  headed.set();
                },
            .on_data =
                [this](std::string_view bytes) {
                  {
                    const std::lock_guard lock(mutex_);
                    text_ += bytes;
                  }
                  came.set();
                },
            .on_end =
                [this](Status status) {
                  {
                    const std::lock_guard lock(mutex_);
                    status_ = std::move(status);
                  }
                  ended.set();
                }};
  }
  // The end, waited for.
  Status status() {
    EXPECT_TRUE(ended.wait());
    const std::lock_guard lock(mutex_);
    return status_.value_or(fail(Code::internal, "no end came"));
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  StreamHead head() {
    const std::lock_guard lock(mutex_);
    return head_;
  }
  // Waits until so many bytes have come.
  bool wait_for_bytes(std::size_t count) {
    for (int times = 1; text().size() < count; ++times) {
      if (!came.wait(times)) return false;
    }
    return true;
  }

  Event headed;
  Event came;
  Event ended;

 private:
  std::mutex mutex_;
  std::string text_;
  StreamHead head_;
  std::optional<Status> status_;
};

// Takes one connection after the other and says what the test tells it to.
class RawServer {
 public:
  explicit RawServer(int send_buffer_bytes = 0, int backlog = 8) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    // Set on the listener, it is what its connections have.
    if (send_buffer_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, backlog), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  ~RawServer() {
    hang_up();
    ::close(fd_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port) + "/"; }

  // Waits for a connection and its request's header.
  std::string accept() {
    hang_up();
    if (!ready(fd_, POLLIN)) return "";
    peer_ = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK);
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos && ready(peer_, POLLIN)) {
      std::array<char, 4096> buffer{};
      const auto size = ::recv(peer_, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      request.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return request;
  }
  void say(std::string_view bytes) const {
    while (!bytes.empty() && ready(peer_, POLLOUT)) {
      const auto sent = ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // How much the other side lets us send before it takes no more: all of `most`, or less when it has stalled.
  [[nodiscard]] std::size_t say_until_stalled(std::size_t most) const {
    const std::string piece(16u << 10, 'x');
    std::size_t said = 0;
    while (said < most) {
      pollfd one{peer_, POLLOUT, 0};
      if (::poll(&one, 1, 200) != 1) break;
      const auto sent = ::send(peer_, piece.data(), std::min(piece.size(), most - said), MSG_NOSIGNAL);
      if (sent <= 0) break;
      said += static_cast<std::size_t>(sent);
    }
    return said;
  }
  // Waits until the other side has hung up.
  [[nodiscard]] bool sees_hang_up() const {
    std::array<char, 4096> buffer{};
    while (ready(peer_, POLLIN)) {
      if (::recv(peer_, buffer.data(), buffer.size(), 0) <= 0) return true;
    }
    return false;
  }
  [[nodiscard]] bool sees_hang_up_within(std::chrono::milliseconds time) const {
    pollfd one{peer_, POLLIN, 0};
    char byte = 0;
    return ::poll(&one, 1, static_cast<int>(time.count())) == 1 && ::recv(peer_, &byte, 1, 0) <= 0;
  }
  // Hangs up with a reset instead of an end.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(peer_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hang_up();
  }
  void hang_up() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }

  std::uint16_t port = 0;

 private:
  static bool ready(int fd, short events) {
    pollfd one{fd, events, 0};
    return ::poll(&one, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1;
  }

  int fd_;
  int peer_ = -1;
};

inline StreamRequest asking(const std::string& url, std::string body = "question") {
  StreamRequest request;
  request.url = url;
  request.body = std::move(body);
  return request;
}

}  // namespace base
