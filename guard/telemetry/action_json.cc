// One action as JSON: a line of the journal, and an entry of /api/v1/actions.

#include "guard/telemetry/json_text.h"
#include "guard/telemetry/report_json.h"

namespace guard::telemetry {
namespace {

using nlohmann::ordered_json;

ordered_json action_of(const ActionRecord& record) {
  const policy::Decision& decision = record.decision;
  ordered_json evidence = ordered_json::object();
  for (const auto& [key, value] : decision.evidence) evidence[key] = value;
  return {{"number", record.number},
          {"at", unix_seconds(record.at)},
          {"workload", decision.workload},
          {"rule", decision.rule},
          {"action", policy::name_of(decision.action)},
          {"step", decision.step == 0 ? ordered_json() : ordered_json(decision.step)},
          {"steps", decision.step == 0 ? ordered_json() : ordered_json(decision.steps)},
          {"reason", decision.reason},
          {"evidence", std::move(evidence)},
          {"outcome", record.outcome ? ordered_json(name_of(*record.outcome)) : ordered_json()},
          {"result", record.result},
          {"effect", record.effect},
          {"took_seconds", base::to_seconds(record.took)}};
}

}  // namespace

std::string actions_json(const Report& report) {
  ordered_json actions = ordered_json::array();
  for (auto record = report.recent_actions.rbegin(); record != report.recent_actions.rend(); ++record)
    actions.push_back(action_of(*record));
  return to_text({{"actions", std::move(actions)}});
}

std::string action_json(const ActionRecord& record) { return to_text(action_of(record)); }

std::string alert_json(const ActionRecord& record) {
  const policy::Decision& decision = record.decision;
  const ordered_json alert = {{"labels",
                               {{"alertname", "LeakguardAction"},
                                {"workload", decision.workload},
                                {"rule", decision.rule},
                                {"action", policy::name_of(decision.action)},
                                {"outcome", record.outcome ? name_of(*record.outcome) : "under way"}}},
                              {"annotations", {{"summary", decision.reason}, {"description", record.result}}}};
  return to_text(ordered_json::array({alert}));
}

}  // namespace guard::telemetry
