#include "guard/collect/collector.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "guard/collect/container_target.h"
#include "guard/collect/pid_file_target.h"
#include "guard/source/host/host.h"
#include "guard/source/process/tree.h"

namespace guard {
namespace {

using sample::State;
using source::Container;

void set_unknown(sample::Workload& workload, std::string why) {
  workload.lifecycle.state = State::unknown;
  workload.lifecycle.why = std::move(why);
}

}  // namespace

MachineCollector::MachineCollector(const config::Config& config, MachineSources sources)
    : workloads_(config.workloads),
      instances_(workloads_),
      sources_(std::move(sources)),
      tree_(sources_.root),
      mounts_(std::make_shared<source::HostMounts>(sources_.root, config.host.mounts)),
      kernel_log_(std::make_shared<source::KernelLog>(sources_.root)),
      ooms_(std::make_shared<OomWatch>(is_first_pid_namespace(sources_.root))) {
  assign({});
}

MachineCollector::~MachineCollector() = default;

sample::Snapshot MachineCollector::collect(base::SteadyTime now, base::WallTime wall) {
  now_ = now;
  assign_containers();
  sample::Snapshot snapshot;
  snapshot.at = now;
  snapshot.wall = wall;
  const auto began = std::chrono::steady_clock::now();
  ooms_->note(kernel_log_->read(), wall);
  snapshot.workloads.reserve(tracked_.size());
  for (const auto& tracked : tracked_) {
    snapshot.workloads.push_back(read(*tracked));
    tracked->instance.renamed_from.clear();
  }
  const auto workloads_read = std::chrono::steady_clock::now();
  snapshot.host = read_host(now);
  const auto host_read = std::chrono::steady_clock::now();
  if (sources_.logs != nullptr) {
    sources_.logs->poll_files();
    snapshot.logs = sources_.logs->read();
  }
  snapshot.sources.push_back(cgroup_report(workloads_read - began));
  snapshot.sources.push_back({"host", snapshot.host.memory_total.has_value(), snapshot.host.memory_total.reason(),
                              host_read - workloads_read, 0});
  if (sources_.engine != nullptr) snapshot.sources.push_back(engine_report());
  if (sources_.units != nullptr) {
    const source::SystemdView& view = sources_.units->view();
    snapshot.sources.push_back({"systemd", view.up, view.why, view.took, view.errors});
  }
  if (sources_.probes != nullptr && !sources_.probes->empty()) {
    for (const sample::Workload& workload : snapshot.workloads) sources_.probes->observe(workload);
    snapshot.probes = sources_.probes->read();
    snapshot.sources.push_back(sources_.probes->report());
  }
  return snapshot;
}

sample::Snapshot MachineCollector::collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) {
  sample::Snapshot snapshot;
  snapshot.at = now;
  snapshot.wall = wall;
  const auto found = by_name_.find(workload);
  if (found != by_name_.end()) snapshot.workloads.push_back(read(*found->second));
  snapshot.host = read_host(now);
  if (sources_.logs != nullptr) snapshot.logs = sources_.logs->read();
  if (sources_.probes != nullptr) snapshot.probes = sources_.probes->read();
  return snapshot;
}

sample::Host MachineCollector::read_host(base::SteadyTime now) {
  sample::Host host = source::read_host(sources_.root);
  mounts_->read(now, host);
  ooms_->report(host);
  host.kernel_log_why = kernel_log_->why();
  return host;
}

// A command's cgroup is the agent's own or below it; for all others the machine's tree must be there.
sample::SourceReport MachineCollector::cgroup_report(base::Duration took) {
  const bool needs_others = std::ranges::any_of(workloads_, [](const config::WorkloadConfig& workload) {
    return workload.target.kind != sample::TargetKind::command && workload.target.kind != sample::TargetKind::pid_file;
  });
  const base::Status visible = needs_others ? tree_.visibility() : base::Status();
  return {"cgroup", visible.has_value(), visible ? "" : visible.error().message, took, cgroup_errors_};
}

sample::SourceReport MachineCollector::engine_report() const {
  const source::EngineView& view = sources_.engine->view();
  return {"engine", view.up, view.why, view.took, view.errors};
}

