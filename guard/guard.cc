#include "guard/guard.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/policy/caps.h"
#include "guard/signal/derive.h"
#include "guard/telemetry/report_json.h"

namespace guard {
namespace {

using telemetry::Outcome;

// A hold survives so many ticks without a reading; a longer gap starts it anew.
constexpr int kMostMissedReadings = 5;
// Caps that the engine or the kernel refused are tried again after so long: they are asked for every tick otherwise.
constexpr base::Duration kCapsRetry = std::chrono::seconds(10);

bool is_caps(const policy::Decision& decision) { return std::holds_alternative<policy::ApplyCaps>(decision.action); }

const sample::LogWatch* find_watch(const sample::Snapshot& snapshot, const std::string& workload,
                                   const std::string& name) {
  const auto found = std::ranges::find_if(
      snapshot.logs, [&](const sample::LogWatch& watch) { return watch.workload == workload && watch.name == name; });
  return found == snapshot.logs.end() ? nullptr : &*found;
}

// Puts what fired while another action is under way behind it. Caps are decided again at every tick, and the same
// action of the same rule need not be carried out twice.
void postpone(policy::Decision decision, std::deque<policy::Decision>& waiting) {
  const bool waits_already = std::ranges::any_of(waiting, [&](const policy::Decision& other) {
    return other.rule == decision.rule && other.action.index() == decision.action.index();
  });
  if (!is_caps(decision) && !waits_already) waiting.push_back(std::move(decision));
}

// Lets the decision's rule fire again when it was dropped before anything was done for it. When an earlier action of
// the same firing was carried out, that is what the cool-down rests from.
void forget_if_nothing_was_done(const policy::Decision& decision,
                                const std::map<std::string, base::SteadyTime>& acted_at, policy::RuleStates& rules) {
  const auto state = rules.find(decision.rule);
  if (state == rules.end() || !state->second.last_fired) return;
  const auto acted = acted_at.find(decision.rule);
  if (acted == acted_at.end() || acted->second < *state->second.last_fired) policy::forget_firing(decision, rules);
}

}  // namespace

Guard::Guard(const config::Config& config, GuardParts parts)
    : parts_(parts), dry_run_(config.agent.dry_run), max_gap_(config.agent.sample_interval * kMostMissedReadings) {
  watched_.reserve(config.workloads.size());
  for (const config::WorkloadConfig& workload : config.workloads) {
    Watched& watched = watched_.emplace_back();
    watched.config = workload;
    watched.settings = workload.signal_settings();
  }
  report_.dry_run = dry_run_;
  report_.config_reloaded_at = parts_.clock.wall_now();
}

void Guard::tick(int missed) {
  ++report_.ticks;
  report_.ticks_late += static_cast<std::uint64_t>(missed);
  sample::Snapshot snapshot = parts_.collector.collect(parts_.clock.steady_now(), parts_.clock.wall_now());

  std::vector<telemetry::WorkloadReport> reports;
  reports.reserve(watched_.size());
  std::vector<std::pair<Watched*, policy::Decision>> decisions;
  for (const sample::Workload& workload : snapshot.workloads) {
    Watched* watched = find(workload.name);
    if (watched == nullptr) continue;
    reports.push_back(judge(*watched, snapshot, workload));
    const signal::WorkloadSignals& signals = reports.back().signals;
    for (auto& decision : policy::reconcile(watched->config.caps, workload, snapshot.at))
      decisions.emplace_back(watched, std::move(decision));
    for (auto& decision : policy::evaluate(watched->config.rules, signals, snapshot.at, max_gap_, watched->rules)) {
      decisions.emplace_back(watched, std::move(decision));
    }
  }

  report_.at = snapshot.wall;
  report_.workloads = std::move(reports);
  report_.host = std::move(snapshot.host);
  report_.sources = std::move(snapshot.sources);
  for (auto& [watched, decision] : decisions) carry_out(*watched, std::move(decision));
}

telemetry::WorkloadReport Guard::judge(Watched& watched, const sample::Snapshot& snapshot,
                                       const sample::Workload& workload) {
  telemetry::WorkloadReport report;
  report.workload = workload;
  report.signals = signal::derive_signals(snapshot, workload, watched.settings, watched.history);
  report.caps = policy::find_drift(watched.config.caps, workload.caps);

  const std::uint64_t restarts = report.signals.restarts_total;
  if (restarts > watched.restarts_counted) {
    const auto reason = workload.lifecycle.last_exit;
    const std::string name(reason == sample::ExitReason::none ? "unknown" : sample::name_of(reason));
    watched.restarts_by_reason[name] += restarts - watched.restarts_counted;
    watched.restarts_counted = restarts;
  }
  report.restarts_by_reason = watched.restarts_by_reason;

  for (std::size_t i = 0; i < report.signals.logs.size() && i < watched.settings.logs.size(); ++i) {
    const signal::LogSignal& log = report.signals.logs[i];
    const sample::LogWatch* watch = find_watch(snapshot, workload.name, log.name);
    if (watch == nullptr) continue;
    sample::Reading<bool>& last_known = watched.overdue[log.name];
    if (log.overdue) last_known = log.overdue;
    report.logs.push_back({*watch, watched.settings.logs[i].every, last_known, log.cleanups});
  }
  std::ranges::copy_if(snapshot.probes, std::back_inserter(report.probes),
                       [&](const sample::Probe& probe) { return probe.workload == workload.name; });
  return report;
}

void Guard::carry_out(Watched& watched, policy::Decision decision) {
  if (watched.acting) return postpone(std::move(decision), watched.waiting);
  if (is_resting(watched, decision)) return;
  const base::SteadyTime began = parts_.clock.steady_now();
  const base::SteadyTime breached_at = decision.breached_at;
  const Recheck recheck = look_again(watched, decision);

  telemetry::ActionRecord& action = record(std::move(decision));
  const std::uint64_t number = action.number;
  if (!recheck.holds) {
    forget_if_nothing_was_done(action.decision, watched.acted_at, watched.rules);
    return finish(number, Outcome::recovered, "no longer true at the second look", began);
  }
  if (dry_run_) return finish(number, Outcome::dry_run, "would have been carried out", began);

  write(action);
  report_.breach_to_action.observe(began - breached_at);
  base::log_warning("acting", {{"workload", action.decision.workload},
                               {"rule", action.decision.rule},
                               {"action", policy::name_of(action.decision.action)},
                               {"reason", action.decision.reason}});
  watched.acting = true;
  watched.acted_at[action.decision.rule] = began;
  parts_.hands.carry_out(action.decision, recheck.workload,
                         [this, number, began, name = watched.config.name](const base::Result<std::string>& result) {
                           finish(number, result ? Outcome::done : Outcome::failed,
                                  result ? *result : result.error().message, began);
                           carry_out_waiting(name);
                         });
}

void Guard::carry_out_waiting(const std::string& workload) {
  Watched* watched = find(workload);
  if (watched == nullptr) return;
  watched->acting = false;
  while (!watched->acting && !watched->waiting.empty()) {
    policy::Decision next = std::move(watched->waiting.front());
    watched->waiting.pop_front();
    carry_out(*watched, std::move(next));
  }
}

bool Guard::is_resting(const Watched& watched, const policy::Decision& decision) const {
  return is_caps(decision) && watched.caps_retry_at && parts_.clock.steady_now() < *watched.caps_retry_at;
}

Guard::Recheck Guard::look_again(const Watched& watched, const policy::Decision& decision) {
  const sample::Snapshot fresh =
      parts_.collector.look_again(decision.workload, parts_.clock.steady_now(), parts_.clock.wall_now());
  if (fresh.workloads.empty()) return {};
  Recheck recheck{false, fresh.workloads.front()};
  if (is_caps(decision)) {
    recheck.holds = recheck.workload.identity == decision.identity &&
                    !policy::reconcile(watched.config.caps, recheck.workload, fresh.at).empty();
    return recheck;
  }
  signal::WorkloadHistory copy = watched.history;
  recheck.holds =
      policy::still_holds(decision, signal::derive_signals(fresh, recheck.workload, watched.settings, copy));
  return recheck;
}

telemetry::ActionRecord& Guard::record(policy::Decision decision) {
  if (report_.recent_actions.size() >= telemetry::Report::kRecentActions) report_.recent_actions.pop_front();
  telemetry::ActionRecord& action = report_.recent_actions.emplace_back();
  action.number = ++decisions_;
  action.at = parts_.clock.wall_now();
  action.decision = std::move(decision);
  return action;
}

void Guard::finish(std::uint64_t number, Outcome outcome, std::string result, base::SteadyTime began) {
  const auto found = std::ranges::find(report_.recent_actions, number, &telemetry::ActionRecord::number);
  if (found == report_.recent_actions.end()) return;  // so many came since that it has left the ring
  telemetry::ActionRecord& action = *found;
  action.outcome = outcome;
  action.result = std::move(result);
  action.took = parts_.clock.steady_now() - began;

  const std::string name(policy::name_of(action.decision.action));
  ++report_.actions[{action.decision.workload, name, action.decision.rule, std::string(telemetry::name_of(outcome))}];
  if (outcome == Outcome::done || outcome == Outcome::failed) report_.action_durations[name].observe(action.took);
  if (Watched* watched = find(action.decision.workload); watched != nullptr && is_caps(action.decision)) {
    // A dry run, too, says it once in a while and not every tick.
    if (outcome == Outcome::done)
      watched->caps_retry_at.reset();
    else
      watched->caps_retry_at = parts_.clock.steady_now() + kCapsRetry;
  }
  base::log(outcome == Outcome::failed ? base::LogLevel::error : base::LogLevel::info, "action ended",
            {{"workload", action.decision.workload},
             {"rule", action.decision.rule},
             {"action", name},
             {"outcome", telemetry::name_of(outcome)},
             {"result", action.result}});
  write(action);
  if (listener_) listener_(action);
}

void Guard::write(const telemetry::ActionRecord& action) {
  if (auto written = parts_.journal.append(telemetry::action_json(action)); !written) {
    base::log_error("the journal cannot be written; guarding goes on without it", {{"error", written.error().message}});
  }
}

void Guard::inherit(Guard& previous) {
  for (Watched& watched : watched_) {
    Watched* before = previous.find(watched.config.name);
    if (before == nullptr || before->config.target != watched.config.target) continue;
    watched.history = std::move(before->history);
    watched.restarts_counted = before->restarts_counted;
    watched.restarts_by_reason = std::move(before->restarts_by_reason);
    watched.overdue = std::move(before->overdue);
    // Rules may have changed under the same name: their holds begin anew, which can only delay an action. Only what
    // they rest from is remembered, for else every reload would allow one more restart.
    for (const policy::Rule& rule : watched.config.rules) {
      if (const auto state = before->rules.find(rule.name); state != before->rules.end())
        watched.rules[rule.name].last_fired = state->second.last_fired;
    }
  }
  const bool dry_run = report_.dry_run;
  report_ = std::move(previous.report_);
  report_.dry_run = dry_run;
  std::erase_if(report_.actions, [&](const auto& counted) { return find(counted.first.workload) == nullptr; });
  decisions_ = previous.decisions_;
}

void Guard::note_reload(bool succeeded) {
  report_.config_reload_ok = succeeded;
  if (succeeded) report_.config_reloaded_at = parts_.clock.wall_now();
}

Guard::Watched* Guard::find(const std::string& workload) {
  const auto found =
      std::ranges::find_if(watched_, [&](const Watched& watched) { return watched.config.name == workload; });
  return found == watched_.end() ? nullptr : &*found;
}

}  // namespace guard
