#include "tests/sim/guarded_world.h"

#include <algorithm>
#include <variant>

#include "base/log.h"

namespace sim {
namespace {

namespace policy = guard::policy;

guard::config::Config config_with(const std::vector<policy::Rule>& rules, double interval) {
  guard::config::Config config;
  config.agent.sample_interval = base::from_seconds(interval);
  guard::config::WorkloadConfig& workload = config.workloads.emplace_back();
  workload.name = workload.target.selector = kWorkloadName;
  workload.rules = rules;
  // A leak that needs a minute is restarted every minute here, for a month; in earnest the budget would end that.
  workload.actions = {guard::policy::ActionRate::kMost, std::chrono::minutes(1)};
  return config;
}

}  // namespace

double GuardedKill::since_below(double part) const {
  const auto found = std::ranges::find_if(kHeights, [&](double height) { return height >= part; });
  return found == kHeights.end() ? 0 : above_for[static_cast<std::size_t>(found - kHeights.begin())];
}

World::World(const WorkloadPlan& plan, const std::vector<policy::Rule>& rules)
    : interval_(plan.interval),
      workload_(plan),
      guard_(config_with(rules, plan.interval), {*this, *this, journal_, clock_}) {
  base::set_log_level(base::LogLevel::error);  // a simulation acts thousands of times
}

void World::run(double seconds) {
  const base::Duration step = base::from_seconds(interval_);
  for (const double end = now_ + seconds; now_ < end;) {
    now_ += interval_;
    clock_.advance(step);
    workload_.advance(now_);
    note_height();
    finish_due();
    guard_.tick(0);
  }
}

guard::sample::Snapshot World::collect(base::SteadyTime now, base::WallTime wall) {
  guard::sample::Snapshot snapshot;
  snapshot.at = now;
  snapshot.wall = wall;
  snapshot.workloads.push_back(workload_.look(kWorkloadName));
  if (snapshot.workloads.front().lifecycle.starts != run_) {
    run_ = snapshot.workloads.front().lifecycle.starts;
    told_at_.reset();
  }
  return snapshot;
}

guard::sample::Snapshot World::collect_one(const std::string&, base::SteadyTime now, base::WallTime wall) {
  return collect(now, wall);
}

void World::note_height() {
  if (workload_.kills() > kills_.size()) {
    GuardedKill& kill = kills_.emplace_back();
    kill.run_length = now_ - run_began_;
    kill.since_restart = restarts_.empty() ? 1e9 : now_ - restarts_.back().at;
    for (std::size_t i = 0; i < below_at_.size(); ++i) kill.above_for[i] = now_ - below_at_[i];
  }
  if (!workload_.is_running()) run_began_ = now_;
  const double part = workload_.is_running() ? workload_.part_of_limit() : 0;
  for (std::size_t i = 0; i < below_at_.size(); ++i)
    if (part <= GuardedKill::kHeights[i]) below_at_[i] = now_;
}

void World::note_told() {
  ++notifications_;
  if (!told_at_) told_at_ = now_;
}

void World::execute(const policy::Decision& decision, const guard::sample::Workload&, Done done) {
  UnderWay action{now_, false, std::move(done)};
  if (std::holds_alternative<policy::Notify>(decision.action)) {
    note_told();
  } else if (const auto* shed = std::get_if<policy::Shed>(&decision.action)) {
    ++sheds_;
    note_told();  // people are told of every action
    workload_.shed(shed->target.value);
  } else if (const auto* reclaim = std::get_if<policy::Reclaim>(&decision.action)) {
    workload_.reclaim(static_cast<double>(reclaim->amount.count));
  } else if (std::holds_alternative<policy::Restart>(decision.action)) {
    restarts_.push_back({now_, std::nullopt, decision.rule});
    if (told_at_) restarts_.back().notice = now_ - *told_at_;
    workload_.restart(now_);
    action.until = now_ + interval_;
    action.until_settled = true;
  } else if (std::holds_alternative<policy::Stop>(decision.action)) {
    workload_.stop(now_);
  }
  under_way_.push_back(std::move(action));
}

void World::finish_due() {
  std::vector<UnderWay> due;
  std::erase_if(under_way_, [&](UnderWay& action) {
    const bool is_over = now_ >= action.until && !(action.until_settled && workload_.is_changing());
    if (is_over) due.push_back(std::move(action));
    return is_over;
  });
  for (UnderWay& action : due) action.done(std::string("simulated"));
}

}  // namespace sim
