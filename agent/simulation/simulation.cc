#include "agent/simulation/simulation.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace agent::simulation {
namespace {

namespace policy = guard::policy;
using guard::sample::Snapshot;
using guard::signal::LeakState;
using guard::telemetry::Outcome;

guard::config::Config staged(guard::config::Config config, base::Duration interval) {
  config.agent.sample_interval = interval;
  config.agent.dry_run = false;
  for (auto& workload : config.workloads) workload.caps = {};
  return config;
}

}  // namespace

Simulation::Simulation(guard::config::Config config, base::Duration interval)
    : guard_(staged(config, interval), {*this, *this, journal_, clock_}) {
  for (auto& workload : config.workloads) {
    Part& part = parts_[workload.name];
    for (const policy::Rule& rule : workload.rules) part.unknown[rule.name] = "it was never seen";
    part.rules = std::move(workload.rules);
  }
  guard_.on_action([this](const guard::telemetry::ActionRecord& action) { note_end(action); });
}

const Timeline& Simulation::timeline(const std::string& workload) const { return parts_.at(workload).timeline; }

std::vector<std::pair<std::string, std::string>> Simulation::unknown_rules(const std::string& workload) const {
  std::vector<std::pair<std::string, std::string>> unknown;
  const Part& part = parts_.at(workload);
  for (const policy::Rule& rule : part.rules) {
    const auto found = part.unknown.find(rule.name);
    if (found != part.unknown.end()) unknown.emplace_back(*found);
  }
  return unknown;
}

void Simulation::play(Snapshot snapshot) {
  now_ = std::move(snapshot);
  clock_.steady = now_.at;
  clock_.wall = now_.wall;
  guard_.tick(0);
  // What is only noted takes no time. The end of one action lets begin what waited behind it.
  while (!under_way_.empty())
    for (Done& done : std::exchange(under_way_, {})) done(std::string("noted"));
  for (const auto& workload : guard_.report().workloads) note_workload(workload);
}

Snapshot Simulation::collect(base::SteadyTime, base::WallTime) { return now_; }

Snapshot Simulation::collect_one(const std::string& workload, base::SteadyTime, base::WallTime) {
  Snapshot one = now_;
  std::erase_if(one.workloads, [&](const auto& other) { return other.name != workload; });
  return one;
}

Entry Simulation::entry_of(const Part& part, Entry::Kind kind, std::string what) const {
  Entry entry;
  entry.at = std::chrono::duration<double>(now_.wall.time_since_epoch()).count();
  entry.kind = kind;
  entry.what = std::move(what);
  entry.after_act = part.acted_on;
  return entry;
}

void Simulation::execute(const policy::Decision& decision, const guard::sample::Workload&, Done done) {
  Part& part = parts_[decision.workload];
  Entry entry = entry_of(part, Entry::Kind::action, std::string(policy::name_of(decision.action)));
  entry.rule = decision.rule;
  entry.why = decision.reason;
  entry.evidence = decision.evidence;
  entry.notifies = std::holds_alternative<policy::Notify>(decision.action);
  entry.touches = !entry.notifies;
  if (entry.touches) part.acted_on = true;
  part.timeline.add(std::move(entry));
  under_way_.push_back(std::move(done));
  if (listener_) listener_(decision);
}

// What was done is noted when it begins.
void Simulation::note_end(const guard::telemetry::ActionRecord& action) {
  if (!action.outcome || *action.outcome == Outcome::done || *action.outcome == Outcome::failed) return;
  Part& part = parts_[action.decision.workload];
  Entry entry = entry_of(part, Entry::Kind::refusal, std::string(guard::telemetry::name_of(*action.outcome)));
  entry.rule = action.decision.rule;
  entry.why = std::string(policy::name_of(action.decision.action)) + " not done: " + action.result;
  entry.evidence = action.decision.evidence;
  part.timeline.add(std::move(entry));
}

void Simulation::note_run(const guard::telemetry::WorkloadReport& workload, Part& part) {
  const auto& signals = workload.signals;
  const auto add = [&](std::string what, std::string why) {
    Entry entry = entry_of(part, Entry::Kind::run, std::move(what));
    entry.why = std::move(why);
    part.timeline.add(std::move(entry));
  };
  if (signals.oom_kills_total > part.kills) add("killed", "by the kernel, out of memory");
  if (signals.restarts_total > part.restarts) {
    part.acted_on = false;
    add("restarted", "another run began");
  } else if (part.known && signals.state != part.state) {
    add(std::string(guard::sample::name_of(signals.state)), workload.workload.lifecycle.why);
  }
  part.state = signals.state;
  part.restarts = signals.restarts_total;
  part.kills = signals.oom_kills_total;
  part.known = true;
}

void Simulation::note_workload(const guard::telemetry::WorkloadReport& workload) {
  const auto& signals = workload.signals;
  Part& part = parts_[workload.workload.name];
  const bool new_run = signals.restarts_total > part.restarts;
  note_run(workload, part);
  if (!part.unknown.empty()) {
    for (const policy::Rule& rule : part.rules) {
      const auto value = policy::value_of(signals, rule.metric, rule.subject, rule.trip.is_ratio);
      if (value)
        part.unknown.erase(rule.name);
      else if (const auto found = part.unknown.find(rule.name); found != part.unknown.end())
        found->second = value.reason();
    }
  }
  if (signals.leak == part.leak) return;
  // That a run that has just begun is watched for a while, and one that does not run is not, goes without saying.
  const bool began = part.leak == LeakState::unknown || new_run;
  part.leak = signals.leak;
  if (signals.leak == LeakState::unknown || (signals.leak == LeakState::warming_up && began)) return;
  Entry entry = entry_of(part, Entry::Kind::verdict, std::string(name_of(signals.leak)));
  entry.why = signals.leak_evidence;
  part.timeline.add(std::move(entry));
}

}  // namespace agent::simulation
