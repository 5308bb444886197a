#include "guard/source/process/tree.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "guard/source/fs_text.h"
#include "guard/source/process/parser.h"

namespace guard::source {
namespace {

constexpr std::size_t kMaxProcesses = 4096;
constexpr int kMaxScanned = 1 << 17;  // of the machine: bounds a sweep whatever runs there

std::string stat_path(const std::string& root, const std::string& pid) {
  return join_path(root, "proc/" + pid + "/stat");
}

// Every process of the machine by its parent. The kernel's own list of children (/proc/PID/task/TID/children) would be
// quicker, but is missing from many kernels and incomplete while processes fork and exit.
std::multimap<std::int64_t, ProcessStat> processes_by_parent(const std::string& root, const SmallFiles& files) {
  std::multimap<std::int64_t, ProcessStat> by_parent;
  DIR* folder = ::opendir(join_path(root, "proc").c_str());
  if (folder == nullptr) return by_parent;
  SmallFileBuffer buffer;
  int scanned = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (!parse_number<std::int64_t>(name)) continue;
    if (++scanned > kMaxScanned) break;
    const SmallFileText file = files.read(AT_FDCWD, stat_path(root, name).c_str(), buffer);
    if (file.error_number != 0) continue;
    if (const auto stat = parse_process_stat(file.text)) by_parent.emplace(stat->parent, *stat);
  }
  ::closedir(folder);
  return by_parent;
}

// The process and its descendants; empty when it does not exist.
std::vector<ProcessStat> tree_of(std::int64_t pid, const std::string& root, const SmallFiles& files) {
  const auto by_parent = processes_by_parent(root, files);
  std::vector<ProcessStat> tree;
  for (const auto& [parent, process] : by_parent) {
    if (process.pid == pid) tree.push_back(process);
  }
  // Pids may change hands between two reads, so that a parent could seem to be its own descendant: the bound ends that.
  for (std::size_t i = 0; i < tree.size() && tree.size() < kMaxProcesses; ++i) {
    const auto [first, last] = by_parent.equal_range(tree[i].pid);
    for (auto child = first; child != last && tree.size() < kMaxProcesses; ++child) tree.push_back(child->second);
  }
  return tree;
}

base::Duration from_ticks(std::int64_t ticks) {
  static const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return base::from_seconds(static_cast<double>(ticks) / per_second);
}

template <class Value>
void set_absent(sample::Reading<Value>& reading, const std::string& why) {
  reading = sample::Reading<Value>::absent(why);
}

void mark_what_only_cgroups_tell(sample::Resources& resources) {
  const std::string why = "no cgroup: read from the process tree";
  auto& memory = resources.memory;
  for (auto* reading :
       {&memory.inactive_file, &memory.kernel, &memory.limit, &memory.high, &memory.reservation, &memory.peak}) {
    set_absent(*reading, why);
  }
  set_absent(memory.oom_kills, why);
  set_absent(resources.cpu.limit, why);
  set_absent(resources.cpu.periods, why);
  set_absent(resources.cpu.throttled_periods, why);
  set_absent(resources.cpu.throttled, why);
  set_absent(resources.pids.limit, why);
  for (auto* totals : {&resources.pressure.memory, &resources.pressure.cpu, &resources.pressure.io}) {
    set_absent(totals->some, why);
    set_absent(totals->full, why);
  }
}

void mark_gone(sample::Resources& resources, const std::string& why) {
  for (auto* reading :
       {&resources.memory.usage, &resources.memory.anon, &resources.memory.file, &resources.memory.shmem}) {
    set_absent(*reading, why);
  }
  set_absent(resources.cpu.used, why);
  set_absent(resources.pids.current, why);
}

// Processes whose memory cannot be read have ended meanwhile, or are zombies that hold none.
ProcessMemory memory_of(const std::vector<ProcessStat>& tree, const std::string& root, const SmallFiles& files) {
  ProcessMemory sum{};
  SmallFileBuffer buffer;
  for (const ProcessStat& process : tree) {
    const std::string path = join_path(root, "proc/" + std::to_string(process.pid) + "/status");
    const SmallFileText file = files.read(AT_FDCWD, path.c_str(), buffer);
    const auto memory = file.error_number == 0 ? parse_process_status(file.text) : std::nullopt;
    if (!memory) continue;
    sum.anon += memory->anon;
    sum.file += memory->file;
    sum.shmem += memory->shmem;
  }
  return sum;
}

}  // namespace

base::Result<std::string> process_identity(const std::string& root, std::int64_t pid, const SmallFiles& files) {
  const std::string process = std::to_string(pid);
  SmallFileBuffer buffer;
  const SmallFileText file = files.read(AT_FDCWD, stat_path(root, process).c_str(), buffer);
  if (file.error_number != 0) return base::fail(base::error_from_errno(file.error_number, "process " + process));
  const auto stat = parse_process_stat(file.text);
  if (!stat) return base::fail(base::Code::corrupt, "process " + process + ": stat is not in the kernel's form");
  return "pid:" + process + '@' + std::to_string(stat->start_ticks);
}

sample::Resources read_process_tree(const std::string& root, std::int64_t pid, const SmallFiles& files) {
  sample::Resources resources;
  mark_what_only_cgroups_tell(resources);
  const std::vector<ProcessStat> tree = tree_of(pid, root, files);
  if (tree.empty()) {
    mark_gone(resources, "process " + std::to_string(pid) + " is gone");
    return resources;
  }
  const ProcessMemory memory = memory_of(tree, root, files);
  resources.memory.anon = memory.anon;
  resources.memory.file = memory.file;
  resources.memory.shmem = memory.shmem;
  resources.memory.usage = memory.anon + memory.file + memory.shmem;
  std::int64_t ticks = 0;
  for (const ProcessStat& process : tree) {
    ticks += process.user_ticks + process.system_ticks + process.waited_user_ticks + process.waited_system_ticks;
  }
  resources.cpu.used = from_ticks(ticks);
  resources.pids.current = static_cast<std::int64_t>(tree.size());
  return resources;
}

}  // namespace guard::source
