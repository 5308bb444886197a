#pragma once
// Adaptive concurrency limit for turns at work, found by measuring. More clients than the host can serve cause a queue
// somewhere; the limit refuses them at admission instead, so that admitted turns are answered about as fast as without
// load, and the others learn at once to come back later.
//
// The measured time runs from having the conversation until the model has its prompt: it grows with every queue of the
// server (storage, search, processor), and not with a slow language model or client. After each window its median is
// compared with the usual value without load.
//
// Refusing a large crowd takes processor time too: admitted turns then wait in the event loop and in their sockets,
// where that time does not show it. So the limit is also lowered while turns are refused and the event-loop lag is high
// several times in a row. Pure: times are arguments.

#include <array>
#include <cstddef>

#include "base/clock.h"
#include "base/units.h"

namespace chatcore {

struct ConcurrencyLimiterOptions {
  std::size_t first = 32;  // initial limit
  std::size_t least = 16;  // lower bound: storage commits this many as one group
  std::size_t most = 256;
  double tolerance = 3;                                  // allowed time, in multiples of the usual one,
  base::Duration target = std::chrono::milliseconds(4);  // and at least this
  base::Duration window = std::chrono::milliseconds(100);
  std::size_t least_in_crowd = 2;  // lower bound while the event-loop lag is high
  // Event-loop lag. An idle host has below 1 ms; with that as the bound a third fewer turns are answered, no faster.
  base::Duration max_lag = std::chrono::milliseconds(3);
};

// Use from one thread at a time.
class ConcurrencyLimiter {
 public:
  // What the start of a turn needs: storage and processor, or without a conversation the processor only. Each has its
  // own usual time.
  enum class Kind : std::size_t { stored, stateless };

  explicit ConcurrencyLimiter(ConcurrencyLimiterOptions options);

  // Records a started turn: it took `took`, while `at_work` turns including itself were at work.
  void record(base::SteadyTime now, base::Duration took, std::size_t at_work, Kind kind = Kind::stored);

  // Records an event-loop lag, a few in each window, and whether a turn was refused since the last one.
  void record_lag(base::Duration lag, bool refusing);

  [[nodiscard]] std::size_t limit() const { return limit_; }
  // The median without load; zero before the first window.
  [[nodiscard]] base::Duration usual(Kind kind = Kind::stored) const { return windows_[place_of(kind)].usual; }

 private:
  // Number of samples for a median: minimum and maximum.
  static constexpr std::size_t kFewest = 8;
  static constexpr std::size_t kSamples = 128;
  // Number of high lags in a row that mean a standing queue; a single one may be another process.
  static constexpr int kStanding = 3;

  // The current window of one kind.
  struct Window {
    base::Duration usual{0};  // from earlier windows
    base::SteadyTime began;
    std::array<base::Duration, kSamples> samples{};
    std::size_t count = 0;  // the samples are the last ones
    std::size_t most_at_work = 0;
  };
  static std::size_t place_of(Kind kind) { return static_cast<std::size_t>(kind); }
  void judge(Window& window, base::Duration median);

  const ConcurrencyLimiterOptions options_;
  std::size_t limit_;
  std::array<Window, 2> windows_;
  int high_lags_ = 0;  // in a row
};

}  // namespace chatcore
