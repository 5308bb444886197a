#include "guard/enforce/action_log.h"

#include <algorithm>

#include "base/log.h"
#include "guard/telemetry/report_json.h"

namespace guard {

using telemetry::Outcome;

const telemetry::ActionRecord& ActionLog::record(policy::Decision decision) {
  telemetry::ActionRecord action;
  action.number = ++last_number_;
  action.at = clock_.wall_now();
  action.decision = std::move(decision);
  if (report_.recent_actions.size() >= telemetry::Report::kRecentActions) report_.recent_actions.pop_front();
  report_.recent_actions.push_back(action);
  return open_[action.number] = std::move(action);
}

void ActionLog::write(std::uint64_t number) {
  if (const auto found = open_.find(number); found != open_.end()) write(found->second);
}

void ActionLog::write(const telemetry::ActionRecord& action) { journal_.append(telemetry::action_json(action)); }

void ActionLog::finish(std::uint64_t number, Outcome outcome, std::string result, base::SteadyTime began,
                       bool notifies) {
  const auto found = open_.extract(number);
  if (found.empty()) return;
  telemetry::ActionRecord& action = found.mapped();
  action.outcome = outcome;
  action.result = std::move(result);
  action.took = clock_.steady_now() - began;
  const auto shown = std::ranges::find(report_.recent_actions, number, &telemetry::ActionRecord::number);
  if (shown != report_.recent_actions.end()) *shown = action;

  const std::string name(policy::name_of(action.decision.action));
  ++report_.actions[{action.decision.workload, name, action.decision.rule, std::string(telemetry::name_of(outcome))}];
  if (outcome == Outcome::done || outcome == Outcome::failed) report_.action_durations[name].observe(action.took);
  base::log(outcome == Outcome::failed ? base::LogLevel::error : base::LogLevel::info, "action ended",
            {{"workload", action.decision.workload},
             {"rule", action.decision.rule},
             {"action", name},
             {"outcome", telemetry::name_of(outcome)},
             {"result", action.result}});
  write(action);
  if (listener_ && notifies) listener_(action);
}

void ActionLog::note_effect(const std::string& workload, const std::string& rule, std::string effect) {
  auto& actions = report_.recent_actions;
  const auto found = std::find_if(actions.rbegin(), actions.rend(), [&](const telemetry::ActionRecord& action) {
    return action.decision.workload == workload && action.decision.rule == rule && action.decision.step > 0 &&
           policy::strength_of(action.decision.action) == action.decision.precedence && action.effect.empty();
  });
  base::log_info("escalation", {{"workload", workload}, {"rule", rule}, {"effect", effect}});
  if (found == actions.rend()) return;
  found->effect = std::move(effect);
  write(*found);
}

}  // namespace guard
