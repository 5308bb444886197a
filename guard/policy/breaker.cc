#include "guard/policy/breaker.h"

namespace guard::policy {

bool is_started_again(Breaker& breaker, const sample::Workload& workload) {
  const sample::Lifecycle& lifecycle = workload.lifecycle;
  switch (lifecycle.state) {
    case sample::State::unknown: return false;
    case sample::State::stopped:
    case sample::State::absent:
      if (!breaker.starts_when_down) breaker.starts_when_down = lifecycle.starts;
      return lifecycle.starts > *breaker.starts_when_down;
    case sample::State::starting: return breaker.starts_when_down && lifecycle.starts > *breaker.starts_when_down;
    case sample::State::running: break;
  }
  if (breaker.starts_when_down) return true;
  if (lifecycle.started_at) return *lifecycle.started_at > breaker.opened_at;
  return !breaker.identity.empty() && (workload.identity.key != breaker.identity || lifecycle.starts > breaker.starts);
}

}  // namespace guard::policy
