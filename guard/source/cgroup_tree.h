#pragma once
// Finds and reads cgroups: v1, v2 and hybrid hosts behind one face. A workload's pid or path becomes a
// sample::Cgroup (its folder per controller); that becomes readings, each present or absent with its reason.
// The hierarchies come from /proc/self/mountinfo, so a container that sees only its own part of them, or the
// host's tree mounted somewhere else, is understood; what cannot be seen is said to be so, never guessed.
//
// Everything is read below a root folder, so that a fixture tree stands in for the machine. Not thread-safe: one
// tree a thread. No call blocks on anything but the kernel's own locks; a sweep of one cgroup costs about 50 µs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"
#include "guard/source/cgroup_mounts.h"
#include "guard/source/fs.h"

namespace guard::source {

class CgroupTree {
 public:
  // `files` must outlive the tree.
  explicit CgroupTree(std::string root = "/", const SmallFiles& files = SmallFiles::system());

  // The cgroup that a process is in. A controller in which the process sits in the machine's root cgroup is
  // missing from the answer: its figures and limits would be the whole machine's.
  // Errors: not_found (no such process, its cgroup is outside of what is mounted here, or it is in the root of
  // every hierarchy), unavailable (no cgroup file system is mounted), permission_denied.
  base::Result<sample::Cgroup> of_pid(std::int64_t pid);

  // "/system.slice/x.service": the folders of that name below each hierarchy's root; those that do not exist are
  // missing from the answer. "/" gives the roots themselves, as a parent for new cgroups.
  // Errors: invalid_argument (not absolute, or a ".." in it), not_found (in no hierarchy), unavailable.
  base::Result<sample::Cgroup> of_path(std::string_view path);

  // The agent's own place in every hierarchy, the root included: where it makes cgroups for its children
  // (guard/action/cgroup_files.h). Never a workload to be capped. Errors as of_pid.
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
  enum class Roots { refuse, accept };
  base::Result<sample::Cgroup> of_process(std::string_view proc_folder, Roots roots);
  base::Status find_mounts();

  std::string root_;
  const SmallFiles& files_;
  std::vector<CgroupMount> mounts_;
};

}  // namespace guard::source
