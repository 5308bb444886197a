#include "guard/enforcer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "guard/followers.h"
#include "guard/policy/caps.h"

namespace guard {
namespace {

using policy::Decision;
using policy::Hindrance;
using policy::Strength;
using telemetry::Outcome;

// Caps that the engine or the kernel refused are tried again after the first pause, then after twice as long, up to the
// last. Most refusals are for good (more CPUs than the host has), and each try costs the engine.
constexpr base::Duration kFirstCapsRetry = std::chrono::seconds(10);
constexpr base::Duration kLastCapsRetry = std::chrono::minutes(10);
constexpr std::size_t kMostCapsRefusals = 8;  // of one workload, each of other resources together

bool is_caps(const Decision& decision) { return std::holds_alternative<policy::ApplyCaps>(decision.action); }
// A timeout may pass; a refusal will most likely repeat.
bool is_refusal(const base::Error& error) {
  return error.is_permanent || (error.code != base::Code::unavailable && error.code != base::Code::deadline_exceeded);
}

base::Duration pause_after(int refusals) {
  constexpr int kMostDoublings = 6;
  return std::min(kFirstCapsRetry * (1 << std::min(refusals - 1, kMostDoublings)), kLastCapsRetry);
}

// Of a decision about caps: which are asked for.
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

Outcome outcome_of(Hindrance hindrance) {
  switch (hindrance) {
    case Hindrance::breaker: return Outcome::breaker;
    case Hindrance::maintenance: return Outcome::maintenance;
    case Hindrance::held_back: return Outcome::held_back;
    case Hindrance::budget: return Outcome::budget;
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

// Lets the decision's rule fire again when it was dropped before anything was done for it. When an earlier action of
// the same firing was carried out, that is what the cool-down rests from.
void forget_if_nothing_was_done(const Decision& decision, base::SteadyTime now, Watched& watched) {
  const auto state = watched.rules.find(decision.rule);
  if (state == watched.rules.end() || !state->second.last_fired) return;
  const auto acted = watched.acted_at.find(decision.rule);
  if (acted == watched.acted_at.end() || acted->second < *state->second.last_fired)
    policy::forget_firing(decision, now, watched.rules);
}

// Of a ladder's step never: it fires once until all its actions are answered, so what waits alike is its own.
bool waits_already(const Decision& decision, const policy::Course& course) {
  return decision.step == 0 && std::ranges::any_of(course.waiting, [&](const Decision& other) {
           return other.rule == decision.rule && other.action.index() == decision.action.index();
         });
}

}  // namespace

void Enforcer::enforce(Watched& watched, std::vector<Decision> decisions) {
  policy::put_strongest_first(decisions);
  for (auto first = decisions.begin(); first != decisions.end();) {
    const auto last =
        std::find_if(first, decisions.end(), [&](const auto& other) { return other.rule != first->rule; });
    const std::vector<Decision> firing(std::make_move_iterator(first), std::make_move_iterator(last));
    first = last;
    if (const auto hindered = find_hindrance(watched, firing.front(), firing.front().claim)) {
      hinder(watched, firing, *hindered);
      continue;
    }
    if (const auto state = watched.rules.find(firing.front().rule); state != watched.rules.end())
      state->second.hindered.reset();
    for (const Decision& decision : firing) carry_out(watched, decision);
  }
}

// People are told all the same, once until the hindrance is another one or the condition is over.
void Enforcer::hinder(Watched& watched, const std::vector<Decision>& firing, const Hindered& hindered) {
  const auto state = watched.rules.find(firing.front().rule);
  const bool was_said = state != watched.rules.end() && state->second.hindered == hindered.by;
  for (Decision decision : firing) {
    if (was_said) break;
    if (enforces(decision)) {
      drop(watched, std::move(decision), outcome_of(hindered.by), hindered.why);
    } else {
      decision.step = 0;  // the ladder does not wait for its answer
      begin(watched, std::move(decision));
    }
  }
  if (state == watched.rules.end()) return;
  policy::forget_firing(firing.front(), parts_.clock.steady_now(), watched.rules);
  state->second.hindered = hindered.by;
}

std::optional<Enforcer::Hindered> Enforcer::find_hindrance(const Watched& watched, const Decision& decision,
                                                           Strength strength) const {
  if (strength == Strength::none) return std::nullopt;
  if (watched.breaker)
    return Hindered{Hindrance::breaker, "rule " + watched.breaker->rule + " stopped it; nobody has started it since"};
  if (!watched.maintenance.empty())
    return Hindered{Hindrance::maintenance, "in the maintenance window " + watched.maintenance};
  const bool follows = decision.rule == Followers::kRule;  // and has waited for its turn
  if (strength >= Strength::signal && !follows && !watched.held_back.empty())
    return Hindered{Hindrance::held_back, watched.held_back};
  const policy::BudgetLimit& limit = watched.config.actions;
  if (watched.budget.is_spent(limit, parts_.clock.steady_now()))
    return Hindered{Hindrance::budget, std::to_string(limit.max) + " actions within " +
                                           base::format_duration(limit.within) + " are all it may have"};
  return std::nullopt;
}

void Enforcer::carry_out(Watched& watched, Decision decision) {
  if (is_notify(decision)) return begin(watched, std::move(decision));
  if (is_caps(decision)) return begin_caps(watched, std::move(decision));
  // What follows a dependency's restart is no second cure of the same trouble.
  if (decision.rule != Followers::kRule) {
    const auto rival =
        policy::find_rival(decision, watched.course, watched.config.rules, watched.rules, parts_.clock.steady_now());
    if (rival) return drop(watched, std::move(decision), Outcome::superseded, *rival);
  }
  if (!watched.course.acting) return begin(watched, std::move(decision));
  if (waits_already(decision, watched.course))
    return drop(watched, std::move(decision), Outcome::superseded, "waits already");
  for (Decision& weaker : policy::take_weaker(decision, watched.course))
    drop(watched, std::move(weaker), Outcome::superseded, "rule " + decision.rule + " is about to act on it");
  watched.course.waiting.push_back(std::move(decision));
}

void Enforcer::begin(Watched& watched, Decision decision) {
  if (enforces(decision)) {
    // What came before it may have spent the budget or opened the breaker.
    if (const auto hindered = find_hindrance(watched, decision, policy::strength_of(decision.action)))
      return drop(watched, std::move(decision), outcome_of(hindered->by), hindered->why);
    watched.budget_was_told = false;
    if (under_way_ >= kMostAtOnce && !parts_.dry_run) {
      watched.course.acting = policy::Claim{decision.rule, decision.claim};
      turns_.push_back({decision.workload, std::move(decision)});
      return;
    }
  }
  const base::SteadyTime began = parts_.clock.steady_now();
  Recheck recheck = look_again(watched, decision);
  const telemetry::ActionRecord& action = parts_.log.record(decision);
  const std::uint64_t number = action.number;
  if (!recheck.holds) {
    if (decision.step == 0) forget_if_nothing_was_done(decision, began, watched);
    return end(watched, {number, began, decision, {}}, Outcome::recovered, "condition no longer true at the recheck");
  }
  if (enforces(decision)) watched.budget.spend(began);
  if (parts_.dry_run)
    return end(watched, {number, began, decision, {}}, Outcome::dry_run, "would have been carried out");

  parts_.log.write(action);
  base::log_warning("acting", {{"workload", decision.workload},
                               {"rule", decision.rule},
                               {"action", policy::name_of(decision.action)},
                               {"reason", decision.reason}});
  if (!is_notify(decision)) {
    watched.course.acting = policy::Claim{decision.rule, decision.claim};
    ++under_way_;
  }
  watched.acted_at[decision.rule] = began;
  const sample::Workload target = recheck.workload;
  auto done = [this, act = Act{number, began, decision, std::move(recheck.workload)}](
                  const base::Result<std::string>& result) { on_done(act, result); };
  if (is_notify(decision))
    parts_.hands.notify(action, target, std::move(done));
  else
    parts_.hands.carry_out(decision, target, std::move(done));
}

// Caps are decided at every tick until they are in force. One that is refused again for the same reason is no news: it
// is tried in silence.
void Enforcer::begin_caps(Watched& watched, Decision decision) {
  const base::SteadyTime now = parts_.clock.steady_now();
  if (watched.course.acting || caps_under_way_ >= kMostCapsAtOnce) return;
  if (watched.caps_refused_run != decision.identity.key) watched.caps_refusals.clear();
  watched.caps_refused_run = decision.identity.key;
  const auto refusal = watched.caps_refusals.find(resources_of(decision));
  const bool was_refused = refusal != watched.caps_refusals.end();
  if (was_refused && now < refusal->second.retry_at) return;
  Recheck recheck = look_again(watched, decision);
  if (!recheck.holds)
    return drop(watched, std::move(decision), Outcome::recovered, "condition no longer true at the recheck");
  Act act{0, now, decision, recheck.workload};
  if (!was_refused) act.number = parts_.log.record(decision).number;
  if (parts_.dry_run) {
    watched.caps_refusals[resources_of(decision)] = {
        .why = "", .times = 1, .retry_at = now + kLastCapsRetry, .is_dry_run = true};
    if (act.number != 0) end(watched, act, Outcome::dry_run, "would have been carried out");
    return;
  }
  if (act.number != 0) {
    parts_.log.write(act.number);
    base::log_warning("applying caps", {{"workload", decision.workload}, {"reason", decision.reason}});
  }
  watched.course.acting = policy::Claim{decision.rule, decision.claim};
  ++caps_under_way_;
  parts_.hands.carry_out(
      decision, recheck.workload,
      [this, act = std::move(act)](const base::Result<std::string>& result) { on_caps_done(act, result); });
}

void Enforcer::on_caps_done(const Act& act, const base::Result<std::string>& result) {
  --caps_under_way_;
  Watched* watched = listeners_.find(act.decision.workload);
  if (watched == nullptr) return parts_.log.finish(act.number, Outcome::failed, "no longer configured", act.began);
  watched->course.acting.reset();
  const base::SteadyTime now = parts_.clock.steady_now();
  auto& refusals = watched->caps_refusals;
  const auto before = refusals.find(resources_of(act.decision));
  const int times = before == refusals.end() ? 0 : before->second.times;
  bool is_news = times > 0;
  if (result) {
    std::erase_if(refusals, [&](const auto& entry) { return have_common(entry.first, resources_of(act.decision)); });
    parts_.report.breach_to_action.observe(now - act.decision.breached_at);
  } else {
    // The same kind of refusal is no news, though its message may hold another number each time.
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
    end(*watched, recorded, result ? Outcome::done : Outcome::failed, result ? *result : result.error().message);
  start_waiting(*watched);
}

void Enforcer::on_done(const Act& act, const base::Result<std::string>& result) {
  if (!is_notify(act.decision)) --under_way_;
  const bool has_no_receiver = !result && is_notify(act.decision) && result.error().code == base::Code::not_found;
  const Outcome outcome = result ? Outcome::done : has_no_receiver ? Outcome::skipped : Outcome::failed;
  const std::string words = result ? *result : result.error().message;
  if (result) parts_.report.breach_to_action.observe(parts_.clock.steady_now() - act.decision.breached_at);
  Watched* watched = listeners_.find(act.decision.workload);
  if (watched == nullptr) {
    parts_.log.finish(act.number, outcome, words, act.began);
    return give_turns();
  }
  if (!is_notify(act.decision)) watched->course.acting.reset();
  end(*watched, act, outcome, words);
  give_turns();  // before this workload's own next action: others have waited for longer
  start_waiting(*watched);
}

void Enforcer::start_waiting(Watched& watched) {
  while (!watched.course.acting && !watched.course.waiting.empty()) {
    Decision next = std::move(watched.course.waiting.front());
    watched.course.waiting.pop_front();
    begin(watched, std::move(next));
  }
}

void Enforcer::give_turns() {
  while (under_way_ < kMostAtOnce && !turns_.empty()) {
    Turn turn = std::move(turns_.front());
    turns_.pop_front();
    Watched* watched = listeners_.find(turn.workload);
    if (watched == nullptr) continue;
    watched->course.acting.reset();
    turn.decision.workload = watched->config.name;  // it may be called otherwise by now
    begin(*watched, std::move(turn.decision));
    start_waiting(*watched);
  }
}

void Enforcer::drop(Watched& watched, Decision decision, Outcome outcome, const std::string& why) {
  const base::SteadyTime now = parts_.clock.steady_now();
  const std::uint64_t number = parts_.log.record(decision).number;
  end(watched, {number, now, std::move(decision), {}}, outcome, why);
}

void Enforcer::end(Watched& watched, const Act& act, Outcome outcome, std::string result) {
  const base::SteadyTime now = parts_.clock.steady_now();
  const Decision& decision = act.decision;
  const bool is_done = outcome == Outcome::done || outcome == Outcome::dry_run;
  // Of a spent budget people hear once; of what gives way to something stronger they hear by that.
  const bool tells =
      outcome == Outcome::budget ? !std::exchange(watched.budget_was_told, true) : outcome != Outcome::superseded;
  parts_.log.finish(act.number, outcome, std::move(result), act.began, tells);
  if (is_done && enforces(decision)) policy::note_done({decision.rule, decision.claim}, now, watched.course);
  if (outcome == Outcome::done && std::holds_alternative<policy::Stop>(decision.action)) {
    watched.breaker =
        policy::Breaker{decision.rule, parts_.clock.wall_now(), act.target.identity.key, act.target.lifecycle.starts};
  }
  if (const auto state = watched.rules.find(decision.rule); state != watched.rules.end() && decision.step > 0)
    policy::note_step(step_outcome_of(outcome), now, state->second.ladder);
  listeners_.on_end(decision, outcome);
}

Enforcer::Recheck Enforcer::look_again(const Watched& watched, const Decision& decision) {
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

}  // namespace guard
