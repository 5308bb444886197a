#include "guard/telemetry/report.h"

namespace guard::telemetry {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::dry_run: return "dry_run";
    case Outcome::recovered: return "recovered";
    case Outcome::failed: return "failed";
    case Outcome::skipped: return "skipped";
    case Outcome::superseded: return "superseded";
    case Outcome::rate_limit: return "rate_limit";
    case Outcome::maintenance: return "maintenance";
    case Outcome::dependency: return "dependency";
    case Outcome::stop_latch: return "stop_latch";
  }
  return "failed";
}

void DurationHistogram::observe(base::Duration duration) {
  const double seconds = base::to_seconds(duration);
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds <= kBounds[i]) ++at_most[i];
  }
  ++count;
  sum_seconds += seconds;
}

}  // namespace guard::telemetry
