#include "guard/enforce/enforcer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/enforce/dependent_restarts.h"
#include "guard/policy/caps.h"

namespace guard {
namespace {

using policy::Decision;
using policy::Strength;
using policy::Suppression;
using telemetry::Outcome;

// Exponential back-off for refused caps. Most refusals are permanent (more CPUs than the host has), and each attempt
// costs the engine.
constexpr base::Duration kFirstCapsRetry = std::chrono::seconds(10);
constexpr base::Duration kLastCapsRetry = std::chrono::minutes(10);
constexpr std::size_t kMostCapsRefusals = 8;  // of one workload, each for a different set of resources

bool is_caps(const Decision& decision) { return std::holds_alternative<policy::ApplyCaps>(decision.action); }
// An unreachable engine or a timeout is temporary; anything else most likely repeats.
bool is_refusal(const base::Error& error) {
  return error.is_permanent || (error.code != base::Code::unavailable && error.code != base::Code::deadline_exceeded);
}

base::Duration pause_after(int refusals) {
  constexpr int kMostDoublings = 6;
  return std::min(kFirstCapsRetry * (1 << std::min(refusals - 1, kMostDoublings)), kLastCapsRetry);
}

// The resources of a decision on caps.
std::vector<std::string> resources_of(const Decision& decision) {
  std::vector<std::string> resources;
  for (const auto& [resource, seen] : decision.evidence) resources.push_back(resource);
  return resources;
}
bool have_common(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return std::ranges::any_of(left, [&](const auto& one) { return std::ranges::find(right, one) != right.end(); });
}
bool is_notify(const Decision& decision) { return std::holds_alternative<policy::Notify>(decision.action); }
bool enforces(const Decision& decision) { return policy::strength_of(decision.action) != Strength::none; }

Outcome outcome_of(Suppression suppression) {
  switch (suppression) {
    case Suppression::stop_latch: return Outcome::stop_latch;
    case Suppression::maintenance: return Outcome::maintenance;
    case Suppression::dependency: return Outcome::dependency;
    case Suppression::rate_limit: return Outcome::rate_limit;
  }
  return Outcome::skipped;
}

policy::StepOutcome step_outcome_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::superseded: return policy::StepOutcome::superseded;
    case Outcome::dry_run:
    case Outcome::skipped:  // a notification without a receiver
    case Outcome::done: return policy::StepOutcome::done;
    case Outcome::failed: return policy::StepOutcome::failed;
    default: return policy::StepOutcome::not_needed;
  }
}

// Resets the cool-down of the decision's rule, unless an earlier action of the same firing was carried out.
void forget_if_nothing_was_done(const Decision& decision, base::SteadyTime now, WorkloadState& state) {
  const auto rule_state = state.rules.find(decision.rule);
  if (rule_state == state.rules.end() || !rule_state->second.last_fired) return;
  const auto acted = state.acted_at.find(decision.rule);
  if (acted == state.acted_at.end() || acted->second < *rule_state->second.last_fired)
    policy::forget_firing(decision, now, state.rules);
}

// Never true for a step of an escalation, which fires once until all of its actions have ended.
bool waits_already(const Decision& decision, const policy::Arbitration& arbitration) {
  return decision.step == 0 && std::ranges::any_of(arbitration.waiting, [&](const Decision& other) {
           return other.rule == decision.rule && other.action.index() == decision.action.index();
         });
}

}  // namespace

void Enforcer::enforce(WorkloadState& state, std::vector<Decision> decisions) {
  policy::sort_by_precedence(decisions);
  for (auto first = decisions.begin(); first != decisions.end();) {
    const auto last =
        std::find_if(first, decisions.end(), [&](const auto& other) { return other.rule != first->rule; });
    const std::vector<Decision> firing(std::make_move_iterator(first), std::make_move_iterator(last));
    first = last;
    if (const auto suppressed = find_suppression(state, firing.front(), firing.front().precedence)) {
      suppress(state, firing, *suppressed);
      continue;
    }
    if (const auto rule_state = state.rules.find(firing.front().rule); rule_state != state.rules.end())
      rule_state->second.suppressed.reset();
    for (const Decision& decision : firing) arbitrate(state, decision);
  }
}

