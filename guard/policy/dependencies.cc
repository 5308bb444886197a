#include "guard/policy/dependencies.h"

#include <algorithm>
#include <set>

namespace guard::policy {

namespace {

// Goes along what each workload needs; `path` is the way so far. Depth is bounded by the number of workloads, since no
// workload is entered twice.
bool leads_back(const Dependencies& dependencies, const std::string& workload, std::vector<std::string>& path,
                std::set<std::string>& finished) {
  if (finished.contains(workload)) return false;
  if (const auto seen = std::ranges::find(path, workload); seen != path.end()) {
    path.erase(path.begin(), seen);
    path.push_back(workload);
    return true;
  }
  path.push_back(workload);
  if (const auto needs = dependencies.find(workload); needs != dependencies.end()) {
    for (const auto& needed : needs->second) {
      if (leads_back(dependencies, needed.workload, path, finished)) return true;
    }
  }
  path.pop_back();
  finished.insert(workload);
  return false;
}

// Puts what has to go before `workload`, then itself.
void put_in_order(const Dependencies& dependencies, const std::string& workload, const std::set<std::string>& wanted,
                  std::vector<std::string>& order) {
  if (!wanted.contains(workload) || std::ranges::find(order, workload) != order.end()) return;
  for (const auto& needed : dependencies.at(workload)) put_in_order(dependencies, needed.workload, wanted, order);
  order.push_back(workload);
}

}  // namespace

std::vector<std::string> find_cycle(const Dependencies& dependencies) {
  std::set<std::string> finished;
  for (const auto& [workload, needs] : dependencies) {
    std::vector<std::string> path;
    if (leads_back(dependencies, workload, path, finished)) return path;
  }
  return {};
}

std::vector<std::string> find_dependents(const Dependencies& dependencies, const std::string& restarted) {
  std::set<std::string> wanted;
  std::vector<std::string> reached = {restarted};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const auto& [workload, needs] : dependencies) {
      const bool follows = std::ranges::any_of(
          needs, [&](const Dependency& needed) { return needed.restart && needed.workload == reached[i]; });
      if (follows && workload != restarted && wanted.insert(workload).second) reached.push_back(workload);
    }
  }
  std::vector<std::string> order;
  for (const auto& workload : wanted) put_in_order(dependencies, workload, wanted, order);
  return order;
}

}  // namespace guard::policy
