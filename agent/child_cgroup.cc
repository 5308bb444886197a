#include "agent/child_cgroup.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "guard/action/cgroup_files.h"
#include "guard/source/cgroup_tree.h"

namespace agent {
namespace {

// What is left behind is killed at once, but the kernel takes a moment to be done with it.
constexpr auto kEnd = std::chrono::milliseconds(500);

std::vector<std::string> folders_of(const guard::sample::Cgroup& cgroup) {
  std::vector<std::string> folders;
  for (const auto* folder : {&cgroup.memory, &cgroup.cpu, &cgroup.cpuacct, &cgroup.pids}) {
    if (folder->exists()) folders.push_back(folder->path);
  }
  return folders;
}

}  // namespace

ChildCgroup::~ChildCgroup() {
  if (lock_ >= 0) ::close(lock_);
}

base::Status ChildCgroup::make(const std::string& name, const guard::sample::Caps& caps) {
  if (cgroup_) return {};
  auto own = guard::source::CgroupTree().of_self();
  if (!own) return base::fail(own.error());
  auto made = guard::action::create_child_cgroup(*own, "leakguard-" + name);
  if (!made) return base::fail(made.error());
  // One that an agent of another user left behind is there, and cannot be entered.
  for (const std::string& folder : folders_of(*made)) {
    if (::access((folder + "/cgroup.procs").c_str(), W_OK) != 0) {
      return base::fail(base::error_from_errno(errno, folder + "/cgroup.procs"));
    }
  }
  cgroup_ = *made;
  if (auto locked = lock(name); !locked) {
    cgroup_.reset();
    return locked;
  }
  if (auto applied = guard::action::apply_caps(*cgroup_, caps); !applied) {
    base::log_warning("a cap is not in force yet", {{"workload", name}, {"error", applied.error().message}});
  }
  return {};
}

base::Status ChildCgroup::lock(const std::string& name) {
  const auto folders = folders_of(*cgroup_);
  if (folders.empty()) return {};
  const int folder = ::open(folders.front().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return base::fail(base::error_from_errno(errno, "open " + folders.front()));
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0) {
    ::close(folder);
    return base::fail(base::Code::conflict,
                      "another agent supervises a command called " + name + " already; give this one another name");
  }
  lock_ = folder;
  return {};
}

std::vector<std::int64_t> ChildCgroup::processes() const {
  if (!cgroup_) return {};
  auto found = guard::source::CgroupTree().processes(*cgroup_);
  return found ? std::move(*found) : std::vector<std::int64_t>{};
}

std::optional<std::uint64_t> ChildCgroup::oom_kills() const {
  if (!cgroup_) return std::nullopt;
  const auto reading = guard::source::CgroupTree().read(*cgroup_).memory.oom_kills;
  return reading ? std::optional(*reading) : std::nullopt;
}

void ChildCgroup::remove(const std::string& name) {
  if (!cgroup_) return;
  auto removed = guard::action::kill_all(*cgroup_, kEnd);
  if (removed) removed = guard::action::remove(*cgroup_);
  if (!removed) {
    base::log_warning("its cgroup stays", {{"workload", name}, {"error", removed.error().message}});
  }
  cgroup_.reset();
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
}

}  // namespace agent
