#include "guard/guard.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/local_time.h"
#include "guard/policy/caps.h"
#include "guard/signal/derive.h"
#include "guard/workload_state_report.h"

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

const sample::LogWatch* find_watch(const sample::Snapshot& snapshot, const std::string& workload,
                                   const std::string& name) {
  const auto found = std::ranges::find_if(
      snapshot.logs, [&](const sample::LogWatch& watch) { return watch.workload == workload && watch.name == name; });
  return found == snapshot.logs.end() ? nullptr : &*found;
}

policy::Dependencies dependencies_of(const config::Config& config) {
  policy::Dependencies dependencies;
  for (const auto& workload : config.workloads) {
    if (!workload.depends_on.empty()) dependencies[workload.name] = workload.depends_on;
  }
  return dependencies;
}

}  // namespace

Guard::Guard(const config::Config& config, GuardParts parts)
    : parts_(parts),
      dry_run_(config.agent.dry_run),
      max_gap_(config.agent.sample_interval * kMostMissedReadings),
      configured_(config.workloads),
      log_(report_, parts.journal, parts.clock),
      enforcer_({parts.collector, parts.executor, parts.clock, log_, report_, dry_run_},
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
  return std::ranges::any_of(watched_, [](const auto& entry) { return entry.second.arbitration.acting.has_value(); });
}

void Guard::tick(int missed) {
  ++report_.ticks;
  report_.ticks_late += static_cast<std::uint64_t>(missed);
  sample::Snapshot snapshot = parts_.collector.collect(parts_.clock.steady_now(), parts_.clock.wall_now());

  std::vector<telemetry::WorkloadReport> reports;
  std::vector<WorkloadState*> seen;  // in the order of `reports`
  reports.reserve(watched_.size());
  for (const sample::Workload& workload : snapshot.workloads) {
    WorkloadState* state = recognize(workload);
    if (state == nullptr) continue;
    state->last_seen = snapshot.at;
    seen.push_back(state);
    reports.push_back(derive(*state, snapshot, workload));
  }
  report_.at = snapshot.wall;
  report_.workloads = std::move(reports);
  report_.host = std::move(snapshot.host);
  report_.sources = std::move(snapshot.sources);
  forget_absent(snapshot.at);

  // All decisions are made before any action, so that an action on one workload is no evidence about another.
  const DependentRestarts::View view = view_dependencies();
  std::vector<std::vector<policy::Decision>> decisions;
  for (std::size_t i = 0; i < seen.size(); ++i)
    decisions.push_back(evaluate(*seen[i], report_.workloads[i], view, snapshot.at));
  for (std::size_t i = 0; i < seen.size(); ++i) enforcer_.enforce(*seen[i], std::move(decisions[i]));
  for (std::size_t i = 0; i < seen.size(); ++i) report_on(*seen[i], parts_.clock.steady_now(), report_.workloads[i]);
  report_.journal_errors = parts_.journal.errors();
}

WorkloadState* Guard::recognize(const sample::Workload& workload) {
  if (!workload.renamed_from.empty()) {
    auto before = watched_.extract(workload.renamed_from);
    if (!before.empty()) {
      WorkloadState& renamed = before.mapped();
      renamed.config.name = workload.name;
      for (policy::Decision& waiting : renamed.arbitration.waiting) waiting.workload = workload.name;
      before.key() = workload.name;
      renamed_[workload.renamed_from] = workload.name;
      if (const auto stale = watched_.find(workload.name); stale != watched_.end()) watched_.erase(stale);
      WorkloadState& state = watched_.insert(std::move(before)).position->second;
      restore_past(state);
      return &state;
    }
  }
  if (const auto known = watched_.find(workload.name); known != watched_.end()) {
    if (!past_.empty() && !workload.identity.key.empty()) restore_past(known->second);
    return &known->second;
  }
  const std::string& name = workload.configured_as.empty() ? workload.name : workload.configured_as;
  const auto configured = std::ranges::find(configured_, name, &config::WorkloadConfig::name);
  return configured == configured_.end() ? nullptr : &watch(workload.name, *configured);
}

WorkloadState& Guard::watch(const std::string& name, const config::WorkloadConfig& configured) {
  WorkloadState& state = watched_[name];
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
  std::erase_if(watched_, [&](const auto& entry) {
    const WorkloadState& state = entry.second;
    const bool is_latched = state.stop_latch && now - state.last_seen <= kRememberLatch;
    return now - state.last_seen > kRememberGone && is_idle(state) && !is_latched;
  });
  std::erase_if(renamed_, [&](const auto& entry) { return !watched_.contains(entry.second); });
  std::erase_if(report_.actions, [&](const auto& entry) { return find(entry.first.workload) == nullptr; });
}

