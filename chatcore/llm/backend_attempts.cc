#include "chatcore/llm/backend_attempts.h"

#include <algorithm>
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
// Time to wait for the token counts after the finish reason.
constexpr milliseconds kPatienceAfterFinish{3'000};

// As it comes over the wire, where a few letters of text take a few hundred bytes.
constexpr std::size_t kMaxAnswerBytes = 256u << 20;

base::SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// For the log: what most often is wrong. The backend's own words may quote the key.
std::string_view hint_of(int status) {
  if (status == 401 || status == 403) return "; check its API key";
  if (status == 402 || status == 429) return "; check its quota and billing";
  return "; check base_url (usually ends with /v1) and model";
}

// Bytes of an error's body that are kept for its classification.
constexpr std::size_t kMaxErrorBytes = 16u << 10;

// Of a stream, while it is no longer than this.
constexpr std::size_t kMaxStreamBeginning = 4u << 10;

// Maximum amendments of one request: each optional field may be refused, and the prompt may be too long a few times.
constexpr int kMaxAmendments = 12;

// Some proxies put their errors into an answer with status 200.
bool is_error(std::string_view said) {
  constexpr std::string_view kName = "\"error\"";
  const auto at = said.find(kName);
  if (at == std::string_view::npos) return false;
  const auto value = said.find_first_not_of(" \t\r\n:", at + kName.size());
  return value != std::string_view::npos && !said.substr(value).starts_with("null");
}

std::string names_of(const BackendRefusal& refusal) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? " (" : ", ") + std::string(name) + "=" + value;
  };
  add("code", refusal.code);
  add("type", refusal.type);
  add("param", refusal.param);
  return text.empty() ? "" : text + ")";
}

}  // namespace

Backend::Attempts::Attempts(std::shared_ptr<Backend> backend, CallRequest request, CallEvents events)
    : backend_(std::move(backend)),
      deadline_(backend_->options.total_timeout == milliseconds::zero()
                    ? base::SteadyTime::max()
                    : steady_now() + backend_->options.total_timeout),
      request_(std::move(request)),
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
  if (!is_admitted_) {
    if (auto refused = backend_->breaker_refusal(request_.caller, is_probe_))
      return end(base::fail(std::move(*refused)));
    is_admitted_ = true;
  }
  ++attempt_;
  is_trying_ = true;
  is_finished_ = false;
  is_complete_ = false;
  status_ = 0;
  retry_after_ = {};
  beginning_.clear();
  refusal_.reset();
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
  // For an error's body idle_timeout applies at once.
  const bool is_good = status_ / 100 == 2 && is_right_type_;
  if (!is_good && stream_) stream_->answer_begun();
  if (is_good && events_.on_accepted && !cancelled_) events_.on_accepted();
}

void Backend::Attempts::take_data(std::string_view bytes) {
  if (is_complete_) return;
  if (!is_good()) {
    beginning_.append(bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, beginning_.size())));
    return;
  }
  has_begun_ = true;
  remember_beginning(bytes);
  const auto progress = events_.on_data(bytes);
  if (cancelled_) return;
  if (!progress) return fail_good_answer(progress.error());
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

bool Backend::Attempts::is_good() const { return status_ / 100 == 2 && is_right_type_; }

void Backend::Attempts::take_end(base::Status status) {
  read_refusal_of(status);
  if (amend()) return;
  auto judged = judge(std::move(status));
  if (!judged && is_good()) return fail_good_answer(judged.error());
  if (!judged) return retry_or_end(judged.error().within(backend_->name));
  close_attempt();
  outcome_ = Outcome::succeeded;
  end({});
}

void Backend::Attempts::read_refusal_of(const base::Status& status) {
  // An incomplete error response still has its status.
  const bool has_refused = status_ != 0 && status_ / 100 != 2;
  const bool is_error_as_a_good_answer = status && status_ / 100 == 2 && !is_right_type_ && is_error(beginning_);
  if (has_refused || is_error_as_a_good_answer) refusal_ = read_refusal(status_, beginning_, backend_->options.api_key);
  if (!is_good()) beginning_.clear();
}

// Some servers (LM Studio) start the stream before they check the prompt.
void Backend::Attempts::fail_good_answer(base::Error error) {
  refusal_ = refusal_in_stream(beginning_, backend_->options.api_key);
  if (amend()) return;
  retry_or_end((refusal_ ? error_of_refusal() : std::move(error)).within(backend_->name));
}

void Backend::Attempts::remember_beginning(std::string_view bytes) {
  // An error instead of an answer is short; a longer body is an answer.
  if (beginning_.size() + bytes.size() <= kMaxStreamBeginning)
    beginning_ += bytes;
  else
    beginning_.clear();
}

// Retries with an amended request if the refusal allows one. Returns whether it did.
bool Backend::Attempts::amend() {
  if (!refusal_ || !events_.on_refused || amendments_ >= kMaxAmendments || cancelled_) return false;
  auto body = events_.on_refused(request_.body, *refusal_);
  if (!body) return false;
  ++amendments_;
  request_.body = std::move(*body);
  has_begun_ = false;
  close_attempt();
  try_once();
  return true;
}

