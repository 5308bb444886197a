#include "guard/followers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"

namespace guard {
namespace {

using telemetry::WorkloadReport;

const std::string& configured_name(const sample::Workload& workload) {
  return workload.configured_as.empty() ? workload.name : workload.configured_as;
}

const WorkloadReport* find(const Followers::Scene& scene, const std::string& workload) {
  const auto found = std::ranges::find_if(
      scene.workloads, [&](const WorkloadReport& report) { return report.workload.name == workload; });
  return found == scene.workloads.end() ? nullptr : &*found;
}

std::vector<const WorkloadReport*> members_of(const std::string& configured, const Followers::Scene& scene) {
  std::vector<const WorkloadReport*> members;
  for (const WorkloadReport& report : scene.workloads) {
    if (configured_name(report.workload) == configured) members.push_back(&report);
  }
  return members;
}

std::string trouble_of(const WorkloadReport& report, const Followers::Scene& scene) {
  if (std::ranges::find(scene.restarting, report.workload.name) != scene.restarting.end()) return "is being restarted";
  switch (report.workload.lifecycle.state) {
    case sample::State::starting: return "is starting";
    case sample::State::paused: return "is paused";
    case sample::State::absent: return "does not exist";
    case sample::State::stopped: return "is stopped";
    // Doubt about one workload is no evidence about another.
    case sample::State::unknown:
    case sample::State::running: return "";
  }
  return "";
}

bool runs(const WorkloadReport& report) { return report.workload.lifecycle.state == sample::State::running; }

}  // namespace

void Followers::on_restarted(const std::string& workload, const std::string& configured_as, const std::string& rule,
                             base::SteadyTime now) {
  for (const std::string& follower : policy::find_followers(dependencies_, configured_as))
    pending_.try_emplace(follower, Pending{workload + " was restarted by rule " + rule, now, {}, {}, false});
}

void Followers::on_end(const std::string& workload, const std::string& configured_as) {
  if (const auto pending = pending_.find(configured_as); pending != pending_.end()) drop(pending, workload);
}

void Followers::drop(Pendings::iterator pending, const std::string& workload) {
  pending->second.left.erase(workload);
  if (pending->second.left.empty()) pending_.erase(pending);
}

// What keeps the configured workload `needed` from being there for those who need it; "" when nothing is known to.
std::string Followers::find_trouble(const std::string& needed, const Scene& scene) const {
  const auto members = members_of(needed, scene);
  const bool is_restarted = members.size() == 1 && !trouble_of(*members.front(), scene).empty();
  if (!is_restarted && pending_.contains(needed)) return "is about to be restarted";
  std::string trouble;
  for (const WorkloadReport* member : members) {
    trouble = trouble_of(*member, scene);
    if (trouble.empty()) return "";
  }
  return trouble;
}

std::string Followers::explain(const std::string& workload, const Scene& scene) const {
  const auto* report = find(scene, workload);
  const std::string& configured = report == nullptr ? workload : configured_name(report->workload);
  if (const auto pending = pending_.find(configured); pending != pending_.end())
    return "it is restarted next, since " + pending->second.because;
  std::vector<std::string> reached = {configured};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const auto needs = dependencies_.find(reached[i]);
    if (needs == dependencies_.end()) continue;
    for (const auto& needed : needs->second) {
      if (const auto trouble = find_trouble(needed.workload, scene); !trouble.empty())
        return needed.workload + ", which " + reached[i] + " depends on, " + trouble;
      if (std::ranges::find(reached, needed.workload) == reached.end()) reached.push_back(needed.workload);
    }
  }
  return "";
}

std::vector<policy::Decision> Followers::decide(const std::string& workload, const Scene& scene, base::SteadyTime now) {
  const auto* report = find(scene, workload);
  const std::string& configured = report == nullptr ? workload : configured_name(report->workload);
  const auto found = pending_.find(configured);
  if (found == pending_.end()) return {};
  Pending& pending = found->second;
  std::set<std::string> members;
  for (const auto* member : members_of(configured, scene)) {
    if (member->workload.only_watched.empty()) members.insert(member->workload.name);
  }
  if (!std::exchange(pending.is_begun, true)) pending.left = members;
  std::erase_if(pending.left, [&](const std::string& name) { return !members.contains(name); });
  if (pending.left.empty()) {
    pending_.erase(found);
    return {};
  }
  if (!pending.left.contains(workload) || pending.decided.contains(workload)) return {};
  const bool is_gone = report == nullptr || report->workload.lifecycle.state == sample::State::absent ||
                       report->workload.lifecycle.state == sample::State::stopped;
  const bool is_late = now - pending.since >= kPatience;
  if (is_gone || is_late) {
    base::log_warning("not restarted after what it depends on",
                      {{"workload", workload}, {"why", is_gone ? "it does not run" : "that does not run again"}});
    drop(found, workload);
    return {};
  }
  const bool must_wait =
      !runs(*report) || std::ranges::any_of(dependencies_.at(configured), [&](const policy::Dependency& needed) {
        return !find_trouble(needed.workload, scene).empty() ||
               std::ranges::none_of(members_of(needed.workload, scene),
                                    [](const WorkloadReport* member) { return runs(*member); });
      });
  if (must_wait) return {};
  pending.decided.insert(workload);
  policy::Decision decision;
  decision.workload = workload;
  decision.identity = report->workload.identity;
  decision.rule = kRule;
  decision.action = policy::Restart{};
  decision.claim = policy::Strength::restart;
  decision.reason = pending.because + ", and " + workload + " depends on it";
  decision.evidence["depends_on"] = pending.because;
  decision.breached_at = pending.since;
  decision.has_condition = false;
  return {decision};
}

void Followers::inherit(Followers& previous) {
  for (auto& [workload, pending] : previous.pending_) {
    // Whose restart is under way is not restarted twice, though nobody will say any more what became of it.
    if (!pending.decided.empty() || !dependencies_.contains(workload)) continue;
    pending_.emplace(workload, std::move(pending));
  }
}

}  // namespace guard
