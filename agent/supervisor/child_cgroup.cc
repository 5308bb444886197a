#include "agent/supervisor/child_cgroup.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "guard/action/cgroup_files.h"
#include "guard/source/cgroup/tree.h"
#include "guard/source/fs.h"
#include "guard/source/process/parser.h"

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

constexpr std::string_view kHolders = "leakguard-holders";

// On v2 a service cannot be started again while processes of its last run are in cgroups below it that have controllers
// of their own, and what is left in it may be killed. What outlives the agent lives beside its service then: true, and
// `parent` is the service's slice, which has the controllers for as long as the service is delegated.
bool leave_service(guard::sample::Cgroup& parent) {
  constexpr std::string_view kService = ".service";
  if (parent.memory.version != 2 || !parent.memory.path.ends_with(kService)) return false;
  for (auto* folder : {&parent.memory, &parent.cpu, &parent.cpuacct, &parent.pids, &parent.pressure}) {
    if (folder->exists()) folder->path.resize(folder->path.rfind('/'));
  }
  return true;
}

// Taken away from a cgroup of version 2 are the files of a controller, not the folder.
bool has_files(const guard::sample::Cgroup& cgroup) {
  const auto has = [](const guard::sample::ControllerFolder& folder, const char* file) {
    return !folder.exists() || folder.version != 2 || ::access((folder.path + file).c_str(), F_OK) == 0;
  };
  return has(cgroup.memory, "/memory.max") && has(cgroup.cpu, "/cpu.max") && has(cgroup.pids, "/pids.max");
}

}  // namespace

ChildCgroup::~ChildCgroup() {
  if (lock_ >= 0) ::close(lock_);
}

base::Status ChildCgroup::make(const std::string& name, bool outlives_agent) {
  if (cgroup_) return {};
  auto own = tree_.of_self();
  if (!own) return base::fail(own.error());
  parent_ = *own;
  is_beside_agent_ = outlives_agent && leave_service(parent_);
  auto made = guard::action::create_child_cgroup(parent_, "leakguard-" + name);
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
  return {};
}

void ChildCgroup::apply(const std::string& name, const guard::sample::Caps& caps) const {
  if (!cgroup_) return;
  if (auto applied = guard::action::apply_caps(*cgroup_, caps); !applied)
    base::log_warning("a cap is not in force yet", {{"workload", name}, {"error", applied.error().message}});
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

void ChildCgroup::take_holder(std::int64_t pid) const {
  if (!is_beside_agent_) return;
  auto holders = guard::action::create_child_cgroup(parent_, kHolders);
  const auto moved = holders ? guard::action::attach(*holders, pid) : base::fail(holders.error());
  if (!moved)
    base::log_warning("cannot move the holder out of the agent's cgroup; it will be stopped with the service",
                      {{"error", moved.error().message}});
}

bool ChildCgroup::mend(const std::string& name, const guard::sample::Caps& caps) {
  if (!cgroup_ || has_files(*cgroup_)) return false;
  auto made = guard::action::create_child_cgroup(parent_, "leakguard-" + name);
  const auto applied = made ? guard::action::apply_caps(*cgroup_, caps) : base::fail(made.error());
  if (applied) {
    base::log_warning(
        "its cgroup had lost its controllers, as by a daemon-reload in a unit without delegation: its caps are put "
        "back; set Delegate=yes in the unit",
        {{"workload", name}});
  } else if (!std::exchange(is_broken_, true)) {
    base::log_error("its cgroup has lost its controllers: its caps are not in force; set Delegate=yes in the unit",
                    {{"workload", name}, {"error", applied.error().message}});
  }
  is_broken_ = !applied;
  return true;
}

namespace {

constexpr std::size_t kStatBytes = 4096;  // some 50 numbers and a name of at most 15 bytes

// Whether the process has ended, reaped or not: the kernel shows an ended process in the root cgroup.
bool has_ended(std::int64_t pid) {
  const auto text = guard::source::read_whole("/proc/" + std::to_string(pid) + "/stat", kStatBytes);
  const auto stat = text ? guard::source::parse_process_stat(*text) : std::nullopt;
  return !stat || stat->state == 'Z' || stat->state == 'X';
}

}  // namespace

std::string ChildCgroup::where_else(std::int64_t pid) const {
  if (!cgroup_) return "";
  const auto now = tree_.of_pid(pid);
  if (!now && now.error().code != base::Code::not_found) return "";
  if (!now && ::access(("/proc/" + std::to_string(pid) + "/cgroup").c_str(), F_OK) != 0) return "";  // it has ended
  for (const auto folder :
       {&guard::sample::Cgroup::memory, &guard::sample::Cgroup::cpu, &guard::sample::Cgroup::pids}) {
    const std::string& own = ((*cgroup_).*folder).path;
    if (own.empty()) continue;
    const std::string found = now ? ((*now).*folder).path : "";
    if (found == own) continue;
    if (has_ended(pid)) return "";
    return "its main process moved to another cgroup (" + (found.empty() ? "a shared one" : found) +
           "), where its caps do not apply; restart the command";
  }
  return "";
}

void ChildCgroup::remove(const std::string& name) {
  if (!cgroup_) return;
  auto removed = guard::action::kill_all(*cgroup_, kEnd);
  if (removed) removed = guard::action::remove(*cgroup_);
  if (!removed) {
    base::log_warning("cgroup not removed", {{"workload", name}, {"error", removed.error().message}});
  }
  cgroup_.reset();
  // For the last one to go; refused while others are in it.
  if (is_beside_agent_) ::rmdir((parent_.memory.path + "/" + std::string(kHolders)).c_str());
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
}

}  // namespace agent
