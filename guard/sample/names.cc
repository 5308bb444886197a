#include "guard/sample/snapshot.h"
#include "guard/sample/target.h"

namespace guard::sample {

std::string_view name_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::container: return "container";
    case TargetKind::compose_service: return "compose";
    case TargetKind::container_label: return "container_label";
    case TargetKind::systemd_unit: return "systemd_unit";
    case TargetKind::cgroup: return "cgroup";
    case TargetKind::command: return "command";
    case TargetKind::pid_file: return "pid_file";
  }
  return "unknown";
}

std::string_view name_of(State state) {
  switch (state) {
    case State::unknown: return "unknown";
    case State::absent: return "absent";
    case State::starting: return "starting";
    case State::running: return "running";
    case State::paused: return "paused";
    case State::stopped: return "stopped";
  }
  return "unknown";
}

std::string_view name_of(ExitReason reason) {
  switch (reason) {
    case ExitReason::none: return "none";
    case ExitReason::clean: return "clean";
    case ExitReason::error: return "error";
    case ExitReason::signal: return "signal";
    case ExitReason::oom_kill: return "oom_kill";
  }
  return "none";
}

}  // namespace guard::sample
