#include "chatcore/conversation/sweeper.h"

#include "base/log.h"
#include "base/units.h"

namespace chatcore::conversation {

std::string sweep_message(std::size_t removed) {
  return "Cleaned up " + std::to_string(removed) + " old conversations from memory";
}

void Sweeper::start(base::EventLoop& loop, std::chrono::nanoseconds interval) {
  if (interval.count() <= 0) return;
  timer_ = loop.every(interval, [this](int) { sweep_now(); });
}

SweepReport Sweeper::sweep_now() {
  const SweepReport report = registry_.sweep();
  base::log_info(sweep_message(report.removed), {{"remaining_conversations", report.remaining},
                                                 {"bytes", report.remaining_bytes.count},
                                                 {"took", base::format_duration(report.took)}});
  if (after_) after_();
  const std::lock_guard lock(mutex_);
  ++statistics_.sweeps_total;
  statistics_.last_finished = clock_.wall_now();
  statistics_.last_took = report.took;
  return report;
}

SweeperStatistics Sweeper::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace chatcore::conversation
