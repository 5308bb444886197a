#include "chatcore/llm/circuit_breaker.h"

namespace chatcore::llm {

std::string_view name_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
  }
  return "closed";
}

std::optional<base::Duration> CircuitBreaker::refusal(base::SteadyTime now) {
  if (!is_open_) return std::nullopt;
  if (is_cooling(now)) return opened_ + options_.cooldown - now;
  // The one that tries may take long; the others are sent away for another cool-down.
  if (is_probing_) return options_.cooldown;
  is_probing_ = true;
  return std::nullopt;
}

void CircuitBreaker::succeeded() {
  failures_ = 0;
  is_open_ = false;
  is_probing_ = false;
}

void CircuitBreaker::failed(base::SteadyTime now) {
  if (options_.failures == 0) return;
  ++failures_;
  // Requests that were under way when it opened do not prolong the cool-down; the one that tried does.
  const bool opens = is_open_ ? is_probing_ : failures_ >= options_.failures;
  if (!opens) return;
  is_open_ = true;
  is_probing_ = false;
  opened_ = now;
}

void CircuitBreaker::gave_up() { is_probing_ = false; }

BreakerState CircuitBreaker::state(base::SteadyTime now) const {
  if (!is_open_) return BreakerState::closed;
  return is_cooling(now) ? BreakerState::open : BreakerState::half_open;
}

}  // namespace chatcore::llm
