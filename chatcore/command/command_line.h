#pragma once
// What was asked for on the command line. Syntax only; what a setting's text means is the settings table's business.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chatcore/config.h"

namespace chatcore::command {

struct CommandLine {
  std::string command = {};             // "serve", "ingest", "check-config"; "help" and "version" for --help, --version
  std::string help_of = {};             // with "help": the command asked about; empty for all
  std::string config_file = {};         // --config, else CHATCORE_CONFIG; empty: none
  std::vector<SettingText> texts = {};  // settings given as flags
  std::vector<std::string> paths = {};  // ingest: what to read; check-config, export, import, backup: the file
  std::optional<std::string> user = {};  // export: whose conversations; none: everybody's
  std::string embeddings_by = {};        // ingest: the embedder that a docs.json is of
  bool prints_schema = false;            // check-config: print the schema of the file and do nothing else
  bool force = false;                    // ingest: replace a broken store; export: replace a file
};

// `arguments` without the program's name; none at all means "help". Errors: invalid_argument, in words for the user.
base::Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

// What --help prints, for one command or (empty) for all.
std::string help_text(const std::string& command);

}  // namespace chatcore::command
