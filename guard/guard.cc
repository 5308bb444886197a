#include "guard/guard.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/local_time.h"
#include "guard/policy/caps.h"
#include "guard/signal/derive.h"
#include "guard/workload_report.h"

namespace guard {
namespace {

using telemetry::Outcome;

// Maximum number of ticks without a reading before a held condition starts again from zero.
constexpr int kMostMissedReadings = 5;
// A container that is recreated under its name within this time is the same workload.
constexpr base::Duration kRememberGone = std::chrono::hours(1);
// A stop latch is kept for longer: its marker file keeps the next agent from starting the workload.
constexpr base::Duration kRememberLatch = std::chrono::hours(24 * 30);
constexpr std::size_t kMostPastWorkloads = 1000;
constexpr std::size_t kMostPastActions = 64;  // of one workload

policy::Dependencies dependencies_of(const config::Config& config) {
  policy::Dependencies dependencies;
  for (const auto& workload : config.workloads) {
    if (!workload.depends_on.empty()) dependencies[workload.name] = workload.depends_on;
  }
  return dependencies;
}

// Counts restarts by the reason of the exit before them.
void count_restarts(const sample::Workload& workload, const signal::WorkloadSignals& signals, WorkloadState& state) {
  if (signals.restarts_total <= state.restarts_counted) return;
  const auto reason = workload.lifecycle.last_exit;
  const std::string name(reason == sample::ExitReason::none ? "unknown" : sample::name_of(reason));
  state.restarts_by_reason[name] += signals.restarts_total - state.restarts_counted;
  state.restarts_counted = signals.restarts_total;
}

}  // namespace

Guard::Guard(const config::Config& config, GuardParts parts)
    : parts_(parts),
      dry_run_(config.agent.dry_run),
      max_gap_(config.agent.sample_interval * kMostMissedReadings),
      configured_(config.workloads),
      stop_marker_folder_(config.agent.state_dir.empty() ? "" : config.agent.state_dir + "/stopped/"),
      log_(report_, parts.journal, parts.clock),
      enforcer_({[this](const std::string& workload) {
                   return parts_.collector.collect_one(workload, parts_.clock.steady_now(), parts_.clock.wall_now());
                 },
                 parts.executor, parts.clock, log_, report_, dry_run_},
                {[this](const std::string& workload) { return find(workload); },
                 [this](const policy::Decision& decision, Outcome outcome) {
                   const WorkloadState* state = find(decision.workload);
                   const std::string& configured = state == nullptr ? decision.workload : state->configured_as;
                   if (decision.rule == DependentRestarts::kRule)
                     return dependent_restarts_.on_end(decision.workload, configured);
                   const bool is_done = outcome == Outcome::done || outcome == Outcome::dry_run;
                   if (is_done && std::holds_alternative<policy::Restart>(decision.action))
                     dependent_restarts_.on_restarted(decision.workload, configured, decision.rule,
                                                      parts_.clock.steady_now());
                 }}),
      dependent_restarts_(dependencies_of(config)) {
  for (const config::WorkloadConfig& workload : configured_) watch(workload.name, workload);
  report_.dry_run = dry_run_;
  report_.config_reloaded_at = parts_.clock.wall_now();
}

void Guard::expect_every(base::Duration interval) { max_gap_ = interval * kMostMissedReadings; }

bool Guard::is_acting() const {
  return std::ranges::any_of(workloads_, [](const auto& entry) { return entry.second.arbitration.acting.has_value(); });
}

void Guard::tick(int missed) {
  const sample::Snapshot snapshot = parts_.collector.collect(parts_.clock.steady_now(), parts_.clock.wall_now());
  const std::vector<Observation> observations = derive(snapshot);
  // All decisions are made before any action, so that an action on one workload is no evidence about another.
  std::vector<std::vector<policy::Decision>> decisions = evaluate(snapshot, observations);
  for (std::size_t i = 0; i < observations.size(); ++i)
    enforcer_.enforce(*observations[i].state, std::move(decisions[i]));  // recheck, act, record
  build_report(snapshot, observations, missed);
}

std::vector<Guard::Observation> Guard::derive(const sample::Snapshot& snapshot) {
  std::vector<Observation> observations;
  observations.reserve(snapshot.workloads.size());
  for (const sample::Workload& workload : snapshot.workloads) {
    WorkloadState* state = recognize(workload);
    if (state == nullptr) continue;
    state->last_seen = snapshot.at;
    observations.push_back(
        {state, &workload, signal::derive_signals(snapshot, workload, state->settings, state->history)});
    count_restarts(workload, observations.back().signals, *state);
  }
  forget_absent(snapshot.at);
  return observations;
}

std::vector<std::vector<policy::Decision>> Guard::evaluate(const sample::Snapshot& snapshot,
                                                           const std::vector<Observation>& observations) {
  const DependentRestarts::View view{snapshot.workloads, names_being_restarted()};
  std::vector<std::vector<policy::Decision>> decisions;
  decisions.reserve(observations.size());
  for (const Observation& observation : observations) {
    update_suppressions(observation, snapshot, view);
    decisions.push_back(evaluate(observation, view, snapshot.at));
  }
  return decisions;
}

void Guard::build_report(const sample::Snapshot& snapshot, const std::vector<Observation>& observations, int missed) {
  ++report_.ticks;
  report_.ticks_late += static_cast<std::uint64_t>(missed);
  report_.at = snapshot.wall;
  report_.host = snapshot.host;
  report_.sources = snapshot.sources;
  report_.workloads.clear();
  for (const Observation& observation : observations) {
    telemetry::WorkloadReport& report = report_.workloads.emplace_back(
        report_of(snapshot, *observation.workload, observation.signals, parts_.clock.steady_now(), *observation.state));
    if (report.policy.stop_latch && !stop_marker_folder_.empty())
      report.policy.stop_marker = stop_marker_folder_ + report.workload.name;
  }
  report_.journal_errors = parts_.journal.errors();
}

WorkloadState* Guard::recognize(const sample::Workload& workload) {
  if (!workload.renamed_from.empty()) {
    auto before = workloads_.extract(workload.renamed_from);
    if (!before.empty()) {
      WorkloadState& renamed = before.mapped();
      renamed.config.name = workload.name;
      for (policy::Decision& waiting : renamed.arbitration.waiting) waiting.workload = workload.name;
      before.key() = workload.name;
      renamed_[workload.renamed_from] = workload.name;
      if (const auto stale = workloads_.find(workload.name); stale != workloads_.end()) workloads_.erase(stale);
      WorkloadState& state = workloads_.insert(std::move(before)).position->second;
      restore_past(state);
      return &state;
    }
  }
  if (const auto known = workloads_.find(workload.name); known != workloads_.end()) {
    if (!past_.empty() && !workload.identity.key.empty()) restore_past(known->second);
    return &known->second;
  }
  const std::string& name = workload.configured_as.empty() ? workload.name : workload.configured_as;
  const auto configured = std::ranges::find(configured_, name, &config::WorkloadConfig::name);
  return configured == configured_.end() ? nullptr : &watch(workload.name, *configured);
}

WorkloadState& Guard::watch(const std::string& name, const config::WorkloadConfig& configured) {
  WorkloadState& state = workloads_[name];
  state.config = configured;
  state.config.name = name;
  state.configured_as = configured.name;
  state.settings = configured.signal_settings();
  state.last_seen = parts_.clock.steady_now();
  restore_past(state);
  return state;
}

// Restores what an earlier agent recorded under this name. A single container has the configured name, also when it was
// one of several in the earlier agent; then that one's state is restored.
void Guard::restore_past(WorkloadState& state) {
  auto past = past_.extract(state.config.name);
  if (past.empty() && state.config.name == state.configured_as) {
    const std::string prefix = state.configured_as + "-";
    const auto is_of_it = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    if (std::ranges::count_if(past_, is_of_it) == 1) past = past_.extract(std::ranges::find_if(past_, is_of_it));
  }
  if (past.empty()) return;
  for (PastAction& action : past.mapped().actions) action.workload = state.config.name;
  if (const auto& stop_latch = past.mapped().stop_latch) latch(state.config.name, *stop_latch);
  for (const PastAction& action : past.mapped().actions) remember(action);
}

void Guard::forget_absent(base::SteadyTime now) {
  const auto is_idle = [](const WorkloadState& state) {
    return !state.arbitration.acting && state.arbitration.waiting.empty();
  };
  std::erase_if(workloads_, [&](const auto& entry) {
    const WorkloadState& state = entry.second;
    const bool is_latched = state.stop_latch && now - state.last_seen <= kRememberLatch;
    return now - state.last_seen > kRememberGone && is_idle(state) && !is_latched;
  });
  std::erase_if(renamed_, [&](const auto& entry) { return !workloads_.contains(entry.second); });
  std::erase_if(report_.actions, [&](const auto& entry) { return find(entry.first.workload) == nullptr; });
}

std::vector<policy::Decision> Guard::evaluate(const Observation& observation, const DependentRestarts::View& view,
                                              base::SteadyTime now) {
  WorkloadState& state = *observation.state;
  if (!observation.workload->only_watched.empty()) return {};
  std::vector<policy::Decision> decisions = policy::reconcile(state.config.caps, *observation.workload, now);
  const auto is_in_force = [](const policy::CapDrift& cap) { return cap.observed && !cap.drifted; };
  if (std::ranges::all_of(policy::find_drift(state.config.caps, observation.workload->caps), is_in_force))
    state.caps_refusals.clear();
  const auto append = [&](std::vector<policy::Decision> more) {
    std::ranges::move(more, std::back_inserter(decisions));
  };
  append(policy::evaluate(state.config.rules, observation.signals, now, max_gap_, state.rules));
  for (auto& [rule, rule_state] : state.rules) {
    if (!rule_state.escalation.effect.empty())
      log_.note_effect(state.config.name, rule, std::exchange(rule_state.escalation.effect, {}));
  }
  append(dependent_restarts_.decide(state.config.name, view, now));
  return decisions;
}

// Updates what suppresses the rules of this workload as of this tick.
void Guard::update_suppressions(const Observation& observation, const sample::Snapshot& snapshot,
                                const DependentRestarts::View& view) {
  WorkloadState& state = *observation.state;
  if (state.stop_latch && policy::is_started_again(*state.stop_latch, *observation.workload)) {
    base::log_info("workload was started again; its rules are active again",
                   {{"workload", state.config.name}, {"stopped_by", state.stop_latch->rule}});
    state.stop_latch.reset();
    state.arbitration = {};
    state.rules.clear();  // escalations start with their first step
  }
  const policy::Window* window = nullptr;
  if (!state.config.maintenance.empty())
    window = policy::find_open(state.config.maintenance, policy::utc_clock(snapshot.wall), local_clock(snapshot.wall));
  state.maintenance = window == nullptr ? "" : policy::describe(*window);
  state.dependency_suppression = dependent_restarts_.explain(state.config.name, view);
  if (!state.action_rate.is_reached(state.config.actions, snapshot.at)) state.rate_limit_reported = false;
}

std::vector<std::string> Guard::names_being_restarted() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : workloads_) {
    if (state.arbitration.acting && state.arbitration.acting->strength >= policy::Strength::restart)
      names.push_back(name);
  }
  return names;
}

