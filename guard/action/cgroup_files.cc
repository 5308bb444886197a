#include "guard/action/cgroup_files.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace guard::action {
namespace {

namespace fs = std::filesystem;
using sample::ControllerFolder;

// Every cgroup file takes a value in one write, and its errno is the kernel's verdict on it.
base::Status write_value(const std::string& path, const std::string& value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return base::fail(base::error_from_errno(errno, "open " + path));
  ssize_t count = 0;
  do {
    count = ::write(fd, value.data(), value.size());
  } while (count < 0 && errno == EINTR);
  const int error_number = count < 0 ? errno : 0;
  ::close(fd);
  if (error_number == 0) return {};
  return base::fail(base::error_from_errno(error_number, "write " + value + " to " + path));
}

// The cgroup's folders, each once: on v2, and with cpu and cpuacct mounted together on v1, several controllers share
// one.
std::vector<ControllerFolder> distinct_folders(const sample::Cgroup& cgroup) {
  std::vector<ControllerFolder> folders;
  for (const ControllerFolder* folder :
       {&cgroup.memory, &cgroup.cpu, &cgroup.cpuacct, &cgroup.pids, &cgroup.pressure}) {
    if (folder->exists() && std::find(folders.begin(), folders.end(), *folder) == folders.end()) {
      folders.push_back(*folder);
    }
  }
  return folders;
}

base::Status no_folder() { return base::fail(base::Code::not_found, "the cgroup has no folder"); }

// Remembers what failed while the rest goes on.
class Failures {
 public:
  void add(const base::Status& status) {
    if (!status) add(status.error());
  }
  void add(const base::Error& error) {
    if (first_.message.empty()) {
      first_ = error;
    } else {
      first_.message += "; " + error.message;
    }
  }
  [[nodiscard]] base::Status status() const {
    if (first_.message.empty()) return {};
    return base::fail(first_);
  }

 private:
  base::Error first_{base::Code::internal, ""};
};

std::string byte_text(base::Bytes bytes, const char* unlimited) {
  return bytes.is_unlimited() ? unlimited : std::to_string(bytes.count);
}

base::Status missing(const char* controller) {
  return base::fail(base::Code::invalid_argument, std::string("the cgroup has no ") + controller + " controller");
}

base::Status write_memory_limit(const ControllerFolder& memory, base::Bytes limit) {
  const std::string file = memory.version == 1 ? "/memory.limit_in_bytes" : "/memory.max";
  base::Status written = write_value(memory.path + file, byte_text(limit, memory.version == 1 ? "-1" : "max"));
  if (!written && written.error().code == base::Code::unavailable) {
    return base::fail(written.error().within("more is in use than the limit allows and cannot be taken back"));
  }
  return written;
}

void apply_memory(const ControllerFolder& memory, const sample::Caps& caps, Failures& failures) {
  if (!caps.memory && !caps.memory_reservation && !caps.memory_high) return;
  if (!memory.exists()) return failures.add(missing("memory"));
  const bool v1 = memory.version == 1;
  if (caps.memory_reservation) {
    const std::string file = v1 ? "/memory.soft_limit_in_bytes" : "/memory.low";
    failures.add(write_value(memory.path + file, byte_text(*caps.memory_reservation, v1 ? "-1" : "0")));
  }
  if (caps.memory_high && v1) {
    failures.add(base::Error{base::Code::invalid_argument, "cgroup v1 has no memory.high"});
  } else if (caps.memory_high) {
    failures.add(write_value(memory.path + "/memory.high", byte_text(*caps.memory_high, "max")));
  }
  if (caps.memory) failures.add(write_memory_limit(memory, *caps.memory));
}

void apply_cpus(const ControllerFolder& cpu, base::Cores cores, Failures& failures) {
  if (!cpu.exists()) return failures.add(missing("cpu"));
  // The period that Docker and systemd use: long enough to keep accounting cheap, short enough for latency.
  constexpr std::int64_t kPeriodUs = 100'000;
  constexpr std::int64_t kLeastQuotaUs = 1'000;  // the kernel's own bound
  const auto quota_us =
      std::llround(std::clamp(cores.count * static_cast<double>(kPeriodUs), static_cast<double>(kLeastQuotaUs), 1e12));
  if (cpu.version == 2) {
    const std::string quota = cores.is_unlimited() ? "max" : std::to_string(quota_us);
    return failures.add(write_value(cpu.path + "/cpu.max", quota + ' ' + std::to_string(kPeriodUs)));
  }
  failures.add(write_value(cpu.path + "/cpu.cfs_period_us", std::to_string(kPeriodUs)));
  failures.add(write_value(cpu.path + "/cpu.cfs_quota_us", cores.is_unlimited() ? "-1" : std::to_string(quota_us)));
}

std::vector<pid_t> processes_in(const std::string& folder) {
  std::ifstream list(folder + "/cgroup.procs");
  return {std::istream_iterator<pid_t>(list), std::istream_iterator<pid_t>()};
}

// The folder and all below it, deepest first.
std::vector<std::string> folders_deepest_first(const std::string& top) {
  std::vector<std::string> folders{top};
  std::error_code error;
  for (fs::recursive_directory_iterator entry(top, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error)) folders.push_back(entry->path());
  }
  std::reverse(folders.begin(), folders.end());  // the iterator names a folder before what is in it
  return folders;
}

