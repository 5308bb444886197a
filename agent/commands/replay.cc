// `leakguard replay`: the guard with this configuration is played what was recorded, and says what it would have done.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "agent/commands/commands.h"
#include "agent/commands/terminal.h"
#include "agent/recording/report_page.h"
#include "agent/simulation/configured.h"
#include "agent/simulation/recorded_history.h"
#include "agent/simulation/recorded_series.h"
#include "agent/simulation/replay_json.h"
#include "agent/simulation/timeline_text.h"
#include "agent/web/version.h"
#include "base/log.h"
#include "base/terminal_text.h"

namespace agent {
namespace {

using guard::config::Config;
using simulation::Entry;
using simulation::Replayed;
using simulation::ReplayedSeries;

int fail(const ReplayOptions& options, const std::string& what) {
  std::fprintf(stderr, "leakguard replay: %s: %s\n", base::terminal_text(options.history).c_str(),
               base::terminal_text(what).c_str());
  return kFailed;
}

base::Result<ReplayedSeries> play(const ReplayOptions& options, const Config& config) {
  if (options.history == "-") {
    std::ios::sync_with_stdio(false);
    return simulation::replay_series(std::cin, options.columns, config, options.limit);
  }
  if (simulation::is_history(options.history)) return simulation::replay_history(options.history, config);
  std::ifstream file(options.history, std::ios::binary);
  if (!file || file.peek() == std::ifstream::traits_type::eof())
    return base::fail(base::Code::unavailable, "cannot be read, or is empty");
  return simulation::replay_series(file, options.columns, config, options.limit);
}

recording::ReportAct::Kind kind_of(const Entry& entry) {
  using Kind = recording::ReportAct::Kind;
  if (entry.kind != Entry::Kind::action) return Kind::event;
  return entry.notifies ? Kind::word : Kind::act;
}

bool write_report(const ReplayOptions& options, const ReplayedSeries& replayed) {
  std::vector<recording::ReportSeries> all;
  for (const Replayed& one : replayed.workloads) {
    recording::ReportSeries& series = all.emplace_back();
    series.analysis = &one.analysis;
    series.notes = one.notes;
    series.notes.insert(series.notes.begin(), simulation::sum_of(one.timeline));
    for (const auto& entry : one.timeline.entries()) {
      if (entry.kind == Entry::Kind::verdict) continue;  // the analysis has them
      series.acts.push_back({entry.at, entry.what, simulation::sentence_of(entry), kind_of(entry)});
    }
  }
  std::ofstream out(options.html, std::ios::binary);
  const std::string file = options.history == "-" ? "standard input" : options.history;
  out << recording::report_page({file, kVersion, "replay", "What would it have done?"}, all) << std::flush;
  return out.good();
}

void print(const ReplayedSeries& replayed) {
  for (const Replayed& one : replayed.workloads) {
    for (const std::string& line : lines_of(one)) std::printf("%s\n", base::terminal_text(line).c_str());
  }
  for (const std::string& note : replayed.notes) std::printf("note: %s\n", base::terminal_text(note).c_str());
}

}  // namespace

int replay(const ReplayOptions& options) {
  base::set_log_level(base::LogLevel::error);  // the timeline shows what would be done
  bool is_usage = false;
  const auto config = simulation::load_configured(
      "replay", options.config.empty() ? kDefaultConfigFile : options.config, options.workload, is_usage);
  if (!config) return is_usage ? kUsage : kWrongConfiguration;
  if (config->workloads.empty()) return fail(options, "the configuration has no workload");
  const auto replayed = play(options, *config);
  if (!replayed) return fail(options, replayed.error().message);
  if (!replayed->damage.empty()) print_error("leakguard replay: " + replayed->damage);
  if (!options.html.empty() && !write_report(options, *replayed))
    return fail(options, "the report '" + options.html + "' cannot be written");
  if (options.json)
    print_json(simulation::replay_as_json(*replayed));
  else
    print(*replayed);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail(options, "the timeline cannot be written");
  return kFine;
}

}  // namespace agent
