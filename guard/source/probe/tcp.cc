#include "guard/source/probe/tcp.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "base/descriptor_watch.h"
#include "base/socket_address.h"

namespace guard::source {
namespace {

// What is wrong on this machine, not with the workload: no descriptor, no port of our own, no network, a rule that
// forbids us to ask.
bool is_our_own(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENETUNREACH:
    case ENETDOWN:
    case EACCES:
    case EPERM: return true;
    default: return false;
  }
}

ProbeAnswer answer_of(int error) {
  if (error == 0) return ProbeAnswer::passed();
  auto why = std::generic_category().message(error);
  return is_our_own(error) ? ProbeAnswer::unable(std::move(why)) : ProbeAnswer::failed(std::move(why));
}

// On one machine a connection to a port that nobody listens on may meet itself, when the kernel chose that very port
// as its own end.
bool is_connected_to_itself(int fd) {
  base::SocketAddress own;
  base::SocketAddress peer;
  own.length = peer.length = sizeof(own.storage);
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&own.storage), &own.length) == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) == 0 &&
         own.length == peer.length && std::memcmp(&own.storage, &peer.storage, own.length) == 0;
}

class TcpAttempt final : public ProbeAttempt {
 public:
  TcpAttempt(base::EventLoop& loop, ProbeDone done) : loop_(loop), done_(std::move(done)) {}
  ~TcpAttempt() override { close(); }

  void begin(const std::string& address, base::Duration timeout) {
    const auto parsed = base::parse_socket_address(address);
    if (!parsed) return finish_later(ProbeAnswer::unable(parsed.error().message));
    fd_ = ::socket(parsed->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return finish_later(answer_of(errno));
    if (::connect(fd_, parsed->get(), parsed->length) == 0) return finish_later(judge());
    if (errno != EINPROGRESS) return finish_later(answer_of(errno));
    watch_.emplace(loop_, fd_, [this](base::DescriptorWatch::Side) { finish(judge()); });
    watch_->want(false, true);
    timer_ = loop_.after(timeout, [this, timeout] {
      finish(ProbeAnswer::failed("no connection within " + base::format_duration(timeout)));
    });
  }

 private:
  [[nodiscard]] ProbeAnswer judge() const {
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0 && is_connected_to_itself(fd_)) error = ECONNREFUSED;
    return answer_of(error);
  }
  void finish_later(ProbeAnswer answer) {
    timer_ = loop_.after(base::Duration(0), [this, answer = std::move(answer)] { finish(answer); });
  }
  void finish(ProbeAnswer answer) {
    close();
    if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
  }
  void close() {
    watch_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  base::EventLoop& loop_;
  ProbeDone done_;
  int fd_ = -1;
  std::optional<base::DescriptorWatch> watch_;
  base::Pending timer_;
};

}  // namespace

std::unique_ptr<ProbeAttempt> ask_tcp(base::EventLoop& loop, const std::string& address, base::Duration timeout,
                                      ProbeDone done) {
  auto attempt = std::make_unique<TcpAttempt>(loop, std::move(done));
  attempt->begin(address, timeout);
  return attempt;
}

}  // namespace guard::source
