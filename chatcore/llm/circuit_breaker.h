#pragma once
// Stops asking a backend that keeps failing, so that its clients get their 503 at once and it gets the time to recover.
// Closed: all pass. After so many failures in a row it opens: none passes. After the cool-down it is half open: one
// passes, and its outcome closes or opens it again. Pure; time is an argument, and the caller holds the lock.

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore::llm {

struct BreakerOptions {
  int failures = 5;  // in a row; 0: never opens
  base::Duration cooldown = std::chrono::seconds(10);
};

enum class BreakerState { closed, open, half_open };
// "closed", "open", "half_open": as the metrics have it.
std::string_view name_of(BreakerState state);

class CircuitBreaker {
 public:
  explicit CircuitBreaker(BreakerOptions options) : options_(options) {}

  // May one request pass? Absent: yes, and its outcome must be told by one of the three below. Else how long to wait.
  [[nodiscard]] std::optional<base::Duration> refusal(base::SteadyTime now);
  void succeeded();
  void failed(base::SteadyTime now);
  void gave_up();  // says nothing about the backend: the client left, or it answered that it is busy
  [[nodiscard]] BreakerState state(base::SteadyTime now) const;

 private:
  [[nodiscard]] bool is_cooling(base::SteadyTime now) const { return now < opened_ + options_.cooldown; }

  const BreakerOptions options_;
  int failures_ = 0;
  bool is_open_ = false;
  bool is_probing_ = false;
  base::SteadyTime opened_;
};

}  // namespace chatcore::llm
