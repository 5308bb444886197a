#include "agent/supervisor/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/file_limit.h"

namespace agent {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// What the service manager says to the agent alone.
constexpr std::array<std::string_view, 6> kServiceManagers = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                                              "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};

bool has(const std::vector<std::string>& environment, std::string_view name) {
  return std::ranges::any_of(environment, [&](const std::string& entry) {
    return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
  });
}

std::string_view value_of(const std::vector<std::string>& environment, std::string_view name,
                          std::string_view otherwise) {
  for (const std::string_view entry : environment) {
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) return entry.substr(name.size() + 1);
  }
  return otherwise;
}

// A program on a disk that does not answer is waited for so long by a caller that must come back.
constexpr auto kExecPatience = std::chrono::milliseconds(100);

// Everything that needs memory is made before the fork: between fork and exec only system calls are safe, unless the
// process has no other threads.
struct Prepared {
  std::vector<char*> argv;
  std::vector<std::string> programs;  // where argv[0] may be
  std::vector<std::string> environment_text;
  std::vector<char*> environment;
};

std::vector<std::string> places_of(const std::string& program, std::string_view path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> places;
  while (true) {
    const auto colon = path.find(':');
    const auto folder = path.substr(0, colon);
    places.push_back(folder.empty() ? "./" + program : std::string(folder) + "/" + program);
    if (colon == std::string_view::npos) return places;
    path.remove_prefix(colon + 1);
  }
}

void point_to_environment(Prepared& prepared) {
  prepared.environment.clear();
  for (std::string& entry : prepared.environment_text) prepared.environment.push_back(entry.data());
  prepared.environment.push_back(nullptr);
}

base::Result<Prepared> prepare(const SpawnRequest& request) {
  if (request.argv.empty()) return base::fail(base::Code::invalid_argument, "there is no command to start");
  Prepared prepared;
  for (const std::string& argument : request.argv) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  prepared.programs = places_of(request.argv[0], value_of(request.environment, "PATH", kDefaultPath));
  prepared.environment_text = request.environment;
  point_to_environment(prepared);
  return prepared;
}

[[noreturn]] void give_up(int report_fd, const char* step) {
  SpawnFailure failure;
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

void become_user(const std::string& name, Prepared& prepared, int report_fd) {
  errno = 0;
  const passwd* user = ::getpwnam(name.c_str());
  if (user == nullptr) {
    if (errno == 0) errno = ENOENT;
    give_up(report_fd, "find the user that `user` names");
  }
  const bool is_already = user->pw_uid == ::geteuid() && ::geteuid() != 0;
  if (!is_already &&
      (::initgroups(user->pw_name, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    give_up(report_fd, "become its user");
  const std::array<std::pair<const char*, const char*>, 3> own = {
      {{"HOME", user->pw_dir}, {"USER", user->pw_name}, {"LOGNAME", user->pw_name}}};
  for (const auto& [key, value] : own) {
    if (!has(prepared.environment_text, key)) prepared.environment_text.push_back(std::string(key) + "=" + value);
  }
  point_to_environment(prepared);
}

// As execvpe, which may take memory.
[[noreturn]] void execute(const Prepared& prepared, int report_fd) {
  int why = ENOENT;
  for (const std::string& program : prepared.programs) {
    ::execve(program.c_str(), prepared.argv.data(), prepared.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) why = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  errno = why;
  give_up(report_fd, "execute the program");
}

// Runs in the child.
[[noreturn]] void become(const SpawnRequest& request, Prepared& prepared, int output_fd, int report_fd) {
  reset_signals();
  ::setpgid(0, 0);
  for (const std::string& file : request.cgroup_files) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) give_up(report_fd, "enter the cgroup");
    ::close(fd);
  }
  write_file("/proc/self/oom_score_adj", "0");  // the agent's own protection is not the child's
  restore_file_limit(request.open_files);
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
  if (!request.user.empty()) become_user(request.user, prepared, report_fd);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(report_fd, "give up new privileges");
  execute(prepared, report_fd);
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

std::vector<std::string> as_text(const Variables& variables) {
  std::vector<std::string> text;
  for (const auto& [name, value] : variables) text.push_back(name + "=" + value);
  return text;
}

}  // namespace

std::vector<std::string> command_environment(const Variables& added, bool is_agents_user) {
  std::vector<std::string> environment = as_text(added);
  if (!has(environment, "PATH")) environment.push_back("PATH=" + std::string(kDefaultPath));
  if (!has(environment, "LANG")) environment.emplace_back("LANG=C.UTF-8");
  for (const char* name : {"HOME", "USER", "LOGNAME"}) {
    const char* value = is_agents_user && !has(environment, name) ? std::getenv(name) : nullptr;
    if (value != nullptr) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::vector<std::string> wrapper_environment(const Variables& added) {
  std::vector<std::string> environment = as_text(added);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::find(kServiceManagers, name) == kServiceManagers.end() && !has(environment, name))
      environment.emplace_back(text);
  }
  return environment;
}

std::vector<std::string> files_to_enter(const guard::sample::Cgroup& cgroup) {
  std::vector<std::string> files;
  for (const auto* folder : {&cgroup.memory, &cgroup.cpu, &cgroup.cpuacct, &cgroup.pids}) {
    if (folder->exists()) files.push_back(folder->path + "/cgroup.procs");
  }
  return files;
}

base::Result<Begun> begin_spawn(const SpawnRequest& request) {
  auto prepared = prepare(request);
  if (!prepared) return base::fail(prepared.error());
  Pipe output;
  Pipe report;
  if (!output.open() || !report.open()) return base::fail(base::error_from_errno(errno, "make a pipe"));

  // A signal that comes before the child has its own handlers waits until it has.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become(request, *prepared, output.write, report.write);
  const int why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return base::fail(base::error_from_errno(why, "fork"));
  // As the child does: whichever comes first. Its group can then be killed from now on.
  ::setpgid(pid, pid);

  // Else the pipe would not end with the child's copy of it.
  close_now(report.write);
  ::fcntl(output.read, F_SETFL, O_NONBLOCK);
  ::fcntl(report.read, F_SETFL, O_NONBLOCK);
  return Begun{pid, std::exchange(output.read, -1), std::exchange(report.read, -1)};
}

SpawnFailure read_spawn_report(int report) {
  SpawnFailure failure;
  ssize_t size = 0;
  do size = ::read(report, &failure, sizeof(failure));
  while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(sizeof(failure)) ? failure : SpawnFailure{};
}

base::Status status_of(const SpawnFailure& failure, const std::string& program) {
  if (failure.error_number == 0) return {};
  return base::fail(base::error_from_errno(failure.error_number, program + ": cannot " + failure.step));
}

base::Result<Spawned> spawn(const SpawnRequest& request) {
  auto begun = begin_spawn(request);
  if (!begun) return base::fail(begun.error());
  pollfd reported = {begun->report, POLLIN, 0};
  (void)::poll(&reported, 1, static_cast<int>(kExecPatience.count()));
  const auto executed = status_of(read_spawn_report(begun->report), request.argv[0]);
  ::close(begun->report);
  if (executed) return Spawned{begun->pid, begun->output};
  ::waitpid(begun->pid, nullptr, 0);
  ::close(begun->output);
  return base::fail(executed.error());
}

}  // namespace agent
