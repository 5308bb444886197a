#include "guard/source/log/counter.h"

#include <utility>

#include "guard/source/log/text.h"

namespace guard::source {

void LogCounter::count(std::string_view line, base::SteadyTime at, base::WallTime written) {
  const auto match = matcher_.match(line);
  if (!match) return;
  const std::lock_guard lock(mutex_);
  ++totals_.matches;
  if (!totals_.last_match || at >= *totals_.last_match) {
    totals_.last_match = at;
    totals_.last_match_wall = written;
  }
  for (const auto& [name, value] : match->captures) {
    const auto [before, is_first] = totals_.captured_at.emplace(name, at);
    if (!is_first && before->second > at) continue;
    before->second = at;
    totals_.captures[name] = value;
  }
}

LogCounter::Totals LogCounter::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void LogCounters::set(List counters) {
  const std::lock_guard lock(mutex_);
  counters_ = std::move(counters);
}

void LogCounters::take(std::string_view line, base::SteadyTime at, base::WallTime written) {
  const std::lock_guard lock(mutex_);
  const std::string_view text = clean_log_line(line, buffer_);
  for (const auto& counter : counters_) counter->count(text, at, written);
}

}  // namespace guard::source
