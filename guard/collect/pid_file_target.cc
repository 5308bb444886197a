#include "guard/collect/pid_file_target.h"

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "guard/source/process/tree.h"

namespace guard {

using sample::State;

PidFileTarget::PidFileTarget(std::string path, std::string root)
    : path_(std::move(path)),
      root_(std::move(root)),
      call_("pid-file", [path = path_] { return Answer{source::read_pid_file(path)}; }) {}

void PidFileTarget::read(base::SteadyTime now, sample::Workload& workload) {
  const auto fails = [&](const base::Error& error, State when_not_found) {
    workload.lifecycle.state = error.code == base::Code::not_found ? when_not_found : State::unknown;
    if (workload.lifecycle.state == State::unknown) workload.lifecycle.why = error.message;
  };
  call_.start(now);
  const auto answer = call_.answer(std::chrono::steady_clock::now() + kPatience);
  if (!answer) {
    const auto hanging = std::max(now - call_.started_at(), base::Duration(kPatience));
    return fails({base::Code::unavailable,
                  "pid file " + path_ + ": its file system has not answered for " + base::format_duration(hanging)},
                 State::unknown);
  }
  const auto& file = answer->file;
  if (!file) return fails(file.error(), State::absent);
  const auto identity = source::process_identity(root_, file->pid);
  if (!identity) return fails(identity.error(), State::stopped);
  if (const auto trusted = source::check_pid_file(*file, root_); !trusted)
    return fails(trusted.error(), State::stopped);
  workload.identity = {*identity, "", "", file->pid};
  workload.lifecycle.state = State::running;
  // The process's own cgroup is often one that it shares (a login session, the root): its tree is what is meant.
  workload.resources = source::read_process_tree(root_, file->pid);
}

}  // namespace guard