telemetry::WorkloadReport Guard::derive(WorkloadState& state, const sample::Snapshot& snapshot,
                                        const sample::Workload& workload) {
  telemetry::WorkloadReport report;
  report.workload = workload;
  report.signals = signal::derive_signals(snapshot, workload, state.settings, state.history);
  report.caps = policy::find_drift(state.config.caps, workload.caps);

  const std::uint64_t restarts = report.signals.restarts_total;
  if (restarts > state.restarts_counted) {
    const auto reason = workload.lifecycle.last_exit;
    const std::string name(reason == sample::ExitReason::none ? "unknown" : sample::name_of(reason));
    state.restarts_by_reason[name] += restarts - state.restarts_counted;
    state.restarts_counted = restarts;
  }
  report.restarts_by_reason = state.restarts_by_reason;

  for (std::size_t i = 0; i < report.signals.logs.size() && i < state.settings.logs.size(); ++i) {
    const signal::LogSignal& log = report.signals.logs[i];
    const sample::LogWatch* watch = find_watch(snapshot, workload.name, log.name);
    if (watch == nullptr) continue;
    sample::Reading<bool>& last_known = state.overdue[log.name];
    if (log.overdue) last_known = log.overdue;
    report.logs.push_back({*watch, state.settings.logs[i].every, last_known, log.cleanups});
  }
  std::ranges::copy_if(snapshot.probes, std::back_inserter(report.probes),
                       [&](const sample::Probe& probe) { return probe.workload == workload.name; });
  return report;
}

std::vector<policy::Decision> Guard::evaluate(WorkloadState& state, const telemetry::WorkloadReport& report,
                                              const DependentRestarts::View& view, base::SteadyTime now) {
  update_suppressions(state, report.workload, view, now);
  if (!report.workload.only_watched.empty()) return {};
  std::vector<policy::Decision> decisions = policy::reconcile(state.config.caps, report.workload, now);
  const auto is_in_force = [](const policy::CapDrift& cap) { return cap.observed && !cap.drifted; };
  if (std::ranges::all_of(report.caps, is_in_force)) state.caps_refusals.clear();
  const auto append = [&](std::vector<policy::Decision> more) {
    std::ranges::move(more, std::back_inserter(decisions));
  };
  append(policy::evaluate(state.config.rules, report.signals, now, max_gap_, state.rules));
  for (auto& [rule, rule_state] : state.rules) {
    if (!rule_state.escalation.effect.empty())
      log_.note_effect(state.config.name, rule, std::exchange(rule_state.escalation.effect, {}));
  }
  append(dependent_restarts_.decide(state.config.name, view, now));
  return decisions;
}

// Updates what suppresses the rules of this workload as of this tick.
void Guard::update_suppressions(WorkloadState& state, const sample::Workload& workload,
                                const DependentRestarts::View& view, base::SteadyTime now) {
  if (state.stop_latch && policy::is_started_again(*state.stop_latch, workload)) {
    base::log_info("workload was started again; its rules are active again",
                   {{"workload", state.config.name}, {"stopped_by", state.stop_latch->rule}});
    state.stop_latch.reset();
    state.arbitration = {};
    state.rules.clear();  // escalations start with their first step
  }
  const policy::Window* window = nullptr;
  if (!state.config.maintenance.empty())
    window = policy::find_open(state.config.maintenance, policy::utc_clock(report_.at), local_clock(report_.at));
  state.maintenance = window == nullptr ? "" : policy::describe(*window);
  state.dependency_suppression = dependent_restarts_.explain(state.config.name, view);
  if (!state.action_rate.is_reached(state.config.actions, now)) state.rate_limit_reported = false;
}

DependentRestarts::View Guard::view_dependencies() const {
  DependentRestarts::View view{report_.workloads, {}};
  for (const auto& [name, state] : watched_) {
    if (state.arbitration.acting && state.arbitration.acting->strength >= policy::Strength::restart)
      view.restarting.push_back(name);
  }
  return view;
}

void Guard::latch(const std::string& workload, telemetry::PolicyReport::StopLatch stop_latch) {
  if (WorkloadState* state = find(workload))
    state->stop_latch = policy::StopLatch{std::move(stop_latch.rule), stop_latch.latched_at, "", 0};
  else if (past_.size() < kMostPastWorkloads)
    past_[workload].stop_latch = std::move(stop_latch);
}

std::map<std::string, telemetry::PolicyReport::StopLatch> Guard::stop_latches() const {
  std::map<std::string, telemetry::PolicyReport::StopLatch> held;
  for (const auto& [name, state] : watched_) {
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
  for (auto& [name, before] : previous.watched_) {
    const auto configured = std::ranges::find(configured_, before.configured_as, &config::WorkloadConfig::name);
    if (configured == configured_.end()) continue;
    WorkloadState* known = find(name);
    WorkloadState& state = known == nullptr ? watch(name, *configured) : *known;
    state.last_seen = before.last_seen;
    inherit_memory(before, state, parts_.clock.steady_now());
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
  auto found = watched_.find(workload);
  if (found == watched_.end()) {
    const auto renamed = renamed_.find(workload);
    if (renamed != renamed_.end()) found = watched_.find(renamed->second);
  }
  return found == watched_.end() ? nullptr : &found->second;
}

}  // namespace guard