void Guard::latch(const std::string& workload, telemetry::PolicyReport::StopLatch stop_latch) {
  if (WorkloadState* state = find(workload))
    state->stop_latch = policy::StopLatch{std::move(stop_latch.rule), stop_latch.latched_at, "", 0};
  else if (past_.size() < kMostPastWorkloads)
    past_[workload].stop_latch = std::move(stop_latch);
}

std::map<std::string, telemetry::PolicyReport::StopLatch> Guard::stop_latches() const {
  std::map<std::string, telemetry::PolicyReport::StopLatch> held;
  for (const auto& [name, state] : workloads_) {
    if (state.stop_latch) held[name] = {state.stop_latch->rule, state.stop_latch->latched_at};
  }
  for (const auto& [name, past] : past_) {
    if (past.stop_latch) held[name] = *past.stop_latch;
  }
  return held;
}

void Guard::remember(const PastAction& action) {
  WorkloadState* state = find(action.workload);
  const auto age = parts_.clock.wall_now() - action.at;
  if (age < age.zero() || age > std::chrono::hours(24 * 366)) return;
  if (state == nullptr) {
    if (past_.size() >= kMostPastWorkloads && !past_.contains(action.workload)) return;
    auto& actions = past_[action.workload].actions;
    if (actions.size() >= kMostPastActions) actions.erase(actions.begin());
    return actions.push_back(action);
  }
  const base::SteadyTime at = parts_.clock.steady_now() - age;
  state->action_rate.note(at);
  const auto rule = std::ranges::find(state->config.rules, action.rule, &policy::Rule::name);
  if (rule == state->config.rules.end()) return;
  policy::RuleState& rule_state = state->rules[action.rule];
  rule_state.last_fired = at;
  if (rule->escalation.empty() || action.step == 0) return;
  rule_state.escalation.step = std::min(action.step, rule->escalation.size() - 1);  // the one after it
  rule_state.escalation.ended_at = at;
}

