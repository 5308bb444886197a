#include "base/http_exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/http_date.h"
#include "base/http_text.h"

namespace base {

namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::size_t kUsualHeadBytes = 512;  // and a short body

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

// The connection's own business, whatever the handler says.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 4> kFraming{"content-length", "transfer-encoding", "connection", "date"};
  return std::ranges::any_of(kFraming, [name](std::string_view framing) { return is_same_name(name, framing); });
}

std::string hexadecimal(std::size_t number) {
  std::array<char, 2 * sizeof number> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return {digits.data(), written.ptr};
}

}  // namespace

void AnswerQueue::wake(bool whole) const {
  if (const auto sender = sender_.lock()) sender->wake(whole);
}

void AnswerQueue::append_head(int status, const HttpHeaders& headers, Framing framing, std::size_t length) {
  pending_.reserve(kUsualHeadBytes);
  pending_.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
  for (const auto& [name, value] : headers) {
    if (is_framing(name) || !is_safe_header(name, value)) continue;
    pending_.append(name).append(": ").append(value).append("\r\n");
  }
  pending_.append(http_date_line());
  if (framing == Framing::length) pending_.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
  if (framing == Framing::chunks) pending_.append("Transfer-Encoding: chunked\r\n");
  pending_.append(form_.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

void AnswerQueue::respond(const HttpResponse& response) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::waiting) return;
    phase_ = Phase::finished;
    const bool has_body = may_have_body(response.status);
    append_head(response.status, response.headers, has_body ? Framing::length : Framing::none, response.body.size());
    if (has_body && !form_.without_body) pending_.append(response.body);
    count();
  }
  wake(true);
}

void AnswerQueue::start(int status, const HttpHeaders& headers) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::waiting) return;
    phase_ = Phase::streaming;
    if (!may_have_body(status)) form_.without_body = true;
    const bool to_end = form_.http_1_0 && !form_.without_body;
    if (to_end) form_.keep_alive = false;
    append_head(status, headers, may_have_body(status) && !form_.http_1_0 ? Framing::chunks : Framing::none);
    count();
  }
  wake(false);
}

std::size_t AnswerQueue::write(const std::string& chunk) {
  std::size_t queued = 0;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::streaming) return 0;
    // A chunk of no bytes would be the end of the stream.
    if (!chunk.empty() && !form_.without_body) {
      if (form_.http_1_0)
        pending_.append(chunk);
      else
        pending_.append(hexadecimal(chunk.size())).append("\r\n").append(chunk).append("\r\n");
    }
    queued = pending_.size() + in_flight_;
    count();
  }
  wake(false);
  return queued;
}

void AnswerQueue::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::streaming) return;
    phase_ = Phase::finished;
    if (!form_.http_1_0 && !form_.without_body) pending_.append(kLastChunk);
  }
  wake(false);
}

void AnswerQueue::on_drained(Callback callback) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::waiting || phase_ == Phase::streaming) drained_.swap(callback);
}

void AnswerQueue::on_closed(Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::sent || phase_ == Phase::abandoned) return;
    if (phase_ != Phase::closed) return closed_.swap(callback);
  }
  post_(std::move(callback));
}

void AnswerQueue::abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::waiting && phase_ != Phase::streaming) return;  // mostly
    if (phase_ == Phase::streaming) phase_ = Phase::abandoned;
  }
  respond({500, {{"Content-Type", "text/plain"}}, "500 Internal Server Error\n"});
  wake(false);
}

AnswerQueue::Batch AnswerQueue::take() {
  const std::lock_guard lock(mutex_);
  Batch batch;
  const bool sent_something = std::exchange(in_flight_, pending_.size()) > 0;
  batch.bytes = std::exchange(pending_, {});
  count();
  batch.complete = phase_ == Phase::finished;
  if (!batch.bytes.empty()) return batch;
  batch.broken = phase_ == Phase::abandoned;
  if (sent_something && phase_ == Phase::streaming) batch.drained = drained_;
  return batch;
}

bool AnswerQueue::retire() {
  Callback drained;  // destroyed after the lock is gone: callbacks may own the exchange
  Callback closed;
  const std::lock_guard lock(mutex_);
  phase_ = Phase::sent;
  in_flight_ = 0;
  count();
  drained.swap(drained_);
  closed.swap(closed_);
  return form_.keep_alive;
}

AnswerQueue::Callback AnswerQueue::close() {
  Callback drained;
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::sent) return nullptr;
  const bool tell = phase_ != Phase::abandoned;
  phase_ = Phase::closed;
  pending_ = {};
  in_flight_ = 0;
  count();
  drained.swap(drained_);
  auto closed = std::exchange(closed_, nullptr);
  return tell ? closed : nullptr;
}

bool AnswerQueue::is_finished() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::finished;
}

void AnswerQueue::forbid_keep_alive() {
  const std::lock_guard lock(mutex_);
  form_.keep_alive = false;
}

namespace {

class Exchange final : public HttpExchange {
 public:
  Exchange(HttpRequest&& request, std::shared_ptr<AnswerQueue> queue, HttpReservation&& held)
      : held_(std::move(held)), request_(std::move(request)), queue_(std::move(queue)) {}
  ~Exchange() override { queue_->abandon(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const HttpRequest& request() const override { return request_; }
  void authenticated(std::string user) override { request_.user = std::move(user); }
  void respond(HttpResponse response) override { queue_->respond(response); }
  void start(int status, HttpHeaders headers) override { queue_->start(status, headers); }
  std::size_t write(std::string chunk) override { return queue_->write(chunk); }
  void finish() override { queue_->finish(); }
  void on_drained(std::function<void()> callback) override { queue_->on_drained(std::move(callback)); }
  void on_closed(std::function<void()> callback) override { queue_->on_closed(std::move(callback)); }

 private:
  const HttpReservation held_;
  HttpRequest request_;
  const std::shared_ptr<AnswerQueue> queue_;
};

}  // namespace

std::shared_ptr<HttpExchange> make_exchange(HttpRequest&& request, std::shared_ptr<AnswerQueue> queue,
                                            HttpReservation&& held) {
  return std::make_shared<Exchange>(std::move(request), std::move(queue), std::move(held));
}

}  // namespace base
