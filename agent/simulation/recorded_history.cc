#include "agent/simulation/recorded_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <utility>

#include "agent/simulation/simulation.h"
#include "guard/history/reader.h"

namespace agent::simulation {
namespace {

using base::Code;
using guard::config::Config;
using guard::history::Reader;
using guard::history::Resolution;

double seconds_of(base::WallTime wall) { return std::chrono::duration<double>(wall.time_since_epoch()).count(); }

// What a report is drawn from, of one workload.
struct Seen {
  explicit Seen(const guard::config::WorkloadConfig& workload)
      : analysis(workload.name, std::nullopt, workload.leak_window) {}
  recording::Analysis analysis;
  double first = 0;
  double last = 0;
  bool known = false;

  base::Status take(const guard::telemetry::WorkloadReport& report, double now) {
    if (!known) first = now;
    known = true;
    last = std::max(last, now);
    recording::RecordedSample sample;
    sample.run = report.workload.identity.key + " " + std::to_string(report.workload.lifecycle.starts);
    sample.seconds = last;  // the wall clock may have been set back
    if (const auto& bytes = report.signals.unreclaimable) sample.bytes = static_cast<double>(bytes->count);
    const auto& limit = report.signals.memory_limit;
    if (limit && !limit->is_unlimited()) sample.limit_bytes = static_cast<double>(limit->count);
    return analysis.take(sample);
  }
};

}  // namespace

bool is_history(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return true;
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  std::array<char, kMagic.size()> head{};
  std::ifstream file(path, std::ios::binary);
  return file.read(head.data(), head.size()) && std::string_view(head.data(), head.size()) == kMagic;
}

base::Result<ReplayedSeries> replay_history(const std::string& path, const Config& config) {
  std::error_code ignored;
  auto reader = Reader::open(std::filesystem::is_directory(path, ignored) ? guard::history::database_path(path) : path);
  if (!reader) return base::fail(reader.error());
  guard::history::Query query;
  std::map<std::string, Seen> seen;
  for (const auto& workload : config.workloads) {
    query.workloads.push_back(workload.name);
    seen.emplace(workload.name, workload);
  }
  if (auto sought = reader->seek(query); !sought) return base::fail(sought.error());

  const base::Duration interval = config.agent.sample_interval;
  Simulation simulation(config, interval);
  auto moment = reader->next();
  for (; moment && *moment != nullptr; moment = reader->next()) {
    const double now = seconds_of((*moment)->snapshot.wall);
    simulation.expect_every(std::max(interval, guard::history::step_of((*moment)->resolution)));
    simulation.play((*moment)->snapshot);
    for (const auto& report : simulation.report().workloads) {
      if (auto taken = seen.at(report.workload.name).take(report, now); !taken) return base::fail(taken.error());
    }
  }
  if (!moment) return base::fail(moment.error());

  ReplayedSeries all;
  all.damage = guard::history::damage_told(reader->passed_over());
  for (auto& [name, one] : seen) {
    if (!one.known) {
      all.notes.push_back("the history has nothing of the workload " + name);
      continue;
    }
    std::vector<std::string> notes;
    for (const auto& [rule, why] : simulation.unknown_rules(name))
      notes.push_back("rule " + rule + " was never known on this record: " + why);
    const std::uint64_t samples = one.analysis.verdict().samples;
    const double step = samples > 1 ? std::round((one.last - one.first) / static_cast<double>(samples - 1)) : 0;
    all.workloads.push_back(
        {name, name, one.first, one.last, step, simulation.timeline(name), std::move(one.analysis), std::move(notes)});
  }
  if (all.workloads.empty()) {
    return base::fail(Code::not_found, "it has nothing of the configuration's workloads" +
                                           (all.damage.empty() ? "" : "; " + all.damage));
  }
  return all;
}

}  // namespace agent::simulation
