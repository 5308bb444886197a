#pragma once
// Starts one process: its own process group, its output into a pipe, its place in a cgroup, no way to gain privileges,
// and nothing of the agent's that it should not have (environment, signal masks, ignored signals, file descriptors, OOM
// score, limits of its own).

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "base/units.h"
#include "guard/sample/cgroup.h"

namespace agent {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct SpawnRequest {
  std::vector<std::string> argv;         // argv[0] is looked up in the PATH of `environment`
  std::vector<std::string> environment;  // all of it, as NAME=value
  std::string working_dir;               // "": the agent's
  // "": the agent's. Looked up between fork and exec, so for a process without other threads (a holder) alone. HOME,
  // USER and LOGNAME are added to the environment where they are missing.
  std::string user;
  std::vector<std::string> cgroup_files;    // cgroup.procs, entered before exec, so that no byte is charged elsewhere
  std::optional<base::Bytes> data_limit;    // RLIMIT_DATA: the memory cap where there is no cgroup
  std::optional<std::uint64_t> open_files;  // the soft limit, where the agent has raised its own
};

// What every command gets: PATH, LANG and what is `added`, nothing of the agent's own but who its user is, for one that
// runs as the same.
std::vector<std::string> command_environment(const Variables& added, bool is_agents_user);
// The agent's own environment less what the service manager says to the agent alone: for `exec`, which is a wrapper.
std::vector<std::string> wrapper_environment(const Variables& added);
// Where a process is put that is to be in `cgroup`.
std::vector<std::string> files_to_enter(const guard::sample::Cgroup& cgroup);

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

// What a child says when it could not become the program.
struct SpawnFailure {
  int error_number = 0;  // 0: it became the program
  char step[48] = {};
};

// The same in two steps, for a caller that must not wait for a disk that the program lies on. Errors: those that come
// before the fork.
base::Result<Begun> begin_spawn(const SpawnRequest& request);
// What stands in the report. Ask when it is readable or the process has ended.
SpawnFailure read_spawn_report(int report);
// An error when the program could not be executed. `program` is its name as an operator may see it.
base::Status status_of(const SpawnFailure& failure, const std::string& program);

// Errors: not_found (no such program, user or folder), permission_denied, exhausted, else from errno; each says which
// step failed. Returns when the program has been executed, or could not be, or after 100 ms: one that cannot be
// executed later than that ends with code 127.
base::Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace agent
