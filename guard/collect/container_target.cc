#include "guard/collect/container_target.h"

namespace guard {
namespace {

using sample::State;
using source::ContainerState;

State state_of(ContainerState state) {
  switch (state) {
    case ContainerState::running: return State::running;
    case ContainerState::paused: return State::paused;
    case ContainerState::restarting: return State::starting;
    case ContainerState::created:  // and stays so when its first start fails
    case ContainerState::removing:
    case ContainerState::exited:
    case ContainerState::dead: return State::stopped;
    case ContainerState::unknown: break;
  }
  return State::unknown;
}

sample::ExitReason reason_of(const source::LastExit& exit) {
  if (exit.oom_killed) return sample::ExitReason::oom_kill;
  if (exit.exit_code == 0) return sample::ExitReason::clean;
  return exit.exit_code > 128 ? sample::ExitReason::signal : sample::ExitReason::error;
}

}  // namespace

void describe_container(const source::Container& container, std::uint64_t starts,
                        const std::optional<source::LastExit>& last_exit, sample::Workload& workload) {
  workload.identity = {"container:" + container.id, container.id, container.image, container.pid};
  sample::Lifecycle& lifecycle = workload.lifecycle;
  if (!container.inspected) {
    lifecycle.why = "not inspected yet";
    return;
  }
  lifecycle.state = state_of(container.state);
  if (container.state == ContainerState::created) lifecycle.why = "created but never started";
  lifecycle.started_at = container.started_at;
  lifecycle.starts = starts;
  if (last_exit) {
    lifecycle.last_exit = reason_of(*last_exit);
    lifecycle.last_exit_code = last_exit->exit_code;
  }
  workload.caps.engine = container.caps;
  workload.caps.engine_memory_swap = container.memory_swap;
}

}  // namespace guard
