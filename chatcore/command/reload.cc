#include "chatcore/command/reload.h"

#include <utility>

#include "base/log.h"
#include "chatcore/command/service_manager.h"
#include "chatcore/settings.h"

namespace chatcore::command {

Reload::Reload(LoadedConfig current, ReadConfig read, ApplyConfig apply)
    : current_(std::move(current)), read_(std::move(read)), apply_(std::move(apply)), worker_("reload", 1) {}

void Reload::begin() {
  // One that waits already will read what is on disk when it begins.
  if (!worker_.submit([this] { run(); })) base::log_info("A reload is waiting already");
}

void Reload::run() {
  notify_reloading();
  LoadedConfig loaded = read_();
  std::vector<std::string> errors;
  for (const auto& error : loaded.errors) errors.push_back(error.where + ": " + error.message);
  if (errors.empty()) errors = apply_(loaded.config);
  if (errors.empty()) {
    // By name only: a value may hold a password.
    std::size_t changed = 0;
    for (const std::string& name : changed_settings(current_, loaded)) {
      ++changed;
      if (find_setting(name)->reloadable)
        base::log_info("Setting changed", {{"setting", name}});
      else
        base::log_warning("Setting changed, which takes effect with a restart", {{"setting", name}});
    }
    base::log_info("Reloaded", {{"settings_changed", changed}});
    // What waits for a restart is named again by the next reload.
    for (const Setting& setting : settings()) {
      const std::string name(setting.name);
      if (!setting.reloadable) loaded.texts[name] = current_.texts[name];
    }
    current_ = std::move(loaded);
  } else {
    refuse(errors);
  }
  notify_ready();
}

void Reload::refuse(const std::vector<std::string>& errors) {
  for (const auto& error : errors) base::log_error("Wrong configuration", {{"error", error}});
  base::log_error("Reload refused, the configuration before stays in force", {{"errors", errors.size()}});
}

}  // namespace chatcore::command
