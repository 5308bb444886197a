// `leakguard history export`: the agent's history as a stream of lines, read beside the running agent.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "agent/commands/commands.h"
#include "agent/commands/history_lines.h"
#include "agent/commands/terminal.h"
#include "agent/history_actions.h"
#include "guard/config/config.h"
#include "guard/history/reader.h"

namespace agent {
namespace {

using guard::history::Moment;
using guard::history::Reader;

int fail(const std::string& what, int code = kFailed) {
  print_error("leakguard history: " + what);
  return code;
}

// Where the agent of this configuration keeps what it saw; as `leakguard run` finds it.
base::Result<std::string> find_state_dir(const HistoryExportOptions& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  if (options.config.empty() && !std::filesystem::exists(kDefaultConfigFile)) return std::string("data/leakguard");
  const std::string file = options.config.empty() ? kDefaultConfigFile : options.config;
  const auto result = guard::config::load_config(file);
  if (!result.config) {
    return base::fail(base::Code::invalid_argument, guard::config::to_string(result.problems.front()) +
                                                        " (leakguard check-config shows all; or name "
                                                        "the folder with --state-dir)");
  }
  return result.config->agent.state_dir;
}

std::string advice(const base::Error& error) {
  switch (error.code) {
    case base::Code::not_found:
      return "; has the agent run with this state_dir, and with agent.history.max_size above 0? Name the folder with "
             "--state-dir, or its configuration with --config";
    case base::Code::permission_denied: return "; try it as root, or as the agent's user";
    case base::Code::unavailable: return "; try it again";
    case base::Code::corrupt: return "; the agent sets a damaged file aside and begins a new one when it writes next";
    default: return "";
  }
}

struct Exported {
  std::uint64_t lines = 0;
  std::uint64_t left_out = 0;  // the wall clock went back: readers need increasing times
};

bool write_moment(const Moment& moment, bool jsonl, std::map<std::string, base::WallTime>& last, Exported& exported) {
  for (std::size_t i = 0; i < moment.snapshot.workloads.size(); ++i) {
    const auto place = last.try_emplace(moment.snapshot.workloads[i].name, base::WallTime::min()).first;
    if (!jsonl && moment.snapshot.wall < place->second) {
      ++exported.left_out;
      continue;
    }
    place->second = moment.snapshot.wall;
    if (!jsonl && exported.lines == 0 && !print_stream(csv_header())) return false;
    if (!print_stream(jsonl ? json_line(moment, i) : csv_line(moment, i))) return false;
    ++exported.lines;
  }
  return true;
}

base::Result<Exported> write_all(Reader& reader, const HistoryExportOptions& options) {
  Exported exported;
  std::map<std::string, base::WallTime> last;
  for (;;) {
    const auto moment = reader.next();
    if (!moment) return base::fail(moment.error());
    if (*moment == nullptr) break;
    if (!write_moment(**moment, options.jsonl, last, exported))
      return base::fail(base::Code::unavailable, "the output cannot be written");
  }
  if (std::fflush(stdout) != 0) return base::fail(base::Code::unavailable, "the output cannot be written");
  return exported;
}

// What to say when there was nothing to export.
std::string nothing(Reader& reader, const HistoryExportOptions& options) {
  std::string names;
  if (const auto workloads = reader.workloads(); workloads)
    for (const auto& name : *workloads) names.append(names.empty() ? "" : ", ").append(name);
  if (names.empty()) return "nothing has been recorded yet";
  if (options.workload.empty()) return "nothing was recorded in that time";
  return "nothing was recorded of '" + options.workload + "' in that time; the newest samples are of: " + names;
}

int export_samples(const HistoryExportOptions& options, const std::string& state_dir, base::WallTime now) {
  auto reader = Reader::open(guard::history::database_path(state_dir));
  if (!reader) return fail(reader.error().message + advice(reader.error()));
  guard::history::Query query;
  if (options.since) query.since = options.since->from(now);
  if (options.until) query.until = options.until->from(now);
  if (!options.workload.empty()) query.workloads = {options.workload};
  if (auto ready = reader->seek(query); !ready) return fail(ready.error().message + advice(ready.error()));
  const auto exported = write_all(*reader, options);
  if (const auto damage = guard::history::damage_told(reader->passed_over()); !damage.empty())
    print_error("leakguard history: " + damage);
  if (!exported) return fail(exported.error().message);
  if (exported->left_out > 0) {
    std::fprintf(stderr, "leakguard history: left out %llu samples from when the clock had been set back\n",
                 static_cast<unsigned long long>(exported->left_out));
  }
  return exported->lines > 0 ? kFine : fail(nothing(*reader, options));
}

int export_actions(const HistoryExportOptions& options, const std::string& state_dir, base::WallTime now) {
  ActionQuery query{state_dir, options.workload, {}, {}};
  if (options.since) query.since = options.since->from(now);
  if (options.until) query.until = options.until->from(now);
  const auto passed_over = read_actions(query, [](const std::string& line) { return print_stream(line + '\n'); });
  if (!passed_over && passed_over.error().code == base::Code::not_found && std::filesystem::is_directory(state_dir)) {
    std::fprintf(stderr, "leakguard history: no action has been decided on yet\n");
    return kFine;
  }
  if (!passed_over) return fail(passed_over.error().message + advice(passed_over.error()));
  if (*passed_over > 0) {
    std::fprintf(stderr, "leakguard history: passed over %llu lines that a full disk had cut off\n",
                 static_cast<unsigned long long>(*passed_over));
  }
  return std::fflush(stdout) == 0 ? kFine : fail("the output cannot be written");
}

}  // namespace

int history_export(const HistoryExportOptions& options) {
  const auto state_dir = find_state_dir(options);
  if (!state_dir) return fail(state_dir.error().message, kWrongConfiguration);
  const base::WallTime now = base::SystemClock().wall_now();
  return options.actions ? export_actions(options, *state_dir, now) : export_samples(options, *state_dir, now);
}

}  // namespace agent
