#include "guard/telemetry/catalogue.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace guard::telemetry {
namespace {

using enum MetricType;

constexpr MetricDefinition kCatalogue[] = {
    {"leakguard_build_info", gauge, "Always 1; the version and revision of the agent are its labels."},
    {"leakguard_workload_info", gauge, "Always 1; what the workload is: kind, container id and image."},
    {"leakguard_workload_up", gauge,
     "1 when the workload runs, 0 when it is stopped or absent; no series while unknown."},
    {"leakguard_workload_memory_usage_bytes", gauge, "Memory charged to the workload, page cache included."},
    {"leakguard_workload_memory_unreclaimable_bytes", gauge,
     "Unreclaimable memory: anonymous, shared and, on cgroup v2, kernel memory."},
    {"leakguard_workload_memory_working_set_bytes", gauge,
     "Memory usage less inactive page cache; active page cache, which can be reclaimed, is still in it."},
    {"leakguard_workload_memory_anon_bytes", gauge, "Anonymous memory: heap, stacks, private mappings."},
    {"leakguard_workload_memory_file_bytes", gauge, "Page cache."},
    {"leakguard_workload_memory_limit_bytes", gauge, "Memory limit in force; +Inf when there is none."},
    {"leakguard_workload_memory_peak_bytes", gauge, "Highest memory usage that the kernel recorded."},
    {"leakguard_workload_cpu_usage_seconds_total", counter, "CPU time consumed."},
    {"leakguard_workload_cpu_limit_cores", gauge, "CPU cap in cores; +Inf when there is none."},
    {"leakguard_workload_cpu_periods_total", counter, "CPU enforcement periods in which the workload was runnable."},
    {"leakguard_workload_cpu_throttled_periods_total", counter,
     "CPU enforcement periods in which the workload was throttled."},
    {"leakguard_workload_cpu_throttled_seconds_total", counter, "Time that the workload was throttled."},
    {"leakguard_workload_pids", gauge, "Processes and threads of the workload."},
    {"leakguard_workload_pressure_stalled_seconds_total", counter, "Time stalled on a resource: kind some or full."},
    {"leakguard_workload_oom_kills_total", counter,
     "OOM kills since the guard first saw the workload, across its restarts."},
    {"leakguard_workload_restarts_total", counter,
     "Restarts since the guard first saw the workload, by why the run before ended."},
    {"leakguard_workload_restart_loop", gauge, "1 while the workload restarts more often than allowed."},
    {"leakguard_workload_start_time_seconds", gauge, "Unix time at which the current run began."},
    {"leakguard_workload_memory_growth_bytes_per_second", gauge,
     "Robust slope of the memory that cannot be reclaimed."},
    {"leakguard_workload_memory_time_to_limit_seconds", gauge,
     "Time until memory reaches its limit at this growth; +Inf when it never does."},
    {"leakguard_workload_memory_time_to_limit_lower_seconds", gauge,
     "The earliest that memory reaches its limit: at the upper end of the growth's 95 % interval."},
    {"leakguard_workload_leak_state", gauge, "1 for the state that the leak detector is in, 0 for the others."},
    {"leakguard_workload_cap_desired", gauge, "The cap as configured: bytes, cores or a count."},
    {"leakguard_workload_cap_drift", gauge, "1 while the cap in force is not the one configured."},
    {"leakguard_workload_cap_refused", gauge, "1 while the engine or the kernel refuses the configured cap."},
    {"leakguard_log_matches_total", counter, "Lines that matched the expected pattern."},
    {"leakguard_log_last_match_timestamp_seconds", gauge, "Unix time of the last matching line."},
    {"leakguard_log_overdue", gauge, "1 when the expected line has not come within its interval and grace."},
    {"leakguard_log_source_up", gauge, "1 while the log can be read; 0 says nothing about the line itself."},
    {"leakguard_log_lag_bytes", gauge,
     "Bytes of the log file that were written and not read yet; while it is above 0, overdue is unknown."},
    {"leakguard_log_expected_interval_seconds", gauge, "How often the line is expected."},
    {"leakguard_log_memory_given_back_bytes", gauge,
     "What memory fell by across the last expected line; less than 0 when it rose."},
    {"leakguard_log_value", gauge, "Last number captured from the line."},
    {"leakguard_health_up", gauge,
     "1 while the health probe finds the workload healthy, 0 while unhealthy; no series while unknown."},
    {"leakguard_health_duration_seconds", gauge, "How long the health probe's last answer took."},
    {"leakguard_health_failures_total", counter, "Probes that failed, those within the start period left out."},
    {"leakguard_actions_total", counter, "Actions decided on, by what became of them."},
    {"leakguard_action_rate_used", gauge, "Enforcing actions on the workload within the window of its action rate limit."},
    {"leakguard_action_rate_limit", gauge, "Action rate limit: maximum number of enforcing actions within its window."},
    {"leakguard_stop_latched", gauge, "1 while the workload is stopped by a rule and has not been started since."},
    {"leakguard_maintenance", gauge, "1 while a maintenance window of the workload is open: rules only notify."},
    {"leakguard_rule_step", gauge, "Current step of the rule's escalation, from 1; 0 for none."},
    {"leakguard_action_duration_seconds", histogram, "How long actions took to carry out and verify."},
    {"leakguard_breach_to_action_seconds", histogram,
     "From the moment a condition became true to the end of the action, the rule's `for` included."},
    {"leakguard_source_up", gauge, "1 while the source can be read."},
    {"leakguard_source_duration_seconds", gauge, "How long the source's last reading took."},
    {"leakguard_source_errors_total", counter, "Readings of the source that failed."},
    {"leakguard_ticks_total", counter, "Sampling ticks that ran."},
    {"leakguard_journal_errors_total", counter, "Records of actions that could not be written to the journal."},
    {"leakguard_ticks_late_total", counter, "Sampling ticks that were missed since the one before ran late."},
    {"leakguard_config_last_reload_successful", gauge, "1 when the last reload of the configuration succeeded."},
    {"leakguard_config_last_reload_success_timestamp_seconds", gauge,
     "Unix time of the last configuration that was taken."},
    {"leakguard_host_memory_total_bytes", gauge, "Memory of the machine."},
    {"leakguard_host_memory_available_bytes", gauge,
     "Memory that can be used without swapping, by the kernel's estimate."},
    {"leakguard_host_swap_total_bytes", gauge, "Swap of the machine."},
    {"leakguard_host_swap_free_bytes", gauge, "Swap not in use."},
    {"leakguard_host_load1", gauge, "Load average over 1 minute."},
    {"leakguard_host_load5", gauge, "Load average over 5 minutes."},
    {"leakguard_host_load15", gauge, "Load average over 15 minutes."},
    {"leakguard_host_cores", gauge, "Processors online."},
    {"leakguard_host_pressure_stalled_seconds_total", counter,
     "Time the machine stalled on a resource: kind some or full."},
    {"leakguard_host_oom_kills_total", counter,
     "Processes that the kernel's OOM killer ended on the machine since it started, in cgroups and outside of them."},
    {"leakguard_host_disk_size_bytes", gauge, "Size of the file system at the mount."},
    {"leakguard_host_disk_available_bytes", gauge, "Space that users may still fill."},
    {"leakguard_history_bytes", gauge, "Disk space that the agent's own history takes, within agent.history.max_size."},
    {"leakguard_history_samples_dropped_total", counter,
     "Samples, one a workload and tick, that are missing from the history since the disk did not take them."},
    {"leakguard_history_writes_total", counter, "Writes of the history, by whether they were done or failed."},
    {"process_cpu_seconds_total", counter, "CPU time that the agent itself consumed."},
    {"process_resident_memory_bytes", gauge, "Resident memory of the agent itself."},
    {"process_virtual_memory_bytes", gauge, "Virtual memory of the agent itself."},
    {"process_start_time_seconds", gauge, "Unix time at which the agent started."},
    {"process_open_fds", gauge, "File descriptors that the agent has open."},
    {"process_max_fds", gauge, "File descriptors that the agent may have open."},
};

}  // namespace

std::span<const MetricDefinition> catalogue() { return kCatalogue; }

std::size_t index_of(std::string_view name) {
  const auto* const found = std::ranges::find(kCatalogue, name, &MetricDefinition::name);
  if (found == std::end(kCatalogue)) {
    std::fprintf(stderr, "metric %.*s is not in the catalogue\n", static_cast<int>(name.size()), name.data());
    std::abort();
  }
  return static_cast<std::size_t>(found - std::begin(kCatalogue));
}

}  // namespace guard::telemetry
