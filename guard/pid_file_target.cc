#include "guard/pid_file_target.h"

#include "guard/source/pid_file.h"
#include "guard/source/process_tree.h"

namespace guard {

using sample::State;

void read_pid_file_target(const std::string& path, const std::string& root, sample::Workload& workload) {
  const auto fails = [&](const base::Error& error, State when_not_found) {
    workload.lifecycle.state = error.code == base::Code::not_found ? when_not_found : State::unknown;
    if (workload.lifecycle.state == State::unknown) workload.lifecycle.why = error.message;
  };
  const auto file = source::read_pid_file(path);
  if (!file) return fails(file.error(), State::absent);
  const auto identity = source::process_identity(root, file->pid);
  if (!identity) return fails(identity.error(), State::stopped);
  if (const auto trusted = source::check_pid_file(*file, root); !trusted) return fails(trusted.error(), State::stopped);
  workload.identity = {*identity, "", "", file->pid};
  workload.lifecycle.state = State::running;
  // The process's own cgroup is often one that it shares (a login session, the root): its tree is what is meant.
  workload.resources = source::read_process_tree(root, file->pid);
}

}  // namespace guard
