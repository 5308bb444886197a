#pragma once
// Dependencies between workloads: which are restarted after a restart, in which order, and which failures another
// workload explains.

#include <map>
#include <string>
#include <vector>

namespace guard::policy {

// One dependency of a workload.
struct Dependency {
  std::string workload;
  bool restart = true;  // restart the dependent after this workload was restarted; false: only wait for it
};

// By workload: its dependencies. Workloads without dependencies are left out.
using Dependencies = std::map<std::string, std::vector<Dependency>>;

// A dependency cycle such as {"app", "db", "app"}; empty when there is none. Deterministic.
std::vector<std::string> find_cycle(const Dependencies& dependencies);

// The workloads to restart after `restarted`: its direct and indirect dependents in topological order, each once,
// without `restarted` itself. REQUIRES: no cycle.
std::vector<std::string> find_dependents(const Dependencies& dependencies, const std::string& restarted);

}  // namespace guard::policy
