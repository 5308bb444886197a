#pragma once
// Serializes the report as JSON: the responses of /api/v1/status, /api/v1/workloads/{name} and /api/v1/actions, which
// the status command reads. Absent readings are null, with their reason under "absent".

#include <optional>
#include <string>
#include <string_view>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// {"at","dry_run","verdict","workloads":[…],"host":{…},"sources":[…],"ticks","ticks_late","version"}
std::string status_json(const Report& report, std::string_view version);
// One element of "workloads" of the status; absent when there is no such workload.
std::optional<std::string> workload_json(const Report& report, std::string_view name);
// {"actions":[…]}, newest first.
std::string actions_json(const Report& report);
// One action, as a journal line and as a webhook body.
std::string action_json(const ActionRecord& record);
// One action as a body for Alertmanager's POST /api/v2/alerts.
std::string alert_json(const ActionRecord& record);

}  // namespace guard::telemetry
