#include "guard/policy/stop_latch.h"

namespace guard::policy {

namespace {

// Whether a run has begun since the workload was seen down. Another container counts its own starts.
bool has_started(const StopLatch& stop_latch, const sample::Workload& workload) {
  const auto& key = workload.identity.key;
  const bool is_another = !key.empty() && key != stop_latch.identity_when_down && key != stop_latch.identity;
  return workload.lifecycle.starts > (is_another ? 0 : *stop_latch.starts_when_down);
}

}  // namespace

bool is_started_again(StopLatch& stop_latch, const sample::Workload& workload) {
  const sample::Lifecycle& lifecycle = workload.lifecycle;
  switch (lifecycle.state) {
    case sample::State::unknown: return false;
    case sample::State::stopped:
    case sample::State::absent:
      if (!stop_latch.starts_when_down) {
        stop_latch.starts_when_down = lifecycle.starts;
        stop_latch.identity_when_down = workload.identity.key;
        return false;
      }
      return has_started(stop_latch, workload);
    case sample::State::starting: return stop_latch.starts_when_down && has_started(stop_latch, workload);
    case sample::State::running:
    case sample::State::paused: break;
  }
  if (stop_latch.starts_when_down) return true;
  if (lifecycle.started_at) return *lifecycle.started_at > stop_latch.latched_at;
  return !stop_latch.identity.empty() &&
         (workload.identity.key != stop_latch.identity || lifecycle.starts > stop_latch.starts);
}

}  // namespace guard::policy
