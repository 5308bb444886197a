#include "guard/policy/breaker.h"

namespace guard::policy {

namespace {

// Whether a run has begun since the workload was seen down. Another container counts its own starts.
bool has_started(const Breaker& breaker, const sample::Workload& workload) {
  const auto& key = workload.identity.key;
  const bool is_another = !key.empty() && key != breaker.identity_when_down && key != breaker.identity;
  return workload.lifecycle.starts > (is_another ? 0 : *breaker.starts_when_down);
}

}  // namespace

bool is_started_again(Breaker& breaker, const sample::Workload& workload) {
  const sample::Lifecycle& lifecycle = workload.lifecycle;
  switch (lifecycle.state) {
    case sample::State::unknown: return false;
    case sample::State::stopped:
    case sample::State::absent:
      if (!breaker.starts_when_down) {
        breaker.starts_when_down = lifecycle.starts;
        breaker.identity_when_down = workload.identity.key;
        return false;
      }
      return has_started(breaker, workload);
    case sample::State::starting: return breaker.starts_when_down && has_started(breaker, workload);
    case sample::State::running:
    case sample::State::paused: break;
  }
  if (breaker.starts_when_down) return true;
  if (lifecycle.started_at) return *lifecycle.started_at > breaker.opened_at;
  return !breaker.identity.empty() && (workload.identity.key != breaker.identity || lifecycle.starts > breaker.starts);
}

}  // namespace guard::policy
