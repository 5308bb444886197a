#include "agent/simulation/series_player.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace agent::simulation {
namespace {

namespace policy = guard::policy;
using guard::config::Config;
using recording::RecordedSample;

constexpr std::size_t kSamplesForInterval = 64;
constexpr double kMostWallSeconds = 9e9;  // as far as a clock of nanoseconds reaches

Config only(const Config& config, const std::string& workload) {
  Config one = config;
  std::erase_if(one.workloads, [&](const auto& other) { return other.name != workload; });
  one.workloads.front().depends_on.clear();  // nothing is known of the others
  return one;
}

double usual_step(const std::vector<RecordedSample>& samples) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const double step = samples[i].seconds - samples[i - 1].seconds;
    if (step > 0) steps.push_back(step);
  }
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace

SeriesPlayer::SeriesPlayer(const Config& config, const std::string& workload, std::string series,
                           std::optional<base::Bytes> limit)
    : config_(only(config, workload)),
      series_(std::move(series)),
      limit_(limit),
      analysis_(workload, limit, config_.workloads.front().leak_window) {}

base::Status SeriesPlayer::take(const RecordedSample& sample) {
  const bool is_double = has_begun_ && sample.seconds <= last_;
  RecordedSample played = sample;
  // The limit that is in force when the recording tells of none is what the guard would have set.
  if (!played.limit_bytes && !recorded_ && config_.workloads.front().caps.memory)
    played.limit_bytes = static_cast<double>(config_.workloads.front().caps.memory->count);
  if (const auto taken = analysis_.take(played); !taken) return taken;
  if (is_double) return {};  // counted by the analysis
  if (!has_begun_) {
    first_ = sample.seconds;
    run_ = sample.run;
    has_begun_ = true;
  }
  last_ = sample.seconds;
  if (simulation_ == nullptr) {
    waiting_.push_back(std::move(played));
    if (waiting_.size() >= kSamplesForInterval) begin();
  } else {
    play(played);
  }
  return {};
}

void SeriesPlayer::begin() {
  interval_ = usual_step(waiting_);
  const auto interval = std::max(config_.agent.sample_interval, base::from_seconds(std::min(interval_, 86400.0)));
  simulation_ = std::make_unique<Simulation>(config_, interval);
  for (const RecordedSample& sample : waiting_) play(sample);
  waiting_ = {};
}

void SeriesPlayer::play(const RecordedSample& sample) {
  guard::sample::Snapshot snapshot;
  snapshot.at = base::SteadyTime(std::chrono::hours(1) + base::from_seconds(sample.seconds - first_));
  snapshot.wall = base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(
      std::chrono::duration<double>(std::clamp(sample.seconds, -kMostWallSeconds, kMostWallSeconds))));
  guard::sample::Workload& workload = snapshot.workloads.emplace_back();
  const auto& configured = config_.workloads.front();
  workload.name = configured.name;
  workload.kind = configured.target.kind;
  if (sample.run != run_) {
    run_ = sample.run;
    ++starts_;
  }
  workload.identity.key = "recorded:" + run_;
  workload.lifecycle.state = guard::sample::State::running;
  workload.lifecycle.starts = starts_;
  auto& memory = workload.resources.memory;
  if (sample.limit_bytes) recorded_ = base::Bytes{std::llround(std::min(*sample.limit_bytes, 0x1p62))};
  if (const auto limit = limit_ ? limit_ : recorded_)
    memory.limit = *limit;
  else
    memory.limit = guard::sample::Reading<base::Bytes>::absent("the record has no limit");
  if (sample.bytes) {
    memory.usage = base::Bytes{std::llround(*sample.bytes)};
    memory.inactive_file = base::Bytes{0};
  } else {
    memory.usage = guard::sample::Reading<base::Bytes>::absent("missing in the record");
  }
  simulation_->play(std::move(snapshot));
}

std::vector<std::string> SeriesPlayer::notes() const {
  const auto& workload = config_.workloads.front();
  std::vector<std::string> notes;
  const auto unknown = simulation_->unknown_rules(workload.name);
  for (const policy::Rule& rule : workload.rules) {
    const auto found = std::ranges::find(unknown, rule.name, &std::pair<std::string, std::string>::first);
    // OOM kills and restart loops are events: where they cannot be observed, they are unknown.
    const bool unnoticed =
        rule.metric == policy::Metric::oom_kills || (rule.metric == policy::Metric::restart_loop && starts_ == 1);
    if (found == unknown.end() && !unnoticed) continue;
    std::string note = "rule " + rule.name + " needs " + std::string(policy::name_of(rule.metric)) +
                       ", which this record does not have";
    if (found != unknown.end()) note += " (" + found->second + ")";
    notes.push_back(std::move(note));
  }
  if (!limit_ && !recorded_) notes.emplace_back("no limit is known: give --limit, or caps.memory in the configuration");
  return notes;
}

Replayed SeriesPlayer::finish() {
  if (simulation_ == nullptr) begin();
  const std::string& name = config_.workloads.front().name;
  return {name, series_, first_, last_, interval_, simulation_->timeline(name), analysis_, notes()};
}

}  // namespace agent::simulation
