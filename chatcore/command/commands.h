#pragma once
// The commands of `chatcore`, each a function that returns the exit code and says what it has to say itself.

#include <functional>

#include "chatcore/command/command_line.h"
#include "chatcore/command/reload.h"
#include "chatcore/config.h"

namespace chatcore::command {

// BSD's sysexits(3) where it has a code that fits.
inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitWrongConfiguration = 78;

// Gives freed memory back to the kernel; known to the one who chose the allocator.
using ReturnFreeMemory = std::function<void()>;

// Runs the command line. Blocks until it is done.
int run_command(const std::vector<std::string>& arguments, const char* const* environment,
                const ReturnFreeMemory& return_free_memory);

struct ServeOptions {
  LoadedConfig loaded;    // without errors
  ReadConfig read_again;  // for SIGHUP
  ReturnFreeMemory return_free_memory;
};

// Answers until SIGTERM or SIGINT, then drains. Starts and stops the log.
int serve(const ServeOptions& options);
int ingest_texts(const Config& config, const CommandLine& line);
int migrate_database(const Config& config);
int export_conversations(const Config& config, const CommandLine& line);
int import_conversations(const Config& config, const CommandLine& line);
int backup_database(const Config& config, const CommandLine& line);

}  // namespace chatcore::command
