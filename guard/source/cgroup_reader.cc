#include "guard/source/cgroup_reader.h"

#include <cerrno>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "guard/source/cgroup_v1_parser.h"
#include "guard/source/cgroup_v2_parser.h"
#include "guard/source/fs_text.h"
#include "guard/source/host_parser.h"

namespace guard::source {
namespace {

using base::Bytes;
using sample::Reading;

std::string reason_of(const char* name, int error_number) {
  if (error_number == ENODEV) return "the cgroup is gone";
  return std::string(name) + ": " + std::generic_category().message(error_number);
}

std::string malformed(const char* name) { return std::string(name) + ": not in the kernel's form"; }

// One controller's folder during one sweep: opened once, its files then read by name. `why` says why there is
// nothing to read; "" when there is.
class Controller {
 public:
  Controller(const sample::ControllerFolder& folder, const char* name, const SmallFiles& files)
      : files_(files), version_(folder.version) {
    if (!folder.exists()) {
      why_ = std::string("no ") + name + " controller";
      return;
    }
    folder_ = Folder(folder.path);
    if (folder_.is_open()) return;
    const bool gone = folder_.error_number() == ENOENT || folder_.error_number() == ENODEV;
    why_ = gone ? "the cgroup is gone" : reason_of(folder.path.c_str(), folder_.error_number());
  }

  [[nodiscard]] int version() const { return version_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  void refuse(const std::string& why) { why_ = why; }

  // 0 when the folder is not open.
  [[nodiscard]] std::uint64_t inode() const {
    struct stat status {};
    return folder_.is_open() && ::fstat(folder_.fd(), &status) == 0 ? status.st_ino : 0;
  }

  // The file's text, or the reason why there is none. Valid until the next call.
  SmallFileText text(const char* name) { return files_.read(folder_.fd(), name, buffer_); }

  // The file as one value.
  template <class Parse>
  auto value(const char* name, Parse parse) -> Reading<typename decltype(parse(std::string_view()))::value_type> {
    using Value = typename decltype(parse(std::string_view()))::value_type;
    if (!why_.empty()) return Reading<Value>::absent(why_);
    const SmallFileText file = text(name);
    if (file.error_number != 0) return Reading<Value>::absent(reason_of(name, file.error_number));
    const auto parsed = parse(file.text);
    return parsed ? Reading<Value>(*parsed) : Reading<Value>::absent(malformed(name));
  }

 private:
  const SmallFiles& files_;
  Folder folder_;
  int version_;
  std::string why_;
  SmallFileBuffer buffer_;
};

struct Controllers {
  Controller memory;
  Controller cpu;
  Controller cpuacct;
  Controller pids;
  Controller pressure;

  Controllers(const sample::Cgroup& cgroup, const SmallFiles& files)
      : memory(cgroup.memory, "memory", files),
        cpu(cgroup.cpu, "cpu", files),
        cpuacct(cgroup.cpuacct, "cpuacct", files),
        pids(cgroup.pids, "pids", files),
        pressure(cgroup.pressure, "pressure", files) {
    // The controller that identifying_folder() names. A recreated cgroup must not go on with the old one's counters.
    for (Controller* controller : {&memory, &cpu, &cpuacct, &pids, &pressure}) {
      const std::uint64_t inode = controller->inode();
      if (inode == 0) continue;
      if (inode != cgroup.inode) refuse_all("another cgroup has taken its name");
      return;
    }
  }

