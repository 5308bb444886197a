#include "guard/telemetry/status_text.h"

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace guard::telemetry {
namespace {

using base::format_bytes;
using base::format_duration;

// Over this part of its limit a workload is near enough to it to say so.
constexpr double kNearLimit = 0.85;
class Sentences {
 public:
  void say(Urgency urgency, std::string text) { sentences_.push_back({urgency, std::move(text)}); }
  std::vector<Sentence> by_urgency() && {
    std::ranges::stable_sort(sentences_, std::greater<>(), &Sentence::urgency);
    return std::move(sentences_);
  }

 private:
  std::vector<Sentence> sentences_;
};

std::string times(std::uint64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

void describe_state(const WorkloadReport& report, Sentences& out) {
  const sample::Lifecycle& lifecycle = report.workload.lifecycle;
  if (const std::string& why = report.workload.only_watched; !why.empty())
    out.say(Urgency::notice, "observed only, no rule or cap applies: " + why);
  switch (lifecycle.state) {
    case sample::State::unknown:
      out.say(Urgency::notice, "state unknown (" + lifecycle.why + "); nothing is enforced until it can be read");
      break;
    case sample::State::absent: out.say(Urgency::trouble, "does not exist"); break;
    case sample::State::starting:
      out.say(Urgency::notice, lifecycle.why.empty() ? "is starting" : "does not start: " + lifecycle.why);
      break;
    case sample::State::paused:
      out.say(Urgency::notice, "is paused: only its caps are kept in force until it is unpaused");
      break;
    case sample::State::stopped:
      if (!lifecycle.why.empty()) {
        out.say(Urgency::trouble, "is stopped: " + lifecycle.why);
        break;
      }
      out.say(Urgency::trouble, "is stopped; its last run ended with code " + std::to_string(lifecycle.last_exit_code) +
                                    " (" + std::string(sample::name_of(lifecycle.last_exit)) + ")");
      break;
    case sample::State::running: break;
  }
}

void describe_memory(const signal::WorkloadSignals& signals, Sentences& out) {
  if (!signals.unreclaimable) return;
  const bool limited = signals.memory_limit && !signals.memory_limit->is_unlimited();
  std::string text = "memory " + format_bytes(*signals.unreclaimable);
  if (limited && signals.memory_used) {
    text += ", " + base::format_ratio(*signals.memory_used) + " of " + format_bytes(*signals.memory_limit);
  }
  const bool near = signals.memory_used && signals.memory_used->value >= kNearLimit;
  out.say(near ? Urgency::trouble : Urgency::fine, text + (near ? ": near its limit" : ""));
}

void describe_growth(const signal::WorkloadSignals& signals, Sentences& out) {
  // A slope alone is no news: a stable workload's goes up and down.
  if (signals.leak != signal::LeakState::growing && signals.leak != signal::LeakState::leaking) return;
  if (!signals.growth) return;
  const base::Bytes hourly{std::llround(*signals.growth * 3600)};
  std::string text = "memory grows by " + format_bytes(hourly) + "/h";
  if (signals.time_to_limit && *signals.time_to_limit != base::Duration::max()) {
    text += ", limit in " + format_duration(*signals.time_to_limit);
    if (signals.earliest_limit && *signals.earliest_limit < *signals.time_to_limit)
      text += " (at the earliest in " + format_duration(*signals.earliest_limit) + ")";
  }
  text += " (" + std::string(signal::name_of(signals.leak)) + ")";
  const bool leaking = signals.leak == signal::LeakState::leaking;
  out.say(leaking ? Urgency::trouble : Urgency::notice, text);
  if (leaking && !signals.leak_evidence.empty()) out.say(Urgency::trouble, signals.leak_evidence);
}

void describe_restarts(const WorkloadReport& report, Sentences& out) {
  const signal::WorkloadSignals& signals = report.signals;
  if (signals.oom_kills_total > 0) {
    out.say(Urgency::trouble, "killed by the OOM killer " + times(signals.oom_kills_total));
  }
  if (signals.restart_loop.looping) {
    out.say(Urgency::trouble,
            "in a restart loop: " + std::to_string(signals.restart_loop.restarts) + " restarts in its window");
  } else if (signals.restarts_total > 0) {
    out.say(Urgency::notice, "restarted " + times(signals.restarts_total));
  }
}

void describe_caps(const WorkloadReport& report, Sentences& out) {
  const auto& refusal = report.caps_refusal;
  if (refusal) {
    std::string resources;
    for (const std::string& resource : refusal->resources) resources += (resources.empty() ? "" : ", ") + resource;
    out.say(Urgency::trouble, "caps not applied (" + resources + "): " + refusal->why + "; next attempt in " +
                                  format_duration(refusal->retry_in));
  }
  for (const policy::CapDrift& cap : report.caps) {
    if (refusal && std::ranges::find(refusal->resources, cap.resource) != refusal->resources.end()) continue;
    if (cap.drifted)
      out.say(Urgency::trouble, "cap " + cap.resource + " is not as configured; leakguard is restoring it");
    else if (!cap.observed && report.workload.lifecycle.state == sample::State::running) {
      out.say(Urgency::notice, "cap " + cap.resource + " cannot be read: " + cap.observed.reason());
    }
  }
}

// How to start the workload again.
std::string way_to_start(const WorkloadReport& report) {
  switch (report.workload.kind) {
    case sample::TargetKind::command:
      return report.policy.stop_marker.empty() ? "start it manually: restart leakguard"
                                               : "start it manually: echo start > " + report.policy.stop_marker;
    case sample::TargetKind::container:
    case sample::TargetKind::compose_service:
    case sample::TargetKind::container_label: return "start it manually, for example with docker start";
    default: return "start it manually";
  }
}

// Reports rules that cannot fire: on pressure that is unknown, or on more CPU than the host has.
void describe_blind_rules(const WorkloadReport& report, Sentences& out) {
  const signal::WorkloadSignals& signals = report.signals;
  const auto& pressure = report.workload.resources.pressure;
  for (const auto& [rule, why] : report.policy.impossible_rules)
    out.say(Urgency::notice, "rule " + rule + " cannot fire: " + why);
  if (report.workload.lifecycle.state != sample::State::running) return;
  for (const auto& [rule, metric] : report.policy.pressure_rules) {
    const bool is_memory = metric == policy::Metric::memory_pressure;
    const bool is_cpu = metric == policy::Metric::cpu_pressure;
    const auto& reading = is_memory ? pressure.memory.some : is_cpu ? pressure.cpu.some : pressure.io.some;
    const auto& share = is_memory ? signals.memory_pressure : is_cpu ? signals.cpu_pressure : signals.io_pressure;
    if (reading || share) continue;  // read, or between two readings
    out.say(Urgency::notice, "rule " + rule + " cannot fire: " + std::string(policy::name_of(metric)) +
                                 " is unknown (" + reading.reason() +
                                 "); a kernel without PSI has to be booted with psi=1");
  }
}

void describe_policy(const WorkloadReport& report, Sentences& out) {
  const PolicyReport& policy = report.policy;
  if (policy.stop_latch)
    out.say(Urgency::trouble, "stopped by rule " + policy.stop_latch->rule + ", " + way_to_start(report));
  for (const auto& escalation : policy.escalations) {
    if (escalation.step > 0)
      out.say(Urgency::trouble, "rule " + escalation.rule + " is at step " + std::to_string(escalation.step) + " of " +
                                    std::to_string(escalation.steps));
  }
  if (policy.actions_max > 0 && policy.actions_counted >= policy.actions_max)
    out.say(Urgency::trouble, "action rate limit reached (" + std::to_string(policy.actions_max) + " within " +
                                  format_duration(policy.actions_within) + "): its rules only notify");
  if (!policy.maintenance.empty())
    out.say(Urgency::notice, "maintenance, " + policy.maintenance + ": rules only notify");
  if (!policy.dependency_suppression.empty())
    out.say(Urgency::notice, "not restarted by its own rules: " + policy.dependency_suppression);
}

void describe_logs(const WorkloadReport& report, Sentences& out) {
  for (const LogReport& log : report.logs) {
    const std::string name = "log line '" + log.watch.name + "'";
    if (!log.watch.source_up) out.say(Urgency::notice, name + ": the log cannot be read (" + log.watch.why + ")");
    if (log.watch.source_up && log.watch.is_behind) {
      const std::string amount = log.watch.lag_bytes > 0
                                     ? base::format_bytes(base::Bytes{static_cast<std::int64_t>(log.watch.lag_bytes)})
                                     : "";
      out.say(Urgency::notice, name + ": the log is written faster than it is read" +
                                   (amount.empty() ? "" : ", " + amount + " behind") +
                                   "; whether the line is overdue is unknown");
    }
    if (log.overdue && *log.overdue) {
      out.say(Urgency::trouble, name + " is overdue: expected every " +
                                    format_duration(log.expected_interval.value_or(base::Duration{})));
    } else if (log.watch.source_up) {
      out.say(Urgency::fine, name + " seen " + times(log.watch.matches));
    }
    const bool grows = signal::is_rising(report.signals.leak);
    if (const std::string effect = signal::describe(log.cleanups, grows); !effect.empty())
      out.say(grows && log.cleanups.frees_nothing() ? Urgency::notice : Urgency::fine, name + ": " + effect);
  }
}

void describe_health(const WorkloadReport& report, Sentences& out) {
  const bool runs = report.workload.lifecycle.state == sample::State::running;
  for (const signal::HealthSignal& health : report.signals.health) {
    const std::string name = "health probe '" + health.probe + "'";
    const bool fails = health.failures_in_row > 0;
    const std::string failing = name + " fails: " + health.why + ", " +
                                (health.failures_in_row == 1 ? "once" : times(health.failures_in_row) + " in a row");
    if (health.healthy && !*health.healthy)
      out.say(Urgency::trouble, fails ? failing : name + " has not passed often enough since it failed");
    else if (fails && runs)
      out.say(Urgency::notice, failing);
    else if (health.healthy)
      out.say(Urgency::fine, name + " passes");
    else if (runs)
      out.say(Urgency::notice, name + ": not known (" + health.healthy.reason() + ")");
  }
}

}  // namespace

std::string_view name_of(Urgency urgency) {
  switch (urgency) {
    case Urgency::fine: return "ok";
    case Urgency::notice: return "notice";
    case Urgency::trouble: return "trouble";
  }
  return "trouble";
}

std::vector<Sentence> describe(const WorkloadReport& report) {
  Sentences out;
  describe_policy(report, out);
  describe_blind_rules(report, out);
  describe_state(report, out);
  describe_restarts(report, out);
  describe_memory(report.signals, out);
  describe_growth(report.signals, out);
  describe_caps(report, out);
  describe_logs(report, out);
  describe_health(report, out);
  auto sentences = std::move(out).by_urgency();
  if (sentences.empty()) sentences.push_back({Urgency::fine, "runs; nothing has been read of it yet"});
  return sentences;
}

std::vector<std::string> describe_host(const sample::Host& host) {
  std::vector<std::string> sentences;
  const std::uint64_t kills = std::max<std::uint64_t>(host.oom_kills_seen, host.oom_victims.size());
  if (kills > 0) {
    std::string text =
        "the OOM killer ended processes on this machine " + times(kills) + " since the agent was started";
    if (host.oom_victims.empty()) {
      text += "; which ones is not known: " +
              (host.kernel_log_why.empty() ? std::string("the kernel's log does not say") : host.kernel_log_why);
    } else {
      const auto& victim = host.oom_victims.back();
      text += "; the last one was process " + std::to_string(victim.pid) + " (" + victim.process + ")";
      if (!victim.workload.empty())
        text += " of " + victim.workload;
      else if (!victim.cgroup.empty())
        text += " in " + victim.cgroup;
      text += victim.host_wide ? ": the machine was out of memory" : ": its cgroup was at its limit";
    }
    sentences.push_back(std::move(text));
  }
  for (const auto& mount : host.unread_mounts)
    sentences.push_back("mount " + mount.mount + " cannot be read: " + mount.why);
  return sentences;
}

}  // namespace guard::telemetry
