#include <algorithm>
#include <limits>

#include "guard/policy/rule.h"

namespace guard::policy {

namespace {

using sample::Reading;

template <class T, class Convert>
Reading<double> converted(const Reading<T>& reading, Convert convert) {
  if (!reading) return Reading<double>::absent(reading.reason());
  return static_cast<double>(convert(*reading));
}

double seconds_of(base::Duration duration) {
  return duration == base::Duration::max() ? std::numeric_limits<double>::infinity() : base::to_seconds(duration);
}

// Events and loops are not read, they are noticed: while the workload's state is unknown nothing would be.
Reading<double> noticed(double value, const signal::WorkloadSignals& signals) {
  if (value <= 0 && signals.state == sample::State::unknown)
    return Reading<double>::absent("the workload's state is unknown");
  return value;
}

// 1 when any expected line is overdue, 0 when all are known not to be.
Reading<double> any_overdue(const std::vector<signal::LogSignal>& logs) {
  auto answer = Reading<double>::absent("no log line is expected at intervals");
  bool all_known = true;
  for (const auto& log : logs) {
    if (!log.expected) continue;
    if (!log.overdue) {
      answer = Reading<double>::absent(log.name + ": " + log.overdue.reason());
      all_known = false;
    } else if (*log.overdue) {
      return 1;
    } else if (all_known) {
      answer = 0;
    }
  }
  return answer;
}

// 1 when the probe meant, or any of them, finds the workload unhealthy; 0 when all that are meant are known not to.
Reading<double> any_unhealthy(const std::vector<signal::HealthSignal>& health, const std::string& probe) {
  auto answer = Reading<double>::absent("no such health probe");
  bool all_known = true;
  for (const auto& signal : health) {
    if (!probe.empty() && signal.probe != probe) continue;
    if (signal.healthy && !*signal.healthy) return 1;
    if (!signal.healthy) answer = Reading<double>::absent(signal.probe + ": " + signal.healthy.reason());
    all_known = all_known && signal.healthy;
    if (all_known) answer = 0;
  }
  return answer;
}

Reading<double> captured(const std::vector<signal::LogSignal>& logs, const Subject& subject) {
  const auto log = std::ranges::find(logs, subject.name, &signal::LogSignal::name);
  if (log == logs.end()) return Reading<double>::absent("no such log line");
  const auto value = log->values.find(subject.capture);
  if (value == log->values.end()) return Reading<double>::absent("not captured yet");
  return value->second;
}

// Unknown without a verdict; false while warming up.
Reading<double> is_leaking(const signal::WorkloadSignals& signals) {
  if (!signals.growth && signals.leak == signal::LeakState::unknown)
    return Reading<double>::absent(signals.growth.reason());
  return signals.leak == signal::LeakState::leaking ? 1.0 : 0.0;
}

// Of the mount meant, or of the fullest that can be read.
Reading<double> filled(const std::vector<signal::DiskSignal>& disks, const std::string& mount) {
  auto fullest = Reading<double>::absent(mount.empty() ? "no mount can be read" : mount + " cannot be read");
  for (const auto& disk : disks) {
    if (!mount.empty() && disk.mount != mount) continue;
    if (disk.used && (!fullest || disk.used->value > *fullest)) fullest = disk.used->value;
  }
  return fullest;
}

}  // namespace

Reading<double> value_of(const signal::WorkloadSignals& signals, Metric metric, const Subject& subject, bool as_ratio) {
  if (signals.state == sample::State::paused) return Reading<double>::absent("the workload is paused");
  const auto count = [](base::Bytes bytes) { return bytes.count; };
  const auto ratio = [](base::Ratio part) { return part.value; };
  switch (metric) {
    case Metric::memory:
      return as_ratio ? converted(signals.memory_used, ratio) : converted(signals.unreclaimable, count);
    case Metric::memory_working_set:
      return as_ratio ? converted(signals.working_set_used, ratio) : converted(signals.working_set, count);
    case Metric::memory_growth: return signals.growth;
    case Metric::time_to_limit: return converted(signals.time_to_limit, seconds_of);
    case Metric::leaking: return is_leaking(signals);
    case Metric::cpu:
      return as_ratio ? converted(signals.cpu_of_limit, ratio)
                      : converted(signals.cpu_used, [](base::Cores cores) { return cores.count; });
    case Metric::cpu_throttled: return converted(signals.cpu_throttled, ratio);
    case Metric::memory_pressure: return converted(signals.memory_pressure, ratio);
    case Metric::cpu_pressure: return converted(signals.cpu_pressure, ratio);
    case Metric::io_pressure: return converted(signals.io_pressure, ratio);
    case Metric::pids: return converted(signals.pids, [](std::int64_t pids) { return pids; });
    case Metric::oom_kills: return noticed(static_cast<double>(signals.oom_kills_new), signals);
    case Metric::restart_loop: return noticed(signals.restart_loop.looping ? 1 : 0, signals);
    case Metric::log_overdue: return any_overdue(signals.logs);
    case Metric::log_value: return captured(signals.logs, subject);
    case Metric::unhealthy: return any_unhealthy(signals.health, subject.name);
    case Metric::disk: return filled(signals.disks, subject.name);
  }
  return Reading<double>::absent("no such metric");
}

}  // namespace guard::policy
