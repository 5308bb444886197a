#pragma once
// A systemd unit as a workload. systemd is asked (guard/source/systemd_units.h); where it cannot be, a unit whose
// cgroup is found in the system slice runs, and any other is unknown. One run keeps one identity whoever tells of it,
// so that a bus that comes or goes is no restart.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "guard/sample/snapshot.h"
#include "guard/source/cgroup_tree.h"
#include "guard/source/systemd_units.h"

namespace guard {

class UnitTarget {
 public:
  struct Found {
    std::optional<sample::Cgroup> cgroup;
    std::string path;        // of the cgroup; "" when it has none
    std::string unreadable;  // why a cgroup that it has cannot be read
  };
  // Fills identity and lifecycle. `view` null: systemd is not asked.
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
  // True when it is another run than before.
  bool note_run(const std::string& unit, const std::string& invocation, std::uint64_t inode);

  Run run_;
  sample::Lifecycle last_;                 // as last known
  std::string path_;                       // of its cgroup, as last known
  std::optional<std::uint64_t> restarts_;  // systemd's count, as last known
  std::uint64_t unconfirmed_ = 0;          // starts since then that systemd has not confirmed
  std::uint64_t starts_ = 0;
};

}  // namespace guard