// Notifications of a suppressed rule are still sent, once until the suppression changes or the condition ends.
void Enforcer::suppress(WorkloadState& state, const std::vector<Decision>& firing, const Suppressed& suppressed) {
  const auto rule_state = state.rules.find(firing.front().rule);
  const bool was_said = rule_state != state.rules.end() && rule_state->second.suppressed == suppressed.by;
  for (Decision decision : firing) {
    if (was_said) break;
    if (enforces(decision)) {
      record_suppressed(state, std::move(decision), outcome_of(suppressed.by), suppressed.why);
    } else {
      decision.step = 0;  // the escalation does not wait for the notification
      start(state, std::move(decision));
    }
  }
  if (rule_state == state.rules.end()) return;
  policy::forget_firing(firing.front(), parts_.clock.steady_now(), state.rules);
  rule_state->second.suppressed = suppressed.by;
}

std::optional<Enforcer::Suppressed> Enforcer::find_suppression(const WorkloadState& state, const Decision& decision,
                                                               Strength strength) const {
  if (strength == Strength::none) return std::nullopt;
  if (state.stop_latch)
    return Suppressed{Suppression::stop_latch,
                      "rule " + state.stop_latch->rule + " stopped it; it has not been started since"};
  if (!state.maintenance.empty())
    return Suppressed{Suppression::maintenance, "in the maintenance window " + state.maintenance};
  const bool is_dependent_restart = decision.rule == DependentRestarts::kRule;  // has waited for its dependencies
  if (strength >= Strength::signal && !is_dependent_restart && !state.dependency_suppression.empty())
    return Suppressed{Suppression::dependency, state.dependency_suppression};
  const policy::ActionRateLimit& limit = state.config.actions;
  if (state.action_rate.is_reached(limit, parts_.clock.steady_now()))
    return Suppressed{Suppression::rate_limit, std::to_string(limit.max) + " actions within " +
                                                   base::format_duration(limit.within) +
                                                   " is the limit (actions in the configuration)"};
  return std::nullopt;
}

void Enforcer::arbitrate(WorkloadState& state, Decision decision) {
  if (is_notify(decision)) return start(state, std::move(decision));
  if (is_caps(decision)) return start_caps(state, std::move(decision));
  // A dependent restart does not compete with the rules of the workload.
  if (decision.rule != DependentRestarts::kRule) {
    const auto reason = policy::reason_to_yield(decision, state.arbitration, state.config.rules, state.rules,
                                                parts_.clock.steady_now());
    if (reason) return record_suppressed(state, std::move(decision), Outcome::superseded, *reason);
  }
  if (!state.arbitration.acting) return start(state, std::move(decision));
  if (waits_already(decision, state.arbitration))
    return record_suppressed(state, std::move(decision), Outcome::superseded, "waits already");
  for (Decision& weaker : policy::take_superseded(decision, state.arbitration))
    record_suppressed(state, std::move(weaker), Outcome::superseded,
                      "rule " + decision.rule + " is about to act on it");
  state.arbitration.waiting.push_back(std::move(decision));
}

void Enforcer::start(WorkloadState& state, Decision decision) {
  if (enforces(decision)) {
    // An action before it may have reached the rate limit or set the stop latch.
    if (const auto suppressed = find_suppression(state, decision, policy::strength_of(decision.action)))
      return record_suppressed(state, std::move(decision), outcome_of(suppressed->by), suppressed->why);
    state.rate_limit_reported = false;
    if (under_way_ >= kMostAtOnce && !parts_.dry_run) {
      state.arbitration.acting = policy::ActingRule{decision.rule, decision.precedence};
      queue_.push_back({decision.workload, std::move(decision)});
      return;
    }
  }
  const base::SteadyTime began = parts_.clock.steady_now();
  Recheck fresh = recheck(state, decision);
  const telemetry::ActionRecord& action = parts_.log.record(decision);
  const std::uint64_t number = action.number;
  if (!fresh.holds) {
    if (decision.step == 0) forget_if_nothing_was_done(decision, began, state);
    return record(state, {number, began, decision, {}}, Outcome::recovered, "condition no longer true at the recheck");
  }
  if (enforces(decision)) state.action_rate.note(began);
  if (parts_.dry_run)
    return record(state, {number, began, decision, {}}, Outcome::dry_run, "would have been carried out");

  parts_.log.write(action);
  base::log_warning("acting", {{"workload", decision.workload},
                               {"rule", decision.rule},
                               {"action", policy::name_of(decision.action)},
                               {"reason", decision.reason}});
  if (!is_notify(decision)) {
    state.arbitration.acting = policy::ActingRule{decision.rule, decision.precedence};
    ++under_way_;
  }
  state.acted_at[decision.rule] = began;
  const sample::Workload target = fresh.workload;
  auto done = [this, act = Act{number, began, decision, std::move(fresh.workload)}](
                  const base::Result<std::string>& result) { on_done(act, result); };
  if (is_notify(decision))
    parts_.executor.notify(action, target, std::move(done));
  else
    parts_.executor.execute(decision, target, std::move(done));
}

