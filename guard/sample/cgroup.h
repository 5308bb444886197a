#pragma once
// The folders of one cgroup: one per controller with the version of its hierarchy, since a hybrid host has its
// controllers on v1 and pressure on v2. Created by guard/source, also used by guard/action.

#include <cstdint>
#include <string>
#include <string_view>

namespace guard::sample {

// On v2 a cgroup that delegates controllers must not contain processes, so the agent moves to this leaf.
inline constexpr std::string_view kAgentLeaf = "leakguard-agent";

struct ControllerFolder {
  std::string path;  // path to open, including the root folder; "" when the controller is missing
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
  std::uint64_t inode = 0;    // of the memory folder (or the first existing one); differs when a cgroup was recreated
  friend bool operator==(const Cgroup&, const Cgroup&) = default;
};

}  // namespace guard::sample
