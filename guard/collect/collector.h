#pragma once
// Step 1, collect: reads every workload once and returns a snapshot. MachineCollector reads this host; simulations and
// tests use other implementations.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/action/children.h"
#include "guard/collect/engine_statistics.h"
#include "guard/collect/instances.h"
#include "guard/collect/log_watches.h"
#include "guard/collect/oom_watch.h"
#include "guard/collect/pid_file_target.h"
#include "guard/collect/probes.h"
#include "guard/collect/unit_target.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"
#include "guard/source/cgroup/tree.h"
#include "guard/source/docker/watch.h"
#include "guard/source/host/kernel_log.h"
#include "guard/source/host/mounts.h"
#include "guard/source/systemd/units.h"

namespace guard {

class Collector {
 public:
  virtual ~Collector() = default;
  // Workloads are in the order of the configuration, each present whatever its state. A selector that matches several
  // containers yields one workload for each.
  virtual sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) = 0;
  // The same for one workload: for the recheck right before an action.
  virtual sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) = 0;
};

// Sources of this host's readings. Null: not available.
struct MachineSources {
  std::string root = "/";
  source::EngineWatch* engine = nullptr;
  source::SystemdUnits* units = nullptr;
  const Children* children = nullptr;
  LogWatches* logs = nullptr;
  Probes* probes = nullptr;
};

// Reads cgroups, processes and the host on the calling thread (about 50 µs a workload). Engine and systemd data are the
// latest cached view of their watches. Not thread-safe.
class MachineCollector final : public Collector {
 public:
  MachineCollector(const config::Config& config, MachineSources sources);
  ~MachineCollector() override;
  // For a reload: takes over the assignment of containers to names.
  void inherit(const MachineCollector& previous);
  sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override;
  sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) override;

 private:
  // A workload's cgroup, located once for each identity, since locating costs more than reading.
  struct Located {
    std::string identity;
    base::Result<sample::Cgroup> cgroup = base::fail(base::Code::not_found, "not looked for yet");
  };
  struct TrackedWorkload {
    Instance instance;
    Located located;
    EngineStatistics statistics;
    UnitTarget unit;
    std::unique_ptr<PidFileTarget> pid_file;  // null unless the workload is named by a pid file
    std::string cgroup_path;                  // from the hierarchy's root, where it is known without asking; else ""
  };

  // Assigns containers to workloads, when the engine's list has changed.
  void assign_containers();
  void assign(const std::vector<source::Container>& containers);
  void leave(const std::string& name);
  sample::Workload read(TrackedWorkload& tracked);
  [[nodiscard]] const config::WorkloadConfig& config_of(const TrackedWorkload& tracked) const;
  void read_container(TrackedWorkload& tracked, sample::Workload& workload);
  void read_statistics(TrackedWorkload& tracked, const base::Error& unreadable, sample::Workload& workload);
  void read_child(TrackedWorkload& tracked, sample::Workload& workload);
  void read_cgroup_path(TrackedWorkload& tracked, sample::Workload& workload);
  void read_unit(TrackedWorkload& tracked, sample::Workload& workload);
  sample::Host read_host(base::SteadyTime now);
  void read_resources(const sample::Cgroup& cgroup, sample::Workload& workload);
  const base::Result<sample::Cgroup>& locate(TrackedWorkload& tracked, const sample::Identity& identity);
  [[nodiscard]] const source::Container* container_of(const TrackedWorkload& tracked) const;
  sample::SourceReport engine_report() const;
  sample::SourceReport cgroup_report(base::Duration took);

  const std::vector<config::WorkloadConfig> workloads_;
  Instances instances_;
  std::optional<base::SteadyTime> assigned_at_;  // refreshed_at of the list that was looked at
  std::vector<std::unique_ptr<TrackedWorkload>> tracked_;
  std::map<std::string, TrackedWorkload*, std::less<>> by_name_;
  MachineSources sources_;
  source::CgroupTree tree_;
  // Kept across a reload, with stuck mounts and counters.
  std::shared_ptr<source::HostMounts> mounts_;
  std::shared_ptr<source::KernelLog> kernel_log_;
  std::shared_ptr<OomWatch> ooms_;
  std::uint64_t cgroup_errors_ = 0;
  base::SteadyTime now_;  // of the tick under way
};

}  // namespace guard
