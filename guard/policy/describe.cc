#include "guard/policy/describe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace guard::policy {

namespace {

using signal::WorkloadSignals;

std::string size(double bytes) {
  if (!std::isfinite(bytes) || std::fabs(bytes) > 9e18) return "unlimited";
  return base::format_bytes({std::llround(bytes)});
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 9e9) return "for ever";
  return base::format_duration(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

std::string names_of_overdue(const WorkloadSignals& signals) {
  std::string names;
  for (const auto& log : signals.logs) {
    if (!log.expected || !log.overdue || !*log.overdue) continue;
    names += (names.empty() ? "" : ", ") + log.name;
    if (log.since_match) names += " (silent for " + base::format_duration(*log.since_match) + ")";
  }
  return names;
}

// "web (answered 500, 3 times in a row), port (Connection refused, 5 times in a row)".
std::string names_of_unhealthy(const WorkloadSignals& signals, const Subject& subject) {
  std::string names;
  for (const auto& probe : signals.health) {
    if (!subject.name.empty() && probe.probe != subject.name) continue;
    if (!probe.healthy || *probe.healthy) continue;
    names += (names.empty() ? "" : ", ") + probe.probe;
    if (probe.failures_in_row > 0)
      names += " (" + probe.why + ", " + std::to_string(probe.failures_in_row) + " times in a row)";
  }
  return names;
}

// "log_value cleanup.count", "disk /var/lib/x", and the metric's name alone where it is of one thing only.
std::string name_of_measure(const WorkloadSignals& signals, const Rule& rule) {
  std::string text(name_of(rule.metric));
  if (rule.metric == Metric::log_value) return text + " " + rule.subject.name + "." + rule.subject.capture;
  if (rule.metric != Metric::disk) return text;
  if (!rule.subject.name.empty()) return text + " " + rule.subject.name;
  const auto fuller = [](const auto& a, const auto& b) { return a.used.value_or({0}) < b.used.value_or({0}); };
  const auto fullest = std::max_element(signals.disks.begin(), signals.disks.end(), fuller);
  return fullest == signals.disks.end() ? text : text + " " + fullest->mount;
}

// How the value stands to its limit: " is 87.4% of 700 MiB" or "".
std::string share_of_limit(const WorkloadSignals& signals, const Rule& rule) {
  if (!rule.trip.is_ratio) return {};
  const bool is_memory = rule.metric == Metric::memory || rule.metric == Metric::memory_working_set;
  const auto& used = rule.metric == Metric::memory ? signals.memory_used : signals.working_set_used;
  if (is_memory && used && signals.memory_limit)
    return " is " + base::format_ratio(*used) + " of " + base::format_bytes(*signals.memory_limit);
  if (rule.metric == Metric::cpu && signals.cpu_of_limit)
    return " is " + base::format_ratio(*signals.cpu_of_limit) + " of the limit";
  return {};
}

}  // namespace

std::string describe_number(double value) {
  if (!std::isfinite(value)) return "unlimited";
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.3f", value);
  std::string text(buffer.data());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string describe_value(Metric metric, bool as_ratio, double value) {
  if (as_ratio) return base::format_ratio({value});
  switch (metric) {
    case Metric::memory:
    case Metric::memory_working_set: return size(value);
    case Metric::memory_growth: return size(value * 3600) + " an hour";
    case Metric::time_to_limit: return duration(value);
    case Metric::cpu: return describe_number(value) + " cores";
    case Metric::cpu_throttled:
    case Metric::memory_pressure:
    case Metric::cpu_pressure:
    case Metric::io_pressure:
    case Metric::disk: return base::format_ratio({value});
    case Metric::pids:
    case Metric::oom_kills:
    case Metric::leaking:
    case Metric::restart_loop:
    case Metric::log_overdue:
    case Metric::log_value:
    case Metric::unhealthy: return describe_number(value);
  }
  return describe_number(value);
}

std::string describe_breach(const WorkloadSignals& signals, const Rule& rule, const Threshold& threshold,
                            std::chrono::nanoseconds held) {
  switch (rule.metric) {
    case Metric::oom_kills:
      return std::to_string(signals.oom_kills_new) + " OOM kill" + (signals.oom_kills_new == 1 ? "" : "s") + ", " +
             std::to_string(signals.oom_kills_total) + " in all";
    case Metric::restart_loop:
      return std::to_string(signals.restart_loop.restarts) + " restarts within the window: a restart loop";
    case Metric::leaking: return "memory is leaking: " + signals.leak_evidence;
    case Metric::log_overdue: return "expected log line is overdue: " + names_of_overdue(signals);
    case Metric::unhealthy: return "health probe fails: " + names_of_unhealthy(signals, rule.subject);
    default: break;
  }
  std::string text = name_of_measure(signals, rule);
  const auto amount = value_of(signals, rule.metric, rule.subject, false);
  if (amount) text += " " + describe_value(rule.metric, false, *amount);
  text += share_of_limit(signals, rule);
  text += rule.comparison == Comparison::above ? ", above " : ", below ";
  text += describe_value(rule.metric, threshold.is_ratio, threshold.value);
  if (held > std::chrono::nanoseconds::zero()) text += " for " + base::format_duration(held);
  return text;
}

std::map<std::string, std::string> describe_evidence(const WorkloadSignals& signals, Metric metric,
                                                     const Subject& subject) {
  std::map<std::string, std::string> evidence;
  const auto add_bytes = [&](const char* name, const sample::Reading<base::Bytes>& reading) {
    if (reading) evidence[name] = base::format_bytes(*reading);
  };
  add_bytes("memory_working_set", signals.working_set);
  add_bytes("memory", signals.unreclaimable);
  add_bytes("memory_limit", signals.memory_limit);
  if (signals.growth) evidence["memory_growth"] = describe_value(Metric::memory_growth, false, *signals.growth);
  if (!signals.leak_evidence.empty())
    evidence["leak"] = std::string(name_of(signals.leak)) + ": " + signals.leak_evidence;
  if (signals.cpu_used) evidence["cpu"] = describe_value(Metric::cpu, false, signals.cpu_used->count);
  if (const auto value = value_of(signals, metric, subject, false))
    evidence[std::string(name_of(metric))] = describe_value(metric, false, *value);
  evidence["restarts"] = std::to_string(signals.restarts_total);
  evidence["oom_kills"] = std::to_string(signals.oom_kills_total);
  if (metric == Metric::log_overdue) evidence["log_overdue"] = names_of_overdue(signals);
  if (metric == Metric::unhealthy) evidence["unhealthy"] = names_of_unhealthy(signals, subject);
  return evidence;
}

}  // namespace guard::policy
