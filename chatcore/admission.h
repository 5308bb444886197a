#pragma once
// Admission control: decides before a turn starts whether there is capacity for it, so that overload ends in 503 with
// Retry-After instead of an OOM kill or late answers. Counts the turns in flight, the bytes they hold (question, answer
// so far) and the turns at work (concurrency_limiter.h). Refuses all new turns once a drain has started.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"
#include "chatcore/concurrency_limiter.h"
#include "chatcore/memory/budget.h"

namespace chatcore {

// 0: no bound; for reproducing the incident only.
struct AdmissionLimits {
  std::size_t max_turns = 256;
  base::Bytes max_bytes_in_flight = base::mebibytes(64);
  base::Duration target_delay{0};  // ConcurrencyLimiterOptions::target; 0: no concurrency limit
};

enum class Refusal { turns, bytes, memory, concurrency, drain };
// "turns", "bytes", "memory", "concurrency", "drain": the label of metrics and the error code.
std::string_view name_of(Refusal refusal);

// Thread-safe; one lock, taken for each started turn. Must outlive its permits.
class Admission {
 public:
  // The permit of one admitted turn, released on destruction. Use from one thread at a time.
  class Permit {
   public:
    Permit(Admission* admission, base::Bytes bytes) : admission_(admission), bytes_(bytes) {}
    ~Permit();
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    // Counts bytes that an admitted turn holds in addition, even above the budget. False when the budget is exceeded
    // although everything idle was evicted: the turn must end.
    bool grow(base::Bytes bytes);

    // A turn is at work from admission on, while it uses processor and storage. It rests while it waits for its
    // conversation, for a remote model or for a slow client. A started turn is never stopped, but counts against new
    // ones.
    void rest();
    void work();
    // Start and end of the measured time: from having its conversation until the model has its prompt.
    void begin(ConcurrencyLimiter::Kind kind);
    void begun();

   private:
    friend class Admission;

    Admission* admission_;
    base::Bytes bytes_;
    bool at_work_ = false;
    std::optional<base::SteadyTime> since_;  // while it is measured
    ConcurrencyLimiter::Kind kind_ = ConcurrencyLimiter::Kind::stored;
  };

  using Entry = tl::expected<std::unique_ptr<Permit>, Refusal>;

  explicit Admission(AdmissionLimits limits, memory::Budget* budget = nullptr);

  [[nodiscard]] Entry enter(base::Bytes bytes);
  // The reason for which any turn would be refused now; for refusing before the body is read. Counts nothing.
  [[nodiscard]] std::optional<Refusal> closed() const;
  // Records a refusal; and the event-loop lag, measured every kLookInterval.
  void turned_away() { refused_.store(true, std::memory_order_relaxed); }
  static constexpr base::Duration kLookInterval = std::chrono::milliseconds(25);
  void look(base::Duration late);
  [[nodiscard]] bool is_limited() const { return target_delay_.count() != 0; }
  // For later entries; 0: no bound. The concurrency limiter keeps its maximum.
  void configure(std::size_t max_turns, base::Bytes max_bytes_in_flight);
  // Refuses all later entries; turns in flight continue.
  void begin_drain() { draining_ = true; }
  [[nodiscard]] bool is_draining() const { return draining_; }

  [[nodiscard]] std::size_t turns_in_flight() const { return turns_; }
  [[nodiscard]] base::Bytes bytes_in_flight() const { return {bytes_}; }
  // Turns that use processor and storage at this moment, and their limit.
  [[nodiscard]] std::size_t turns_at_work() const { return at_work_; }
  [[nodiscard]] std::size_t at_work_limit() const { return at_work_limit_; }

 private:
  void note_begun(ConcurrencyLimiter::Kind kind, base::Duration took, base::SteadyTime now);

  std::atomic<std::size_t> max_turns_;
  std::atomic<std::int64_t> max_bytes_in_flight_;
  const base::Duration target_delay_;
  memory::Budget* const budget_;  // null: bytes are bounded by max_bytes_in_flight alone
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> turns_{0};
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::size_t> at_work_{0};
  std::atomic<bool> refused_{false};  // since the last measurement
  std::atomic<std::size_t> at_work_limit_;
  std::mutex limiter_mutex_;
  ConcurrencyLimiter limiter_;
};

}  // namespace chatcore