base::Status remove_folder(const std::string& top) {
  for (const std::string& folder : folders_deepest_first(top)) {
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) {
      return base::fail(base::error_from_errno(errno, "remove " + folder));
    }
  }
  return {};
}

// Signals every process in the tree once; how many there were.
std::size_t kill_round(const std::string& top) {
  std::size_t found = 0;
  for (const std::string& folder : folders_deepest_first(top)) {
    for (const pid_t pid : processes_in(folder)) {
      if (pid <= 0) continue;  // outside of our pid namespace: not ours to signal
      ++found;
      // Just listed, so that the pid cannot have been reused by a process outside unless it ended this very instant;
      // cgroup.kill has no such gap, and v1 nothing better.
      ::kill(pid, SIGKILL);
    }
  }
  return found;
}

bool is_empty(const std::string& top) {
  const auto folders = folders_deepest_first(top);
  return std::all_of(folders.begin(), folders.end(), [](const auto& folder) { return processes_in(folder).empty(); });
}

// "+memory +cpu +pids" as far as the parent itself has them.
std::string controllers_to_hand_down(const sample::Cgroup& parent) {
  std::string names;
  const auto add = [&](const ControllerFolder& folder, const char* name) {
    if (folder.exists() && folder.version == 2) names += std::string(names.empty() ? "+" : " +") + name;
  };
  add(parent.memory, "memory");
  add(parent.cpu, "cpu");
  add(parent.pids, "pids");
  return names;
}

base::Status move_self_to_leaf(const std::string& parent) {
  const std::string leaf = parent + '/' + std::string(sample::kAgentLeaf);
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return base::fail(base::error_from_errno(errno, "make cgroup " + leaf));
  }
  return write_value(leaf + "/cgroup.procs", "0");
}

// The kernel refuses with EBUSY while the parent holds processes. Ours may go; others' stay where they are.
base::Status hand_controllers_down(const sample::Cgroup& parent, const std::string& folder) {
  const std::string names = controllers_to_hand_down(parent);
  if (names.empty()) return {};
  const std::string file = folder + "/cgroup.subtree_control";
  base::Status written = write_value(file, names);
  if (written || written.error().code != base::Code::unavailable) return written;
  const std::vector<pid_t> inside = processes_in(folder);
  if (inside != std::vector<pid_t>{::getpid()}) {
    return base::fail(written.error().within("other processes live in the cgroup that is to hold the child's"));
  }
  if (auto moved = move_self_to_leaf(folder); !moved) return moved;
  return write_value(file, names);
}

