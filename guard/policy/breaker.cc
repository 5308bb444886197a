#include "guard/policy/breaker.h"

namespace guard::policy {

bool is_started_again(Breaker& breaker, const sample::Workload& workload) {
  switch (workload.lifecycle.state) {
    case sample::State::unknown:
    case sample::State::starting: return false;
    case sample::State::stopped:
    case sample::State::absent: breaker.was_seen_down = true; return false;
    case sample::State::running: break;
  }
  if (breaker.was_seen_down) return true;
  if (workload.lifecycle.started_at && *workload.lifecycle.started_at > breaker.opened_at) return true;
  if (breaker.identity.empty()) return false;
  return workload.identity.key != breaker.identity || workload.lifecycle.starts > breaker.starts;
}

}  // namespace guard::policy
