#pragma once
// Internal to this folder: the registry's lock. Turns hold it for a fraction of a microsecond, evictions for some tens, and
// those come in rows: with a plain mutex the evicting thread takes the lock again before a turn that waits for it has
// woken up, many times over. So a turn spins for about as long as one eviction takes before it sleeps, and an eviction
// lets turns that wait go first.

#include <atomic>
#include <mutex>
#include <thread>

namespace chatcore::conversation {

class TurnFirstMutex {
 public:
  // For turns.
  void lock() {
    if (mutex_.try_lock()) return;
    waiting_.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < kSpins; ++i) {
      if (mutex_.try_lock()) {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return;
      }
      pause();
    }
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  // For evictions.
  void lock_after_turns() {
    for (int i = 0; i < kYields && waiting_.load(std::memory_order_relaxed) > 0; ++i) std::this_thread::yield();
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kSpins = 500;   // some twenty microseconds
  static constexpr int kYields = 100;  // bounded, should turns wait without end

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }

  std::mutex mutex_;
  std::atomic<int> waiting_{0};
};

}  // namespace chatcore::conversation
