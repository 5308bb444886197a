#include "agent/spawn.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/file_limit.h"

namespace agent {
namespace {

// What the child tells its parent when it could not become the program.
struct Failure {
  int error_number = 0;
  char step[48] = {};
};

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

// Everything that needs memory is made before the fork: between fork and exec only system calls are safe.
struct Prepared {
  std::vector<char*> argv;
  std::vector<std::string> environment_text;
  std::vector<char*> environment;
  std::vector<std::string> cgroup_files;
  std::optional<User> user;
};

base::Result<User> find_user(const std::string& name) {
  std::array<char, 4096> buffer{};
  passwd entry = {};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return base::fail(base::error_from_errno(error, "look up user " + name));
  if (found == nullptr) return base::fail(base::Code::not_found, "there is no user '" + name + "' on this machine");
  return User{entry.pw_uid, entry.pw_gid, name};
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = name == "NOTIFY_SOCKET" || name == "WATCHDOG_USEC" || name == "LISTEN_FDS" || name == "LISTEN_PID";
    for (const auto& [key, value] : added) replaced = replaced || key == name;
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [key, value] : added) merged.push_back(key + "=" + value);
  return merged;
}

base::Result<Prepared> prepare(const SpawnRequest& request) {
  if (request.argv.empty()) return base::fail(base::Code::invalid_argument, "there is no command to start");
  Prepared prepared;
  for (const std::string& argument : request.argv) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  prepared.environment_text = merged_environment(request.environment);
  for (std::string& entry : prepared.environment_text) prepared.environment.push_back(entry.data());
  prepared.environment.push_back(nullptr);
  if (request.cgroup) {
    for (const auto* folder :
         {&request.cgroup->memory, &request.cgroup->cpu, &request.cgroup->cpuacct, &request.cgroup->pids}) {
      if (folder->exists()) prepared.cgroup_files.push_back(folder->path + "/cgroup.procs");
    }
  }
  if (!request.user.empty()) {
    auto user = find_user(request.user);
    if (!user) return base::fail(user.error());
    prepared.user = *user;
  }
  return prepared;
}

[[noreturn]] void give_up(int report_fd, const char* step) {
  Failure failure;
  failure.error_number = errno;
  std::strncpy(failure.step, step, sizeof(failure.step) - 1);
  (void)!::write(report_fd, &failure, sizeof(failure));
  ::_exit(127);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void write_file(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!::write(fd, text, std::strlen(text));
  ::close(fd);
}

// Runs in the child. Only async-signal-safe calls, apart from initgroups, which no other thread of this copy can hold
// up.
[[noreturn]] void become(const SpawnRequest& request, const Prepared& prepared, int output_fd, int report_fd) {
  reset_signals();
  ::setpgid(0, 0);
  for (const std::string& file : prepared.cgroup_files) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) give_up(report_fd, "enter the cgroup");
    ::close(fd);
  }
  write_file("/proc/self/oom_score_adj", "0");  // the agent's own protection is not the child's
  restore_file_limit();
  if (request.data_limit) {
    const auto bytes = static_cast<rlim_t>(request.data_limit->count);
    const rlimit limit = {bytes, bytes};
    if (::setrlimit(RLIMIT_DATA, &limit) != 0) give_up(report_fd, "limit the data segment");
  }
  // Whatever the agent was started with, or a library has opened, ends with exec.
  (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  if (::dup2(output_fd, STDOUT_FILENO) < 0 || ::dup2(output_fd, STDERR_FILENO) < 0)
    give_up(report_fd, "connect its output");
  if (!request.working_dir.empty() && ::chdir(request.working_dir.c_str()) != 0)
    give_up(report_fd, "enter its working folder");
  if (prepared.user) {
    if (::initgroups(prepared.user->name.c_str(), prepared.user->gid) != 0 || ::setgid(prepared.user->gid) != 0 ||
        ::setuid(prepared.user->uid) != 0) {
      give_up(report_fd, "become its user");
    }
  }
  environ = const_cast<char**>(prepared.environment.data());
  ::execvp(prepared.argv[0], prepared.argv.data());
  give_up(report_fd, "execute the program");
}

struct Pipe {
  int read = -1;
  int write = -1;
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
};

void close_now(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

base::Result<Begun> begin_spawn(const SpawnRequest& request) {
  auto prepared = prepare(request);
  if (!prepared) return base::fail(prepared.error());
  Pipe output;
  Pipe report;
  if (!output.open() || !report.open()) return base::fail(base::error_from_errno(errno, "make a pipe"));

  const pid_t pid = ::fork();
  if (pid < 0) return base::fail(base::error_from_errno(errno, "fork"));
  if (pid == 0) become(request, *prepared, output.write, report.write);
  // As the child does: whichever comes first. Its group can then be killed from now on.
  ::setpgid(pid, pid);

  // Else the pipe would not end with the child's copy of it.
  close_now(report.write);
  ::fcntl(output.read, F_SETFL, O_NONBLOCK);
  ::fcntl(report.read, F_SETFL, O_NONBLOCK);
  return Begun{pid, std::exchange(output.read, -1), std::exchange(report.read, -1)};
}

base::Status read_spawn_report(int report, const std::string& program) {
  Failure failure;
  ssize_t told = 0;
  do told = ::read(report, &failure, sizeof(failure));
  while (told < 0 && errno == EINTR);
  if (told <= 0) return {};
  return base::fail(base::error_from_errno(failure.error_number, program + ": " + failure.step));
}

base::Result<Spawned> spawn(const SpawnRequest& request) {
  auto begun = begin_spawn(request);
  if (!begun) return base::fail(begun.error());
  ::fcntl(begun->report, F_SETFL, 0);
  const auto executed = read_spawn_report(begun->report, request.argv[0]);
  ::close(begun->report);
  if (executed) return Spawned{begun->pid, begun->output};
  ::waitpid(begun->pid, nullptr, 0);
  ::close(begun->output);
  return base::fail(executed.error());
}

}  // namespace agent
