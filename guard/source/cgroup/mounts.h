#pragma once
// Where the cgroup hierarchies are mounted, and how the path that /proc/PID/cgroup names becomes a folder below
// one of those mounts. Pure text work: reading the files is cgroup/tree.cc's.
//
// Three situations differ. On the host a mount shows the hierarchy from its root and paths are below it. In a
// container without a cgroup namespace the mount shows only the container's part ("/docker/3f2a…"), while paths
// still begin at the host's root. In a container with a namespace of its own, paths are told from the
// container's cgroup, so others' begin with "/..", and a mount of the host's whole tree has a root such as "/../..".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guard::source {

struct CgroupMount {
  int version = 2;
  std::vector<std::string> controllers;  // v1: "memory", "cpu" …, or "name=systemd"; v2: empty
  std::string shows;   // the cgroup at the mount's top, told from our cgroup namespace: "/", "/docker/3f2a", "/../.."
  std::string folder;  // where it is mounted
  // A second mount of the hierarchy that shows less, which a container has of its own cgroup; "" when there is none.
  std::string own;
  // Names of the folders that lead from the mount's top to our own cgroup, when `shows` is above it ("/../.." →
  // two names); empty when they are not known. Not in the text: found by comparing inodes with `own`.
  std::vector<std::string> to_own;
};

// One process's place in one hierarchy, a line of /proc/PID/cgroup.
struct CgroupMembership {
  int version = 2;
  std::vector<std::string> controllers;  // as in CgroupMount
  std::string path;                      // "/", "/system.slice/x.service", "/../3f2a"
};

// The cgroup mounts among the lines of /proc/self/mountinfo; other and malformed lines are passed over. Of two
// mounts of one hierarchy the one that shows more stays, with the other as its `own`; of equals the first.
std::vector<CgroupMount> parse_mountinfo(std::string_view text);

std::vector<CgroupMembership> parse_membership(std::string_view text);

// The path below `mount.folder` of the cgroup that `path` names: "" for the mount's top, else "/docker/3f2a".
// nullopt when the mount does not show it, or the names in between are not known.
std::optional<std::string> path_below_mount(const CgroupMount& mount, std::string_view path);

}  // namespace guard::source
