#pragma once
// The socket of one HTTP client, with TLS or without: closed with its owner, and never waited for in a call. A private
// part of the server.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
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

#include "base/tls.h"

namespace base {

// What an idle connection costs, measured with ten thousand of them (tests/bench/idle_connections.py).
inline constexpr std::size_t kConnectionBytes = 1u << 10;
// After an error the client may still be sending. Closing at once would reset the connection and destroy the answer
// on its way, so that what comes is read and thrown away for a moment.
inline constexpr auto kLingerTime = std::chrono::seconds(2);

class HttpSocket {
 public:
  // A connected one that does not block, and is owned from now on; without TLS when `tls` is null.
  explicit HttpSocket(int fd, std::shared_ptr<const TlsContext> tls = nullptr) : fd_(fd) {
    switch_on(IPPROTO_TCP, TCP_NODELAY);
    switch_on(SOL_SOCKET, SO_KEEPALIVE);
    if (tls) tls_.emplace(std::move(tls), fd);
  }
  HttpSocket(const HttpSocket&) = delete;
  HttpSocket& operator=(const HttpSocket&) = delete;
  ~HttpSocket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }

  // With TLS a read may wait for room to write and the other way round, and may leave bytes that it had room for.
  [[nodiscard]] bool has_tls() const { return tls_.has_value(); }
  [[nodiscard]] std::size_t held_bytes() const { return kConnectionBytes + (tls_ ? TlsSession::kBytes : 0); }

  [[nodiscard]] IoOutcome read(std::span<char> into) {
    if (tls_) return tls_->read(into);
    return outcome([&] { return recv(fd_, into.data(), into.size(), 0); });
  }
  [[nodiscard]] IoOutcome write(std::string_view bytes) {
    if (tls_) return tls_->write(bytes);
    return outcome([&] { return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  }
  [[nodiscard]] bool has_unread() const {
    int bytes = 0;
    return ioctl(fd_, FIONREAD, &bytes) == 0 && bytes > 0;
  }

  void shut_down_writing() {
    if (tls_) tls_->close_notify();
    shutdown(fd_, SHUT_WR);
  }
  void close() {
    if (tls_) tls_->close_notify();
    tls_.reset();
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
  static IoOutcome outcome(const Call& call) {
    while (true) {
      const ssize_t result = call();
      if (result >= 0) return {.bytes = static_cast<std::size_t>(result)};
      if (errno == EAGAIN || errno == EWOULDBLOCK) return {.would_block = true};
      if (errno != EINTR) return {.failed = true};
    }
  }

  int fd_;
  std::optional<TlsSession> tls_;
};

}  // namespace base
