// `leakguard drill`: an incident that is made up, the guard with the real configuration, and whether it reacts.

#include <chrono>
#include <cstdio>
#include <string>

#include "agent/commands/commands.h"
#include "agent/commands/real_drill.h"
#include "agent/commands/terminal.h"
#include "agent/simulation/configured.h"
#include "agent/simulation/drilled.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/terminal_text.h"

namespace agent {
namespace {

int list(bool as_json) {
  if (as_json) {
    print_json(simulation::incidents_as_json());
    return kFine;
  }
  for (const auto& incident : simulation::incidents())
    std::printf("%-14s %s\n", std::string(incident.name).c_str(), std::string(incident.summary).c_str());
  return kFine;
}

int wrong_usage(const std::string& what) {
  std::fprintf(stderr, "leakguard drill: %s; see leakguard drill --help\n", base::terminal_text(what).c_str());
  return kUsage;
}

std::string names_of(const guard::config::Config& config) {
  std::string names;
  for (const auto& workload : config.workloads) names += (names.empty() ? "" : ", ") + workload.name;
  return names;
}

// The real part, after the simulation. Progress goes to standard error, so that --json prints one document.
bool act_for_real(const guard::config::Config& config, const DrillOptions& options,
                  const simulation::Drilled& drilled) {
  std::fflush(stdout);
  if (drilled.decisions.empty()) {
    std::fprintf(stderr, "real: nothing is to be done\n");
    return true;
  }
  bool all_done = true;
  const auto acted = carry_out_for_real(config, options.name, drilled.decisions, [&](const RealAct& act) {
    print_error("real: " + act.text);
    all_done = all_done && !act.failed;
  });
  if (acted) return all_done;
  print_error("leakguard drill: " + acted.error().message + "; nothing was done");
  return false;
}

}  // namespace

int drill(const DrillOptions& options) {
  if (options.name.empty() || options.name == "list") return list(options.json);
  const auto incident = simulation::find_incident(options.name);
  if (!incident) return wrong_usage("unknown incident '" + options.name + "'; leakguard drill list shows them");
  base::set_log_level(base::LogLevel::error);  // the timeline shows what would be done
  bool is_usage = false;
  const auto config = simulation::load_configured("drill", options.config.empty() ? kDefaultConfigFile : options.config,
                                                  options.workload, is_usage);
  if (!config) return is_usage ? kUsage : kWrongConfiguration;
  if (config->workloads.size() != 1) {
    return wrong_usage(config->workloads.empty() ? "the configuration has no workload"
                                                 : "say which with --workload: " + names_of(*config));
  }
  const base::WallTime at =
      options.at ? base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(base::from_seconds(*options.at)))
                 : base::SystemClock().wall_now();
  const auto drilled = simulation::drill(*config, config->workloads.front().name, *incident, at);
  if (options.json) {
    print_json(simulation::drill_as_json(drilled));
  } else {
    for (const std::string& line : lines_of(drilled)) std::printf("%s\n", base::terminal_text(line).c_str());
  }
  if (options.real && !act_for_real(*config, options, drilled)) return kFailed;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "leakguard drill: the verdict cannot be written\n");
    return kFailed;
  }
  return drilled.passed ? kFine : kFailed;
}

}  // namespace agent
