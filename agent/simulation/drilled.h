#pragma once
// Runs a drill: the guard with a configuration and a simulated workload with an incident, and its result.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/simulation/incident.h"
#include "agent/simulation/timeline.h"
#include "base/clock.h"
#include "guard/config/config.h"
#include "guard/policy/decision.h"

namespace agent::simulation {

struct Drilled {
  Incident incident;
  std::string workload;
  bool passed = false;
  std::string verdict;             // the rule and the time it took; or what is missing and what to add
  std::vector<std::string> notes;  // assumptions, and the receivers that would be notified
  double began_at = 0;             // Unix seconds: start of the incident
  // Seconds since then:
  std::optional<double> first_word;  // first notification; actions are notified too
  std::optional<double> first_act;   // first enforcing action
  std::optional<double> killed;      // killed by the kernel
  std::vector<std::string> receivers;
  std::set<std::string> restless;  // rules that act before the incident: no reaction to it
  Timeline timeline;
  std::vector<guard::policy::Decision> decisions;  // during the incident; the first of each rule and kind of action
};

// `now`: simulated time, for maintenance windows. REQUIRES: the configuration has the workload.
Drilled drill(const guard::config::Config& config, const std::string& workload, const Incident& incident,
              base::WallTime now);

std::vector<std::string> lines_of(const Drilled& drilled);
// One document: {"incident","workload","verdict":"PASS|FAIL","why",…,"timeline":[…]}. Its times are seconds since the
// trouble began.
std::string drill_as_json(const Drilled& drilled);
// {"incidents":[{"name","summary"}]}
std::string incidents_as_json();

}  // namespace agent::simulation