 private:
  void refuse_all(const std::string& why) {
    for (Controller* controller : {&memory, &cpu, &cpuacct, &pids, &pressure}) controller->refuse(why);
  }
};

template <class Value>
Reading<Value> from_line(const std::optional<Value>& value, const char* line, const std::string& why) {
  if (value) return *value;
  return Reading<Value>::absent(why.empty() ? std::string("no such line: ") + line : why);
}

// A file that holds several values: `parse` its text, or an empty text and the reason why.
template <class Parse>
auto parse_lines(Controller& controller, const char* name, std::string& why, Parse parse) {
  why = controller.why();
  if (!why.empty()) return parse(std::string_view());
  const SmallFileText file = controller.text(name);
  if (file.error_number != 0) why = reason_of(name, file.error_number);
  return parse(file.error_number == 0 ? file.text : std::string_view());
}

void read_memory_v1(Controller& files, sample::Memory& memory) {
  std::string why;
  const v1::MemoryStat stat = parse_lines(files, "memory.stat", why, v1::parse_memory_stat);
  memory.anon = from_line(stat.anon, "total_rss", why);
  memory.file = from_line(stat.file, "total_cache", why);
  memory.inactive_file = from_line(stat.inactive_file, "total_inactive_file", why);
  memory.shmem = from_line(stat.shmem, "total_shmem", why);
  memory.usage = files.value("memory.usage_in_bytes", parse_byte_count);
  memory.kernel = files.value("memory.kmem.usage_in_bytes", parse_byte_count);
  memory.peak = files.value("memory.max_usage_in_bytes", parse_byte_count);
  memory.oom_kills = files.value("memory.oom_control", v1::parse_oom_kills);
}

void read_memory_v2(Controller& files, sample::Memory& memory) {
  std::string why;
  const v2::MemoryStat stat = parse_lines(files, "memory.stat", why, v2::parse_memory_stat);
  memory.anon = from_line(stat.anon, "anon", why);
  memory.file = from_line(stat.file, "file", why);
  memory.inactive_file = from_line(stat.inactive_file, "inactive_file", why);
  memory.shmem = from_line(stat.shmem, "shmem", why);
  memory.kernel = from_line(stat.kernel, "kernel", why);
  memory.usage = files.value("memory.current", parse_byte_count);
  memory.peak = files.value("memory.peak", parse_byte_count);
  memory.oom_kills = files.value("memory.events", v2::parse_oom_kills);
}

void read_memory_limits(Controller& files, sample::Memory& memory) {
  if (files.version() == 1) {
    memory.limit = files.value("memory.limit_in_bytes", v1::parse_limit);
    memory.reservation = files.value("memory.soft_limit_in_bytes", v1::parse_limit);
    memory.high = Reading<Bytes>::absent("cgroup v1 has no memory.high");
  } else {
    memory.limit = files.value("memory.max", v2::parse_limit);
    memory.reservation = files.value("memory.low", v2::parse_limit);
    memory.high = files.value("memory.high", v2::parse_limit);
  }
}

void read_cpu_limit(Controller& files, sample::Cpu& cpu) {
  if (files.version() == 2) {
    cpu.limit = files.value("cpu.max", v2::parse_cpu_limit);
    return;
  }
  const auto quota = files.value("cpu.cfs_quota_us", parse_number<std::int64_t>);
  if (!quota) {
    cpu.limit = Reading<base::Cores>::absent(quota.reason());
    return;
  }
  cpu.limit = files.value("cpu.cfs_period_us",
                          [&](std::string_view period) { return v1::parse_cpu_limit(std::to_string(*quota), period); });
}

template <class Stat>
void take_throttling(const Stat& stat, const char* throttled_line, const std::string& why, sample::Cpu& cpu) {
  cpu.periods = from_line(stat.periods, "nr_periods", why);
  cpu.throttled_periods = from_line(stat.throttled_periods, "nr_throttled", why);
  cpu.throttled = from_line(stat.throttled, throttled_line, why);
}

void read_cpu(Controller& quota, Controller& account, sample::Cpu& cpu) {
  std::string why;
  if (quota.version() == 1) {
    const v1::CpuStat stat = parse_lines(quota, "cpu.stat", why, v1::parse_cpu_stat);
    take_throttling(stat, "throttled_time", why, cpu);
  } else {
    const v2::CpuStat stat = parse_lines(quota, "cpu.stat", why, v2::parse_cpu_stat);
    take_throttling(stat, "throttled_usec", why, cpu);
    if (stat.used && account.version() == 2 && account.why().empty()) {
      cpu.used = *stat.used;  // the same file of the same folder
      return;
    }
  }
  cpu.used = account.version() == 1
                 ? account.value("cpuacct.usage", v1::parse_cpu_usage)
                 : account.value("cpu.stat", [](std::string_view text) { return v2::parse_cpu_stat(text).used; });
}

std::optional<std::int64_t> parse_pids_limit(std::string_view text) {
  if (without_blanks(text) == "max") return std::numeric_limits<std::int64_t>::max();
  return parse_number<std::int64_t>(text);
}

sample::PressureTotals read_pressure(Controller& files, const char* name) {
  std::string why;
  const PressureText text = parse_lines(files, name, why, parse_pressure);
  return {from_line(text.some, "some", why), from_line(text.full, "full", why)};
}

void read_limits(Controllers& controllers, sample::Resources& resources) {
  read_memory_limits(controllers.memory, resources.memory);
  read_cpu_limit(controllers.cpu, resources.cpu);
  resources.pids.limit = controllers.pids.value("pids.max", parse_pids_limit);
}

}  // namespace

sample::Resources read_cgroup(const sample::Cgroup& cgroup, const SmallFiles& files) {
  Controllers controllers(cgroup, files);
  sample::Resources resources;
  read_limits(controllers, resources);
  if (controllers.memory.version() == 1) {
    read_memory_v1(controllers.memory, resources.memory);
  } else {
    read_memory_v2(controllers.memory, resources.memory);
  }
  read_cpu(controllers.cpu, controllers.cpuacct, resources.cpu);
  resources.pids.current = controllers.pids.value("pids.current", parse_number<std::int64_t>);
  resources.pressure.memory = read_pressure(controllers.pressure, "memory.pressure");
  resources.pressure.cpu = read_pressure(controllers.pressure, "cpu.pressure");
  resources.pressure.io = read_pressure(controllers.pressure, "io.pressure");
  return resources;
}

sample::Resources read_cgroup_limits(const sample::Cgroup& cgroup, const SmallFiles& files) {
  Controllers controllers(cgroup, files);
  sample::Resources resources;
  read_limits(controllers, resources);
  return resources;
}

const std::string* identifying_folder(const sample::Cgroup& cgroup) {
  for (const sample::ControllerFolder* folder :
       {&cgroup.memory, &cgroup.cpu, &cgroup.cpuacct, &cgroup.pids, &cgroup.pressure}) {
    if (folder->exists()) return &folder->path;
  }
  return nullptr;
}

}  // namespace guard::source
