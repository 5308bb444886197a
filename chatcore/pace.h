#pragma once
// How many turns may be at work at once, found by measuring. More clients than the machine can serve make a
// queue somewhere; this keeps it at the door and short, so that who is let in is answered about as quickly as on a
// quiet day and the others learn at once that they should come back later.
//
// The measure is the time from a turn's hold on its conversation until the model has its prompt: it grows with every
// queue of the server (storage, search, processor) and not with a language model that thinks, or with a client that
// reads slowly. After each window its median is compared with what is usual when nobody has to wait.
//
// A crowd that will not be told takes the processor by being turned away: then those let in wait in the loop's queue
// and in their sockets, where that measure does not see them. So while anybody is turned away, a loop that is late for
// its work again and again means fewer turns too: being told to come back must not itself have to wait. Pure: times
// are arguments.

#include <array>
#include <cstddef>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore {

struct PaceOptions {
  std::size_t first = 32;  // before anything is known
  std::size_t least = 16;  // so many are never too many: storage takes them as one group
  std::size_t most = 256;
  double tolerance = 3;                                  // beginnings may take so many times what is usual,
  base::Duration target = std::chrono::milliseconds(4);  // and this long in any case
  base::Duration window = std::chrono::milliseconds(100);
  std::size_t least_in_crowd = 2;  // as least, when the loop is late
  // Of the loop. A quiet machine's is below 1 ms; with that as the bound a third fewer are answered, and no sooner.
  base::Duration lateness = std::chrono::milliseconds(3);
};

// Use from one thread at a time.
class Pace {
 public:
  explicit Pace(PaceOptions options);

  // One turn has begun: it took `took`, and `at_work` turns were at work then, itself among them.
  void begun(base::SteadyTime now, base::Duration took, std::size_t at_work);

  // A look at the loop, a few for each window: how late it came, and whether anybody was turned away since the last.
  void looked(base::Duration late, bool refusing);

  [[nodiscard]] std::size_t limit() const { return limit_; }
  // The median while nobody waits; zero before the first window.
  [[nodiscard]] base::Duration usual() const { return usual_; }

 private:
  void judge(base::Duration median);

  // Fewer say too little, more are not needed for a median.
  static constexpr std::size_t kFewest = 8;
  static constexpr std::size_t kSamples = 128;
  // So many late looks in a row are a queue that stands; one may be a slice of another process.
  static constexpr int kStanding = 3;

  const PaceOptions options_;
  std::size_t limit_;
  base::Duration usual_{0};
  base::SteadyTime window_began_;
  std::array<base::Duration, kSamples> samples_{};
  std::size_t count_ = 0;  // in this window; the samples are its last ones
  std::size_t most_at_work_ = 0;
  int late_looks_ = 0;  // in a row
};

}  // namespace chatcore