// Caps are decided on at every tick until they are in force. Repeated attempts after the same refusal are not recorded.
void Enforcer::start_caps(WorkloadState& state, Decision decision) {
  const base::SteadyTime now = parts_.clock.steady_now();
  if (state.arbitration.acting || caps_under_way_ >= kMostCapsAtOnce) return;
  if (state.caps_refused_run != decision.identity.key) state.caps_refusals.clear();
  state.caps_refused_run = decision.identity.key;
  const auto refusal = state.caps_refusals.find(resources_of(decision));
  const bool was_refused = refusal != state.caps_refusals.end();
  if (was_refused && now < refusal->second.retry_at) return;
  Recheck fresh = recheck(state, decision);
  if (!fresh.holds)
    return record_suppressed(state, std::move(decision), Outcome::recovered, "condition no longer true at the recheck");
  Act act{0, now, decision, fresh.workload};
  if (!was_refused) act.number = parts_.log.record(decision).number;
  if (parts_.dry_run) {
    state.caps_refusals[resources_of(decision)] = {
        .why = "", .times = 1, .retry_at = now + kLastCapsRetry, .is_dry_run = true};
    if (act.number != 0) record(state, act, Outcome::dry_run, "would have been carried out");
    return;
  }
  if (act.number != 0) {
    parts_.log.write(act.number);
    base::log_warning("applying caps", {{"workload", decision.workload}, {"reason", decision.reason}});
  }
  state.arbitration.acting = policy::ActingRule{decision.rule, decision.precedence};
  ++caps_under_way_;
  parts_.executor.execute(
      decision, fresh.workload,
      [this, act = std::move(act)](const base::Result<std::string>& result) { on_caps_done(act, result); });
}

void Enforcer::on_caps_done(const Act& act, const base::Result<std::string>& result) {
  --caps_under_way_;
  WorkloadState* state = listeners_.find(act.decision.workload);
  if (state == nullptr) return parts_.log.finish(act.number, Outcome::failed, "no longer configured", act.began);
  state->arbitration.acting.reset();
  const base::SteadyTime now = parts_.clock.steady_now();
  auto& refusals = state->caps_refusals;
  const auto before = refusals.find(resources_of(act.decision));
  const int times = before == refusals.end() ? 0 : before->second.times;
  bool is_news = times > 0;
  if (result) {
    std::erase_if(refusals, [&](const auto& entry) { return have_common(entry.first, resources_of(act.decision)); });
    parts_.report.breach_to_action.observe(now - act.decision.breached_at);
  } else {
    // A refusal with the same code is not news, though the numbers in its message may differ.
    const base::Error& error = result.error();
    is_news = std::ranges::none_of(refusals, [&](const auto& entry) {
      return entry.second.code == error.code && have_common(entry.first, resources_of(act.decision));
    });
    if (refusals.size() >= kMostCapsRefusals) refusals.clear();
    const int in_a_row = is_refusal(result.error()) ? times + 1 : 1;
    refusals[resources_of(act.decision)] = {
        .why = error.message, .code = error.code, .times = in_a_row, .retry_at = now + pause_after(in_a_row)};
  }
  Act recorded = act;
  if (recorded.number == 0 && is_news) recorded.number = parts_.log.record(act.decision).number;
  if (recorded.number != 0)
    record(*state, recorded, result ? Outcome::done : Outcome::failed, result ? *result : result.error().message);
  start_waiting(*state);
}

