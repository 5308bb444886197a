#pragma once
// Where time comes from. Logic takes times as arguments; only the outermost loops ask a Clock, and tests hand
// them a ManualClock.

#include <chrono>
#include <mutex>

namespace base {

using SteadyTime = std::chrono::steady_clock::time_point;  // for intervals: never jumps
using WallTime = std::chrono::system_clock::time_point;    // for people and files: may jump

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

// Stands still until told to move. Starts at one hour after boot, on 2026-01-01T00:00:00Z.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override {
    const std::lock_guard lock(mutex_);
    return SteadyTime(std::chrono::hours(1) + elapsed_);
  }
  [[nodiscard]] WallTime wall_now() const override {
    const std::lock_guard lock(mutex_);
    return WallTime(std::chrono::seconds(1767225600)) + std::chrono::duration_cast<WallTime::duration>(elapsed_);
  }
  void advance(std::chrono::nanoseconds step) {
    const std::lock_guard lock(mutex_);
    elapsed_ += step;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds elapsed_{0};
};

}  // namespace base
