#include "base/http_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/http_connection.h"
#include "base/http_text.h"
#include "base/log.h"
#include "base/socket_address.h"

namespace base {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Then those who are connected already have their turn.
constexpr int kAcceptsAtOnce = 16;
// Those over max_connections are told so politely, but no more than so many at once.
constexpr std::size_t kMaxTurnedAway = 64;
// Those that were cut to make room are still counted until the loop has closed them.
constexpr std::size_t kMaxCutAtOnce = 64;
// In a burst whoever comes next waits for these in the kernel's queue, looked at so often and no longer than that.
constexpr auto kCutPause = std::chrono::milliseconds(1);
constexpr int kMostCutPauses = 100;
// Out of file descriptors, say: accept would fail again at once.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

tcp::endpoint endpoint_of(const SocketAddress& address) {
  tcp::endpoint endpoint;
  endpoint.resize(address.length);
  std::memcpy(endpoint.data(), address.get(), address.length);
  return endpoint;
}

Code code_of(const error_code& error) {
  return error == asio::error::access_denied || error == asio::error::no_permission ? Code::permission_denied
                                                                                    : Code::unavailable;
}

// Accepts on one address until closed.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(EventLoop& loop, std::shared_ptr<HttpConnections> connections)
      : loop_(loop), acceptor_(loop.native()), pause_(acceptor_.get_executor()), connections_(std::move(connections)) {}

  // Before begin().
  error_code open(tcp::endpoint endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    const bool all_addresses = endpoint.address().is_v6() && endpoint.address().is_unspecified();
    if (error && all_addresses) {  // a kernel without IPv6
      endpoint = tcp::endpoint(tcp::v4(), endpoint.port());
      acceptor_.open(endpoint.protocol(), error);
    } else if (!error && all_addresses) {
      acceptor_.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  // Instead of open().
  error_code adopt(int fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
      return {errno, boost::system::system_category()};
    }
    if (listens == 0 || (address.ss_family != AF_INET && address.ss_family != AF_INET6)) {
      return asio::error::make_error_code(asio::error::operation_not_supported);
    }
    error_code error;
    acceptor_.assign(address.ss_family == AF_INET ? tcp::v4() : tcp::v6(), fd, error);
    return error;
  }

  [[nodiscard]] std::uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void begin() {
    error_code ignored;
    acceptor_.native_non_blocking(true, ignored);
    try_later();
  }
  void try_later() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
  }
  void close() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      error_code ignored;
      self->acceptor_.close(ignored);
      self->pause_.cancel();
    });
  }

 private:
  void accept() {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      if (!acceptor_.is_open()) return;
      const bool is_full = connections_->count() >= connections_->options.max_connections + kMaxCutAtOnce;
      if (is_full && cut_pauses_++ < kMostCutPauses) return accept_after(kCutPause);
      cut_pauses_ = 0;
      const int socket = accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0)
        take(socket);
      else if (errno == EAGAIN)
        return wait();
      else if (errno != ECONNABORTED && errno != EPROTO && errno != EINTR)
        return accept_failed({errno, boost::system::system_category()});
    }
    try_later();
  }

  void wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  // When all places are taken, the client that has owed a request for the longest gives its own up: whoever holds
  // connections open without asking anything, or spells a request out for ever, keeps nobody else out.
  void take(int socket) {
    const auto limit = connections_->options.max_connections;
    const auto count = connections_->count();
    if (count < limit || (count < limit + kMaxCutAtOnce && connections_->cut_longest_waiting()))
      serve(socket, loop_.next_native(), connections_, true);
    else if (count < limit + kMaxTurnedAway)
      serve(socket, loop_.next_native(), connections_, false);
    else
      ::close(socket);
  }

  void accept_failed(error_code error) {
    if (!acceptor_.is_open()) return;
    log_warning("cannot accept a connection", {{"error", error.message()}});
    accept_after(kAcceptPause);
  }

  void accept_after(std::chrono::milliseconds time) {
    pause_.expires_after(time);
    pause_.async_wait([self = shared_from_this()](error_code) { self->accept(); });
  }

  EventLoop& loop_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  int cut_pauses_ = 0;  // in a row
  const std::shared_ptr<HttpConnections> connections_;
};

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const { return find_header(headers, name); }

std::string_view HttpRequest::only_header(std::string_view name) const {
  const auto count = std::ranges::count(headers, name, &std::pair<std::string, std::string>::first);
  return count == 1 ? header(name) : std::string_view();
}

std::string HttpRequest::query_value(std::string_view name) const { return find_query_value(query, name); }

struct HttpServer::Impl {
  Impl(EventLoop& event_loop, HttpServerOptions options, HttpHandler handler)
      : loop(event_loop), connections(std::make_shared<HttpConnections>(std::move(options), std::move(handler))) {}

  void close_listeners() {
    const std::lock_guard lock(mutex);
    for (const auto& listener : listeners) listener->close();
    listeners.clear();
  }

  EventLoop& loop;
  const std::shared_ptr<HttpConnections> connections;
  std::mutex mutex;
  std::vector<std::shared_ptr<Listener>> listeners;
  Pending cut_at_deadline;
};

HttpServer::HttpServer(EventLoop& loop, HttpServerOptions options, HttpHandler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() {
  impl_->close_listeners();
  impl_->connections->abandon();
}

Result<std::uint16_t> HttpServer::listen(const std::string& address) {
  const auto parsed = parse_listen_address(address);
  if (!parsed) return fail(parsed.error());
  const auto listener = std::make_shared<Listener>(impl_->loop, impl_->connections);
  if (const auto error = listener->open(endpoint_of(*parsed))) {
    return fail(code_of(error), "listen on " + address + ": " + error.message());
  }
  listener->begin();
  const std::lock_guard lock(impl_->mutex);
  impl_->listeners.push_back(listener);
  return listener->port();
}

Result<std::uint16_t> HttpServer::adopt(int fd) {
  const auto listener = std::make_shared<Listener>(impl_->loop, impl_->connections);
  if (const auto error = listener->adopt(fd)) {
    return fail(Code::invalid_argument, "the socket passed as descriptor " + std::to_string(fd) +
                                            " is no TCP socket that listens: " + error.message());
  }
  listener->begin();
  const std::lock_guard lock(impl_->mutex);
  impl_->listeners.push_back(listener);
  return listener->port();
}

void HttpServer::drain(std::chrono::milliseconds deadline, std::function<void()> done) {
  impl_->close_listeners();
  impl_->cut_at_deadline = impl_->loop.after(deadline, [connections = impl_->connections] { connections->cut(); });
  // From the loop, and so after what the listeners had accepted already.
  impl_->loop.post([connections = impl_->connections, done = std::move(done)] { connections->drain(done); });
}

std::size_t HttpServer::connections() const { return impl_->connections->count(); }

}  // namespace base
