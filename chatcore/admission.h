#pragma once
// The door: decides before a turn begins whether there is room for it, so that a busy hour ends in 503 with
// Retry-After and never in an out-of-memory kill or in answers that come too late. Counts the turns in flight, the
// bytes they hold (question, answer so far) and the turns that are at work (pace.h), and refuses everything
// new once a drain has begun.

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
#include "chatcore/memory/budget.h"
#include "chatcore/pace.h"

namespace chatcore {

// 0 turns the bound off; for rehearsing the incident, not for service.
struct AdmissionLimits {
  std::size_t max_turns = 256;
  base::Bytes max_bytes_in_flight = base::mebibytes(64);
  base::Duration target_delay{0};  // how long a turn may take to begin (PaceOptions::target); 0: not paced
};

enum class Refusal { turns, bytes, memory, pace, drain };
// "turns", "bytes", "memory", "pace", "drain": the reason as metrics and error codes name it.
std::string_view name_of(Refusal refusal);

// Thread-safe; the one lock is that of the pace, taken for each turn begun. Must outlive its tickets.
class Admission {
 public:
  // One admitted turn. Its bytes and its place are given back on destruction. Use from one thread at a time.
  class Ticket {
   public:
    Ticket(Admission* door, base::Bytes bytes) : door_(door), bytes_(bytes) {}
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    // Counts bytes that an admitted turn has come to hold, whether there is room or not. False when there is none,
    // even after all that is idle has been evicted: the turn must come to its end.
    bool grow(base::Bytes bytes);

    // A turn is at work, from admission on, while it needs processor and storage. It rests while it waits in line for
    // its conversation, for a model elsewhere or for a slow client. What has begun is never refused to go on; but it
    // keeps the door shut for others.
    void rest();
    void work();
    // The measure of the pace: it has its conversation, if any; the model has its prompt.
    void begin(Pace::Kind kind);
    void begun();

   private:
    friend class Admission;

    Admission* door_;
    base::Bytes bytes_;
    bool at_work_ = false;
    std::optional<base::SteadyTime> since_;  // while it is measured
    Pace::Kind kind_ = Pace::Kind::stored;
  };

  using Entry = tl::expected<std::unique_ptr<Ticket>, Refusal>;

  explicit Admission(AdmissionLimits limits, memory::Budget* budget = nullptr);

  [[nodiscard]] Entry enter(base::Bytes bytes);
  // A turn that would be refused now whatever its size; for saying so before its body is looked at. Counts nothing.
  [[nodiscard]] std::optional<Refusal> closed() const;
  // Somebody was told so. And a look at the loop, every kLookInterval: how late it came (pace.h).
  void turned_away() { refused_.store(true, std::memory_order_relaxed); }
  static constexpr base::Duration kLookInterval = std::chrono::milliseconds(25);
  void look(base::Duration late);
  [[nodiscard]] bool is_paced() const { return target_delay_.count() != 0; }
  // For entries from now on; 0 turns a bound off. The pace keeps to the turns it began with.
  void configure(std::size_t max_turns, base::Bytes max_bytes_in_flight);
  // Refuses every entry from now on; turns under way go on.
  void begin_drain() { draining_ = true; }
  [[nodiscard]] bool is_draining() const { return draining_; }

  [[nodiscard]] std::size_t turns_in_flight() const { return turns_; }
  [[nodiscard]] base::Bytes bytes_in_flight() const { return {bytes_}; }
  // How many need processor and storage at this moment, and how many may.
  [[nodiscard]] std::size_t turns_at_work() const { return at_work_; }
  [[nodiscard]] std::size_t at_work_limit() const { return at_work_limit_; }

 private:
  void note_begun(Pace::Kind kind, base::Duration took, base::SteadyTime now);

  std::atomic<std::size_t> max_turns_;
  std::atomic<std::int64_t> max_bytes_in_flight_;
  const base::Duration target_delay_;
  memory::Budget* const budget_;  // null: bytes are bounded by max_bytes_in_flight alone
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> turns_{0};
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::size_t> at_work_{0};
  std::atomic<bool> refused_{false};  // somebody, since the last look
  std::atomic<std::size_t> at_work_limit_;
  std::mutex pace_mutex_;
  Pace pace_;
};

}  // namespace chatcore