sample::Workload MachineCollector::read(TrackedWorkload& tracked) {
  const sample::Target& target = config_of(tracked).target;
  sample::Workload workload;
  workload.name = tracked.instance.name;
  workload.configured_as = config_of(tracked).name;
  workload.renamed_from = tracked.instance.renamed_from;
  workload.only_watched = tracked.instance.only_watched;
  workload.kind = target.kind;
  tracked.cgroup_path.clear();
  switch (target.kind) {
    case sample::TargetKind::container:
    case sample::TargetKind::compose_service:
    case sample::TargetKind::container_label: read_container(tracked, workload); break;
    case sample::TargetKind::command: read_child(tracked, workload); break;
    case sample::TargetKind::systemd_unit: read_unit(tracked, workload); break;
    case sample::TargetKind::cgroup: read_cgroup_path(tracked, workload); break;
    case sample::TargetKind::pid_file:
      if (!tracked.pid_file) tracked.pid_file = std::make_unique<PidFileTarget>(target.selector, sources_.root);
      tracked.pid_file->read(now_, workload);
      break;
  }
  ooms_->apply(workload, tracked.cgroup_path);
  return workload;
}

void MachineCollector::assign_containers() {
  if (sources_.engine == nullptr) return;
  const source::EngineView& view = sources_.engine->view();
  if (!view.up || assigned_at_ == view.refreshed_at) return;
  assigned_at_ = view.refreshed_at;
  const std::size_t left_out_before = instances_.left_out();
  assign(view.containers);
  if (instances_.left_out() > 0 && left_out_before == 0)
    base::log_warning(
        "workload limit reached: some matching containers are not guarded; narrow compose or container_label",
        {{"most", config::kMostWorkloads}, {"not_guarded", instances_.left_out()}});
}

// Workloads that kept their name keep what is known of them; what is called otherwise now goes under its new name.
void MachineCollector::assign(const std::vector<Container>& containers) {
  std::map<std::string, std::unique_ptr<TrackedWorkload>> before;
  for (auto& tracked : tracked_) before.emplace(tracked->instance.name, std::move(tracked));
  tracked_.clear();
  by_name_.clear();
  for (Instance& instance : instances_.assign(containers)) {
    const auto known = before.find(instance.renamed_from.empty() ? instance.name : instance.renamed_from);
    const bool is_known = known != before.end() && known->second != nullptr;
    auto& tracked = tracked_.emplace_back(is_known ? std::move(known->second) : std::make_unique<TrackedWorkload>());
    tracked->instance = std::move(instance);
    by_name_[tracked->instance.name] = tracked.get();
    if (sources_.logs != nullptr)
      sources_.logs->watch(tracked->instance.name, config_of(*tracked), tracked->instance.renamed_from);
  }
  for (const auto& [name, tracked] : before) {
    if (!by_name_.contains(name)) leave(name);
  }
}

// A workload that is no more: neither its log nor its health is looked at any longer.
void MachineCollector::leave(const std::string& name) {
  if (sources_.logs != nullptr) sources_.logs->forget(name);
  ooms_->forget(name);
  if (sources_.probes == nullptr) return;
  sample::Workload gone;
  gone.name = name;
  gone.lifecycle.state = State::absent;
  sources_.probes->observe(gone);
}

void MachineCollector::inherit(const MachineCollector& previous) {
  instances_.inherit(previous.instances_);
  assigned_at_.reset();
  assign_containers();
  if (mounts_->mounts() == previous.mounts_->mounts()) mounts_ = previous.mounts_;
  kernel_log_ = previous.kernel_log_;
  ooms_ = previous.ooms_;
  for (const auto& tracked : tracked_) {
    const auto before = previous.by_name_.find(tracked->instance.name);
    if (before == previous.by_name_.end() || config_of(*tracked).target != previous.config_of(*before->second).target)
      continue;
    tracked->unit = before->second->unit;
  }
}

const config::WorkloadConfig& MachineCollector::config_of(const TrackedWorkload& tracked) const {
  return workloads_.at(tracked.instance.configured);
}

const Container* MachineCollector::container_of(const TrackedWorkload& tracked) const {
  const Instance& instance = tracked.instance;
  if (!instance.container) return nullptr;
  const auto& containers = sources_.engine->view().containers;
  // The list may be a newer one than the assignment: a recheck happens at any time.
  if (*instance.container < containers.size() && containers[*instance.container].id == instance.container_id)
    return &containers[*instance.container];
  return sources_.engine->find(instance.container_id);
}

