#pragma once
// The first step of a sample's way: looks at every workload once and writes down what it saw. A Collector is
// the guard's eyes; the real one reads this machine, a simulation puts another in its place.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/children.h"
#include "guard/config/config.h"
#include "guard/engine_statistics.h"
#include "guard/instances.h"
#include "guard/log_watches.h"
#include "guard/oom_watch.h"
#include "guard/pid_file_target.h"
#include "guard/probes.h"
#include "guard/sample/snapshot.h"
#include "guard/source/cgroup_tree.h"
#include "guard/source/engine_watch.h"
#include "guard/source/host_mounts.h"
#include "guard/source/kernel_log.h"
#include "guard/source/systemd_units.h"
#include "guard/unit_target.h"

namespace guard {

class Collector {
 public:
  virtual ~Collector() = default;
  // Workloads come in the configuration's order, each present whatever its state; several of a selector that matches
  // several containers.
  virtual sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) = 0;
  // The same, of one workload alone: for the look right before an action.
  virtual sample::Snapshot look_again(const std::string& workload, base::SteadyTime now, base::WallTime wall) = 0;
};

// Where the machine's own readings come from. Pointers may be null where there is nothing of the kind.
struct MachineSources {
  std::string root = "/";
  source::EngineWatch* engine = nullptr;
  source::SystemdUnits* units = nullptr;
  const Children* children = nullptr;
  LogWatches* logs = nullptr;
  Probes* probes = nullptr;
};

// Reads cgroups, processes and the host on the calling thread (about 50 µs a workload), and the engine's and systemd's
// view as their watches last had it. Not thread-safe.
class MachineCollector final : public Collector {
 public:
  MachineCollector(const config::Config& config, MachineSources sources);
  ~MachineCollector() override;
  // Takes over which container is called what. For a reload.
  void inherit(const MachineCollector& previous);
  sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override;
  sample::Snapshot look_again(const std::string& workload, base::SteadyTime now, base::WallTime wall) override;

 private:
  // A workload's cgroup, found once for each identity: finding costs more than reading.
  struct Located {
    std::string identity;
    base::Result<sample::Cgroup> cgroup = base::fail(base::Code::not_found, "not looked for yet");
  };
  struct Watched {
    Instance instance;
    Located located;
    EngineStatistics statistics;
    UnitTarget unit;
    std::unique_ptr<PidFileTarget> pid_file;  // of a pid file
    std::string cgroup_path;  // from the hierarchy's root, where it is known without asking; else ""
  };

  // Who is who in the engine's list of now; only when that list is another than at the last look.
  void assign_containers();
  void assign(const std::vector<source::Container>& containers);
  void leave(const std::string& name);
  sample::Workload read(Watched& watched);
  [[nodiscard]] const config::WorkloadConfig& config_of(const Watched& watched) const;
  void read_container(Watched& watched, sample::Workload& workload);
  void read_statistics(Watched& watched, const base::Error& unreadable, sample::Workload& workload);
  void read_child(Watched& watched, sample::Workload& workload);
  void read_cgroup_path(Watched& watched, sample::Workload& workload);
  void read_unit(Watched& watched, sample::Workload& workload);
  sample::Host read_host(base::SteadyTime now);
  void read_resources(const sample::Cgroup& cgroup, sample::Workload& workload);
  const base::Result<sample::Cgroup>& locate(Watched& watched, const sample::Identity& identity);
  [[nodiscard]] const source::Container* container_of(const Watched& watched) const;
  sample::SourceReport engine_report() const;
  sample::SourceReport cgroup_report(base::Duration took);

  const std::vector<config::WorkloadConfig> workloads_;
  Instances instances_;
  std::optional<base::SteadyTime> assigned_at_;  // refreshed_at of the list that was looked at
  std::vector<std::unique_ptr<Watched>> watched_;
  std::map<std::string, Watched*, std::less<>> by_name_;
  MachineSources sources_;
  source::CgroupTree tree_;
  // Outlive a reload: what hangs or was counted stays so.
  std::shared_ptr<source::HostMounts> mounts_;
  std::shared_ptr<source::KernelLog> kernel_log_;
  std::shared_ptr<OomWatch> ooms_;
  std::uint64_t cgroup_errors_ = 0;
  base::SteadyTime now_;  // of the tick under way
};

}  // namespace guard
