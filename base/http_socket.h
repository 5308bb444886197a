#pragma once
// The socket of one HTTP client: closed with its owner, and never waited for in a call. A private part of the server.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>

namespace base {

// What an idle connection costs, measured with ten thousand of them (tests/bench/idle_connections.py).
inline constexpr std::size_t kConnectionBytes = 1u << 10;
// After an error the client may still be sending. Closing at once would reset the connection and destroy the answer
// on its way, so that what comes is read and thrown away for a moment.
inline constexpr auto kLingerTime = std::chrono::seconds(2);

class HttpSocket {
 public:
  // A connected one that does not block, and is owned from now on.
  explicit HttpSocket(int fd) : fd_(fd) {
    switch_on(IPPROTO_TCP, TCP_NODELAY);
    switch_on(SOL_SOCKET, SO_KEEPALIVE);
  }
  HttpSocket(HttpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HttpSocket& operator=(HttpSocket&&) = delete;
  ~HttpSocket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }

  // How a call ended: so many bytes, not now, or never again.
  struct Outcome {
    std::size_t bytes = 0;
    bool not_now = false;
    bool failed = false;
  };
  // No bytes and neither of the others: the client will send nothing more.
  [[nodiscard]] Outcome read(std::span<char> into) const {
    return outcome([&] { return recv(fd_, into.data(), into.size(), 0); });
  }
  [[nodiscard]] Outcome write(std::string_view bytes) const {
    return outcome([&] { return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  }
  [[nodiscard]] bool has_unread() const {
    int bytes = 0;
    return ioctl(fd_, FIONREAD, &bytes) == 0 && bytes > 0;
  }

  void say_no_more() const { shutdown(fd_, SHUT_WR); }
  void close() {
    if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
  }

  struct Peer {
    std::string address;  // numeric; an IPv4 client of a socket for both families has an IPv4 address
    bool is_loopback = false;
  };
  [[nodiscard]] Peer peer() const {
    boost::asio::ip::tcp::endpoint endpoint;
    auto length = static_cast<socklen_t>(endpoint.capacity());
    if (getpeername(fd_, endpoint.data(), &length) != 0) return {};
    auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    return {address.to_string(), address.is_loopback()};
  }

 private:
  void switch_on(int level, int option) const {
    const int on = 1;
    setsockopt(fd_, level, option, &on, sizeof on);
  }

  template <class Call>
  static Outcome outcome(const Call& call) {
    while (true) {
      const ssize_t result = call();
      if (result >= 0) return {.bytes = static_cast<std::size_t>(result)};
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {.not_now = true};
      if (errno != EINTR) return {.failed = true};
    }
  }

  int fd_;
};

}  // namespace base
