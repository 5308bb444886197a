#include "agent/simulation/drilled.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>
#include <variant>

#include "agent/simulation/simulated_workload.h"
#include "agent/simulation/simulation.h"
#include "agent/simulation/timeline_text.h"

namespace agent::simulation {
namespace {

namespace policy = guard::policy;
using guard::config::Config;
using guard::config::WorkloadConfig;

constexpr double kAfterAct = 120;  // seconds that are still played once it was restarted or stopped

std::string in_words(double seconds) { return base::format_duration(base::from_seconds(std::round(seconds))); }

double seconds_of(base::WallTime wall) { return std::chrono::duration<double>(wall.time_since_epoch()).count(); }

Config only(const Config& config, const std::string& workload) {
  Config one = config;
  std::erase_if(one.workloads, [&](const auto& other) { return other.name != workload; });
  one.workloads.front().depends_on.clear();  // nothing happens to the others
  return one;
}

// Simulates the incident. Actions affect the simulated workload.
void play(const Config& config, Trouble trouble, base::WallTime now, Drilled& drilled) {
  const WorkloadConfig& workload = config.workloads.front();
  SimulatedWorkload simulated(workload, trouble);
  Simulation simulation(config, config.agent.sample_interval);
  double over_at = simulated.over_at();
  double at = 0;
  std::set<std::pair<std::string, std::size_t>> known;
  simulation.on_act([&](const policy::Decision& decision) {
    if (at < SimulatedWorkload::kCalmSeconds) drilled.restless.insert(decision.rule);
    const bool reacts = !drilled.restless.contains(decision.rule);
    if (reacts && known.emplace(decision.rule, decision.action.index()).second) drilled.decisions.push_back(decision);
    const auto* restart = std::get_if<policy::Restart>(&decision.action);
    const bool stops = std::holds_alternative<policy::Stop>(decision.action);
    if (restart != nullptr) simulated.restart(base::to_seconds(restart->drain));
    if (stops) simulated.stop();
    const bool ends = restart != nullptr || stops || trouble == Trouble::restart_loop;
    if (ends && reacts) over_at = std::min(over_at, at + kAfterAct);
  });
  const double step = base::to_seconds(config.agent.sample_interval);
  for (; at <= over_at; at += step) {
    simulated.advance(at);
    const base::Duration passed = base::from_seconds(at);
    simulation.play(simulated.look(base::SteadyTime(std::chrono::hours(1) + passed),
                                   now + std::chrono::duration_cast<base::WallTime::duration>(passed),
                                   config.host.mounts));
  }
  drilled.timeline = simulation.timeline(workload.name);
  drilled.began_at = seconds_of(now) + SimulatedWorkload::kCalmSeconds;
  if (const auto killed = simulated.killed_at()) drilled.killed = *killed - SimulatedWorkload::kCalmSeconds;
  for (const std::string& rule : drilled.restless)
    drilled.notes.push_back("rule " + rule + " acts without any incident, on a workload at 40 % of its limit");
  if (!workload.caps.memory)
    drilled.notes.push_back("no caps.memory: a limit of " + base::format_bytes(simulated.limit()) + " was assumed");
}

// On a workload that cannot be seen nothing may be done by any rule, whatever it did before.
bool is_reaction(const Drilled& drilled, const Entry& entry) {
  if (entry.kind != Entry::Kind::action || entry.last < drilled.began_at) return false;
  return drilled.incident.trouble == Trouble::source_down || !drilled.restless.contains(entry.rule);
}

const Entry* first_action(const Drilled& drilled, bool touching) {
  for (const Entry& entry : drilled.timeline.entries()) {
    if (is_reaction(drilled, entry) && (entry.touches || !touching)) return &entry;
  }
  return nullptr;
}

std::string missing(const Drilled& drilled, const WorkloadConfig& workload) {
  const bool grows = drilled.incident.trouble == Trouble::leak || drilled.incident.trouble == Trouble::fast_leak;
  const bool expects = std::ranges::any_of(workload.expect_log, [](const auto& log) { return log.every.has_value(); });
  std::string text = "no rule of `" + drilled.workload + "` reacts";
  if (drilled.incident.trouble == Trouble::log_silence && !expects)
    return "`" + drilled.workload + "` has no expect_log with `every`: no line of its log is ever missed";
  text += grows ? " before the limit is met" : " to it";
  return text + ": add for example " + std::string(drilled.incident.against);
}

// The first action of each rule: "rule early would notify after 3h, rule high would restart after 3h 32m".
std::string reactions(const Drilled& drilled) {
  std::string text;
  std::set<std::pair<std::string, std::string>> said;
  for (const Entry& entry : drilled.timeline.entries()) {
    if (!is_reaction(drilled, entry)) continue;
    if (!said.emplace(entry.rule, entry.what).second) continue;
    text += (text.empty() ? "rule " : ", rule ") + entry.rule + " would " + entry.what + " after " +
            in_words(std::max(entry.at - drilled.began_at, 0.0));
  }
  return text;
}

void judge(const WorkloadConfig& workload, Drilled& drilled) {
  const Entry* word = first_action(drilled, false);
  const Entry* act = first_action(drilled, true);
  const auto since = [&](const Entry& entry) { return std::max(entry.at - drilled.began_at, 0.0); };
  if (word != nullptr) drilled.first_word = since(*word);
  if (act != nullptr) drilled.first_act = since(*act);
  if (drilled.incident.trouble == Trouble::source_down) {
    drilled.passed = act == nullptr;
    drilled.verdict = drilled.passed
                          ? "nothing is enforced on a workload that cannot be read; leakguard_source_up shows it"
                          : "rule " + act->rule + " would " + act->what + " a workload that cannot be seen";
    return;
  }
  const bool grows = drilled.incident.trouble == Trouble::leak || drilled.incident.trouble == Trouble::fast_leak;
  drilled.passed = word != nullptr && !(grows && drilled.killed && *drilled.killed <= *drilled.first_word);
  if (!drilled.passed) {
    drilled.verdict = missing(drilled, workload);
    return;
  }
  drilled.verdict = reactions(drilled);
  if (drilled.killed && grows)
    drilled.verdict += "; all the same it is killed at its limit after " + in_words(*drilled.killed);
  if (act == nullptr) drilled.verdict += "; nothing acts by itself";
}

}  // namespace

Drilled drill(const Config& config, const std::string& workload, const Incident& incident, base::WallTime now) {
  Drilled drilled;
  drilled.incident = incident;
  drilled.workload = workload;
  const Config one = only(config, workload);
  play(one, incident.trouble, now, drilled);
  judge(one.workloads.front(), drilled);
  for (const auto& receiver : config.notify)
    drilled.receivers.push_back(receiver.name + " (" + std::string(name_of(receiver.kind)) + ")");
  if (drilled.receivers.empty() && drilled.first_word)
    drilled.notes.emplace_back("no receiver under notify: only the journal and the metrics show it");
  return drilled;
}

std::vector<std::string> lines_of(const Drilled& drilled) {
  std::vector<std::string> lines = {"drill " + std::string(drilled.incident.name) + " of " + drilled.workload + ": " +
                                    std::string(drilled.incident.summary)};
  for (const Entry& entry : drilled.timeline.entries()) {
    const double since = entry.at - drilled.began_at;
    if (since < 0 && entry.kind == Entry::Kind::verdict) continue;  // it warms up
    std::string line = "  " + std::string(since < 0 ? "-" : "+") + in_words(std::fabs(since)) + "  ";
    line += sentence_of(entry, entry.times > 1 ? drilled.began_at : 0);
    lines.push_back(line);
  }
  if (drilled.timeline.left_out() > 0)
    lines.push_back("  and " + std::to_string(drilled.timeline.left_out()) + " entries more");
  if (!drilled.receivers.empty() && drilled.first_word) {
    std::string notified = "  would be notified: ";
    for (const std::string& receiver : drilled.receivers) notified += (notified.ends_with(": ") ? "" : ", ") + receiver;
    lines.push_back(notified);
  }
  for (const std::string& note : drilled.notes) lines.push_back("  note: " + note);
  lines.push_back((drilled.passed ? "PASS: " : "FAIL: ") + drilled.verdict);
  return lines;
}

}  // namespace agent::simulation
