#include "guard/telemetry/report_json.h"

#include <algorithm>

#include "guard/telemetry/json_text.h"
#include "guard/telemetry/status_text.h"

namespace guard::telemetry {
namespace {

using nlohmann::ordered_json;
using sample::Reading;

// Collects readings of one object; the reasons of the absent ones go under "absent".
class Object {
 public:
  Object& set(const char* key, ordered_json value) {
    object_[key] = std::move(value);
    return *this;
  }
  Object& read(const char* key, const Reading<base::Bytes>& bytes) {
    return put(key, bytes, [](base::Bytes b) { return b.is_unlimited() ? ordered_json() : ordered_json(b.count); });
  }
  Object& read(const char* key, const Reading<base::Duration>& duration) {
    return put(key, duration, [](base::Duration d) {
      return d == base::Duration::max() ? ordered_json() : ordered_json(base::to_seconds(d));
    });
  }
  Object& read(const char* key, const Reading<base::Cores>& cores) {
    return put(key, cores, [](base::Cores c) { return c.is_unlimited() ? ordered_json() : ordered_json(c.count); });
  }
  Object& read(const char* key, const Reading<base::Ratio>& ratio) {
    return put(key, ratio, [](base::Ratio r) { return ordered_json(r.value); });
  }
  template <class Number>
  Object& read(const char* key, const Reading<Number>& number) {
    return put(key, number, [](Number n) { return ordered_json(n); });
  }
  ordered_json take() {
    if (!absent_.empty()) object_["absent"] = std::move(absent_);
    return std::move(object_);
  }

