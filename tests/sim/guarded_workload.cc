#include "tests/sim/guarded_workload.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace sim {
namespace {

using guard::sample::ExitReason;

constexpr std::array<std::string_view, kLeakPatterns> kNames = {"even", "sawtooth", "daily", "bursts", "sheddable"};
constexpr double kSheddablePart = 0.5;  // of what grows
constexpr double kBurstsAFill = 60;
constexpr double kTooth = 0.08;  // of the room
constexpr double kSwing = 0.08;  // of the room, over a day

base::Bytes bytes_of(double bytes) { return {std::llround(bytes)}; }

double wave(double seconds) { return 0.5 * (1 + std::sin(2 * std::numbers::pi * seconds / kDay)); }

}  // namespace

std::string_view name_of(LeakPattern pattern) { return kNames[static_cast<std::size_t>(pattern)]; }

SimulatedWorkload::SimulatedWorkload(const WorkloadPlan& plan)
    : plan_(plan),
      random_(plan.seed),
      texture_({plan.level, plan.limit}, plan.interval, random_),
      collector_(kTooth * (plan.limit - plan.level), std::max(plan.fills_after / 50, 4 * plan.interval), random_) {
  begin();
}

void SimulatedWorkload::begin() {
  run_ = Run::running;
  began_ = at_;
  leaked_ = 0;
  cache_ = 0;
  memory_ = plan_.level;
  file_ = plan_.file;
  next_burst_ = at_ + plan_.fills_after / kBurstsAFill * random_.exponential();
}

double SimulatedWorkload::leak_of(double now, double passed) {
  const double rate = (plan_.limit - plan_.level) / plan_.fills_after;
  if (plan_.pattern == LeakPattern::daily) return rate * passed * (0.4 + 1.2 * wave(now));
  if (plan_.pattern != LeakPattern::bursts) return rate * passed;
  double bytes = 0;
  for (; next_burst_ <= now; next_burst_ += plan_.fills_after / kBurstsAFill * random_.exponential())
    bytes += (plan_.limit - plan_.level) / kBurstsAFill * random_.exponential();
  return bytes;
}

void SimulatedWorkload::grow(double now, double passed) {
  const double more = leak_of(now, passed);
  grown_ += more;
  leaked_ += more;
  if (plan_.pattern == LeakPattern::sheddable) cache_ += kSheddablePart * more;
  const double room = plan_.limit - plan_.level;
  double over = texture_.next();
  if (plan_.pattern == LeakPattern::sawtooth) over += collector_.at(now);
  if (plan_.pattern == LeakPattern::daily) over += kSwing * room * wave(now);
  memory_ = std::max(plan_.level + leaked_ + over, kMebibyte);
  file_ = std::clamp(plan_.limit - memory_, 0.0, plan_.file);
  if (memory_ < plan_.limit) return;
  ++kills_;
  end_run(now, plan_.recovers_after, ExitReason::oom_kill);
}

void SimulatedWorkload::end_run(double now, double pause, ExitReason reason) {
  last_exit_ = reason;
  run_ = ends_for_good_ ? Run::stopped : Run::starting;
  next_change_ = now + pause;
}

void SimulatedWorkload::advance(double now) {
  const double passed = now - at_;
  at_ = now;
  if (run_ == Run::draining && now >= next_change_) {
    end_run(next_change_, plan_.starts_after, ExitReason::clean);
    memory_ = 0;
  } else if (is_running()) {
    grow(now, passed);
    return;
  }
  down_ += passed;
  if (run_ != Run::starting || now < next_change_) return;
  ++starts_;
  begin();
}

void SimulatedWorkload::restart(double now) {
  ++restarts_;
  if (run_ != Run::running) return;  // starts already
  run_ = Run::draining;
  next_change_ = now + plan_.drains_for;
}

void SimulatedWorkload::stop(double now) {
  ends_for_good_ = true;
  if (run_ == Run::running) {
    run_ = Run::draining;
    next_change_ = now + plan_.drains_for;
  } else if (run_ == Run::starting) {
    run_ = Run::stopped;
  }
}

double SimulatedWorkload::shed(double target) {
  const double given = cache_ * (1 - target);
  cache_ -= given;
  leaked_ -= given;
  return given;
}

double SimulatedWorkload::reclaim(double bytes) {
  const double given = std::min(bytes, file_);
  file_ -= given;
  return given;
}

guard::sample::Workload SimulatedWorkload::look(std::string_view name) const {
  guard::sample::Workload workload;
  workload.name = name;
  workload.identity.key = "container:simulated";
  workload.identity.container_id = "simulated";
  workload.identity.pid = is_running() ? static_cast<std::int64_t>(1000 + starts_) : 0;
  workload.lifecycle.state = is_running() ? guard::sample::State::running : guard::sample::State::stopped;
  workload.lifecycle.starts = starts_;
  workload.lifecycle.last_exit = last_exit_;
  if (!is_running()) return workload;
  auto& memory = workload.resources.memory;
  memory.usage = bytes_of(memory_ + file_);
  memory.anon = bytes_of(memory_);
  memory.file = bytes_of(file_);
  memory.inactive_file = bytes_of(file_ / 2);
  memory.limit = bytes_of(plan_.limit);
  memory.oom_kills = std::uint64_t{0};  // the cgroup is made anew with each run
  return workload;
}

}  // namespace sim
