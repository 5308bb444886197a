#pragma once
// Stops asking a backend that keeps failing, so that its clients get their 503 at once and it gets the time to recover.
// It counts requests, each with all its attempts as one.
//
//   closed      all pass. It opens after so many failures in a row. Of these one conversation counts for half at most,
//   and
//               so does one known user: whose request makes a backend fail shuts nobody else out. When one user's
//               conversations alone come to that number, it opens for that user.
//   open        none passes until the cool-down is over
//   half open   one passes, and its success closes it. When it fails, one of another conversation may try at once; when
//               that fails too it is open for another cool-down.
//
// Pure; time is an argument, and the caller holds the lock.

#include <cstddef>
#include <map>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore::llm {

// Whose request it is, as hashes: who can be told apart is all that matters here.
struct Asker {
  std::size_t user = 0;  // 0: not known
  std::size_t conversation = 0;
};
// The hash of `text`, never 0.
std::size_t asker_hash(std::string_view text);

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
    std::optional<base::Duration> wait = {};  // absent: the request passes. Else how long until another may
    bool is_probe = false;                    // it is the one that tries while the others wait
  };
  // May one request pass? If so its outcome must be told by one of the three below, with the verdict's `is_probe`.
  [[nodiscard]] Verdict admit(base::SteadyTime now, const Asker& asker);
  void succeeded(const Asker& asker, bool is_probe);
  void failed(base::SteadyTime now, const Asker& asker, bool is_probe);
  // Says nothing about the backend's health: the client left, the backend refused this request, is busy, or broke off
  // an answer that it had begun.
  void gave_up(bool is_probe);
  // Whether a request of this asker would have to wait; changes nothing.
  [[nodiscard]] bool is_shut_for(base::SteadyTime now, const Asker& asker) const;
  [[nodiscard]] BreakerState state(base::SteadyTime now) const;

 private:
  [[nodiscard]] bool is_cooling(base::SteadyTime now) const { return now < opened_ + options_.cooldown; }
  [[nodiscard]] bool concerns(const Asker& asker) const { return only_user_ == 0 || asker.user == only_user_; }
  void close();
  void open(base::SteadyTime now, std::size_t only_user);
  [[nodiscard]] int count_of(const std::map<std::size_t, int>& conversations) const;
  [[nodiscard]] int most_of_one() const { return (options_.failures + 1) / 2; }

  const BreakerOptions options_;
  // Failures in a row by user and conversation. Each failure of a new one brings the breaker nearer to opening, which
  // clears it: so it has at most as many entries as failures are needed.
  std::map<std::size_t, std::map<std::size_t, int>> failures_;
  bool is_open_ = false;
  std::size_t only_user_ = 0;  // for whom alone it is open; 0: for all
  bool is_probing_ = false;
  std::size_t failed_probe_ = 0;  // the conversation of a failed one, while another may try; 0: none may
  base::SteadyTime opened_;
};

}  // namespace chatcore::llm