base::Status make_child_folder(const sample::Cgroup& parent, const ControllerFolder& in, const std::string& child) {
  if (in.version == 2) {
    if (auto handed = hand_controllers_down(parent, in.path); !handed) return handed;
  }
  if (::mkdir(child.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return base::fail(base::error_from_errno(errno, "make cgroup " + child));
}

}  // namespace

base::Status apply_caps(const sample::Cgroup& cgroup, const sample::Caps& caps) {
  Failures failures;
  apply_memory(cgroup.memory, caps, failures);
  if (caps.cpus) apply_cpus(cgroup.cpu, *caps.cpus, failures);
  if (caps.pids && !cgroup.pids.exists()) {
    failures.add(missing("pids"));
  } else if (caps.pids) {
    const bool none = *caps.pids == std::numeric_limits<std::int64_t>::max();
    failures.add(write_value(cgroup.pids.path + "/pids.max", none ? "max" : std::to_string(*caps.pids)));
  }
  return failures.status();
}

base::Result<sample::Cgroup> create_child_cgroup(const sample::Cgroup& parent, std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name == "." || name == ".." ||
      name == sample::kAgentLeaf) {
    return base::fail(base::Code::invalid_argument, "\"" + std::string(name) + "\" is not a valid cgroup name");
  }
  if (distinct_folders(parent).empty()) return base::fail(no_folder().error());
  sample::Cgroup child = parent;
  for (ControllerFolder* folder : {&child.memory, &child.cpu, &child.cpuacct, &child.pids, &child.pressure}) {
    if (folder->exists()) folder->path += '/' + std::string(name);
  }
  for (const ControllerFolder& in : distinct_folders(parent)) {
    const std::string folder = in.path + '/' + std::string(name);
    if (const auto made = make_child_folder(parent, in, folder); !made) {
      static_cast<void>(remove(child));  // as far as it got; the first failure is the one to tell
      return base::fail(made.error());
    }
  }
  struct stat status {};
  const std::string first = distinct_folders(child).front().path;
  if (::stat(first.c_str(), &status) != 0) return base::fail(base::error_from_errno(errno, "look at " + first));
  child.inode = status.st_ino;
  return child;
}

base::Status attach(const sample::Cgroup& cgroup, std::int64_t pid) {
  const auto folders = distinct_folders(cgroup);
  if (folders.empty()) return no_folder();
  for (const ControllerFolder& folder : folders) {
    if (auto moved = write_value(folder.path + "/cgroup.procs", std::to_string(pid)); !moved) return moved;
  }
  return {};
}

base::Status kill_all(const sample::Cgroup& cgroup, std::chrono::milliseconds deadline) {
  constexpr std::chrono::milliseconds kPause{10};
  const auto end = std::chrono::steady_clock::now() + deadline;
  const auto folders = distinct_folders(cgroup);
  if (folders.empty()) return no_folder();
  // A child of ours is in every hierarchy alike; others' cgroups are killed by the first folder, which names them.
  const std::string& top = folders.front().path;
  for (const ControllerFolder& folder : folders) {
    if (folder.version == 2) static_cast<void>(write_value(folder.path + "/cgroup.kill", "1"));
  }
  while (kill_round(top) > 0 || !is_empty(top)) {
    if (std::chrono::steady_clock::now() >= end) {
      return base::fail(base::Code::deadline_exceeded, "processes are left in " + top);
    }
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

base::Status remove(const sample::Cgroup& cgroup) {
  Failures failures;
  for (const ControllerFolder& folder : distinct_folders(cgroup)) failures.add(remove_folder(folder.path));
  return failures.status();
}

base::Status reclaim(const sample::Cgroup& cgroup, base::Bytes amount) {
  if (!cgroup.memory.exists() || cgroup.memory.version != 2) {
    return base::fail(base::Code::invalid_argument, "memory.reclaim needs cgroup v2");
  }
  if (amount.count <= 0) return base::fail(base::Code::invalid_argument, "nothing to reclaim");
  return write_value(cgroup.memory.path + "/memory.reclaim", std::to_string(amount.count));
}

}  // namespace guard::action
