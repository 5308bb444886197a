#pragma once
// The status text: what the state of a workload means, in sentences for an operator. Printed by the status command and
// the status page.

#include <string>
#include <vector>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// Urgency of a sentence; that of the workload is the highest of its sentences.
enum class Urgency { fine, notice, trouble };
std::string_view name_of(Urgency urgency);  // "ok", "notice", "trouble"

struct Sentence {
  Urgency urgency = Urgency::fine;
  std::string text;  // "killed by the OOM killer 3 times; …": lower case, no full stop
};

// Most urgent first; never empty.
std::vector<Sentence> describe(const WorkloadReport& report);

// Findings about the host: OOM kills since the agent started, mounts that do not respond. Empty when there are none.
std::vector<std::string> describe_host(const sample::Host& host);

}  // namespace guard::telemetry
