#include "chatcore/llm/backend_attempts.h"

#include <string_view>
#include <utility>

#include "base/http_text.h"
#include "base/log.h"
#include "chatcore/llm/retry.h"

namespace chatcore::llm {
namespace {

using base::Code;
using std::chrono::milliseconds;

// A complete answer whose connection stays open is waited for so long, so that the connection can be used again.
constexpr milliseconds kPatienceAfterComplete{500};
// What may follow the end that an answer has named: the token counts.
constexpr milliseconds kPatienceAfterFinish{3'000};

// As it comes over the wire, where a few letters of text take a few hundred bytes.
constexpr std::size_t kMaxAnswerBytes = 256u << 20;

base::SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// For the log: what most often is wrong. The backend's own words may quote the key.
std::string_view hint_of(int status) {
  if (status == 401 || status == 403) return "; is its key right?";
  return status == 404 ? "; are its base_url (most end with /v1) and its model right?" : "";
}

bool is_worth_a_retry(int status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace

Backend::Attempts::Attempts(std::shared_ptr<Backend> backend, CallRequest request, CallEvents events)
    : backend_(std::move(backend)),
      request_(std::move(request)),
      deadline_(backend_->options.total_timeout == milliseconds::zero()
                    ? base::SteadyTime::max()
                    : steady_now() + backend_->options.total_timeout),
      events_(std::move(events)) {}

void Backend::Attempts::begin() {
  in_order([self = shared_from_this()] { self->ask_for_place(); });
}

void Backend::Attempts::ask_for_place() {
  if (has_ended_) return;
  const auto place = backend_->enter(shared_from_this());
  if (place == Place::none) return end(base::fail({Code::unavailable, backend_->name + " is busy: too many wait"}));
  if (place == Place::granted) {
    has_place_ = true;
    return try_once();
  }
  timer_ = backend_->loop.after(backend_->options.queue_timeout, [self = shared_from_this()] {
    self->in_order([self] {
      if (self->has_place_ || self->has_ended_) return;
      self->end(base::fail({Code::unavailable, self->backend_->name + " is busy"}));
    });
  });
}

void Backend::Attempts::take_place() {
  in_order([self = shared_from_this()] {
    if (self->has_ended_) return self->backend_->leave();
    self->has_place_ = true;
    self->timer_.cancel();
    self->try_once();
  });
}

void Backend::Attempts::try_once() {
  const auto left = time_left();
  if (left <= base::Duration::zero()) {
    return end(base::fail({Code::deadline_exceeded, backend_->name + " did not answer in time"}));
  }
  if (auto refused = backend_->breaker_refusal()) return end(base::fail(std::move(*refused)));
  ++attempt_;
  is_trying_ = true;
  status_ = 0;
  retry_after_ = {};
  const auto self = shared_from_this();
  const auto step = [self, attempt = attempt_](auto work) {
    self->in_order([self, attempt, work = std::move(work)]() mutable {
      if (self->is_trying_ && self->attempt_ == attempt) work();
    });
  };
  stream_ = backend_->client.open(
      http_request(left),
      {.on_head = [self, step](const base::StreamHead& head) { step([self, head] { self->take_head(head); }); },
       .on_data = [self, step](
                      std::string_view bytes) { step([self, bytes = std::string(bytes)] { self->take_data(bytes); }); },
       .on_end =
           [self, step](base::Status status) {
             step([self, status = std::move(status)]() mutable { self->take_end(std::move(status)); });
           }});
  if (is_paused_) stream_->pause();
}

base::StreamRequest Backend::Attempts::http_request(base::Duration left) const {
  const auto& ours = backend_->options;
  base::StreamRequest request;
  request.url = ours.base_url + request_.path;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", request_.content_type}};
  if (!ours.api_key.empty()) request.headers.emplace_back("Authorization", "Bearer " + ours.api_key);
  request.body = request_.body;
  request.max_body_bytes = kMaxAnswerBytes;
  request.connect_timeout = ours.connect_timeout;
  request.first_byte_timeout = ours.first_byte_timeout;
  request.reader_says_begun = true;
  request.idle_timeout = ours.idle_timeout;
  const bool is_bounded = deadline_ != base::SteadyTime::max();
  request.total_timeout = is_bounded ? std::chrono::ceil<milliseconds>(left) : milliseconds::zero();
  return request;
}

void Backend::Attempts::take_head(const base::StreamHead& head) {
  status_ = head.status;
  is_right_type_ = request_.takes_any_type ||
                   base::lower_case(base::find_header(head.headers, "content-type")).starts_with(request_.content_type);
  retry_after_ = parse_retry_after(base::find_header(head.headers, "retry-after")).value_or(std::chrono::seconds(0));
  // What is not an answer is not worth waiting for as long.
  const bool is_good = status_ / 100 == 2 && is_right_type_;
  if (!is_good && stream_) stream_->answer_begun();
  if (is_good && events_.on_accepted && !cancelled_) events_.on_accepted();
}

void Backend::Attempts::take_data(std::string_view bytes) {
  // What else a backend says, of an error for instance, may quote the key.
  if (status_ / 100 != 2 || !is_right_type_ || is_complete_) return;
  has_begun_ = true;
  const auto progress = events_.on_data(bytes);
  if (cancelled_) return;
  if (!progress) return retry_or_end(progress.error().within(backend_->name));
  if (*progress == CallEvents::Progress::waiting) return;
  if (stream_) stream_->answer_begun();
  if (*progress == CallEvents::Progress::more) return;
  const bool is_complete = *progress == CallEvents::Progress::complete;
  if (!is_complete && std::exchange(is_finished_, true)) return;
  is_finished_ = true;
  is_complete_ = is_complete;
  wait_for_end(is_complete ? kPatienceAfterComplete : kPatienceAfterFinish);
}

void Backend::Attempts::wait_for_end(base::Duration patience) {
  timer_ = backend_->loop.after(patience, [self = shared_from_this()] {
    self->in_order([self] {
      if (self->is_trying_) self->take_end({});
    });
  });
}

void Backend::Attempts::take_end(base::Status status) {
  auto judged = judge(std::move(status));
  if (!judged) return retry_or_end(judged.error().within(backend_->name));
  close_attempt(Outcome::succeeded);
  end({});
}

// What the end of the exchange means for the call.
base::Status Backend::Attempts::judge(base::Status status) {
  if (is_complete_) return {};
  if (is_finished_) return events_.on_last_byte();
  if (!status) {
    const auto code = status.error().code == Code::deadline_exceeded ? Code::deadline_exceeded : Code::unavailable;
    return base::fail({code, status.error().message});
  }
  const std::string said = "answered with status " + std::to_string(status_);
  if (status_ == 429 || status_ == 408 || status_ >= 500) return base::fail({Code::unavailable, said, retry_after_});
  if (status_ / 100 != 2) return base::fail({Code::permission_denied, said + std::string(hint_of(status_))});
  if (!is_right_type_) {
    return base::fail({Code::unavailable, "answered with another content type; is its base_url right?"});
  }
  return events_.on_last_byte();
}

bool Backend::Attempts::may_retry(const base::Error& error) const {
  if (has_begun_ || attempt_ > backend_->options.max_retries) return false;
  if (status_ != 0) return is_worth_a_retry(status_);
  return error.code == Code::unavailable;  // no connection, or hung up on; time that ran out does not come back
}

void Backend::Attempts::retry_or_end(base::Error error) {
  const bool is_refusal = error.code == Code::permission_denied || status_ == 429;
  const bool retries = may_retry(error);
  close_attempt(is_refusal ? Outcome::gave_up : Outcome::failed);
  if (!retries) return end(base::fail(std::move(error)));
  const base::Duration delay = std::max<base::Duration>(backend_->retry_delay(attempt_), error.retry_after);
  if (delay >= time_left()) return end(base::fail(std::move(error)));
  base::log_debug("Asking a backend again", {{"attempt", attempt_ + 1}, {"after", error.message}});
  timer_ = backend_->loop.after(delay, [self = shared_from_this()] {
    self->in_order([self] {
      if (!self->has_ended_ && !self->is_trying_) self->try_once();
    });
  });
}

void Backend::Attempts::close_attempt(Outcome outcome) {
  if (!std::exchange(is_trying_, false)) return;
  timer_.cancel();
  stream_.reset();
  backend_->attempt_ended(outcome);
}

void Backend::Attempts::end(base::Status status) {
  if (std::exchange(has_ended_, true)) return;
  timer_.cancel();
  give_back_place();
  const auto events = std::exchange(events_, {});
  if (!cancelled_) events.on_end(std::move(status));
}

void Backend::Attempts::give_back_place() {
  if (std::exchange(has_place_, false)) backend_->leave();
}

base::Duration Backend::Attempts::time_left() const {
  if (deadline_ == base::SteadyTime::max()) return base::Duration::max();
  return deadline_ - steady_now();
}

void Backend::Attempts::pause() {
  in_order([self = shared_from_this()] {
    self->is_paused_ = true;
    if (self->stream_) self->stream_->pause();
  });
}

void Backend::Attempts::resume() {
  in_order([self = shared_from_this()] {
    self->is_paused_ = false;
    if (self->stream_) self->stream_->resume();
  });
}

void Backend::Attempts::cancel() {
  if (cancelled_.exchange(true)) return;
  in_order([self = shared_from_this()] {
    self->close_attempt(Outcome::gave_up);
    self->end({});
  });
}

void Backend::Attempts::in_order(std::function<void()> step) { serial_.run(std::move(step)); }

}  // namespace chatcore::llm
