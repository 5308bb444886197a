#include "guard/followers.h"

#include <algorithm>

#include "base/log.h"

namespace guard {
namespace {

const telemetry::WorkloadReport* find(const Followers::Scene& scene, const std::string& workload) {
  const auto found = std::ranges::find_if(
      scene.workloads, [&](const telemetry::WorkloadReport& report) { return report.workload.name == workload; });
  return found == scene.workloads.end() ? nullptr : &*found;
}

}  // namespace

void Followers::on_restarted(const std::string& workload, const std::string& rule, base::SteadyTime now) {
  for (const std::string& follower : policy::find_followers(dependencies_, workload))
    pending_.try_emplace(follower, Pending{workload + " was restarted by rule " + rule, now, false});
}

// What keeps `needed` from being there for those who need it; "" when nothing is known to.
std::string Followers::find_trouble(const std::string& needed, const Scene& scene) const {
  if (std::ranges::find(scene.restarting, needed) != scene.restarting.end()) return "is being restarted";
  if (pending_.contains(needed)) return "is about to be restarted";
  const auto* report = find(scene, needed);
  if (report == nullptr) return "";
  switch (report->workload.lifecycle.state) {
    case sample::State::starting: return "is starting";
    case sample::State::absent: return "does not exist";
    case sample::State::stopped: return "is stopped";
    // Doubt about one workload is no evidence about another.
    case sample::State::unknown:
    case sample::State::running: return "";
  }
  return "";
}

std::string Followers::explain(const std::string& workload, const Scene& scene) const {
  if (const auto pending = pending_.find(workload); pending != pending_.end())
    return "it is restarted next, since " + pending->second.because;
  std::vector<std::string> reached = {workload};
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
  const auto found = pending_.find(workload);
  if (found == pending_.end() || found->second.decided) return {};
  const auto* report = find(scene, workload);
  const bool is_gone = report == nullptr || report->workload.lifecycle.state == sample::State::absent ||
                       report->workload.lifecycle.state == sample::State::stopped;
  const bool is_late = now - found->second.since >= kPatience;
  if (is_gone || is_late) {
    base::log_warning("not restarted after what it depends on",
                      {{"workload", workload}, {"why", is_gone ? "it does not run" : "that does not run again"}});
    pending_.erase(found);
    return {};
  }
  const bool must_wait = report->workload.lifecycle.state != sample::State::running ||
                         std::ranges::any_of(dependencies_.at(workload), [&](const policy::Dependency& needed) {
                           const auto* other = find(scene, needed.workload);
                           return !find_trouble(needed.workload, scene).empty() || other == nullptr ||
                                  other->workload.lifecycle.state != sample::State::running;
                         });
  if (must_wait) return {};
  found->second.decided = true;
  policy::Decision decision;
  decision.workload = workload;
  decision.identity = report->workload.identity;
  decision.rule = kRule;
  decision.action = policy::Restart{};
  decision.claim = policy::Strength::restart;
  decision.reason = found->second.because + ", and " + workload + " depends on it";
  decision.evidence["depends_on"] = found->second.because;
  decision.breached_at = found->second.since;
  decision.has_condition = false;
  return {decision};
}

void Followers::inherit(Followers& previous) {
  for (auto& [workload, pending] : previous.pending_) {
    // Whose restart is under way is not restarted twice, though nobody will say any more what became of it.
    if (pending.decided || !dependencies_.contains(workload)) continue;
    pending_.emplace(workload, std::move(pending));
  }
}

}  // namespace guard
