#include "guard/source/probe/http.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"

namespace guard::source {
namespace {

using base::Code;

bool is_healthy(int status, const std::vector<int>& statuses) {
  if (statuses.empty()) return status >= 200 && status < 400;
  return std::ranges::find(statuses, status) != statuses.end();
}

// libcurl tells a socket that could not be had as a connection that could not be made: so one is tried for.
bool is_out_of_sockets() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
  ::close(fd);
  return false;
}

ProbeAnswer answer_of(const base::Error& error, base::Duration timeout) {
  // A name that cannot be looked up is the resolver's trouble; both of libcurl's sentences about it say so in these
  // letters ("Could not resolve host", "Resolving timed out"), and no code of ours tells it from a refused connection.
  if (error.message.find("esolv") != std::string::npos) return ProbeAnswer::unable(error.message);
  if (is_out_of_sockets()) return ProbeAnswer::unable("no descriptor is free for a connection");
  switch (error.code) {
    case Code::deadline_exceeded: return ProbeAnswer::failed("no answer within " + base::format_duration(timeout));
    case Code::unavailable:
    case Code::too_large: return ProbeAnswer::failed(error.message);
    // libcurl's word for a line that outgrows its buffer; memory itself does not run out in so small a place alone.
    case Code::exhausted: return ProbeAnswer::failed("its answer's header is too large");
    default: return ProbeAnswer::unable(error.message);
  }
}

class HttpAttempt final : public ProbeAttempt {
 public:
  HttpAttempt(base::StreamClient& client, const HttpQuestion& question, ProbeDone done)
      : statuses_(question.statuses), timeout_(question.timeout), done_(std::move(done)) {
    base::StreamRequest request;
    request.method = "GET";
    request.url = question.url;
    // Each time anew: a connection that is kept would not notice that nobody accepts any more.
    request.headers = {{"connection", "close"}, {"user-agent", "leakguard-health"}};
    const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(timeout_);
    request.total_timeout = request.connect_timeout = timeout;
    request.first_byte_timeout = request.idle_timeout = std::chrono::milliseconds(0);
    stream_ =
        client.open(std::move(request), {.on_head = [this](const base::StreamHead& head) { take_status(head.status); },
                                         .on_data = [](std::string_view) {},
                                         .on_end = [this](const base::Status& status) { take_end(status); }});
  }

 private:
  void take_status(int status) {
    stream_->cancel();
    finish(is_healthy(status, statuses_) ? ProbeAnswer::passed()
                                         : ProbeAnswer::failed("answered " + std::to_string(status)));
  }
  void take_end(const base::Status& status) {
    finish(status ? ProbeAnswer::failed("answered nothing") : answer_of(status.error(), timeout_));
  }
  void finish(ProbeAnswer answer) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(answer));
  }

  const std::vector<int> statuses_;
  const base::Duration timeout_;
  ProbeDone done_;
  std::unique_ptr<base::HttpStream> stream_;
};

}  // namespace

std::unique_ptr<ProbeAttempt> ask_http(base::StreamClient& client, const HttpQuestion& question, ProbeDone done) {
  return std::make_unique<HttpAttempt>(client, question, std::move(done));
}

}  // namespace guard::source
