#include "chatcore/llm/circuit_breaker.h"

#include <algorithm>
#include <functional>

namespace chatcore::llm {
std::size_t caller_hash(std::string_view text) { return std::max<std::size_t>(1, std::hash<std::string_view>()(text)); }

std::string_view name_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
  }
  return "closed";
}

CircuitBreaker::Verdict CircuitBreaker::admit(base::SteadyTime now, const Caller& caller) {
  if (!is_open_ || !concerns(caller)) return {};
  // The one that tries may take long; the others are sent away for another cool-down.
  if (is_probing_) return {.wait = options_.cooldown};
  const bool is_second = failed_probe_ != 0 && failed_probe_ != caller.conversation;
  if (is_cooling(now) && !is_second) return {.wait = opened_ + options_.cooldown - now};
  is_probing_ = true;
  return {.is_probe = true};
}

void CircuitBreaker::close() {
  failures_.clear();
  is_open_ = false;
  only_user_ = 0;
  failed_probe_ = 0;
}

void CircuitBreaker::open(base::SteadyTime now, std::size_t only_user) {
  failures_.clear();
  opened_ = now;
  // Still open for another user: the failures are not one user's. A user who never came back counts no more.
  only_user_ = is_open_ && is_cooling(now) ? 0 : only_user;
  is_open_ = true;
}

int CircuitBreaker::count_of(const std::map<std::size_t, int>& conversations) const {
  int count = 0;
  for (const auto& [conversation, failures] : conversations) count += std::min(failures, most_of_one());
  return count;
}

void CircuitBreaker::succeeded(const Caller& caller, bool is_probe) {
  if (is_probe) is_probing_ = false;
  // Other users' successes do not close a breaker that is open for one user.
  if (is_open_ && !concerns(caller)) return;
  close();
}

void CircuitBreaker::failed(base::SteadyTime now, const Caller& caller, bool is_probe) {
  if (options_.failures == 0) return;
  if (is_probe) {
    is_probing_ = false;
    opened_ = now;
    failed_probe_ = failed_probe_ == 0 ? caller.conversation : 0;
    return;
  }
  // Requests that were in progress when it opened do not extend the cool-down.
  if (is_open_ && concerns(caller)) return;
  auto& own = failures_[caller.user];
  ++own[caller.conversation];
  int all = 0;
  const bool has_others = failures_.size() > 1 || own.size() > 1;
  for (const auto& [user, conversations] : failures_) {
    const int count = count_of(conversations);
    all += user == 0 ? count : std::min(count, most_of_one());
  }
  if (!has_others) return;
  if (all >= options_.failures) return open(now, 0);
  if (caller.user != 0 && count_of(own) >= options_.failures) open(now, caller.user);
}

void CircuitBreaker::gave_up(bool is_probe) {
  if (is_probe) is_probing_ = false;
}

bool CircuitBreaker::is_open_for(base::SteadyTime now, const Caller& caller) const {
  return is_open_ && concerns(caller) && is_cooling(now);
}

BreakerState CircuitBreaker::state(base::SteadyTime now) const {
  if (!is_open_) return BreakerState::closed;
  return is_cooling(now) ? BreakerState::open : BreakerState::half_open;
}

}  // namespace chatcore::llm
