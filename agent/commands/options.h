#pragma once
// The command line as typed values. Boost.Program_options is met in options*.cc alone.

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/exit_codes.h"
#include "agent/recording/recording.h"
#include "agent/recording/time_argument.h"
#include "agent/supervisor/child.h"
#include "base/result.h"
#include "base/units.h"
#include "guard/sample/caps.h"

namespace agent {

constexpr const char* kDefaultConfigFile = "/etc/leakguard/leakguard.yml";
constexpr const char* kDefaultAddress = "127.0.0.1:10780";

struct RunOptions {
  std::string config;  // "": kDefaultConfigFile, or the embedded defaults where there is none
  bool dry_run = false;
};

struct ExecOptions {
  std::string name;  // "": the program's file name
  std::vector<std::string> command;
  guard::sample::Caps caps;
  std::string expect_log;  // pattern; "": none
  std::optional<base::Duration> every;
  base::Duration grace = std::chrono::minutes(5);
  RestartPolicy restart = RestartPolicy::on_failure;
  base::Duration stop_timeout = std::chrono::seconds(30);
  std::string listen = kDefaultAddress;  // "": no web page
  bool allow_insecure = false;           // of other machines too
  std::string web_config_file;           // TLS and users; "": none
  bool dry_run = false;
};

struct CheckConfigOptions {
  std::string file;  // "": kDefaultConfigFile
};

struct StatusOptions {
  std::string address;        // of the agent, address:port or https://host:port; "": the one in `config`
  std::string user;           // for basic authentication; "": none
  std::string password_file;  // that user's
  std::string ca_file;        // who signed the agent's certificate, in PEM; "": the system's, or the configuration's
  std::string config;         // file with agent.listen; "": the default file if it is readable, else kDefaultAddress
  std::string workload;       // "": all
  bool json = false;
};

struct AnalyzeOptions {
  std::string file;  // "-": standard input
  std::optional<base::Bytes> limit;
  recording::Columns columns;
  std::string html;  // where to write the report; "": none
  bool json = false;
};

struct ReplayOptions {
  std::string history;   // a recording, a history's database or its folder; "-": a recording from standard input
  std::string config;    // "": kDefaultConfigFile
  std::string workload;  // "": all
  std::optional<base::Bytes> limit;
  recording::Columns columns;
  std::string html;  // where to write the report; "": none
  bool json = false;
};

struct DrillOptions {
  std::string name;          // of the incident; "" or "list": list them
  std::string config;        // "": kDefaultConfigFile
  std::string workload;      // "": the only one
  std::optional<double> at;  // simulated time, Unix seconds; absent: now
  bool real = false;         // act on the real workload
  bool json = false;
};

struct HistoryExportOptions {
  std::string config;     // whose agent.state_dir it is; "": kDefaultConfigFile
  std::string state_dir;  // "": the configuration's
  std::optional<recording::TimeArgument> since;
  std::optional<recording::TimeArgument> until;
  std::string workload;  // "": all
  bool jsonl = false;
  bool actions = false;  // export decisions and actions instead of samples
};

struct TryPatternOptions {
  std::string pattern;
  std::string file;       // "-": standard input; "": a container's log
  std::string container;  // id or name; "": a file
  std::string config;     // whose engine it is; "": kDefaultConfigFile when there is one, else the usual socket
  bool json = false;
};

struct ShowText {  // --help, --version: the text to print, and that is all
  std::string text;
};

using Invocation = std::variant<RunOptions, ExecOptions, CheckConfigOptions, StatusOptions, AnalyzeOptions,
                                ReplayOptions, DrillOptions, HistoryExportOptions, TryPatternOptions, ShowText>;

// Errors: invalid_argument, with the problem and the --help to read.
base::Result<Invocation> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace agent
