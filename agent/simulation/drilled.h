#pragma once
// One drill: the guard with this configuration, a workload that an incident happens to, and what came of it.

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
  std::string verdict;             // in words: which rule, after how long; or what is missing and what to add
  std::vector<std::string> notes;  // what was assumed, and who would be told
  double began_at = 0;             // Unix seconds: when the trouble begins
  // Seconds from then on:
  std::optional<double> first_word;  // people hear of it: of every act they are told too
  std::optional<double> first_act;   // that takes hold of the workload
  std::optional<double> killed;      // by the kernel
  std::vector<std::string> receivers;
  std::set<std::string> restless;  // rules that act before there is any trouble: they are no reaction to it
  Timeline timeline;
  std::vector<guard::policy::Decision> decisions;  // in the trouble; the first of each rule and kind of act
};

// `now` is the time at which it is rehearsed, since maintenance windows go by it. The configuration has that workload.
Drilled drill(const guard::config::Config& config, const std::string& workload, const Incident& incident,
              base::WallTime now);

std::vector<std::string> lines_of(const Drilled& drilled);
// One document: {"incident","workload","verdict":"PASS|FAIL","why",…,"timeline":[…]}. Its times are seconds since the
// trouble began.
std::string drill_as_json(const Drilled& drilled);
// {"incidents":[{"name","summary"}]}
std::string incidents_as_json();

}  // namespace agent::simulation
