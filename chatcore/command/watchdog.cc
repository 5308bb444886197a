#include "chatcore/command/watchdog.h"

#include <utility>

#include "base/log.h"
#include "base/units.h"

namespace chatcore::command {

Watchdog::Watchdog(base::EventLoop& loop, std::chrono::nanoseconds granted, std::function<void()> feed)
    : granted_(granted) {
  if (granted.count() == 0) return;
  feeding_ = loop.every(granted / 4, [this, &loop, feed = std::move(feed)](int) {
    const auto silence = loop.longest_block();
    const bool was_silent = std::exchange(silent_, silence > granted_ / 2);
    if (!silent_) return feed();
    if (!was_silent) base::log_error("An event-loop thread is blocked", {{"seconds", base::to_seconds(silence)}});
  });
}

}  // namespace chatcore::command
