#include "chatcore/llm/backend.h"

#include <utility>

#include "base/log.h"
#include "chatcore/llm/backend_attempts.h"
#include "chatcore/llm/retry.h"

namespace chatcore::llm {
namespace {

base::SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

base::StreamClientOptions client_options(const BackendOptions& options) {
  return {
      .max_connections = options.max_calls, .max_connections_per_host = options.max_calls, .ca_file = options.ca_file};
}

class Handle final : public Call {
 public:
  explicit Handle(std::shared_ptr<Backend::Attempts> attempts) : attempts_(std::move(attempts)) {}
  ~Handle() override { attempts_->cancel(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void pause() override { attempts_->pause(); }
  void resume() override { attempts_->resume(); }
  void cancel() override { attempts_->cancel(); }

 private:
  const std::shared_ptr<Backend::Attempts> attempts_;
};

}  // namespace

Backend::Backend(std::string its_name, BackendOptions its_options, base::EventLoop& its_loop)
    : name(std::move(its_name)),
      options(std::move(its_options)),
      loop(its_loop),
      client(its_loop, client_options(options)),
      breaker_(options.breaker),
      chance_(std::random_device()()) {}

std::unique_ptr<Call> Backend::call(CallRequest request, CallEvents events) {
  auto attempts = std::make_shared<Attempts>(shared_from_this(), std::move(request), std::move(events));
  loop.post([attempts] { attempts->begin(); });
  return std::make_unique<Handle>(std::move(attempts));
}

void Backend::call_to_its_end(CallRequest request, CallEvents events) {
  loop.post([attempts = std::make_shared<Attempts>(shared_from_this(), std::move(request), std::move(events))] {
    attempts->begin();
  });
}

BackendStatistics Backend::statistics() const {
  const std::lock_guard lock(mutex_);
  return {.streams = calls_,
          .waiting = waiting_.size(),
          .retries_total = retries_,
          .connects_total = client.connections_made(),
          .breaker = breaker_.state(steady_now())};
}

Backend::Place Backend::enter(const std::shared_ptr<Attempts>& call) {
  const std::lock_guard lock(mutex_);
  if (calls_ < options.max_calls) {
    ++calls_;
    return Place::granted;
  }
  std::erase_if(waiting_, [](const auto& one) { return one.expired(); });
  if (waiting_.size() >= options.max_calls) return Place::none;
  waiting_.push_back(call);
  return Place::waiting;
}

// The place goes to the next in line, who gives it back itself when it does not need it any more.
void Backend::leave() {
  std::shared_ptr<Attempts> next;
  {
    const std::lock_guard lock(mutex_);
    for (; !next && !waiting_.empty(); waiting_.pop_front()) next = waiting_.front().lock();
    if (!next) --calls_;
  }
  if (next) loop.post([next] { next->take_place(); });
}

std::optional<base::Error> Backend::breaker_refusal(const Caller& caller, bool& is_probe) {
  const std::lock_guard lock(mutex_);
  const auto verdict = breaker_.admit(steady_now(), caller);
  is_probe = verdict.is_probe;
  if (!verdict.wait) return std::nullopt;
  return base::Error{base::Code::unavailable, name + " keeps failing and is left alone for now",
                     std::chrono::ceil<std::chrono::seconds>(*verdict.wait)};
}

bool Backend::is_open_for(const Caller& caller) const {
  const std::lock_guard lock(mutex_);
  return breaker_.is_open_for(steady_now(), caller);
}

void Backend::call_ended(Outcome outcome, const Caller& caller, bool is_probe) {
  const auto now = steady_now();
  BreakerState before{};
  BreakerState after{};
  {
    const std::lock_guard lock(mutex_);
    before = breaker_.state(now);
    switch (outcome) {
      case Outcome::succeeded: breaker_.succeeded(caller, is_probe); break;
      case Outcome::failed: breaker_.failed(now, caller, is_probe); break;
      case Outcome::gave_up: breaker_.gave_up(is_probe); break;
    }
    after = breaker_.state(now);
  }
  if (before == after) return;
  base::log_warning("The breaker of a backend has changed",
                    {{"backend", name}, {"from", name_of(before)}, {"to", name_of(after)}});
}

base::Duration Backend::retry_delay(int retry) {
  const std::lock_guard lock(mutex_);
  ++retries_;
  return backoff(retry, std::uniform_real_distribution<>(0, 1)(chance_));
}

}  // namespace chatcore::llm
