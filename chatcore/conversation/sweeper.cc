#include "chatcore/conversation/sweeper.h"

#include <utility>

#include "base/log.h"
#include "base/units.h"

namespace chatcore::conversation {

std::string sweep_message(std::size_t removed) {
  return "Cleaned up " + std::to_string(removed) + " old conversations from memory";
}

struct Sweeper::Work {
  std::function<std::size_t()> slice;  // how many it evicted; 0: done
  std::function<void(std::size_t removed)> done;
  std::size_t removed = 0;
};

void Sweeper::start(std::chrono::nanoseconds interval) {
  if (interval.count() <= 0) return;
  timer_ = loop_.every(interval, [this](int) { sweep(); });
}

void Sweeper::run(std::shared_ptr<Work> work) {
  const std::size_t removed = work->slice();
  work->removed += removed;
  if (removed == 0) return work->done(work->removed);
  loop_.post([this, work = std::move(work)]() mutable { run(std::move(work)); });
}

void Sweeper::sweep(std::function<void(const SweepReport&)> done) {
  const auto began = clock_.steady_now();
  run(std::make_shared<Work>(Work{
      .slice = [this, began] { return registry_.sweep_slice(began); },
      .done = [this, began, done = std::move(done)](std::size_t removed) { finish_sweep(removed, began, done); }}));
}

void Sweeper::shed(base::Bytes target, std::function<void()> done) {
  run(std::make_shared<Work>(Work{.slice = [this, target] { return registry_.shed_slice(target); },
                                  .done = [done = std::move(done)](std::size_t) { done(); }}));
}

void Sweeper::fit_budget(std::function<void()> done) {
  run(std::make_shared<Work>(Work{.slice = [this] { return registry_.budget_slice(); },
                                  .done = [done = std::move(done)](std::size_t) { done(); }}));
}

void Sweeper::finish_sweep(std::size_t removed, base::SteadyTime began,
                           const std::function<void(const SweepReport&)>& done) {
  const Usage left = registry_.usage();
  const SweepReport report{.removed = removed,
                           .remaining = left.conversations,
                           .remaining_bytes = left.bytes,
                           .took = clock_.steady_now() - began};
  base::log_info(sweep_message(report.removed), {{"remaining_conversations", report.remaining},
                                                 {"bytes", report.remaining_bytes.count},
                                                 {"took", base::format_duration(report.took)}});
  if (after_) after_();
  {
    const std::lock_guard lock(mutex_);
    ++statistics_.sweeps_total;
    statistics_.last_finished = clock_.wall_now();
    statistics_.last_took = report.took;
  }
  if (done) done(report);
}

SweeperStatistics Sweeper::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace chatcore::conversation
