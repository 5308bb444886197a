#pragma once
// Removes conversations whose time to live is over, at a fixed interval, and says so each time: one line at info
// whose message is `Cleaned up N old conversations from memory`. Every sweep writes it, also with N = 0, since a guard
// that watches for the line must be able to tell an idle server from a sweeper that died.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "chatcore/conversation/registry.h"

namespace chatcore::conversation {

// The line's message, for a sweep that removed so many.
std::string sweep_message(std::size_t removed);

struct SweeperStatistics {
  std::uint64_t sweeps_total = 0;
  std::optional<base::WallTime> last_finished;  // absent before the first sweep
  std::chrono::nanoseconds last_took{0};
};

// Thread-safe, but start() once. The registry, the clock and the loop must outlive it; stop the loop first.
class Sweeper {
 public:
  // `after` is called at the end of each sweep, on its thread, for what else is to be let go of regularly.
  Sweeper(Registry& registry, const base::Clock& clock, base::EventLoop& loop, std::function<void()> after = {})
      : registry_(registry), clock_(clock), loop_(loop), after_(std::move(after)) {}

  // Sweeps every `interval` on the loop, the first time after one interval; 0 never does.
  void start(std::chrono::nanoseconds interval);
  // No sweep begins on the loop after this.
  void stop() { timer_.cancel(); }

  // One sweep, with its line. Begins at once and goes on in slices on the loop, between which turns go on; `done` is
  // called at the end.
  void sweep(std::function<void(const SweepReport&)> done = {});
  // Evicts, likewise, until at most `target` bytes of conversations are held; or until what is held fits under a
  // budget that was lowered.
  void shed(base::Bytes target, std::function<void()> done);
  void fit_budget(std::function<void()> done);

  [[nodiscard]] SweeperStatistics statistics() const;

 private:
  struct Work;
  void run(std::shared_ptr<Work> work);
  void finish_sweep(std::size_t removed, base::SteadyTime began, const std::function<void(const SweepReport&)>& done);

  Registry& registry_;
  const base::Clock& clock_;
  base::EventLoop& loop_;
  const std::function<void()> after_;
  base::Pending timer_;
  mutable std::mutex mutex_;
  SweeperStatistics statistics_;
};

}  // namespace chatcore::conversation
