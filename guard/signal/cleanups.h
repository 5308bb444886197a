#pragma once
// The effect of each logged cleanup on memory. A cleanup that runs on time and frees nothing looks healthy in its log,
// but is a leak. The lowest memory shortly before the line is compared with the lowest shortly after, so that memory in
// use at the time of the line does not count.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/sample/snapshot.h"

namespace guard::signal {

struct Cleanup {
  base::WallTime at;                       // of its line
  base::Bytes before;                      // lowest in the last stretch before it
  base::Bytes after;                       // lowest in the first stretch after it
  std::map<std::string, double> captures;  // the numbers of its line
};

// What a workload's signals hand on of it.
struct CleanupEffect {
  std::uint64_t judged = 0;                            // cleanups since the guard knows the workload
  std::shared_ptr<const std::vector<Cleanup>> recent;  // the newest last, CleanupTracker::kMost at most; null: none
  [[nodiscard]] bool frees_nothing() const;  // at least three, and the middle one gave back no more than noise
};

// Bytes that the middle one of them gave back; less than 0 when memory rose. 0 of none.
std::int64_t median_given_back(const CleanupEffect& effect);

// "12 cleanups, 28 MiB given back each"; while memory grows also "12 cleanups, 0 MiB given back: the cleanup runs but
// does not free", which is no fault of one that had nothing to free. "" before the first.
std::string describe(const CleanupEffect& effect, bool memory_grows);

class CleanupTracker {
 public:
  static constexpr std::size_t kMost = 24;

  // One tick: the watch as it is now, and the memory. An absent reading is skipped: a cleanup is judged on what was
  // read. `every` is how often the line is expected.
  void observe(const sample::LogWatch& watch, const sample::Reading<base::Bytes>& memory, base::Duration every,
               base::SteadyTime now);
  // Another run: what lies on both sides of its start says nothing of a cleanup.
  void restart();
  [[nodiscard]] const CleanupEffect& effect() const { return effect_; }

 private:
  struct Pending {
    Cleanup cleanup;
    base::SteadyTime until;
    bool seen_after = false;
  };
  void begin(const sample::LogWatch& watch, base::Duration stretch, base::SteadyTime now);
  void remember(base::Bytes memory, base::Duration stretch, base::SteadyTime now);
  void finish();

  std::optional<std::uint64_t> matches_;  // of the watch, as last seen
  // The lowest of this half stretch and of the one before.
  std::optional<base::Bytes> lowest_;
  std::optional<base::Bytes> lowest_before_;
  base::SteadyTime half_began_{};
  std::optional<Pending> pending_;
  CleanupEffect effect_;
};

}  // namespace guard::signal
