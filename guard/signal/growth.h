#pragma once
// Does memory grow, how fast, and is that a leak? The floors of one workload's memory are kept at every resolution
// (floors.h); whenever a bucket closes, the trend over that ring's buckets is judged (trend.h), so that
// a leak of minutes and one of weeks meet the same test, each in the ring that fits it. docs/leak-detection.md tells
// the method and what each constant means. Online: a verdict rests on nothing later than the last sample.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"
#include "guard/signal/floors.h"
#include "guard/signal/signals.h"
#include "guard/signal/trend.h"

namespace guard::signal {

// What keeps growth from being called a leak, or memory from being called growing.
enum class Doubt {
  none,
  too_short,  // not watched for long enough
  flat,       // no rise beyond the noise
  known,      // rises, but no higher than it has been before
  uneven,     // a step or two, not growth that goes on
  settling,   // slower and slower: a warm-up or a cache that fills
  small,      // goes on, but has not taken enough of the room yet
  noisy,      // goes on, but wanders nearly as much as it rises
};

struct Growth {
  LeakState state = LeakState::unknown;
  Reading<double> bytes_per_second;  // of the floor; absent until half a window and kLeastFloors floors are known
  double low = 0;                    // bytes per second; 95 % interval around it
  double high = 0;
  bool significant = false;  // more than noise: only then it is projected onto the limit
  Doubt doubt = Doubt::too_short;
  double rise = 0;          // bytes of new room taken, over `span_seconds` and the runs it is carried from
  double share = 0;         // of the room below the limit; of the level before when there is no limit
  double span_seconds = 0;  // what the verdict was judged over
  double watched_seconds = 0;
  double window_seconds = 0;
  double noise = 0;      // bytes, standard deviation around the line
  double top = 0;        // bytes; where the peaks are expected now: 0 while nothing is judged
  int earlier_runs = 0;  // runs before this one that ended in the same growth
};

// What one ring's last buckets say.
struct Judgement {
  LeakState state = LeakState::unknown;  // stable, growing or leaking; unknown: too few floors
  Doubt doubt = Doubt::too_short;
  Trend trend;
  double end = 0;     // seconds; of the last floor
  double base = 0;    // bytes; where memory stood before it grew
  double known = 0;   // bytes; how high it stood before that, the base at least
  double room = 0;    // bytes; between the base and the limit; the level without a limit
  double rise = 0;    // bytes above all that was known before
  double share = 0;   // of the room
  double excess = 0;  // bytes; how far the peaks stand above the line of the floors
  double length = 0;  // seconds the buckets cover
  bool carried = false;
  double followed = 1;  // spans that the line explains: its own, and the time before that it was followed back
};

class GrowthTracker {
 public:
  // Takes one sample. `at` must not run backwards; `window` (the least time that growth is watched before it is
  // judged) may change between calls (a reload) and then starts anew. `limit` is the one in force now.
  void add(base::SteadyTime at, base::Bytes value, base::Duration window, base::Bytes limit = base::Bytes::unlimited());

  // As of the last closed bucket; LeakState::unknown before the first sample.
  [[nodiscard]] const Growth& growth() const { return growth_; }

  // A new run of the same workload. Its floors begin anew, but how high earlier runs stood and whether they grew
  // until their end is remembered: a leak that restarts cut into pieces is still one.
  void restart();

  // Another workload, or another window: nothing from before counts.
  void clear() { *this = GrowthTracker(); }

  [[nodiscard]] std::size_t size_bytes() const;

 private:
  struct Earlier {       // runs
    double highest = 0;  // bytes; floor of runs that did not end in growth
    double slope = 0;    // bytes per second; of the runs that did
    double rise = 0;     // bytes; their sum
    int runs = 0;
  };

  void begin(base::SteadyTime at, base::Duration window);
  [[nodiscard]] Judgement judge_floors(std::size_t ring, bool was_leaking) const;
  void judge_growth(std::size_t ring, const std::vector<TrendPoint>& points, std::int64_t period, double lowest,
                    bool was_leaking, Judgement& judgement) const;
  void measure_rise(std::size_t ring, double lowest, Judgement& judgement) const;
  [[nodiscard]] double follow_back(std::size_t ring, const Judgement& judgement) const;
  static void measure_height(double height, Judgement& judgement);
  void look_again(std::size_t ring, double now, Judgement& judgement) const;
  [[nodiscard]] Doubt doubt_leak(std::size_t ring, const Judgement& judgement, bool was_leaking) const;
  [[nodiscard]] bool goes_on(std::size_t ring, const Judgement& judgement) const;
  void conclude(double now);
  [[nodiscard]] const Judgement* choose(double now) const;

  base::Duration window_{0};
  std::optional<base::SteadyTime> began_;  // the first sample of this run
  double limit_ = 0;                       // bytes; infinite when there is none
  FloorRings rings_;
  std::vector<Judgement> opinions_;  // one a ring
  Earlier earlier_;
  Growth growth_;
  Judgement chosen_;  // what growth_ rests on
};

// In words: what was seen and why it is or is not called a leak; "" while unknown.
std::string describe(const Growth& growth);

// Until memory reaches `limit` at this growth: its peaks, not its floor. Duration::max() when it does not grow
// significantly or the limit is unlimited; 0 when it is there already; absent when one of the three is.
Reading<base::Duration> time_to_limit(const Growth& growth, const Reading<base::Bytes>& used,
                                      const Reading<base::Bytes>& limit);
// The same at another rate: that of `growth.high` is the earliest, that of `growth.low` the latest.
Reading<base::Duration> time_to_limit_at(double bytes_per_second, const Growth& growth,
                                         const Reading<base::Bytes>& used, const Reading<base::Bytes>& limit);

}  // namespace guard::signal
