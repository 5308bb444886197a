#include "agent/commands/history_lines.h"

#include <array>
#include <cstdio>
#include <limits>
#include <string_view>

#include <nlohmann/json.hpp>

#include "guard/signal/rates.h"

namespace agent {
namespace {

using guard::history::Moment;
using guard::history::Resolution;
using guard::history::Spread;
using guard::history::Summary;
using guard::sample::Reading;
using guard::sample::Workload;
using nlohmann::ordered_json;

double unix_seconds(base::WallTime time) { return base::to_seconds(time.time_since_epoch()); }

// "1767225600.125": to the millisecond, which is finer than any sampling.
std::string timestamp(base::WallTime time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", unix_seconds(time));
  return text.data();
}

// Changes with each start of the workload.
std::string run_of(const Workload& workload) {
  return workload.identity.key + '#' + std::to_string(workload.lifecycle.starts);
}

std::string written(const Reading<base::Bytes>& value) {
  return value && !value->is_unlimited() ? std::to_string(value->count) : "";
}
std::string written(const Reading<base::Duration>& value) {
  std::array<char, 32> text{};
  if (value) std::snprintf(text.data(), text.size(), "%.6f", base::to_seconds(*value));
  return text.data();
}
std::string written(const Reading<base::Cores>& value) {
  std::array<char, 32> text{};
  if (value && !value->is_unlimited()) std::snprintf(text.data(), text.size(), "%.6g", value->count);
  return text.data();
}
template <class Integer>
std::string written(const Reading<Integer>& value) {
  return value ? std::to_string(*value) : "";
}

// A name out of a configuration or an engine may hold anything.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n ") == std::string::npos) return text;
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"') result += '"';
    result += letter == '\r' || letter == '\n' ? ' ' : letter;
  }
  return result + '"';
}

const Summary& summary_of(const Moment& moment, std::size_t workload) {
  static const Summary kNone;
  return workload < moment.summaries.size() ? moment.summaries[workload] : kNone;
}

void put(ordered_json& to, const char* name, const Reading<base::Bytes>& value) {
  if (value) to[name] = value->is_unlimited() ? ordered_json() : ordered_json(value->count);
}
void put(ordered_json& to, const char* name, const Reading<base::Duration>& value) {
  if (value) to[name] = base::to_seconds(*value);
}
void put(ordered_json& to, const char* name, const Reading<base::Cores>& value) {
  if (value) to[name] = value->is_unlimited() ? ordered_json() : ordered_json(value->count);
}
template <class Number>
void put(ordered_json& to, const char* name, const Reading<Number>& value) {
  if (value) to[name] = *value;
}

void put(ordered_json& to, const char* name, const Spread& spread) {
  if (!spread.least) return;
  put(to[name], "min", spread.least);
  put(to[name], "max", spread.most);
  put(to[name], "mean", spread.mean);
}

ordered_json memory_of(const Moment& moment, const Workload& workload) {
  const auto& memory = workload.resources.memory;
  ordered_json json;
  put(json, "memory_bytes", guard::signal::unreclaimable(workload));
  put(json, "limit_bytes", guard::signal::memory_limit(workload, moment.snapshot.host));
  put(json, "working_set_bytes", guard::signal::working_set(workload));
  put(json, "usage_bytes", memory.usage);
  put(json, "anon_bytes", memory.anon);
  put(json, "file_bytes", memory.file);
  put(json, "inactive_file_bytes", memory.inactive_file);
  put(json, "shmem_bytes", memory.shmem);
  put(json, "kernel_bytes", memory.kernel);
  put(json, "high_bytes", memory.high);
  put(json, "reservation_bytes", memory.reservation);
  put(json, "peak_bytes", memory.peak);
  put(json, "oom_kills", memory.oom_kills);
  return json;
}

ordered_json cpu_of(const guard::sample::Resources& resources) {
  ordered_json json;
  put(json, "used_seconds", resources.cpu.used);
  put(json, "limit_cores", resources.cpu.limit);
  put(json, "periods", resources.cpu.periods);
  put(json, "throttled_periods", resources.cpu.throttled_periods);
  put(json, "throttled_seconds", resources.cpu.throttled);
  return json;
}

ordered_json pressure_of(const guard::sample::Pressure& pressure) {
  ordered_json json;
  put(json, "memory_some_seconds", pressure.memory.some);
  put(json, "memory_full_seconds", pressure.memory.full);
  put(json, "cpu_some_seconds", pressure.cpu.some);
  put(json, "cpu_full_seconds", pressure.cpu.full);
  put(json, "io_some_seconds", pressure.io.some);
  put(json, "io_full_seconds", pressure.io.full);
  return json;
}

