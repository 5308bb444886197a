#pragma once
// Starts one process: its own process group, its output into a pipe, its place in a cgroup, and nothing of the
// agent's that it should not have (signal masks, ignored signals, file descriptors, OOM score, scheduling of its own).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/cgroup.h"

namespace agent {

struct SpawnRequest {
  std::vector<std::string> argv;                                 // argv[0] is looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to the agent's own
  std::string working_dir;                                       // "": the agent's
  std::string user;                                              // "": the agent's
  std::optional<guard::sample::Cgroup> cgroup;  // entered before exec, so that no byte is charged elsewhere
  std::optional<base::Bytes> data_limit;        // RLIMIT_DATA: the memory cap where there is no cgroup
};

struct Spawned {
  pid_t pid = 0;
  int output = -1;  // read end of a pipe that standard output and error go to; non-blocking; the caller closes it
};

// One that was forked and may not have executed its program yet.
struct Begun {
  pid_t pid = 0;
  int output = -1;  // as Spawned's
  int report =
      -1;  // read end of a pipe that says why the program could not be executed; non-blocking; caller closes it
};

// The same in two steps, for whoever must not wait for a disk that the program lies on. Errors: those that come before
// the fork.
base::Result<Begun> begin_spawn(const SpawnRequest& request);
// What stands in the report: an error when the program could not be executed. Ask when the process has ended.
base::Status read_spawn_report(int report, const std::string& program);

// Errors: not_found (no such program, user or folder), permission_denied, exhausted, else from errno; each says which
// step failed. Returns when the program has been executed, or could not be.
base::Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace agent
