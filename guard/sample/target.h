#pragma once
// How the configuration identifies a workload, whether it exists or not.

#include <string>
#include <string_view>
#include <vector>

namespace guard::sample {

enum class TargetKind { container, compose_service, container_label, systemd_unit, cgroup, command, pid_file };

// "container", "compose", "container_label", "systemd_unit", "cgroup", "command", "pid_file": the configuration's
// keys, and the `kind` label of leakguard_workload_info.
std::string_view name_of(TargetKind kind);

struct Target {
  TargetKind kind = TargetKind::container;
  // container: name or id · compose_service: "project/service" · container_label: "key=value" · systemd_unit:
  // "x.service" · cgroup: path below the hierarchy's root, "/system.slice/x.service" · pid_file: path · command: unused
  std::string selector;
  std::vector<std::string> command;  // command only: argv
  friend bool operator==(const Target&, const Target&) = default;
};

}  // namespace guard::sample