ordered_json logs_of(const guard::sample::Snapshot& snapshot, const std::string& workload) {
  ordered_json logs = ordered_json::array();
  for (const auto& log : snapshot.logs) {
    if (log.workload != workload) continue;
    ordered_json& json = logs.emplace_back();
    json = {{"name", log.name}, {"source_up", log.source_up}, {"matches", log.matches}};
    if (log.last_match_wall) json["last_match"] = unix_seconds(*log.last_match_wall);
    if (!log.captures.empty()) json["captures"] = log.captures;
  }
  return logs;
}

ordered_json probes_of(const guard::sample::Snapshot& snapshot, const std::string& workload) {
  ordered_json probes = ordered_json::array();
  for (const auto& probe : snapshot.probes) {
    if (probe.workload != workload) continue;
    probes.push_back({{"name", probe.name},
                      {"able", probe.able},
                      {"passes_in_row", probe.passes_in_row},
                      {"failures_in_row", probe.failures_in_row},
                      {"failures", probe.failures}});
  }
  return probes;
}

ordered_json summary_json(const Summary& summary) {
  ordered_json json = {{"samples", summary.samples}};
  put(json, "memory_bytes", summary.unreclaimable);
  put(json, "working_set_bytes", summary.working_set);
  put(json, "usage_bytes", summary.usage);
  put(json, "cpu_mean_cores", summary.cpu_mean);
  put(json, "cpu_max_cores", summary.cpu_most);
  return json;
}

}  // namespace

std::string csv_header() {
  return "timestamp,workload,run,resolution,state,memory_bytes,limit_bytes,memory_min_bytes,memory_max_bytes,"
         "memory_mean_bytes,working_set_bytes,usage_bytes,anon_bytes,file_bytes,inactive_file_bytes,shmem_bytes,"
         "kernel_bytes,peak_bytes,oom_kills,cpu_used_seconds,cpu_limit_cores,cpu_throttled_seconds,pids\n";
}

std::string csv_line(const Moment& moment, std::size_t index) {
  const Workload& workload = moment.snapshot.workloads[index];
  const auto& memory = workload.resources.memory;
  const auto& cpu = workload.resources.cpu;
  const Spread& spread = summary_of(moment, index).unreclaimable;
  const std::string fields[] = {timestamp(moment.snapshot.wall),
                                quoted(workload.name),
                                quoted(run_of(workload)),
                                std::string(name_of(moment.resolution)),
                                std::string(name_of(workload.lifecycle.state)),
                                written(guard::signal::unreclaimable(workload)),
                                written(guard::signal::memory_limit(workload, moment.snapshot.host)),
                                written(spread.least),
                                written(spread.most),
                                written(spread.mean),
                                written(guard::signal::working_set(workload)),
                                written(memory.usage),
                                written(memory.anon),
                                written(memory.file),
                                written(memory.inactive_file),
                                written(memory.shmem),
                                written(memory.kernel),
                                written(memory.peak),
                                written(memory.oom_kills),
                                written(cpu.used),
                                written(cpu.limit),
                                written(cpu.throttled),
                                written(workload.resources.pids.current)};
  std::string line;
  for (const std::string& field : fields) line.append(line.empty() ? "" : ",").append(field);
  return line + '\n';
}

std::string json_line(const Moment& moment, std::size_t index) {
  const Workload& workload = moment.snapshot.workloads[index];
  ordered_json json = {{"timestamp", unix_seconds(moment.snapshot.wall)},
                       {"workload", workload.name},
                       {"run", run_of(workload)},
                       {"resolution", name_of(moment.resolution)},
                       {"state", name_of(workload.lifecycle.state)},
                       {"starts", workload.lifecycle.starts},
                       {"last_exit", name_of(workload.lifecycle.last_exit)},
                       {"last_exit_code", workload.lifecycle.last_exit_code}};
  if (workload.lifecycle.started_at) json["started_at"] = unix_seconds(*workload.lifecycle.started_at);
  json["memory"] = memory_of(moment, workload);
  json["cpu"] = cpu_of(workload.resources);
  json["pressure"] = pressure_of(workload.resources.pressure);
  put(json["pids"], "current", workload.resources.pids.current);
  if (const auto& limit = workload.resources.pids.limit; limit)
    json["pids"]["limit"] = *limit == std::numeric_limits<std::int64_t>::max() ? ordered_json() : ordered_json(*limit);
  json["logs"] = logs_of(moment.snapshot, workload.name);
  json["probes"] = probes_of(moment.snapshot, workload.name);
  if (moment.resolution != Resolution::raw) json["summary"] = summary_json(summary_of(moment, index));
  // An empty part is one that nothing is known of.
  for (const char* part : {"memory", "cpu", "pressure", "pids", "logs", "probes"})
    if (json[part].empty()) json.erase(part);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace agent
