#pragma once
// Stops asking a backend that keeps failing, so that its clients get their 503 at once and it gets the time to recover.
// It counts requests, each with all its attempts as one.
//
//   closed      all requests pass. Opens after `failures` failures in a row. One conversation counts for at most
//               half of them, and so does one known user, so that one client's failing requests do not block other
//               clients. If the conversations of one user alone reach `failures`, it opens for that user only.
//   open        no request passes until the cool-down is over
//   half open   one request passes, the probe. Its success closes the breaker. If it fails, a request of another
//               conversation may probe at once; if that fails too, the breaker is open for another cool-down.
//
// Pure; time is an argument, and the caller holds the lock.

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore::llm {

// The user and conversation of a request, as hashes: only their identity matters here.
struct Caller {
  std::size_t user = 0;  // 0: not known
  std::size_t conversation = 0;
};
// The hash of `text`, never 0.
std::size_t caller_hash(std::string_view text);

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

  struct Verdict {
    std::optional<base::Duration> wait = {};  // absent: the request passes; else the time until the next may pass
    bool is_probe = false;                    // it is the half-open probe
  };
  // May one request pass? If so, report its outcome with one of the three functions below and the verdict's `is_probe`.
  [[nodiscard]] Verdict admit(base::SteadyTime now, const Caller& caller);
  void succeeded(const Caller& caller, bool is_probe);
  void failed(base::SteadyTime now, const Caller& caller, bool is_probe);
  // The outcome does not count: the client left, or the backend refused this request, is busy, or broke off an answer
  // that it had begun.
  void gave_up(bool is_probe);
  // Whether a request of this origin would be refused now; changes no state.
  [[nodiscard]] bool is_open_for(base::SteadyTime now, const Caller& caller) const;
  [[nodiscard]] BreakerState state(base::SteadyTime now) const;

 private:
  [[nodiscard]] bool is_cooling(base::SteadyTime now) const { return now < opened_ + options_.cooldown; }
  [[nodiscard]] bool concerns(const Caller& caller) const { return only_user_ == 0 || caller.user == only_user_; }
  void close();
  void open(base::SteadyTime now, std::size_t only_user);
  [[nodiscard]] int count_of(const std::map<std::size_t, int>& conversations) const;
  [[nodiscard]] int most_of_one() const { return (options_.failures + 1) / 2; }

  const BreakerOptions options_;
  // Failures in a row by user and conversation. Bounded: each new conversation counts towards opening, which clears it.
  std::map<std::size_t, std::map<std::size_t, int>> failures_;
  bool is_open_ = false;
  std::size_t only_user_ = 0;  // the user for which it is open; 0: open for all
  bool is_probing_ = false;
  std::size_t failed_probe_ = 0;  // conversation of a failed probe, while another one may probe; 0: no second probe
  base::SteadyTime opened_;
};

}  // namespace chatcore::llm
