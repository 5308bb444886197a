#include "guard/source/cgroup/tree.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "guard/source/cgroup/reader.h"
#include "guard/source/fs_text.h"
#include "guard/source/process/parser.h"

namespace guard::source {
namespace {

constexpr std::size_t kMaxMountinfoBytes = 8u << 20;  // a host of 500 containers has about 1 MiB
constexpr std::size_t kMaxMembershipBytes = 64u << 10;
constexpr std::size_t kMaxProcessListBytes = 4u << 20;  // half a million pids

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool has_file(const std::string& folder, const char* name) { return ::access((folder + name).c_str(), F_OK) == 0; }

// The kernel gives the root of the machine's hierarchy, and only it, one file on v1 that others lack, and on v2
// keeps one from it. The top of a container's own view is an ordinary cgroup by this.
bool is_machine_root(const std::string& folder, int version) {
  return version == 1 ? has_file(folder, "/cgroup.sane_behavior") : !has_file(folder, "/cgroup.events");
}

bool is_above(std::string_view ancestor, std::string_view path) {
  if (ancestor == "/") return path != "/";
  return path.size() > ancestor.size() && path.substr(0, ancestor.size()) == ancestor && path[ancestor.size()] == '/';
}

void put_v1(sample::Cgroup& cgroup, const CgroupMount& mount, const std::string& folder) {
  for (const std::string& controller : mount.controllers) {
    if (controller == "memory") cgroup.memory = {folder, 1};
    if (controller == "cpu") cgroup.cpu = {folder, 1};
    if (controller == "cpuacct") cgroup.cpuacct = {folder, 1};
    if (controller == "pids") cgroup.pids = {folder, 1};
  }
}

// A controller is either on v1 or on v2; cpu.stat and the pressure files are in every v2 cgroup.
void put_v2(sample::Cgroup& cgroup, const std::string& folder) {
  const auto controllers = read_whole(folder + "/cgroup.controllers", kMaxMembershipBytes);
  std::string list = ' ' + controllers.value_or("") + ' ';
  std::replace(list.begin(), list.end(), '\n', ' ');
  const auto is_listed = [&](const char* name) { return list.find(name) != std::string::npos; };
  if (is_listed(" memory ")) cgroup.memory = {folder, 2};
  if (is_listed(" cpu ")) cgroup.cpu = {folder, 2};
  if (is_listed(" pids ")) cgroup.pids = {folder, 2};
  if (!cgroup.cpuacct.exists() && has_file(folder, "/cpu.stat")) cgroup.cpuacct = {folder, 2};
  if (has_file(folder, "/memory.pressure")) cgroup.pressure = {folder, 2};
}

void put(sample::Cgroup& cgroup, const CgroupMount& mount, const std::string& folder) {
  if (mount.version == 1) {
    put_v1(cgroup, mount, folder);
  } else {
    put_v2(cgroup, folder);
  }
}

// False when no folder is in it.
bool complete(sample::Cgroup& cgroup) {
  const std::string* folder = identifying_folder(cgroup);
  struct stat status {};
  if (folder == nullptr || ::stat(folder->c_str(), &status) != 0) return false;
  cgroup.inode = status.st_ino;
  return true;
}

// The names of the folders from `top` down to the one, `depth` steps below, that `is_own` knows; empty when it is not
// there.
template <class IsOwn>
std::vector<std::string> names_down_to(const std::string& top, int depth, IsOwn is_own) {
  constexpr int kMaxFolders = 100'000;
  std::error_code error;
  namespace fs = std::filesystem;
  int visited = 0;
  for (fs::recursive_directory_iterator entry(top, error), end; !error && entry != end; entry.increment(error)) {
    if (++visited > kMaxFolders) break;
    if (!entry->is_directory(error)) continue;
    if (entry.depth() + 1 < depth) continue;
    entry.disable_recursion_pending();
    if (!is_own(entry->path())) continue;
    const fs::path relative = entry->path().lexically_relative(top);
    return {relative.begin(), relative.end()};
  }
  return {};
}

int steps_above(const std::string& shows) {
  int steps = 0;
  for (std::size_t at = 0; shows.compare(at, 3, "/..") == 0; at += 3) ++steps;
  return steps;
}

const CgroupMembership* membership_in(const std::vector<CgroupMembership>& memberships, const CgroupMount& mount) {
  const auto found = std::find_if(memberships.begin(), memberships.end(), [&](const CgroupMembership& membership) {
    return membership.version == mount.version && membership.controllers == mount.controllers;
  });
  return found == memberships.end() ? nullptr : &*found;
}

}  // namespace

CgroupTree::~CgroupTree() = default;

CgroupTree::CgroupTree(std::string root, const SmallFiles& files)
    : root_(std::move(root)), reader_(std::make_unique<CgroupReader>(files)) {
  // A failure is told by the first question, which looks again: the mounts may come after the agent.
  static_cast<void>(find_mounts());
}

base::Status CgroupTree::find_mounts() {
  if (!mounts_.empty()) return {};
  const auto text = read_whole(join_path(root_, "proc/self/mountinfo"), kMaxMountinfoBytes);
  if (!text) return base::fail(text.error());
  std::vector<CgroupMount> mounts = parse_mountinfo(*text);
  if (mounts.empty()) return base::fail(base::Code::unavailable, "no cgroup file system is mounted");
  // v1 first, so that v2 fills only what it has left open.
  std::stable_sort(mounts.begin(), mounts.end(),
                   [](const CgroupMount& a, const CgroupMount& b) { return a.version < b.version; });
  for (CgroupMount& mount : mounts) {
    mount.folder = join_path(root_, mount.folder);
    const int steps = steps_above(mount.shows);
    if (steps > 0) mount.to_own = find_own_names(mount, steps);
  }
  mounts_ = std::move(mounts);
  return {};
}

// From a cgroup namespace of our own, the mount's top is known by its distance only. Our own cgroup is the one that a
// second mount shows; where Docker has put the machine's tree in the place of that mount, the one that this process is
// in.
std::vector<std::string> CgroupTree::find_own_names(const CgroupMount& mount, int steps) const {
  if (!mount.own.empty()) {
    const std::string own = join_path(root_, mount.own);
    return names_down_to(mount.folder, steps, [&](const std::filesystem::path& folder) {
      std::error_code error;
      return std::filesystem::equivalent(folder, own, error);
    });
  }
  const auto places = memberships("self");
  const CgroupMembership* place = places ? membership_in(*places, mount) : nullptr;
  const auto stat = read_whole(join_path(root_, "proc/self/stat"), kMaxMembershipBytes);
  if (place == nullptr || !stat) return {};
  const auto self = parse_number<std::int64_t>(std::string_view(*stat).substr(0, stat->find(' ')));
  if (!self) return {};
  return names_down_to(mount.folder, steps, [&](const std::filesystem::path& folder) {
    const auto inside = read_whole(folder.string() + place->path + "/cgroup.procs", kMaxProcessListBytes);
    if (!inside) return false;
    const auto pids = parse_pids(*inside);
    return std::ranges::find(pids, *self) != pids.end();
  });
}

base::Status CgroupTree::visibility() {
  if (const auto found = find_mounts(); !found) return found;
  for (const CgroupMount& mount : mounts_) {
    const bool has_memory = mount.version == 1
                                ? std::ranges::find(mount.controllers, "memory") != mount.controllers.end()
                                : has_file(mount.folder, "/cgroup.controllers");
    const bool is_whole = is_machine_root(mount.folder, mount.version) &&
                          mount.to_own.size() == static_cast<std::size_t>(steps_above(mount.shows));
    if (has_memory && !is_whole) {
      return base::fail(
          base::Code::unavailable,
          "only this container's own cgroup can be seen; mount the host's /sys/fs/cgroup at /host/cgroup");
    }
  }
  return {};
}

base::Result<std::vector<CgroupMembership>> CgroupTree::memberships(std::string_view proc_folder) const {
  const auto text = read_whole(join_path(root_, "proc/" + std::string(proc_folder) + "/cgroup"), kMaxMembershipBytes);
  if (!text) return base::fail(text.error());
  return parse_membership(*text);
}

base::Result<sample::Cgroup> CgroupTree::of_pid(std::int64_t pid) {
  if (const auto found = find_mounts(); !found) return base::fail(found.error());
  const std::string process = std::to_string(pid);
  const auto places = memberships(process);
  if (!places) return base::fail(places.error().within("cgroup of process " + process));
  sample::Cgroup cgroup;
  bool hidden = false;
  for (const CgroupMount& mount : mounts_) {
    const CgroupMembership* place = membership_in(*places, mount);
    if (place == nullptr) continue;
    const bool shared = std::any_of(places->begin(), places->end(),
                                    [&](const CgroupMembership& other) { return is_above(place->path, other.path); });
    if (shared) continue;
    const auto below = path_below_mount(mount, place->path);
    const std::string folder = mount.folder + below.value_or("");
    hidden = hidden || !below;
    if (below && is_folder(folder) && !is_machine_root(folder, mount.version)) put(cgroup, mount, folder);
  }
  if (complete(cgroup)) return cgroup;
  if (hidden) {
    return base::fail(base::Code::not_found, "process " + process + " is in a cgroup that is not visible here " +
                                                 "(in a container: run it in the host's cgroup namespace)");
  }
  return base::fail(base::Code::not_found, "process " + process + " has no cgroup of its own");
}

base::Result<sample::Cgroup> CgroupTree::of_path(std::string_view path) {
  if (const auto found = find_mounts(); !found) return base::fail(found.error());
  const std::filesystem::path parts(path);
  const bool climbs = std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part == ".."; });
  if (path.empty() || path.front() != '/' || climbs || path.find('\0') != std::string_view::npos) {
    return base::fail(
        base::Code::invalid_argument,
        "\"" + std::string(path) + "\" is not a path from the root of the hierarchy, such as /system.slice/x.service");
  }
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  sample::Cgroup cgroup;
  for (const CgroupMount& mount : mounts_) {
    // A mount that shows a part only is addressed from the machine's root still; any other one from its top.
    const bool part_only = mount.shows != "/" && steps_above(mount.shows) == 0;
    const auto below = part_only ? path_below_mount(mount, path) : std::string(path);
    if (below && is_folder(mount.folder + *below)) put(cgroup, mount, mount.folder + *below);
  }
  if (complete(cgroup)) return cgroup;
  return base::fail(base::Code::not_found, "no cgroup " + std::string(path) + " in any hierarchy");
}

