#include "guard/source/docker/event_stream.h"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace guard::source {
namespace {

constexpr std::size_t kMaxWaitingReports = 4096;
constexpr std::chrono::seconds kTakenToWork{1};
// Stamps of events from different containers may be a little out of order in the stream.
constexpr std::chrono::seconds kOverlap{1};

}  // namespace

EngineEventStream::EngineEventStream(EngineOptions engine, EngineRetry retry, base::WallTime since,
                                     base::EventLoop& loop, std::function<void(Report)> on_report)
    : engine_(std::move(engine)),
      retry_(retry),
      next_since_(since),
      mailbox_(loop, kMaxWaitingReports, std::move(on_report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EngineEventStream::~EngineEventStream() {
  mailbox_.close();
  thread_.request_stop();
  thread_.join();
}

bool EngineEventStream::is_open() const {
  const std::lock_guard lock(mutex_);
  if (!opened_at_) return false;
  return has_told_ || std::chrono::steady_clock::now() - *opened_at_ >= kTakenToWork;
}

void EngineEventStream::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "engine-events");
  while (!stop.stop_requested()) {
    const auto opened_at = std::chrono::steady_clock::now();
    const base::Status ended = follow(stop, next_since_);
    if (stop.stop_requested()) return;
    std::unique_lock lock(mutex_);
    opened_at_.reset();
    if (ended.error().code == base::Code::deadline_exceeded &&
        std::chrono::steady_clock::now() - opened_at >= engine_.stream_idle)
      continue;  // silent, as a quiet engine is; or dead, and then opening it again says so
    // An event that cannot be read would come again and again.
    if (ended.error().code == base::Code::corrupt) next_since_ = std::chrono::system_clock::now();
    if (has_told_ || std::chrono::steady_clock::now() - opened_at >= kTakenToWork) retry_.succeeded();
    const auto wait = retry_.failed();
    lock.unlock();
    report({.event = std::nullopt, .broken = ended.error()});
    lock.lock();
    wake_.wait_for(lock, stop, wait, [] { return false; });
  }
}

base::Status EngineEventStream::follow(const std::stop_token& stop, base::WallTime since) {
  {
    const std::lock_guard lock(mutex_);
    opened_at_ = std::chrono::steady_clock::now();
    has_told_ = false;
  }
  return EngineClient(engine_, stop).follow_events(since, [this](const EngineEvent& event) {
    {
      const std::lock_guard lock(mutex_);
      has_told_ = true;
    }
    next_since_ = std::max(next_since_, event.at - kOverlap);
    report({.event = event, .broken = std::nullopt});
  });
}

void EngineEventStream::report(Report report) {
  report.lost = is_losing_;
  is_losing_ = !mailbox_.push(std::move(report));
}

}  // namespace guard::source
