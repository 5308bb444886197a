#include "agent/simulation/simulated_workload.h"

#include <algorithm>
#include <cmath>

namespace agent::simulation {
namespace {

using guard::sample::ExitReason;
using guard::sample::State;

constexpr base::Bytes kAssumedLimit = base::mebibytes(512);
constexpr double kLevel = 0.4;  // of the limit
constexpr double kBreath = 0.004;
constexpr double kLeakSeconds = 4 * 3600;
constexpr double kFastLeakSeconds = 5 * 60;
constexpr double kLoopSeconds = 5;  // up, and as many down
constexpr double kPause = 5;        // until an engine starts it again
constexpr double kEnough = 30 * 60;
constexpr double kLongestHold = 6 * 3600;

// Up and down within a minute, never twice alike: memory that stands quite still is none.
double breath(double now) { return kBreath * (std::sin(now / 7.3) + std::sin(now / 2.9)); }

base::Bytes bytes_of(double bytes) { return {std::llround(bytes)}; }

}  // namespace

SimulatedWorkload::SimulatedWorkload(const guard::config::WorkloadConfig& config, Trouble trouble)
    : config_(config),
      trouble_(trouble),
      limit_(config.caps.memory.value_or(kAssumedLimit)),
      cores_(config.caps.cpus ? config.caps.cpus->count : 1) {}

double SimulatedWorkload::leaked() const {
  const bool is_fast = trouble_ == Trouble::fast_leak;
  if ((!is_fast && trouble_ != Trouble::leak) || !is_in_trouble()) return 0;
  const double since = now_ - std::max(run_began_, kCalmSeconds);
  return (1 - kLevel) * since / (is_fast ? kFastLeakSeconds : kLeakSeconds);
}

// A rule that holds for an hour is given its hour.
double SimulatedWorkload::patience() const {
  base::Duration longest{0};
  for (const auto& rule : config_.rules) longest = std::max<base::Duration>(longest, rule.held_for);
  return kEnough + std::min(base::to_seconds(longest), kLongestHold);
}

double SimulatedWorkload::over_at() const {
  switch (trouble_) {
    case Trouble::leak: return kCalmSeconds + kLeakSeconds + 10 * 60;
    case Trouble::fast_leak: return kCalmSeconds + kFastLeakSeconds + 10 * 60;
    case Trouble::log_silence: {
      base::Duration longest{0};
      for (const auto& log : config_.expect_log)
        if (log.every) longest = std::max(longest, *log.every + log.grace);
      return kCalmSeconds + base::to_seconds(longest) + patience();
    }
    default: return kCalmSeconds + patience();
  }
}

void SimulatedWorkload::end_run(ExitReason reason, double pause) {
  running_ = false;
  drained_at_.reset();
  last_exit_ = reason;
  starts_at_ = now_ + pause;
  if (reason == ExitReason::oom_kill && !killed_at_) killed_at_ = now_;
}

void SimulatedWorkload::use_up(double passed) {
  const bool throttled = trouble_ == Trouble::cpu_throttle && is_in_trouble();
  cpu_used_ += passed * cores_ * (throttled ? 1 : 0.2);
  throttled_ += throttled ? 0.5 * passed : 0;
  memory_ = static_cast<double>(limit_.count) * (kLevel + breath(now_) + leaked());
}

void SimulatedWorkload::advance(double now) {
  const bool began = now_ < kCalmSeconds && now >= kCalmSeconds;
  const double passed = now - now_;
  now_ = now;
  if (!running_) {
    if (stopped_ || now < starts_at_) return;
    running_ = true;
    ++starts_;
    run_began_ = now;
  }
  use_up(passed);
  if (began && trouble_ == Trouble::oom_kill) return end_run(ExitReason::oom_kill, kPause);
  if (memory_ >= static_cast<double>(limit_.count)) return end_run(ExitReason::oom_kill, kPause);
  if (drained_at_ && now >= *drained_at_) return end_run(ExitReason::clean, 1);
  if (trouble_ == Trouble::restart_loop && is_in_trouble() && now - run_began_ >= kLoopSeconds)
    end_run(ExitReason::error, kLoopSeconds);
}

void SimulatedWorkload::restart(double drain) {
  if (running_ && !drained_at_) drained_at_ = now_ + std::min(drain, 10.0);
}

void SimulatedWorkload::fill(guard::sample::Workload& workload) const {
  auto& memory = workload.resources.memory;
  memory.usage = bytes_of(memory_ + 0.02 * static_cast<double>(limit_.count));
  memory.anon = bytes_of(memory_);
  memory.file = bytes_of(0.02 * static_cast<double>(limit_.count));
  memory.inactive_file = *memory.file;
  memory.limit = limit_;
  memory.oom_kills = std::uint64_t{0};
  auto& cpu = workload.resources.cpu;
  cpu.used = base::from_seconds(cpu_used_);
  cpu.limit = base::Cores{cores_};
  cpu.throttled = base::from_seconds(throttled_);
  workload.resources.pids.current = std::int64_t{20};
  for (auto* pressure : {&workload.resources.pressure.memory, &workload.resources.pressure.io})
    pressure->some = base::Duration(0);
  workload.resources.pressure.cpu.some = base::from_seconds(throttled_);
}

guard::sample::Snapshot SimulatedWorkload::look(base::SteadyTime at, base::WallTime wall,
                                                const std::vector<std::string>& mounts) const {
  guard::sample::Snapshot snapshot;
  snapshot.at = at;
  snapshot.wall = wall;
  for (const std::string& mount : mounts)
    snapshot.host.disks.push_back({mount, base::gibibytes(100), base::gibibytes(60)});
  guard::sample::Workload& workload = snapshot.workloads.emplace_back();
  workload.name = config_.name;
  workload.identity.key = workload.identity.container_id = "drill";
  workload.lifecycle.starts = starts_;
  workload.lifecycle.last_exit = last_exit_;
  const bool silent = is_in_trouble() && trouble_ == Trouble::log_silence;
  const bool unseen = is_in_trouble() && trouble_ == Trouble::source_down;
  workload.lifecycle.state = unseen ? State::unknown : running_ ? State::running : State::stopped;
  if (unseen) workload.lifecycle.why = "the source is down (drill)";
  if (!unseen && running_) fill(workload);
  const base::SteadyTime began = at - base::from_seconds(now_);
  const double spoke_until = silent || unseen ? kCalmSeconds : now_;
  for (const auto& log : config_.expect_log) {
    guard::sample::LogWatch& watch = snapshot.logs.emplace_back();
    watch.workload = config_.name;
    watch.name = log.name;
    watch.source_up = !unseen;
    watch.why = unseen ? "the source is down (drill)" : "";
    watch.watched_since = began;
    const double every = log.every ? base::to_seconds(*log.every) : 60;
    watch.matches = static_cast<std::uint64_t>(spoke_until / every);
    if (watch.matches > 0) watch.last_match = began + base::from_seconds(every * static_cast<double>(watch.matches));
  }
  for (const auto& probe : config_.health) {
    guard::sample::Probe& answer = snapshot.probes.emplace_back();
    answer.workload = config_.name;
    answer.name = probe.name;
    if (unseen || !running_) continue;
    answer.last_answer = at;
    answer.passes_in_row = std::max<std::uint64_t>(probe.successes, 1);
  }
  return snapshot;
}

}  // namespace agent::simulation
