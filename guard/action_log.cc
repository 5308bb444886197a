#include "guard/action_log.h"

#include <algorithm>

#include "base/log.h"
#include "guard/telemetry/report_json.h"

namespace guard {

using telemetry::Outcome;

telemetry::ActionRecord& ActionLog::record(policy::Decision decision) {
  if (report_.recent_actions.size() >= telemetry::Report::kRecentActions) report_.recent_actions.pop_front();
  telemetry::ActionRecord& action = report_.recent_actions.emplace_back();
  action.number = ++last_number_;
  action.at = clock_.wall_now();
  action.decision = std::move(decision);
  return action;
}

void ActionLog::write(const telemetry::ActionRecord& action) {
  if (auto written = journal_.append(telemetry::action_json(action)); !written) {
    base::log_error("the journal cannot be written; guarding goes on without it", {{"error", written.error().message}});
  }
}

void ActionLog::finish(std::uint64_t number, Outcome outcome, std::string result, base::SteadyTime began, bool tells) {
  const auto found = std::ranges::find(report_.recent_actions, number, &telemetry::ActionRecord::number);
  if (found == report_.recent_actions.end()) return;  // so many came since that it has left the ring
  telemetry::ActionRecord& action = *found;
  action.outcome = outcome;
  action.result = std::move(result);
  action.took = clock_.steady_now() - began;

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
  if (listener_ && tells) listener_(action);
}

void ActionLog::note_effect(const std::string& workload, const std::string& rule, std::string effect) {
  auto& actions = report_.recent_actions;
  const auto found = std::find_if(actions.rbegin(), actions.rend(), [&](const telemetry::ActionRecord& action) {
    return action.decision.workload == workload && action.decision.rule == rule && action.decision.step > 0 &&
           policy::strength_of(action.decision.action) == action.decision.claim && action.effect.empty();
  });
  base::log_info("ladder", {{"workload", workload}, {"rule", rule}, {"effect", effect}});
  if (found == actions.rend()) return;
  found->effect = std::move(effect);
  write(*found);
}

}  // namespace guard