void Enforcer::on_done(const Act& act, const base::Result<std::string>& result) {
  if (!is_notify(act.decision)) --under_way_;
  const bool has_no_receiver = !result && is_notify(act.decision) && result.error().code == base::Code::not_found;
  const Outcome outcome = result ? Outcome::done : has_no_receiver ? Outcome::skipped : Outcome::failed;
  const std::string text = result ? *result : result.error().message;
  if (result) parts_.report.breach_to_action.observe(parts_.clock.steady_now() - act.decision.breached_at);
  WorkloadState* state = listeners_.find(act.decision.workload);
  if (state == nullptr) {
    parts_.log.finish(act.number, outcome, text, act.began);
    return start_queued();
  }
  if (!is_notify(act.decision)) state->arbitration.acting.reset();
  record(*state, act, outcome, text);
  start_queued();  // before this workload's next action, since queued ones have waited for longer
  start_waiting(*state);
}

void Enforcer::start_waiting(WorkloadState& state) {
  while (!state.arbitration.acting && !state.arbitration.waiting.empty()) {
    Decision next = std::move(state.arbitration.waiting.front());
    state.arbitration.waiting.pop_front();
    start(state, std::move(next));
  }
}

void Enforcer::start_queued() {
  while (under_way_ < kMostAtOnce && !queue_.empty()) {
    Queued queued = std::move(queue_.front());
    queue_.pop_front();
    WorkloadState* state = listeners_.find(queued.workload);
    if (state == nullptr) continue;
    state->arbitration.acting.reset();
    queued.decision.workload = state->config.name;  // it may have been renamed
    start(*state, std::move(queued.decision));
    start_waiting(*state);
  }
}

void Enforcer::record_suppressed(WorkloadState& state, Decision decision, Outcome outcome, const std::string& why) {
  const base::SteadyTime now = parts_.clock.steady_now();
  const std::uint64_t number = parts_.log.record(decision).number;
  record(state, {number, now, std::move(decision), {}}, outcome, why);
}

void Enforcer::record(WorkloadState& state, const Act& act, Outcome outcome, std::string result) {
  const base::SteadyTime now = parts_.clock.steady_now();
  const Decision& decision = act.decision;
  const bool is_done = outcome == Outcome::done || outcome == Outcome::dry_run;
  // The rate limit is notified once; a superseded action is covered by the notification of the stronger one.
  const bool notifies =
      outcome == Outcome::rate_limit ? !std::exchange(state.rate_limit_reported, true) : outcome != Outcome::superseded;
  parts_.log.finish(act.number, outcome, std::move(result), act.began, notifies);
  if (is_done && enforces(decision)) policy::record_done({decision.rule, decision.precedence}, now, state.arbitration);
  if (outcome == Outcome::done && std::holds_alternative<policy::Stop>(decision.action)) {
    state.stop_latch =
        policy::StopLatch{decision.rule, parts_.clock.wall_now(), act.target.identity.key, act.target.lifecycle.starts};
  }
  if (const auto rule_state = state.rules.find(decision.rule); rule_state != state.rules.end() && decision.step > 0)
    policy::record_step(step_outcome_of(outcome), now, rule_state->second.escalation);
  listeners_.on_end(decision, outcome);
}

Enforcer::Recheck Enforcer::recheck(const WorkloadState& state, const Decision& decision) {
  const sample::Snapshot snapshot = parts_.collect_one(decision.workload);
  if (snapshot.workloads.empty()) return {};
  Recheck result{false, snapshot.workloads.front()};
  if (is_caps(decision)) {
    result.holds = result.workload.identity == decision.identity &&
                   !policy::reconcile(state.config.caps, result.workload, snapshot.at).empty();
    return result;
  }
  signal::WorkloadHistory copy = state.history;
  result.holds = policy::still_holds(decision, signal::derive_signals(snapshot, result.workload, state.settings, copy));
  return result;
}

}  // namespace guard
