#pragma once
// The report as JSON documents: what /api/v1/status, /api/v1/workloads/{name} and /api/v1/actions answer, and
// what the status command reads. Absent readings are null with their reason beside them under "absent".

#include <optional>
#include <string>
#include <string_view>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// {"at","dry_run","verdict","workloads":[…],"host":{…},"sources":[…],"ticks","ticks_late","version"}
std::string status_json(const Report& report, std::string_view version);
// One element of the status' "workloads"; nothing when there is no such workload.
std::optional<std::string> workload_json(const Report& report, std::string_view name);
// {"actions":[…]}, the newest first.
std::string actions_json(const Report& report);
// One action as a line of the journal, and as the body of a webhook.
std::string action_json(const ActionRecord& record);
// One action as Alertmanager's POST /api/v2/alerts takes it.
std::string alert_json(const ActionRecord& record);

}  // namespace guard::telemetry
