#include "guard/guard.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/local_time.h"
#include "guard/policy/caps.h"
#include "guard/signal/derive.h"
#include "guard/watched_report.h"

namespace guard {
namespace {

using telemetry::Outcome;

// A hold survives so many ticks without a reading; a longer gap starts it anew.
constexpr int kMostMissedReadings = 5;
// A container that is created again under its name within this time is the same workload as before.
constexpr base::Duration kRememberGone = std::chrono::hours(1);
// One that a rule has stopped, for longer: its marker keeps the next agent from starting it.
constexpr base::Duration kRememberLatch = std::chrono::hours(24 * 30);
constexpr std::size_t kMostPastWorkloads = 1000;
constexpr std::size_t kMostPastActions = 64;  // of one workload: no limit of actions is larger

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
      enforcer_({parts.collector, parts.hands, parts.clock, log_, report_, dry_run_},
                {[this](const std::string& workload) { return find(workload); },
                 [this](const policy::Decision& decision, Outcome outcome) {
                   const Watched* watched = find(decision.workload);
                   const std::string& configured = watched == nullptr ? decision.workload : watched->configured_as;
                   if (decision.rule == Followers::kRule) return followers_.on_end(decision.workload, configured);
                   const bool is_done = outcome == Outcome::done || outcome == Outcome::dry_run;
                   if (is_done && std::holds_alternative<policy::Restart>(decision.action))
                     followers_.on_restarted(decision.workload, configured, decision.rule, parts_.clock.steady_now());
                 }}),
      followers_(dependencies_of(config)) {
  for (const config::WorkloadConfig& workload : configured_) watch(workload.name, workload);
  report_.dry_run = dry_run_;
  report_.config_reloaded_at = parts_.clock.wall_now();
}

void Guard::expect_every(base::Duration interval) { max_gap_ = interval * kMostMissedReadings; }

bool Guard::is_acting() const {
  return std::ranges::any_of(watched_, [](const auto& entry) { return entry.second.course.acting.has_value(); });
}

void Guard::tick(int missed) {
  ++report_.ticks;
  report_.ticks_late += static_cast<std::uint64_t>(missed);
  sample::Snapshot snapshot = parts_.collector.collect(parts_.clock.steady_now(), parts_.clock.wall_now());

  std::vector<telemetry::WorkloadReport> reports;
  std::vector<Watched*> seen;  // whom the reports are about
  reports.reserve(watched_.size());
  for (const sample::Workload& workload : snapshot.workloads) {
    Watched* watched = recognize(workload);
    if (watched == nullptr) continue;
    watched->last_seen = snapshot.at;
    seen.push_back(watched);
    reports.push_back(judge(*watched, snapshot, workload));
  }
  report_.at = snapshot.wall;
  report_.workloads = std::move(reports);
  report_.host = std::move(snapshot.host);
  report_.sources = std::move(snapshot.sources);
  forget_the_gone(snapshot.at);

  // All are decided on before anything is done: what is done to one is no evidence about another.
  const Followers::Scene scene = look_around();
  std::vector<std::vector<policy::Decision>> decisions;
  for (std::size_t i = 0; i < seen.size(); ++i)
    decisions.push_back(decide(*seen[i], report_.workloads[i], scene, snapshot.at));
  for (std::size_t i = 0; i < seen.size(); ++i) enforcer_.enforce(*seen[i], std::move(decisions[i]));
  for (std::size_t i = 0; i < seen.size(); ++i)
    report_on(*seen[i], parts_.clock.steady_now(), report_.host, report_.workloads[i]);
  report_.journal_errors = parts_.journal.errors();
}

Watched* Guard::recognize(const sample::Workload& workload) {
  if (!workload.renamed_from.empty()) {
    auto before = watched_.extract(workload.renamed_from);
    if (!before.empty()) {
      Watched& renamed = before.mapped();
      renamed.config.name = workload.name;
      for (policy::Decision& waiting : renamed.course.waiting) waiting.workload = workload.name;
      before.key() = workload.name;
      renamed_[workload.renamed_from] = workload.name;
      if (const auto stale = watched_.find(workload.name); stale != watched_.end()) watched_.erase(stale);
      Watched& watched = watched_.insert(std::move(before)).position->second;
      remind(watched);
      return &watched;
    }
  }
  if (const auto known = watched_.find(workload.name); known != watched_.end()) {
    if (!past_.empty() && !workload.identity.key.empty()) remind(known->second);
    return &known->second;
  }
  const std::string& name = workload.configured_as.empty() ? workload.name : workload.configured_as;
  const auto configured = std::ranges::find(configured_, name, &config::WorkloadConfig::name);
  return configured == configured_.end() ? nullptr : &watch(workload.name, *configured);
}

Watched& Guard::watch(const std::string& name, const config::WorkloadConfig& configured) {
  Watched& watched = watched_[name];
  watched.config = configured;
  watched.config.name = name;
  watched.configured_as = configured.name;
  watched.settings = configured.signal_settings();
  watched.last_seen = parts_.clock.steady_now();
  remind(watched);
  return watched;
}

// What is known under its own name. A single container goes under the configured name, also when it was one of several
// in the agent before: what was known of that one is known of it.
void Guard::remind(Watched& watched) {
  auto past = past_.extract(watched.config.name);
  if (past.empty() && watched.config.name == watched.configured_as) {
    const std::string prefix = watched.configured_as + "-";
    const auto is_of_it = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    if (std::ranges::count_if(past_, is_of_it) == 1) past = past_.extract(std::ranges::find_if(past_, is_of_it));
  }
  if (past.empty()) return;
  for (PastAction& action : past.mapped().actions) action.workload = watched.config.name;
  if (const auto& breaker = past.mapped().breaker) hold(watched.config.name, *breaker);
  for (const PastAction& action : past.mapped().actions) remember(action);
}

void Guard::forget_the_gone(base::SteadyTime now) {
  const auto is_idle = [](const Watched& watched) { return !watched.course.acting && watched.course.waiting.empty(); };
  std::erase_if(watched_, [&](const auto& entry) {
    const Watched& watched = entry.second;
    const bool is_latched = watched.breaker && now - watched.last_seen <= kRememberLatch;
    return now - watched.last_seen > kRememberGone && is_idle(watched) && !is_latched;
  });
  std::erase_if(renamed_, [&](const auto& entry) { return !watched_.contains(entry.second); });
  std::erase_if(report_.actions, [&](const auto& entry) { return find(entry.first.workload) == nullptr; });
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

std::vector<policy::Decision> Guard::decide(Watched& watched, const telemetry::WorkloadReport& report,
                                            const Followers::Scene& scene, base::SteadyTime now) {
  note_circumstances(watched, report.workload, scene, now);
  if (!report.workload.only_watched.empty()) return {};
  std::vector<policy::Decision> decisions = policy::reconcile(watched.config.caps, report.workload, now);
  const auto is_in_force = [](const policy::CapDrift& cap) { return cap.observed && !cap.drifted; };
  if (std::ranges::all_of(report.caps, is_in_force)) watched.caps_refusals.clear();
  const auto append = [&](std::vector<policy::Decision> more) {
    std::ranges::move(more, std::back_inserter(decisions));
  };
  append(policy::evaluate(watched.config.rules, report.signals, now, max_gap_, watched.rules));
  for (auto& [rule, state] : watched.rules) {
    if (!state.ladder.effect.empty())
      log_.note_effect(watched.config.name, rule, std::exchange(state.ladder.effect, {}));
  }
  append(followers_.decide(watched.config.name, scene, now));
  return decisions;
}

// What keeps rules from acting, as of this tick.
void Guard::note_circumstances(Watched& watched, const sample::Workload& workload, const Followers::Scene& scene,
                               base::SteadyTime now) {
  if (watched.breaker && policy::is_started_again(*watched.breaker, workload)) {
    base::log_info("started again; its rules act on it from now on",
                   {{"workload", watched.config.name}, {"stopped_by", watched.breaker->rule}});
    watched.breaker.reset();
    watched.course = {};
    watched.rules.clear();  // a new beginning for every ladder
  }
  const policy::Window* window = nullptr;
  if (!watched.config.maintenance.empty())
    window = policy::find_open(watched.config.maintenance, policy::utc_clock(report_.at), local_clock(report_.at));
  watched.maintenance = window == nullptr ? "" : policy::describe(*window);
  watched.held_back = followers_.explain(watched.config.name, scene);
  if (!watched.budget.is_spent(watched.config.actions, now)) watched.budget_was_told = false;
}

Followers::Scene Guard::look_around() const {
  Followers::Scene scene{report_.workloads, {}};
  for (const auto& [name, watched] : watched_) {
    if (watched.course.acting && watched.course.acting->strength >= policy::Strength::restart)
      scene.restarting.push_back(name);
  }
  return scene;
}

void Guard::hold(const std::string& workload, telemetry::PolicyReport::Breaker breaker) {
  if (Watched* watched = find(workload))
    watched->breaker = policy::Breaker{std::move(breaker.rule), breaker.opened_at, "", 0};
  else if (past_.size() < kMostPastWorkloads)
    past_[workload].breaker = std::move(breaker);
}

std::map<std::string, telemetry::PolicyReport::Breaker> Guard::held() const {
  std::map<std::string, telemetry::PolicyReport::Breaker> held;
  for (const auto& [name, watched] : watched_) {
    if (watched.breaker) held[name] = {watched.breaker->rule, watched.breaker->opened_at};
  }
  for (const auto& [name, past] : past_) {
    if (past.breaker) held[name] = *past.breaker;
  }
  return held;
}

void Guard::remember(const PastAction& action) {
  Watched* watched = find(action.workload);
  const auto age = parts_.clock.wall_now() - action.at;
  if (age < age.zero() || age > std::chrono::hours(24 * 366)) return;
  if (watched == nullptr) {
    if (past_.size() >= kMostPastWorkloads && !past_.contains(action.workload)) return;
    auto& actions = past_[action.workload].actions;
    if (actions.size() >= kMostPastActions) actions.erase(actions.begin());
    return actions.push_back(action);
  }
  const base::SteadyTime at = parts_.clock.steady_now() - age;
  watched->budget.spend(at);
  const auto rule = std::ranges::find(watched->config.rules, action.rule, &policy::Rule::name);
  if (rule == watched->config.rules.end()) return;
  policy::RuleState& state = watched->rules[action.rule];
  state.last_fired = at;
  if (rule->ladder.empty() || action.step == 0) return;
  state.ladder.step = std::min(action.step, rule->ladder.size() - 1);  // the one after it
  state.ladder.ended_at = at;
}

void Guard::inherit(Guard& previous) {
  for (auto& [name, before] : previous.watched_) {
    const auto configured = std::ranges::find(configured_, before.configured_as, &config::WorkloadConfig::name);
    if (configured == configured_.end()) continue;
    Watched* known = find(name);
    Watched& watched = known == nullptr ? watch(name, *configured) : *known;
    watched.last_seen = before.last_seen;
    inherit_memory(before, watched, parts_.clock.steady_now());
  }
  past_ = std::move(previous.past_);
  std::erase_if(past_, [&](const auto& entry) { return find(entry.first) != nullptr; });
  followers_.inherit(previous.followers_);
  const bool dry_run = report_.dry_run;
  report_ = std::move(previous.report_);
  report_.dry_run = dry_run;
  std::erase_if(report_.actions, [&](const auto& counted) { return find(counted.first.workload) == nullptr; });
  log_.go_on_after(previous.log_.last_number());
}

void Guard::note_reload(bool succeeded) {
  report_.config_reload_ok = succeeded;
  if (succeeded) report_.config_reloaded_at = parts_.clock.wall_now();
}

Watched* Guard::find(const std::string& workload) {
  auto found = watched_.find(workload);
  if (found == watched_.end()) {
    const auto renamed = renamed_.find(workload);
    if (renamed != renamed_.end()) found = watched_.find(renamed->second);
  }
  return found == watched_.end() ? nullptr : &found->second;
}

}  // namespace guard
