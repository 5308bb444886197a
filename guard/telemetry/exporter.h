#pragma once
// Exports the report as Prometheus metrics. The series of a workload disappear with the workload, and the number of
// series is bounded by the configuration.

#include <optional>
#include <string>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// Resource usage of the agent itself, read by the caller.
struct SelfUsage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_time_seconds = 0;
  double open_fds = 0;
  double max_fds = 0;
};

// Usage of the history database, where one is kept.
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

// The scrape in text format 0.0.4.
std::string expose(const Report& report, const BuildInfo& build, const std::optional<SelfUsage>& self,
                   const std::optional<HistoryUsage>& history = {});

}  // namespace guard::telemetry
