#include "guard/config/config.h"

namespace guard::config {

std::string_view name_of(ReceiverKind kind) {
  switch (kind) {
    case ReceiverKind::webhook: return "webhook";
    case ReceiverKind::alertmanager: return "alertmanager";
  }
  return "unknown";
}

signal::SignalSettings WorkloadConfig::signal_settings() const {
  signal::SignalSettings settings;
  settings.leak_enabled = leak_enabled;
  settings.growth_window = leak_window;
  settings.restarts = restarts;
  for (const auto& watch : expect_log) settings.logs.push_back({watch.name, watch.every, watch.grace});
  return settings;
}

std::string to_string(const ConfigProblem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  if (!problem.key.empty()) text += ": " + problem.key;
  return text + ": " + problem.message;
}

}  // namespace guard::config