 private:
  template <class T, class Convert>
  Object& put(const char* key, const Reading<T>& reading, Convert convert) {
    object_[key] = reading ? convert(*reading) : ordered_json();
    if (!reading) absent_[key] = reading.reason();
    return *this;
  }
  ordered_json object_ = ordered_json::object();
  ordered_json absent_ = ordered_json::object();
};

ordered_json memory_of(const WorkloadReport& report) {
  const sample::Memory& memory = report.workload.resources.memory;
  const signal::WorkloadSignals& signals = report.signals;
  return Object()
      .read("unreclaimable_bytes", signals.unreclaimable)
      .read("working_set_bytes", signals.working_set)
      .read("usage_bytes", memory.usage)
      .read("anon_bytes", memory.anon)
      .read("file_bytes", memory.file)
      .read("limit_bytes", memory.limit)
      .read("peak_bytes", memory.peak)
      .read("used_ratio", signals.memory_used)
      .read("growth_bytes_per_second", signals.growth)
      .read("time_to_limit_seconds", signals.time_to_limit)
      .read("time_to_limit_lower_seconds", signals.earliest_limit)
      .set("leak", signal::name_of(signals.leak))
      .set("oom_kills", signals.oom_kills_total)
      .take();
}

ordered_json cpu_of(const WorkloadReport& report) {
  return Object()
      .read("used_cores", report.signals.cpu_used)
      .read("limit_cores", report.workload.resources.cpu.limit)
      .read("throttled_ratio", report.signals.cpu_throttled)
      .take();
}

ordered_json lifecycle_of(const WorkloadReport& report) {
  const sample::Lifecycle& lifecycle = report.workload.lifecycle;
  Object object;
  object.set("state", sample::name_of(lifecycle.state))
      .set("started_at", lifecycle.started_at ? ordered_json(unix_seconds(*lifecycle.started_at)) : ordered_json())
      .set("starts", lifecycle.starts)
      .set("restarts", report.signals.restarts_total)
      .set("restarts_by_reason", report.restarts_by_reason)
      .set("restart_loop", report.signals.restart_loop.looping)
      .set("last_exit", sample::name_of(lifecycle.last_exit))
      .set("last_exit_code", lifecycle.last_exit_code);
  return object.take();
}

ordered_json caps_of(const WorkloadReport& report) {
  ordered_json caps = ordered_json::array();
  for (const policy::CapDrift& cap : report.caps) {
    caps.push_back(Object()
                       .set("resource", cap.resource)
                       .set("desired", cap.desired)
                       .read("observed", cap.observed)
                       .set("drifted", cap.drifted)
                       .take());
  }
  return caps;
}

ordered_json cleanups_of(const signal::CleanupEffect& effect, bool memory_grows) {
  ordered_json recent = ordered_json::array();
  if (effect.recent) {
    for (const signal::Cleanup& cleanup : *effect.recent) {
      recent.push_back(Object()
                           .set("at", unix_seconds(cleanup.at))
                           .set("before_bytes", cleanup.before.count)
                           .set("after_bytes", cleanup.after.count)
                           .set("captures", cleanup.captures)
                           .take());
    }
  }
  return Object()
      .set("judged", effect.judged)
      .set("given_back_bytes", recent.empty() ? ordered_json() : ordered_json(signal::median_given_back(effect)))
      .set("frees_nothing", effect.frees_nothing())
      .set("words", signal::describe(effect, memory_grows))
      .set("recent", std::move(recent))
      .take();
}

ordered_json logs_of(const WorkloadReport& report) {
  const bool grows = signal::is_rising(report.signals.leak);
  ordered_json logs = ordered_json::array();
  for (const LogReport& log : report.logs) {
    Object object;
    object.set("name", log.watch.name)
        .set("source_up", log.watch.source_up)
        .set("why", log.watch.why)
        .set("behind", log.watch.is_behind)
        .set("lag_bytes", log.watch.lag_bytes)
        .set("matches", log.watch.matches)
        .set("last_match",
             log.watch.last_match_wall ? ordered_json(unix_seconds(*log.watch.last_match_wall)) : ordered_json())
        .set("every_seconds",
             log.expected_interval ? ordered_json(base::to_seconds(*log.expected_interval)) : ordered_json())
        .read("overdue", log.overdue)
        .set("captures", log.watch.captures)
        .set("cleanups", cleanups_of(log.cleanups, grows));
    logs.push_back(object.take());
  }
  return logs;
}

ordered_json health_of(const WorkloadReport& report) {
  ordered_json health = ordered_json::array();
  for (const signal::HealthSignal& signal : report.signals.health) {
    const auto probe = std::ranges::find(report.probes, signal.probe, &sample::Probe::name);
    const bool is_seen = probe != report.probes.end();
    Object object;
    object.set("probe", signal.probe)
        .read("healthy", signal.healthy)
        .set("failures_in_row", signal.failures_in_row)
        .set("failures", is_seen ? probe->failures : 0)
        .set("why", signal.why)
        .set("duration_seconds",
             is_seen && probe->last_answer ? ordered_json(base::to_seconds(probe->took)) : ordered_json());
    health.push_back(object.take());
  }
  return health;
}

ordered_json policy_of(const PolicyReport& policy) {
  ordered_json escalations = ordered_json::array();
  for (const auto& escalation : policy.escalations)
    escalations.push_back({{"rule", escalation.rule}, {"step", escalation.step}, {"steps", escalation.steps}});
  ordered_json stop_latch;
  if (policy.stop_latch)
    stop_latch = {{"rule", policy.stop_latch->rule}, {"latched_at", unix_seconds(policy.stop_latch->latched_at)}};
  return Object()
      .set("escalations", std::move(escalations))
      .set("stop_latch", std::move(stop_latch))
      .set("maintenance", policy.maintenance)
      .set("dependency_suppression", policy.dependency_suppression)
      .set("actions_counted", policy.actions_counted)
      .set("actions_max", policy.actions_max)
      .set("actions_within_seconds", base::to_seconds(policy.actions_within))
      .take();
}

ordered_json workload_of(const WorkloadReport& report) {
  const auto sentences = describe(report);
  ordered_json words = ordered_json::array();
  for (const Sentence& sentence : sentences)
    words.push_back({{"urgency", name_of(sentence.urgency)}, {"text", sentence.text}});
  const sample::Identity& identity = report.workload.identity;
  return Object()
      .set("name", report.workload.name)
      .set("kind", sample::name_of(report.workload.kind))
      .set("verdict", name_of(sentences.front().urgency))
      .set("words", std::move(words))
      .set("identity", {{"key", identity.key},
                        {"container_id", identity.container_id},
                        {"image", identity.image},
                        {"pid", identity.pid}})
      .set("lifecycle", lifecycle_of(report))
      .set("memory", memory_of(report))
      .set("cpu", cpu_of(report))
      .read("pids", report.workload.resources.pids.current)
      .set("caps", caps_of(report))
      .set("only_watched", report.workload.only_watched)
      .set("caps_refused", report.caps_refusal ? ordered_json(report.caps_refusal->why) : ordered_json())
      .set("logs", logs_of(report))
      .set("health", health_of(report))
      .set("policy", policy_of(report.policy))
      .take();
}

ordered_json host_of(const sample::Host& host) {
  ordered_json disks = ordered_json::array();
  for (const auto& disk : host.disks) {
    disks.push_back(
        {{"mount", disk.mount}, {"size_bytes", disk.size.count}, {"available_bytes", disk.available.count}});
  }
  ordered_json unread = ordered_json::array();
  for (const auto& mount : host.unread_mounts) unread.push_back({{"mount", mount.mount}, {"why", mount.why}});
  ordered_json victims = ordered_json::array();
  for (const auto& victim : host.oom_victims) {
    victims.push_back({{"at", unix_seconds(victim.at)},
                       {"pid", victim.pid},
                       {"process", victim.process},
                       {"cgroup", victim.cgroup},
                       {"workload", victim.workload},
                       {"host_wide", victim.host_wide}});
  }
  return Object()
      .read("memory_total_bytes", host.memory_total)
      .read("memory_available_bytes", host.memory_available)
      .read("load1", host.load1)
      .read("cores", host.cores)
      .set("disks", std::move(disks))
      .set("unread_mounts", std::move(unread))
      .read("oom_kills", host.oom_kills)
      .set("oom_victims", std::move(victims))
      .set("words", describe_host(host))
      .take();
}

}  // namespace

std::string status_json(const Report& report, std::string_view version) {
  ordered_json workloads = ordered_json::array();
  Urgency worst = Urgency::fine;
  for (const WorkloadReport& workload : report.workloads) {
    workloads.push_back(workload_of(workload));
    worst = std::max(worst, describe(workload).front().urgency);
  }
  ordered_json sources = ordered_json::array();
  for (const sample::SourceReport& source : report.sources) {
    sources.push_back({{"source", source.source}, {"up", source.up}, {"why", source.why}, {"errors", source.errors}});
    if (!source.up) worst = std::max(worst, Urgency::notice);
  }
  const ordered_json status = {{"at", unix_seconds(report.at)},     {"version", version},
                               {"dry_run", report.dry_run},         {"verdict", name_of(worst)},
                               {"workloads", std::move(workloads)}, {"sources", std::move(sources)},
                               {"host", host_of(report.host)},      {"ticks", report.ticks},
                               {"ticks_late", report.ticks_late}};
  return to_text(status);
}

std::optional<std::string> workload_json(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.workloads, name,
                                       [](const WorkloadReport& w) -> std::string_view { return w.workload.name; });
  if (found == report.workloads.end()) return std::nullopt;
  return to_text(workload_of(*found));
}

}  // namespace guard::telemetry