void MachineCollector::read_container(TrackedWorkload& tracked, sample::Workload& workload) {
  if (sources_.engine == nullptr) return set_unknown(workload, "no container engine is configured");
  const source::EngineView& view = sources_.engine->view();
  if (!view.up) return set_unknown(workload, "the container engine cannot be asked: " + view.why);
  const Container* container = container_of(tracked);
  if (sources_.logs != nullptr && container != nullptr) {
    sources_.logs->follow_container(tracked.instance.name, container->id, sources_.engine->starts_of(container->id));
  }
  if (container == nullptr) {
    workload.lifecycle.state = State::absent;
    return;
  }
  describe_container(*container, sources_.engine->starts_of(container->id),
                     sources_.engine->last_exit_of(container->name), workload);
  if (!container->inspected) return;
  if (container->pid > 0) {
    // A restarted container keeps its id; its processes, and with them the cgroup's counters, are new.
    sample::Identity run = workload.identity;
    run.key += "@" + std::to_string(container->pid);
    if (const auto& cgroup = locate(tracked, run))
      read_resources(*cgroup, workload);
    else
      read_statistics(tracked, cgroup.error(), workload);
  }
}

void MachineCollector::read_statistics(TrackedWorkload& tracked, const base::Error& unreadable,
                                       sample::Workload& workload) {
  const sample::Identity& identity = workload.identity;
  const std::string run = identity.key + "@" + std::to_string(identity.pid);
  tracked.statistics.ask_if_due(identity.container_id, run, now_, [this](const std::string& id, auto answer) {
    sources_.engine->read_stats(id, std::move(answer));
  });
  if (auto known = tracked.statistics.known(now_)) {
    workload.resources = std::move(*known);
    // Where the description does not tell the limits in force (Podman), the statistics tell that of memory.
    const auto& limit = workload.resources.memory.limit;
    sample::Caps& engine = workload.caps.engine.emplace(workload.caps.engine.value_or(sample::Caps{}));
    if (!engine.memory && limit) {
      const auto total = source::read_host(sources_.root).memory_total;
      if (total) engine.memory = *limit >= *total ? base::Bytes::unlimited() : *limit;
    }
    if (engine.cpus) workload.resources.cpu.limit = *engine.cpus;
  } else {
    workload.resources.memory.usage = sample::Reading<base::Bytes>::absent(
        unreadable.message + "; and the engine's statistics: " + known.error().message);
  }
}

void MachineCollector::read_child(TrackedWorkload& tracked, sample::Workload& workload) {
  auto view = sources_.children == nullptr ? std::nullopt : sources_.children->view(tracked.instance.name);
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

void MachineCollector::read_unit(TrackedWorkload& tracked, sample::Workload& workload) {
  const auto* view = sources_.units == nullptr ? nullptr : &sources_.units->view();
  UnitTarget::Found found = tracked.unit.read(config_of(tracked).target.selector, view, tree_, workload);
  tracked.cgroup_path = std::move(found.path);
  if (found.cgroup)
    read_resources(*found.cgroup, workload);
  else if (!found.unreadable.empty())
    workload.resources.memory.usage = sample::Reading<base::Bytes>::absent(found.unreadable);
}

void MachineCollector::read_cgroup_path(TrackedWorkload& tracked, sample::Workload& workload) {
  const std::string& path = config_of(tracked).target.selector;
  const auto cgroup = tree_.of_path(path);
  if (!cgroup) {
    if (cgroup.error().code != base::Code::not_found) return set_unknown(workload, cgroup.error().message);
    workload.lifecycle.state = State::absent;
    return;
  }
  tracked.cgroup_path = path;
  workload.identity.key = "cgroup:" + std::to_string(cgroup->inode);
  workload.lifecycle.state = State::running;
  read_resources(*cgroup, workload);
}

void MachineCollector::read_resources(const sample::Cgroup& cgroup, sample::Workload& workload) {
  workload.cgroup = cgroup;
  workload.resources = tree_.read(cgroup);
  workload.caps.kernel = tree_.read_caps(cgroup);
  workload.caps.has_memory_high = cgroup.memory.exists() && cgroup.memory.version == 2;
  if (!workload.resources.memory.usage) ++cgroup_errors_;
}

const base::Result<sample::Cgroup>& MachineCollector::locate(TrackedWorkload& tracked,
                                                             const sample::Identity& identity) {
  if (tracked.located.identity != identity.key || !tracked.located.cgroup) {
    tracked.located.identity = identity.key;
    tracked.located.cgroup = tree_.of_pid(identity.pid);
  } else if (const sample::Cgroup& known = *tracked.located.cgroup;
             !known.memory.exists() || !known.cpu.exists() || !known.pids.exists()) {
    tracked.located.cgroup = source::refresh_controllers(known);
  }
  return tracked.located.cgroup;
}

}  // namespace guard
