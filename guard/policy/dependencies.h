#pragma once
// Which workload needs which other one: what must be restarted after a restart, in which order, and which failures
// another one explains.

#include <map>
#include <string>
#include <vector>

namespace guard::policy {

// One of the workloads that a workload needs.
struct Dependency {
  std::string workload;
  bool restart = true;  // it is restarted after that one was; false: it only waits for it
};

// By workload: what it needs. A workload that is not in it needs nothing.
using Dependencies = std::map<std::string, std::vector<Dependency>>;

// A way from a workload back to itself, such as {"app", "db", "app"}; empty when there is none. Reports the same one
// whatever order the workloads stand in.
std::vector<std::string> find_cycle(const Dependencies& dependencies);

// What is to be restarted after `restarted` was: everything that needs it, directly or not, each once, and none before
// what it needs itself. `restarted` is not among it. Asks for no cycle.
std::vector<std::string> find_followers(const Dependencies& dependencies, const std::string& restarted);

}  // namespace guard::policy