base::Error Backend::Attempts::error_of_refusal() const {
  using Kind = BackendRefusal::Kind;
  const std::string said = "answered with status " + std::to_string(status_) + names_of(*refusal_);
  base::Remote remote{.side = {}, .code = refusal_->code, .type = refusal_->type, .param = refusal_->param};
  base::Error error{Code::invalid_argument, said};
  const bool has_no_path = !request_.needed_for.empty() && (status_ == 404 || status_ == 405 || status_ == 501);
  if (has_no_path) {
    remote.code = "unsupported_parameter";
    remote.param = request_.needed_for;
    remote.saw_request = true;
    error.remote = std::make_shared<const base::Remote>(std::move(remote));
    return error;
  }
  switch (refusal_->kind) {
    case Kind::context:
      // OpenAI's name, which clients check for.
      remote.code = "context_length_exceeded";
      remote.type = "invalid_request_error";
      remote.param = events_.on_refused ? "messages" : "input";
      error.message += "; the request is longer than the model's context";
      break;
    case Kind::size:
      error.code = Code::too_large;
      remote.code = "request_too_large";
      error.message +=
          "; a proxy in front of it refuses a request of this size: raise its limit (nginx: client_max_body_size)";
      break;
    case Kind::request:
    case Kind::field:
    case Kind::system_role: break;
    case Kind::operators:
      error.code = Code::permission_denied;
      error.message += hint_of(status_);
      break;
    case Kind::busy:
    case Kind::failure:
      error.code = Code::unavailable;
      error.retry_after = retry_after_;
      break;
  }
  remote.saw_request = refusal_->kind != Kind::operators && refusal_->kind != Kind::busy;
  error.remote = std::make_shared<const base::Remote>(std::move(remote));
  return error;
}

// What the end of the exchange means for the call.
base::Status Backend::Attempts::judge(base::Status status) {
  if (is_complete_) return {};
  if (refusal_) return base::fail(error_of_refusal());
  if (is_finished_) return events_.on_last_byte();
  if (!status) {
    const auto code = status.error().code == Code::deadline_exceeded ? Code::deadline_exceeded : Code::unavailable;
    return base::fail({code, status.error().message});
  }
  if (!is_right_type_) {
    return base::fail({Code::unavailable, "answered with another content type; check base_url"});
  }
  return events_.on_last_byte();
}

bool Backend::Attempts::may_retry(const base::Error& error) const {
  if (has_begun_ || request_.is_repeat || retries_ >= backend_->options.max_retries) return false;
  if (refusal_) return error.code == Code::unavailable;
  if (status_ != 0) return false;
  return error.code == Code::unavailable;  // no connection, or hung up on; time that ran out does not come back
}

void Backend::Attempts::retry_or_end(base::Error error) {
  // A backend that refuses a request, is busy, or had begun to answer is not down.
  const bool is_refusal =
      error.code == Code::permission_denied || error.code == Code::invalid_argument || error.code == Code::too_large;
  const bool is_up = is_refusal || status_ == 429 || has_begun_;
  outcome_ = is_up || request_.is_repeat ? Outcome::gave_up : Outcome::failed;
  if (!error.remote) {
    const bool saw_request = is_good() || error.code == Code::deadline_exceeded;
    error.remote = std::make_shared<const base::Remote>(base::Remote{.side = {}, .saw_request = saw_request});
  }
  const bool retries = may_retry(error);
  close_attempt();
  if (!retries) return end(base::fail(std::move(error)));
  const base::Duration delay = std::max<base::Duration>(backend_->retry_delay(++retries_), error.retry_after);
  if (delay >= time_left()) return end(base::fail(std::move(error)));
  ask_again_after(std::move(error), delay);
}

void Backend::Attempts::ask_again_after(base::Error error, base::Duration delay) {
  base::log_debug("Retrying a backend request", {{"retry", retries_}, {"after", error.message}});
  timer_ = backend_->loop.after(delay, [self = shared_from_this(), error = std::move(error)] {
    self->in_order([self, error] {
      if (self->has_ended_ || self->is_trying_) return;
      // The breaker has opened meanwhile.
      if (!self->is_probe_ && self->backend_->is_open_for(self->request_.caller)) return self->end(base::fail(error));
      self->try_once();
    });
  });
}

void Backend::Attempts::close_attempt() {
  if (!std::exchange(is_trying_, false)) return;
  timer_.cancel();
  stream_.reset();
}

void Backend::Attempts::end(base::Status status) {
  if (std::exchange(has_ended_, true)) return;
  timer_.cancel();
  if (std::exchange(is_admitted_, false)) backend_->call_ended(outcome_, request_.caller, is_probe_);
  give_back_place();
  if (!status) status = base::fail(from_this_side(std::move(status.error())));
  const auto events = std::exchange(events_, {});
  if (!cancelled_) events.on_end(std::move(status));
}

// Sets the backend's name in the error's `remote`.
base::Error Backend::Attempts::from_this_side(base::Error error) const {
  base::Remote remote = error.remote ? *error.remote : base::Remote();
  remote.side = backend_->name.substr(0, backend_->name.find(','));
  error.remote = std::make_shared<const base::Remote>(std::move(remote));
  return error;
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
    self->close_attempt();
    self->end({});
  });
}

void Backend::Attempts::in_order(std::function<void()> step) { serial_.run(std::move(step)); }

}  // namespace chatcore::llm