base::Result<sample::Cgroup> CgroupTree::of_self() {
  if (const auto found = find_mounts(); !found) return base::fail(found.error());
  const auto places = memberships("self");
  if (!places) return base::fail(places.error().within("own cgroup"));
  sample::Cgroup cgroup;
  for (const CgroupMount& mount : mounts_) {
    const CgroupMembership* place = membership_in(*places, mount);
    if (place == nullptr) continue;
    std::string_view path = place->path;
    const auto name_at = path.rfind('/') + 1;
    if (path.substr(name_at) == sample::kAgentLeaf) path = path.substr(0, std::max<std::size_t>(name_at - 1, 1));
    const auto below = path_below_mount(mount, path);
    if (below && is_folder(mount.folder + *below)) put(cgroup, mount, mount.folder + *below);
  }
  if (complete(cgroup)) return cgroup;
  return base::fail(base::Code::not_found, "the agent's own cgroup is not visible here");
}

sample::Resources CgroupTree::read(const sample::Cgroup& cgroup) const { return reader_->read(cgroup); }

sample::Caps CgroupTree::read_caps(const sample::Cgroup& cgroup) const { return caps_of(reader_->read_limits(cgroup)); }

base::Result<std::vector<std::int64_t>> CgroupTree::processes(const sample::Cgroup& cgroup) const {
  const std::string* folder = identifying_folder(cgroup);
  if (folder == nullptr) return base::fail(base::Code::not_found, "the cgroup has no folder");
  const auto text = read_whole(*folder + "/cgroup.procs", kMaxProcessListBytes);
  if (!text) return base::fail(text.error());
  return parse_pids(*text);
}

sample::Cgroup refresh_controllers(const sample::Cgroup& cgroup) {
  const auto folders = {&cgroup.memory, &cgroup.cpu, &cgroup.pids, &cgroup.cpuacct, &cgroup.pressure};
  const bool has_v1 = std::ranges::any_of(folders, [](const auto* folder) { return folder->version == 1; });
  const std::string* folder = identifying_folder(cgroup);
  if (folder == nullptr || has_v1) return cgroup;
  sample::Cgroup now;
  now.inode = cgroup.inode;
  put_v2(now, *folder);
  return identifying_folder(now) == nullptr ? cgroup : now;
}

sample::Caps caps_of(const sample::Resources& resources) {
  const auto field = [](const auto& reading) { return reading ? std::optional(*reading) : std::nullopt; };
  sample::Caps caps;
  caps.memory = field(resources.memory.limit);
  caps.memory_reservation = field(resources.memory.reservation);
  caps.memory_high = field(resources.memory.high);
  caps.cpus = field(resources.cpu.limit);
  caps.pids = field(resources.pids.limit);
  return caps;
}

}  // namespace guard::source
