#include "guard/config/config.h"

#include <algorithm>

namespace guard::config {

std::string_view name_of(ReceiverKind kind) {
  switch (kind) {
    case ReceiverKind::webhook: return "webhook";
    case ReceiverKind::alertmanager: return "alertmanager";
  }
  return "unknown";
}

namespace {

bool asks_for_disks(const policy::Rule& rule) {
  const auto is_disk = [](const policy::Condition& condition) { return condition.metric == policy::Metric::disk; };
  return is_disk(rule) || std::ranges::any_of(rule.escalation, [&](const policy::Step& step) {
           return step.until && is_disk(*step.until);
         });
}

}  // namespace

signal::SignalSettings WorkloadConfig::signal_settings() const {
  signal::SignalSettings settings;
  settings.leak_enabled = leak_enabled;
  settings.growth_window = leak_window;
  settings.restarts = restarts;
  for (const auto& watch : expect_log) settings.logs.push_back({watch.name, watch.every, watch.grace});
  for (const auto& probe : health) {
    // Two probes in a row may come to nothing (the guard was busy, or ends the last one late) before it is too old.
    settings.health.push_back({probe.name, probe.failures, probe.successes, 2 * probe.every + probe.timeout});
  }
  settings.disks = std::ranges::any_of(rules, asks_for_disks);
  return settings;
}

}  // namespace guard::config
