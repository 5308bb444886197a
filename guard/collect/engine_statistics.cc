#include "guard/collect/engine_statistics.h"

#include <utility>

namespace guard {

void EngineStatistics::ask_if_due(const std::string& container_id, const std::string& run, base::SteadyTime now,
                                  const Ask& ask) {
  if (state_ == nullptr || state_->run != run) {
    state_ = std::make_shared<State>();
    state_->run = run;
  }
  if (state_->asked_at && now - *state_->asked_at < kInterval) return;
  state_->asked_at = now;
  ask(container_id, [weak = std::weak_ptr(state_), now](base::Result<sample::Resources> answer) {
    const auto state = weak.lock();
    if (state == nullptr) return;
    if (answer && !answer->read_at) answer->read_at = now;
    state->last = std::move(answer);
  });
}

base::Result<sample::Resources> EngineStatistics::known(base::SteadyTime now) const {
  if (state_ == nullptr) return base::fail(base::Code::unavailable, "not asked yet");
  const auto& last = state_->last;
  if (last && now - *last->read_at > kMaxAge) {
    return base::fail(base::Code::deadline_exceeded,
                      "the last answer is " + base::format_duration(now - *last->read_at) + " old");
  }
  return last;
}

}  // namespace guard
