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
  // What a turn's beginning waits for: storage and processor, or, without a conversation, the processor alone. What is
  // usual for the one says nothing of the other.
  enum class Kind : std::size_t { stored, stateless };

  explicit Pace(PaceOptions options);

  // One turn has begun: it took `took`, and `at_work` turns were at work then, itself among them.
  void begun(base::SteadyTime now, base::Duration took, std::size_t at_work, Kind kind = Kind::stored);

  // A look at the loop, a few for each window: how late it came, and whether anybody was turned away since the last.
  void looked(base::Duration late, bool refusing);

  [[nodiscard]] std::size_t limit() const { return limit_; }
  // The median while nobody waits; zero before the first window.
  [[nodiscard]] base::Duration usual(Kind kind = Kind::stored) const { return windows_[place_of(kind)].usual; }

 private:
  // Fewer say too little, more are not needed for a median.
  static constexpr std::size_t kFewest = 8;
  static constexpr std::size_t kSamples = 128;
  // So many late looks in a row are a queue that stands; one may be a slice of another process.
  static constexpr int kStanding = 3;

  // Of one kind, the one that is being filled.
  struct Window {
    base::Duration usual{0};  // in the windows before
    base::SteadyTime began;
    std::array<base::Duration, kSamples> samples{};
    std::size_t count = 0;  // the samples are its last ones
    std::size_t most_at_work = 0;
  };
  static std::size_t place_of(Kind kind) { return static_cast<std::size_t>(kind); }
  void judge(Window& window, base::Duration median);

  const PaceOptions options_;
  std::size_t limit_;
  std::array<Window, 2> windows_;
  int late_looks_ = 0;  // in a row
};

}  // namespace chatcore
