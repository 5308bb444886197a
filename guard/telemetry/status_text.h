#pragma once
// What a workload's state means, in sentences for the one who was woken: the status command and page print these.

#include <string>
#include <vector>

#include "guard/telemetry/report.h"

namespace guard::telemetry {

// How urgent a sentence is; the workload's own verdict is the worst of its sentences.
enum class Urgency { fine, notice, trouble };
std::string_view name_of(Urgency urgency);  // "ok", "notice", "trouble"

struct Sentence {
  Urgency urgency = Urgency::fine;
  std::string text;  // "killed by the OOM killer 3 times; …": begins in lower case, no full stop
};

// The most urgent first; never empty.
std::vector<Sentence> describe(const WorkloadReport& report);

// What the one who looks after the machine should know of it: OOM kills since the agent was started, mounts that do not
// answer. Empty when there is nothing.
std::vector<std::string> describe_host(const sample::Host& host);

}  // namespace guard::telemetry
