#include "chatcore/command/commands.h"

#include <cstdio>
#include <string>
#include <utility>

#include "base/terminal_text.h"
#include "chatcore/command/access_parts.h"
#include "chatcore/config_file.h"
#include "chatcore/config_schema.h"
#include "chatcore/version.h"

namespace chatcore::command {
namespace {

void print_errors(const std::vector<ConfigError>& errors) {
  for (const auto& error : errors) {
    const std::string where = error.where.empty() ? "" : error.where + ": ";
    std::fprintf(stderr, "%s\n", base::terminal_text(where + error.message).c_str());
  }
}

// File, environment, flags, each over the one before.
LoadedConfig load(const CommandLine& line, const char* const* environment) {
  std::vector<SettingText> texts;
  std::vector<ConfigError> errors;
  if (!line.config_file.empty()) {
    ConfigFile file = read_config_file(line.config_file, base::config::process_environment);
    texts = std::move(file.texts);
    errors = std::move(file.errors);
  }
  for (auto& text : settings_of_environment(environment)) texts.push_back(std::move(text));
  texts.insert(texts.end(), line.texts.begin(), line.texts.end());
  LoadedConfig loaded = load_config(texts);
  loaded.errors.insert(loaded.errors.begin(), errors.begin(), errors.end());
  loaded.remarks = slips_of_environment(environment);
  for (auto& idle : idle_settings(loaded.config)) loaded.remarks.push_back(std::move(idle));
  return loaded;
}

}  // namespace

int run_command(const std::vector<std::string>& arguments, const char* const* environment,
                const ReturnFreeMemory& return_free_memory) {
  const auto line = parse_command_line(arguments);
  if (!line) {
    std::fprintf(stderr, "chatcore: %s\nTry: chatcore --help\n", line.error().message.c_str());
    return kExitUsage;
  }
  if (line->command == "help") return std::fputs(help_text(line->help_of).c_str(), stdout), kExitFine;
  if (line->prints_schema) return std::fputs(config_schema().c_str(), stdout), kExitFine;
  if (line->command == "version") return std::printf("chatcore %s (%s)\n", kVersion, kRevision), kExitFine;

  const bool serves = line->command == "serve" || line->command == "check-config";
  const auto read = [&line, environment, serves] {
    LoadedConfig loaded = load(*line, environment);
    if (!serves) return loaded;
    // Sockets that a service manager passes are looked at when they are there.
    const bool on_loopback = is_loopback(loaded.config.listen);
    for (auto& error : check_authentication(loaded.config, on_loopback)) loaded.errors.push_back(std::move(error));
    for (auto& error : check_summary(loaded.config)) loaded.errors.push_back(std::move(error));
    for (auto& error : check_retention(loaded.config)) loaded.errors.push_back(std::move(error));
    return loaded;
  };
  LoadedConfig loaded = read();
  // Serve reads the files itself and says the same of them in its log.
  if (line->command == "check-config" || line->command == "import") {
    for (auto& error : check_files(loaded.config)) loaded.errors.push_back({"", std::move(error)});
  }
  if (!loaded.errors.empty()) {
    print_errors(loaded.errors);
    return kExitWrongConfiguration;
  }
  if (line->command == "check-config") print_errors(loaded.remarks);
  if (line->command == "check-config") {
    std::puts(line->config_file.empty() ? "The defaults, the environment and the flags are fine; no file was named."
                                        : "The configuration is fine.");
    return kExitFine;
  }
  if (line->command == "migrate") return migrate_database(loaded.config);
  if (line->command == "export") return export_conversations(loaded.config, *line);
  if (line->command == "import") return import_conversations(loaded.config, *line);
  if (line->command == "backup") return backup_database(loaded.config, *line);
  if (line->command == "ingest") return ingest_texts(loaded.config, *line);
  return serve({.loaded = std::move(loaded), .read_again = read, .return_free_memory = return_free_memory});
}

}  // namespace chatcore::command
