#pragma once
// Finds and reads cgroups: v1, v2 and hybrid hosts behind one face. A workload's pid or path becomes a
// sample::Cgroup (its folder per controller); that becomes readings, each present or absent with its reason.
// The hierarchies come from /proc/self/mountinfo, so a container that sees only its own part of them, or the
// host's tree mounted somewhere else, is understood; what cannot be seen is said to be so, never guessed.
//
// Everything is read below a root folder, so that a fixture tree stands in for the machine. Not thread-safe: one
// tree a thread, since files stay open between sweeps (cgroup/reader.h). No call blocks on anything but the kernel's
// own locks; a sweep of one cgroup costs about 40 µs.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"
#include "guard/source/cgroup/mounts.h"
#include "guard/source/fs.h"

namespace guard::source {

class CgroupReader;

class CgroupTree {
 public:
  // `files` must outlive the tree.
  explicit CgroupTree(std::string root = "/", const SmallFiles& files = SmallFiles::system());
  ~CgroupTree();

  // Whether the cgroups of other containers and services can be seen here: the machine's tree is mounted, and our own
  // place in it is known. Errors: unavailable, saying what to mount.
  base::Status visibility();

  // The cgroup that a process is in. On v1 its places differ between hierarchies; one that is above its deepest place
  // is shared with others (systemd without accounting leaves services in "/"), and so is the machine's root: such a
  // controller is missing from the answer, since its figures and limits are not this workload's.
  // Errors: not_found (no such process, its cgroup is outside of what is mounted here, or it has none of its own),
  // unavailable (no cgroup file system is mounted), permission_denied.
  base::Result<sample::Cgroup> of_pid(std::int64_t pid);

  // "/system.slice/x.service": the folders of that name below each hierarchy's root; those that do not exist are
  // missing from the answer. "/" gives the roots themselves, as a parent for new cgroups.
  // Errors: invalid_argument (not absolute, or a ".." in it), not_found (in no hierarchy), unavailable.
  base::Result<sample::Cgroup> of_path(std::string_view path);

  // The agent's own place in every hierarchy, roots and shared ones included: where it makes cgroups for its children
  // (guard/action/cgroup_files.h). From its own leaf (sample::kAgentLeaf) it is the cgroup above. Never a workload to
  // be capped. Errors as of_pid.
  base::Result<sample::Cgroup> of_self();

  // Everything the cgroup tells. A folder that is gone, or another one under the same name (other inode), makes
  // every reading absent.
  [[nodiscard]] sample::Resources read(const sample::Cgroup& cgroup) const;

  // The limits in force. "None" reads as unlimited() (v2's memory.low has no such word: none is 0 bytes there).
  // A field that could not be read is empty.
  [[nodiscard]] sample::Caps read_caps(const sample::Cgroup& cgroup) const;

  // Pids in the cgroup itself, not in those below it; ascending, each once. Errors: not_found, permission_denied.
  base::Result<std::vector<std::int64_t>> processes(const sample::Cgroup& cgroup) const;

 private:
  base::Status find_mounts();
  [[nodiscard]] std::vector<std::string> find_own_names(const CgroupMount& mount, int steps) const;
  base::Result<std::vector<CgroupMembership>> memberships(std::string_view proc_folder) const;

  std::string root_;
  std::unique_ptr<CgroupReader> reader_;
  std::vector<CgroupMount> mounts_;
};

// The same cgroup with the controllers that it has now. On v2 they are enabled and disabled while it exists: systemd
// enables one for the first unit of a slice that needs it.
sample::Cgroup refresh_controllers(const sample::Cgroup& cgroup);

// The limits among a cgroup's readings; an absent one is an empty field. Saves reading the files again.
sample::Caps caps_of(const sample::Resources& resources);

}  // namespace guard::source
