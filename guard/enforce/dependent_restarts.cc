#include "guard/enforce/dependent_restarts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"

namespace guard {
namespace {

using sample::Workload;

const std::string& configured_name(const Workload& workload) {
  return workload.configured_as.empty() ? workload.name : workload.configured_as;
}

const Workload* find(const DependentRestarts::View& view, const std::string& workload) {
  const auto found =
      std::ranges::find_if(view.workloads, [&](const Workload& other) { return other.name == workload; });
  return found == view.workloads.end() ? nullptr : &*found;
}

std::vector<const Workload*> members_of(const std::string& configured, const DependentRestarts::View& view) {
  std::vector<const Workload*> members;
  for (const Workload& workload : view.workloads) {
    if (configured_name(workload) == configured) members.push_back(&workload);
  }
  return members;
}

std::string problem_of(const Workload& workload, const DependentRestarts::View& view) {
  if (std::ranges::find(view.restarting, workload.name) != view.restarting.end()) return "is being restarted";
  switch (workload.lifecycle.state) {
    case sample::State::starting: return "is starting";
    case sample::State::paused: return "is paused";
    case sample::State::absent: return "does not exist";
    case sample::State::stopped: return "is stopped";
    // An unknown state is no evidence that the workload is down.
    case sample::State::unknown:
    case sample::State::running: return "";
  }
  return "";
}

bool runs(const Workload& workload) { return workload.lifecycle.state == sample::State::running; }

}  // namespace

void DependentRestarts::on_restarted(const std::string& workload, const std::string& configured_as,
                                     const std::string& rule, base::SteadyTime now) {
  for (const std::string& dependent : policy::find_dependents(dependencies_, configured_as))
    pending_.try_emplace(dependent, Pending{workload + " was restarted by rule " + rule, now, {}, {}, false});
}

void DependentRestarts::on_end(const std::string& workload, const std::string& configured_as) {
  if (const auto pending = pending_.find(configured_as); pending != pending_.end()) remove(pending, workload);
}

void DependentRestarts::remove(Pendings::iterator pending, const std::string& workload) {
  pending->second.left.erase(workload);
  if (pending->second.left.empty()) pending_.erase(pending);
}

std::string DependentRestarts::find_problem(const std::string& needed, const View& view) const {
  const auto members = members_of(needed, view);
  const bool is_restarted = members.size() == 1 && !problem_of(*members.front(), view).empty();
  if (!is_restarted && pending_.contains(needed)) return "is about to be restarted";
  std::string problem;
  for (const Workload* member : members) {
    problem = problem_of(*member, view);
    if (problem.empty()) return "";
  }
  return problem;
}

std::string DependentRestarts::explain(const std::string& workload, const View& view) const {
  const auto* current = find(view, workload);
  const std::string& configured = current == nullptr ? workload : configured_name(*current);
  if (const auto pending = pending_.find(configured); pending != pending_.end())
    return "it is restarted next, since " + pending->second.because;
  std::vector<std::string> reached = {configured};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const auto needs = dependencies_.find(reached[i]);
    if (needs == dependencies_.end()) continue;
    for (const auto& needed : needs->second) {
      if (const auto problem = find_problem(needed.workload, view); !problem.empty())
        return needed.workload + ", which " + reached[i] + " depends on, " + problem;
      if (std::ranges::find(reached, needed.workload) == reached.end()) reached.push_back(needed.workload);
    }
  }
  return "";
}

std::vector<policy::Decision> DependentRestarts::decide(const std::string& workload, const View& view,
                                                        base::SteadyTime now) {
  const auto* current = find(view, workload);
  const std::string& configured = current == nullptr ? workload : configured_name(*current);
  const auto found = pending_.find(configured);
  if (found == pending_.end()) return {};
  Pending& pending = found->second;
  std::set<std::string> members;
  for (const auto* member : members_of(configured, view)) {
    if (member->only_watched.empty()) members.insert(member->name);
  }
  if (!std::exchange(pending.is_filled, true)) pending.left = members;
  std::erase_if(pending.left, [&](const std::string& name) { return !members.contains(name); });
  if (pending.left.empty()) {
    pending_.erase(found);
    return {};
  }
  if (!pending.left.contains(workload) || pending.decided.contains(workload)) return {};
  const bool is_gone = current == nullptr || current->lifecycle.state == sample::State::absent ||
                       current->lifecycle.state == sample::State::stopped;
  const bool is_late = now - pending.since >= kPatience;
  if (is_gone || is_late) {
    base::log_warning(
        "dependent restart dropped",
        {{"workload", workload}, {"why", is_gone ? "it does not run" : "its dependency does not run again"}});
    remove(found, workload);
    return {};
  }
  const bool must_wait =
      !runs(*current) || std::ranges::any_of(dependencies_.at(configured), [&](const policy::Dependency& needed) {
        return !find_problem(needed.workload, view).empty() ||
               std::ranges::none_of(members_of(needed.workload, view),
                                    [](const Workload* member) { return runs(*member); });
      });
  if (must_wait) return {};
  pending.decided.insert(workload);
  policy::Decision decision;
  decision.workload = workload;
  decision.identity = current->identity;
  decision.rule = kRule;
  decision.action = policy::Restart{};
  decision.precedence = policy::Strength::restart;
  decision.reason = pending.because + ", and " + workload + " depends on it";
  decision.evidence["depends_on"] = pending.because;
  decision.breached_at = pending.since;
  decision.has_condition = false;
  return {decision};
}

void DependentRestarts::inherit(DependentRestarts& previous) {
  for (auto& [workload, pending] : previous.pending_) {
    // A restart in progress is not repeated, although its outcome is lost with the reload.
    if (!pending.decided.empty() || !dependencies_.contains(workload)) continue;
    pending_.emplace(workload, std::move(pending));
  }
}

}  // namespace guard
