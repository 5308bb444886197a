#pragma once
// The report as Prometheus metrics. A workload that is gone is no longer in the report and so takes its series
// with it; the number of series is bounded by the configuration.

#include <optional>
#include <string>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// The agent's own process, read by the caller (the measurer is measured).
struct SelfUsage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_time_seconds = 0;
  double open_fds = 0;
  double max_fds = 0;
};

// What the guard's own history takes, where one is kept.
struct HistoryUsage {
  double bytes = 0;
  double samples_dropped = 0;
  double writes_done = 0;
  double writes_failed = 0;
};

struct BuildInfo {
  std::string version;
  std::string revision;
};

// The whole scrape in text format 0.0.4.
std::string expose(const Report& report, const BuildInfo& build, const std::optional<SelfUsage>& self,
                   const std::optional<HistoryUsage>& history = {});

}  // namespace guard::telemetry
