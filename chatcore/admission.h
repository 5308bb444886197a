#pragma once
// The door: decides before a turn begins whether there is room for it, so that a busy hour ends in 503 with
// Retry-After and never in an out-of-memory kill. Counts the turns in flight and the bytes they hold (question,
// answer so far), and refuses everything new once a drain has begun.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace chatcore {

// 0 turns the bound off; for rehearsing the incident, not for service.
struct AdmissionLimits {
  std::size_t max_turns = 256;
  base::Bytes max_bytes_in_flight = base::mebibytes(64);
};

enum class Refusal { turns, bytes, drain };
// "turns", "bytes", "drain": the reason as metrics and error codes name it.
std::string_view name_of(Refusal refusal);

// Thread-safe and without a lock. Must outlive its tickets.
class Admission {
 public:
  // One admitted turn. Its bytes and its place are given back on destruction. Use from one thread at a time.
  class Ticket {
   public:
    Ticket(Admission* door, base::Bytes bytes) : door_(door), bytes_(bytes) {}
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    // Counts bytes that an admitted turn has come to hold. Never refused: what has begun is finished, and the
    // bound on a single answer bounds what may be added.
    void grow(base::Bytes bytes);

   private:
    Admission* door_;
    base::Bytes bytes_;
  };

  using Entry = tl::expected<std::unique_ptr<Ticket>, Refusal>;

  explicit Admission(AdmissionLimits limits) : limits_(limits) {}

  [[nodiscard]] Entry enter(base::Bytes bytes);
  // Refuses every entry from now on; turns under way go on.
  void begin_drain() { draining_ = true; }
  [[nodiscard]] bool is_draining() const { return draining_; }

  [[nodiscard]] std::size_t turns_in_flight() const { return turns_; }
  [[nodiscard]] base::Bytes bytes_in_flight() const { return {bytes_}; }

 private:
  const AdmissionLimits limits_;
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> turns_{0};
  std::atomic<std::int64_t> bytes_{0};
};

}  // namespace chatcore
