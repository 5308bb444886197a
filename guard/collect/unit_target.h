#pragma once
// Reads a systemd unit as a workload. systemd is asked over D-Bus (guard/source/systemd/units.h). Without it, a unit
// whose cgroup is found in the system slice is running, and any other is unknown. A run keeps its identity in both
// cases, so a bus connection that comes or goes is not a restart.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "guard/sample/snapshot.h"
#include "guard/source/cgroup/tree.h"
#include "guard/source/systemd/units.h"

namespace guard {

class UnitTarget {
 public:
  struct Found {
    std::optional<sample::Cgroup> cgroup;
    std::string path;        // path of the cgroup; "" for none
    std::string unreadable;  // why its cgroup cannot be read
  };
  // Fills in identity and lifecycle. `view` is null when systemd is not asked.
  Found read(const std::string& unit, const source::SystemdView* view, source::CgroupTree& tree,
             sample::Workload& workload);

 private:
  struct Run {
    std::string identity;
    std::string invocation;   // "" when unknown
    std::uint64_t inode = 0;  // of its cgroup; 0 when unknown
  };

  void take(const std::string& unit, const source::SystemdUnit& known, sample::Workload& workload, Found& found,
            source::CgroupTree& tree);
  void fall_back(const std::string& unit, const base::Error& why, sample::Workload& workload, Found& found,
                 source::CgroupTree& tree);
  // True for a new run.
  bool note_run(const std::string& unit, const std::string& invocation, std::uint64_t inode);

  Run run_;
  sample::Lifecycle last_;                 // as last known
  std::string path_;                       // of its cgroup, as last known
  std::optional<std::uint64_t> restarts_;  // systemd's count, as last known
  std::uint64_t unconfirmed_ = 0;          // starts that systemd has not confirmed yet
  std::uint64_t starts_ = 0;
};

}  // namespace guard
