#pragma once
// The cgroup of one supervised command: made below the agent's own, capped, and held by a lock for as long as the agent
// lives, so that two agents with a command of one name never take each other's for a leftover.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "guard/sample/caps.h"
#include "guard/sample/cgroup.h"
#include "guard/source/cgroup/tree.h"

namespace agent {

class ChildCgroup {
 public:
  ChildCgroup() = default;
  ~ChildCgroup();
  ChildCgroup(const ChildCgroup&) = delete;
  ChildCgroup& operator=(const ChildCgroup&) = delete;

  // Makes it, or takes the one that is there. Once it is made, later calls do nothing. One that outlives the agent is
  // made beside the agent's own where it would not survive below it.
  // Errors: conflict (another agent holds it), permission_denied and the like (none can be had here).
  base::Status make(const std::string& name, bool outlives_agent = false);
  // Puts the caps in force; for an empty one: a limit below what is in use would kill. Elsewhere the guard does it.
  void apply(const std::string& name, const guard::sample::Caps& caps) const;
  // Where the command is beside the agent's cgroup its holder is, too.
  void take_holder(std::int64_t pid) const;
  // Whether somebody has taken its controllers away, as systemd does at a daemon-reload where nothing is delegated.
  // They and the caps are put back, or it is said why not.
  bool mend(const std::string& name, const guard::sample::Caps& caps);

  [[nodiscard]] const std::optional<guard::sample::Cgroup>& get() const { return cgroup_; }
  // What lives in it; empty when there is no cgroup.
  [[nodiscard]] std::vector<std::int64_t> processes() const;
  [[nodiscard]] std::optional<std::uint64_t> oom_kills() const;
  // Why what the cgroup says is not about this process: it is in another one. "" when it is in here, when there is no
  // cgroup and when nobody can tell.
  [[nodiscard]] std::string where_else(std::int64_t pid) const;

  // Kills what is left in it (waiting up to half a second), and takes it away. For the end of the command's
  // supervision.
  void remove(const std::string& name);

 private:
  base::Status lock(const std::string& name);

  std::optional<guard::sample::Cgroup> cgroup_;
  guard::sample::Cgroup parent_;
  bool is_beside_agent_ = false;
  bool is_broken_ = false;  // which was said
  mutable guard::source::CgroupTree tree_;
  int lock_ = -1;
};

}  // namespace agent
