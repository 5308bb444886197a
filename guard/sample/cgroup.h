#pragma once
// Where one cgroup's files are: per controller a folder and the hierarchy's version, since a hybrid host has the
// controllers on v1 and pressure on v2. A plain value, made by guard/source, used by guard/action too.

#include <cstdint>
#include <string>
#include <string_view>

namespace guard::sample {

// On v2 a cgroup that hands controllers down may hold no process: the agent then lives in this leaf of its own.
inline constexpr std::string_view kAgentLeaf = "leakguard-agent";

struct ControllerFolder {
  std::string path;  // as it is to be opened, the tree's root folder included; "" when the controller is missing
  int version = 2;   // 1 or 2
  [[nodiscard]] bool exists() const { return !path.empty(); }
  friend bool operator==(const ControllerFolder&, const ControllerFolder&) = default;
};

struct Cgroup {
  ControllerFolder memory;
  ControllerFolder cpu;      // quota and throttling
  ControllerFolder cpuacct;  // usage; same as cpu on v2
  ControllerFolder pids;
  ControllerFolder pressure;  // v2 only
  std::uint64_t inode =
      0;  // of the memory folder (or the first that exists): tells a recreated cgroup from the old one
  friend bool operator==(const Cgroup&, const Cgroup&) = default;
};

}  // namespace guard::sample