void Guard::inherit(Guard& previous) {
  for (auto& [name, before] : previous.workloads_) {
    const auto configured = std::ranges::find(configured_, before.configured_as, &config::WorkloadConfig::name);
    if (configured == configured_.end()) continue;
    WorkloadState* known = find(name);
    WorkloadState& state = known == nullptr ? watch(name, *configured) : *known;
    state.last_seen = before.last_seen;
    inherit_state(before, state, parts_.clock.steady_now());
  }
  past_ = std::move(previous.past_);
  std::erase_if(past_, [&](const auto& entry) { return find(entry.first) != nullptr; });
  dependent_restarts_.inherit(previous.dependent_restarts_);
  const bool dry_run = report_.dry_run;
  report_ = std::move(previous.report_);
  report_.dry_run = dry_run;
  std::erase_if(report_.actions, [&](const auto& counted) { return find(counted.first.workload) == nullptr; });
  log_.continue_after(previous.log_.last_number());
}

void Guard::note_reload(bool succeeded) {
  report_.config_reload_ok = succeeded;
  if (succeeded) report_.config_reloaded_at = parts_.clock.wall_now();
}

WorkloadState* Guard::find(const std::string& workload) {
  auto found = workloads_.find(workload);
  if (found == workloads_.end()) {
    const auto renamed = renamed_.find(workload);
    if (renamed != renamed_.end()) found = workloads_.find(renamed->second);
  }
  return found == workloads_.end() ? nullptr : &found->second;
}

}  // namespace guard
