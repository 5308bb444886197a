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

namespace agent {

class ChildCgroup {
 public:
  ChildCgroup() = default;
  ~ChildCgroup();
  ChildCgroup(const ChildCgroup&) = delete;
  ChildCgroup& operator=(const ChildCgroup&) = delete;

  // Makes it, or takes the one that is there, and puts the caps in force. Once it is made, later calls do nothing.
  // Errors: conflict (another agent holds it), permission_denied and the like (none can be had here).
  base::Status make(const std::string& name, const guard::sample::Caps& caps);

  [[nodiscard]] const std::optional<guard::sample::Cgroup>& get() const { return cgroup_; }
  // What lives in it; empty when there is no cgroup.
  [[nodiscard]] std::vector<std::int64_t> processes() const;
  [[nodiscard]] std::optional<std::uint64_t> oom_kills() const;

  // Kills what is left in it (waiting up to half a second), and takes it away. For the end of the command's
  // supervision.
  void remove(const std::string& name);

 private:
  base::Status lock(const std::string& name);

  std::optional<guard::sample::Cgroup> cgroup_;
  int lock_ = -1;
};

}  // namespace agent
