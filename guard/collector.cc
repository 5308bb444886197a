#include "guard/collector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "guard/selection.h"
#include "guard/source/host.h"
#include "guard/source/process_tree.h"

namespace guard {
namespace {

using sample::State;
using source::Container;
using source::ContainerState;

State state_of(ContainerState state) {
  switch (state) {
    case ContainerState::running:
    case ContainerState::paused: return State::running;
    case ContainerState::restarting:
    case ContainerState::created: return State::starting;
    case ContainerState::removing:
    case ContainerState::exited:
    case ContainerState::dead: return State::stopped;
    case ContainerState::unknown: break;
  }
  return State::unknown;
}

sample::ExitReason reason_of(const source::LastExit& exit) {
  if (exit.oom_killed) return sample::ExitReason::oom_kill;
  if (exit.exit_code == 0) return sample::ExitReason::clean;
  return exit.exit_code > 128 ? sample::ExitReason::signal : sample::ExitReason::error;
}

// How often the engine is asked where the kernel cannot be.
constexpr base::Duration kStatisticsInterval = std::chrono::seconds(10);

void set_unknown(sample::Workload& workload, std::string why) {
  workload.lifecycle.state = State::unknown;
  workload.lifecycle.why = std::move(why);
}

}  // namespace

MachineCollector::MachineCollector(const config::Config& config, MachineSources sources)
    : mounts_(config.host.mounts), sources_(std::move(sources)), tree_(sources_.root) {
  for (const config::WorkloadConfig& workload : config.workloads) {
    Watched& watched = watched_.emplace_back();
    watched.name = workload.name;
    watched.target = workload.target;
  }
}

MachineCollector::~MachineCollector() = default;

sample::Snapshot MachineCollector::collect(base::SteadyTime now, base::WallTime wall) {
  now_ = now;
  sample::Snapshot snapshot;
  snapshot.at = now;
  snapshot.wall = wall;
  const auto began = std::chrono::steady_clock::now();
  snapshot.workloads.reserve(watched_.size());
  for (Watched& watched : watched_) snapshot.workloads.push_back(read(watched));
  const auto workloads_read = std::chrono::steady_clock::now();
  snapshot.host = source::read_host(sources_.root, mounts_);
  const auto host_read = std::chrono::steady_clock::now();
  if (sources_.logs != nullptr) {
    sources_.logs->poll_files();
    snapshot.logs = sources_.logs->read();
  }
  snapshot.sources.push_back({"cgroup", true, "", workloads_read - began, cgroup_errors_});
  snapshot.sources.push_back({"host", snapshot.host.memory_total.has_value(), snapshot.host.memory_total.reason(),
                              host_read - workloads_read, 0});
  if (sources_.engine != nullptr) snapshot.sources.push_back(engine_report());
  if (sources_.probes != nullptr && !sources_.probes->empty()) {
    for (const sample::Workload& workload : snapshot.workloads) sources_.probes->observe(workload);
    snapshot.probes = sources_.probes->read();
    snapshot.sources.push_back(sources_.probes->report());
  }
  return snapshot;
}

sample::Snapshot MachineCollector::look_again(const std::string& workload, base::SteadyTime now, base::WallTime wall) {
  sample::Snapshot snapshot;
  snapshot.at = now;
  snapshot.wall = wall;
  const auto found = std::ranges::find(watched_, workload, &Watched::name);
  if (found != watched_.end()) snapshot.workloads.push_back(read(*found));
  snapshot.host = source::read_host(sources_.root, mounts_);
  if (sources_.logs != nullptr) snapshot.logs = sources_.logs->read();
  if (sources_.probes != nullptr) snapshot.probes = sources_.probes->read();
  return snapshot;
}

sample::SourceReport MachineCollector::engine_report() const {
  const source::EngineView& view = sources_.engine->view();
  return {"engine", view.up, view.why, view.took, view.errors};
}

sample::Workload MachineCollector::read(Watched& watched) {
  sample::Workload workload;
  workload.name = watched.name;
  workload.kind = watched.target.kind;
  switch (watched.target.kind) {
    case sample::TargetKind::container:
    case sample::TargetKind::compose_service:
    case sample::TargetKind::container_label: read_container(watched, workload); break;
    case sample::TargetKind::command: read_child(watched, workload); break;
    case sample::TargetKind::systemd_unit:
    case sample::TargetKind::cgroup: read_cgroup_path(watched, workload); break;
    case sample::TargetKind::pid_file: read_pid_file(watched, workload); break;
  }
  return workload;
}

const Container* MachineCollector::find_container(const sample::Target& target) const {
  // Of several (a service that was scaled, a stopped one beside its successor) the running one is meant.
  const Container* chosen = nullptr;
  for (const Container& container : sources_.engine->view().containers) {
    if (!selects(target, container)) continue;
    if (container.state == ContainerState::running) return &container;
    if (chosen == nullptr) chosen = &container;
  }
  return chosen;
}

void MachineCollector::read_container(Watched& watched, sample::Workload& workload) {
  if (sources_.engine == nullptr) return set_unknown(workload, "no container engine is configured");
  const source::EngineView& view = sources_.engine->view();
  if (!view.up) return set_unknown(workload, "the container engine cannot be asked: " + view.why);
  const Container* container = find_container(watched.target);
  if (sources_.logs != nullptr && container != nullptr) {
    sources_.logs->follow_container(watched.name, container->id, sources_.engine->starts_of(container->name));
  }
  if (container == nullptr) {
    workload.lifecycle.state = State::absent;
    return;
  }
  workload.identity = {"container:" + container->id, container->id, container->image, container->pid};
  if (!container->inspected) return set_unknown(workload, "not inspected yet");
  workload.lifecycle.state = state_of(container->state);
  workload.lifecycle.started_at = container->started_at;
  workload.lifecycle.starts = sources_.engine->starts_of(container->name);
  if (const auto exit = sources_.engine->last_exit_of(container->name)) {
    workload.lifecycle.last_exit = reason_of(*exit);
    workload.lifecycle.last_exit_code = exit->exit_code;
  }
  workload.caps.engine = container->caps;
  workload.caps.engine_memory_swap = container->memory_swap;
  if (container->pid > 0) {
    // A restarted container keeps its id; its processes, and with them the cgroup's counters, are new.
    sample::Identity run = workload.identity;
    run.key += "@" + std::to_string(container->pid);
    if (const auto& cgroup = locate(watched, run))
      read_resources(*cgroup, workload);
    else
      read_statistics(watched, cgroup.error(), workload);
  }
}

void MachineCollector::read_statistics(Watched& watched, const base::Error& unreadable, sample::Workload& workload) {
  EngineStatistics& statistics = watched.statistics;
  if (statistics.container_id != workload.identity.container_id) {
    statistics = {};
    statistics.container_id = workload.identity.container_id;
  }
  if (!statistics.asked_at || now_ - *statistics.asked_at >= kStatisticsInterval) {
    statistics.asked_at = now_;
    sources_.engine->read_stats(statistics.container_id,
                                [&statistics, id = statistics.container_id](base::Result<sample::Resources> answer) {
                                  if (statistics.container_id != id) return;
                                  statistics.why = answer ? "" : answer.error().message;
                                  if (answer) statistics.resources = std::move(*answer);
                                  statistics.is_new = answer.has_value();
                                });
  }
  if (!statistics.why.empty()) {
    workload.resources.memory.usage =
        sample::Reading<base::Bytes>::absent(unreadable.message + "; and the engine's statistics: " + statistics.why);
    return;
  }
  workload.resources = statistics.resources;
  // A counter that is told again at each tick would make a rate of 0, 0, 0 and then too much.
  if (!std::exchange(statistics.is_new, false)) {
    const std::string reason = "the engine is asked for it every " + base::format_duration(kStatisticsInterval);
    workload.resources.cpu.used = sample::Reading<base::Duration>::absent(reason);
    workload.resources.cpu.throttled = sample::Reading<base::Duration>::absent(reason);
  }
}

void MachineCollector::read_child(Watched& watched, sample::Workload& workload) {
  auto view = sources_.children == nullptr ? std::nullopt : sources_.children->view(watched.name);
  if (!view) return set_unknown(workload, "the supervisor does not know it");
  workload.lifecycle = std::move(view->lifecycle);
  workload.identity = std::move(view->identity);
  if (workload.identity.pid <= 0) return;
  if (!view->why_unreadable.empty())
    workload.resources.memory.usage = sample::Reading<base::Bytes>::absent(view->why_unreadable);
  else if (view->cgroup)
    read_resources(*view->cgroup, workload);
  else
    workload.resources = source::read_process_tree(sources_.root, workload.identity.pid);
}

void MachineCollector::read_cgroup_path(Watched& watched, sample::Workload& workload) {
  const bool is_unit = watched.target.kind == sample::TargetKind::systemd_unit;
  const auto cgroup = tree_.of_path(is_unit ? "/system.slice/" + watched.target.selector : watched.target.selector);
  if (!cgroup) {
    if (cgroup.error().code != base::Code::not_found) return set_unknown(workload, cgroup.error().message);
    workload.lifecycle.state = State::absent;
    return;
  }
  workload.identity.key = "cgroup:" + std::to_string(cgroup->inode);
  workload.lifecycle.state = State::running;
  read_resources(*cgroup, workload);
}

void MachineCollector::read_pid_file(Watched& watched, sample::Workload& workload) {
  const auto pid = source::read_pid_file(watched.target.selector);
  if (!pid) {
    if (pid.error().code != base::Code::not_found) return set_unknown(workload, pid.error().message);
    workload.lifecycle.state = State::absent;
    return;
  }
  const auto identity = source::process_identity(sources_.root, *pid);
  if (!identity) {
    if (identity.error().code != base::Code::not_found) return set_unknown(workload, identity.error().message);
    workload.lifecycle.state = State::stopped;
    return;
  }
  workload.identity = {*identity, "", "", *pid};
  workload.lifecycle.state = State::running;
  // The process's own cgroup is often one that it shares (a login session, the root): its tree is what is meant.
  workload.resources = source::read_process_tree(sources_.root, *pid);
}

void MachineCollector::read_resources(const sample::Cgroup& cgroup, sample::Workload& workload) {
  workload.cgroup = cgroup;
  workload.resources = tree_.read(cgroup);
  workload.caps.kernel = tree_.read_caps(cgroup);
  workload.caps.has_memory_high = cgroup.memory.exists() && cgroup.memory.version == 2;
  if (!workload.resources.memory.usage) ++cgroup_errors_;
}

const base::Result<sample::Cgroup>& MachineCollector::locate(Watched& watched, const sample::Identity& identity) {
  if (watched.located.identity != identity.key || !watched.located.cgroup) {
    watched.located.identity = identity.key;
    watched.located.cgroup = tree_.of_pid(identity.pid);
  }
  return watched.located.cgroup;
}

}  // namespace guard
