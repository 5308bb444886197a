// Which probe, log line or mount a condition is about.

#include <algorithm>
#include <vector>

#include "guard/config/pattern.h"
#include "guard/config/sections.h"

namespace guard::config {

namespace {

using policy::Metric;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

// True when `wanted` is one of `names`, otherwise records a problem with them. `what` as in "this workload has no ...".
bool check_known(const Reader& section, std::string_view key, std::string_view what, const std::string& wanted,
                 const std::vector<std::string>& names) {
  if (std::ranges::find(names, wanted) != names.end()) return true;
  const std::string missing = "there is no " + std::string(what) + " of this name";
  section.problem(key, names.empty() ? missing + ", nor any other" : missing + "; there is: " + listed(names));
  return false;
}

void read_probe_name(const Reader& section, const WorkloadConfig& workload, const policy::Rule& rule) {
  std::vector<std::string> names;
  for (const auto& probe : workload.health) names.push_back(probe.name);
  if (!rule.subject.name.empty())
    check_known(section, "unhealthy", "health probe", rule.subject.name, names);
  else if (names.empty())
    section.problem("unhealthy", "this workload has no health probe: name one under `health`");
}

void read_capture(const Reader& section, const WorkloadConfig& workload, policy::Rule& rule) {
  for (const auto* key : {"log", "capture"}) {
    if (section.has(key)) continue;
    section.problem(key, "which number? write for example {log_value: '> 1000', log: cleanup, capture: count}");
    return;
  }
  if (!section.read("log", rule.subject.name) || !section.read("capture", rule.subject.capture)) return;
  std::vector<std::string> names;
  for (const auto& watch : workload.expect_log) names.push_back(watch.name);
  if (!check_known(section, "log", "log line", rule.subject.name, names)) return;
  const auto watch = std::ranges::find(workload.expect_log, rule.subject.name, &LogWatchConfig::name);
  check_known(section, "capture", "named group in its pattern", rule.subject.capture, names_of_groups(watch->pattern));
  if (!watch->every)
    section.problem("log", "a number is as good as its line is young: the log line needs `every` to say how young");
}

void read_mount(const Reader& section, const std::vector<std::string>& mounts, policy::Rule& rule) {
  if (!section.has("mount")) {
    if (mounts.empty()) section.problem("disk", "host.mounts is empty: name the mounts to look at there");
    return;
  }
  if (section.read("mount", rule.subject.name) && std::ranges::find(mounts, rule.subject.name) == mounts.end())
    section.problem("mount", "is not among host.mounts, " + listed(mounts) + ": add it there");
}

}  // namespace

void read_subject(const Reader& condition, const RuleScope& scope, policy::Rule& rule) {
  const auto refuse = [&](std::string_view key, Metric metric) {
    if (rule.metric != metric && condition.has(key))
      condition.problem(key, "stands beside " + std::string(name_of(metric)) + " only");
  };
  refuse("mount", Metric::disk);
  refuse("log", Metric::log_value);
  refuse("capture", Metric::log_value);
  if (rule.metric == Metric::unhealthy) read_probe_name(condition, scope.workload, rule);
  if (rule.metric == Metric::log_value) read_capture(condition, scope.workload, rule);
  if (rule.metric == Metric::disk) read_mount(condition, scope.mounts, rule);
}

}  // namespace guard::config
