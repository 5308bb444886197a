#include "guard/source/cgroup/reader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include <sys/resource.h>

#include "guard/source/cgroup/v1_parser.h"
#include "guard/source/cgroup/v2_parser.h"
#include "guard/source/fs_text.h"
#include "guard/source/host/parser.h"

namespace guard::source {
namespace {

using base::Bytes;
using sample::Reading;

template <class Value>
Reading<Value> from_line(const std::optional<Value>& value, const char* line, const std::string& why) {
  if (value) return *value;
  return Reading<Value>::absent(why.empty() ? std::string("no such line: ") + line : why);
}

template <class Parse>
auto value(ControllerFiles& files, const char* name, Parse parse) {
  SmallFileBuffer buffer;
  return files.value(name, buffer, parse);
}

// A file that holds several values: `parse` its text, or an empty text and the reason why.
template <class Parse>
auto parse_lines(ControllerFiles& controller, const char* name, std::string& why, Parse parse) {
  why = controller.why();
  if (!why.empty()) return parse(std::string_view());
  SmallFileBuffer buffer;
  const SmallFileText file = controller.text(name, buffer);
  if (file.error_number != 0) why = reason_of(name, file.error_number);
  return parse(file.error_number == 0 ? file.text : std::string_view());
}

void read_memory_v1(ControllerFiles& files, sample::Memory& memory) {
  std::string why;
  const v1::MemoryStat stat = parse_lines(files, "memory.stat", why, v1::parse_memory_stat);
  memory.anon = from_line(stat.anon, "total_rss", why);
  memory.file = from_line(stat.file, "total_cache", why);
  memory.inactive_file = from_line(stat.inactive_file, "total_inactive_file", why);
  memory.shmem = from_line(stat.shmem, "total_shmem", why);
  memory.usage = value(files, "memory.usage_in_bytes", parse_byte_count);
  // kmem.usage_in_bytes holds the caches of names and inodes too, which the kernel takes back when memory is needed:
  // whoever has read many files would look as if he were out of memory.
  memory.kernel = Reading<Bytes>::absent("cgroup v1 does not tell which kernel memory can be reclaimed");
  memory.peak = value(files, "memory.max_usage_in_bytes", parse_byte_count);
  memory.oom_kills = value(files, "memory.oom_control", v1::parse_oom_kills);
}

void read_memory_v2(ControllerFiles& files, sample::Memory& memory) {
  std::string why;
  const v2::MemoryStat stat = parse_lines(files, "memory.stat", why, v2::parse_memory_stat);
  memory.anon = from_line(stat.anon, "anon", why);
  memory.file = from_line(stat.file, "file", why);
  memory.inactive_file = from_line(stat.inactive_file, "inactive_file", why);
  memory.shmem = from_line(stat.shmem, "shmem", why);
  memory.kernel = from_line(stat.kernel, "kernel", why);
  memory.usage = value(files, "memory.current", parse_byte_count);
  memory.peak = value(files, "memory.peak", parse_byte_count);
  memory.oom_kills = value(files, "memory.events", v2::parse_oom_kills);
}

void read_memory_limits(ControllerFiles& files, sample::Memory& memory) {
  if (files.version() == 1) {
    memory.limit = value(files, "memory.limit_in_bytes", v1::parse_limit);
    memory.reservation = value(files, "memory.soft_limit_in_bytes", v1::parse_limit);
    memory.high = Reading<Bytes>::absent("cgroup v1 has no memory.high");
  } else {
    memory.limit = value(files, "memory.max", v2::parse_limit);
    memory.reservation = value(files, "memory.low", v2::parse_limit);
    memory.high = value(files, "memory.high", v2::parse_limit);
  }
}

void read_cpu_limit(ControllerFiles& files, sample::Cpu& cpu) {
  if (files.version() == 2) {
    cpu.limit = value(files, "cpu.max", v2::parse_cpu_limit);
    return;
  }
  const auto quota = value(files, "cpu.cfs_quota_us", parse_number<std::int64_t>);
  if (!quota) {
    cpu.limit = Reading<base::Cores>::absent(quota.reason());
    return;
  }
  cpu.limit = value(files, "cpu.cfs_period_us",
                    [&](std::string_view period) { return v1::parse_cpu_limit(std::to_string(*quota), period); });
}

template <class Stat>
void take_throttling(const Stat& stat, const char* throttled_line, const std::string& why, sample::Cpu& cpu) {
  cpu.periods = from_line(stat.periods, "nr_periods", why);
  cpu.throttled_periods = from_line(stat.throttled_periods, "nr_throttled", why);
  cpu.throttled = from_line(stat.throttled, throttled_line, why);
}

void read_cpu(ControllerFiles& quota, ControllerFiles& account, sample::Cpu& cpu) {
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
                 ? value(account, "cpuacct.usage", v1::parse_cpu_usage)
                 : value(account, "cpu.stat", [](std::string_view text) { return v2::parse_cpu_stat(text).used; });
}

constexpr std::int64_t kNoPidsLimit = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> parse_pids_limit(std::string_view text) {
  if (without_blanks(text) == "max") return kNoPidsLimit;
  return parse_number<std::int64_t>(text);
}

sample::PressureTotals read_pressure(ControllerFiles& files, const char* name) {
  std::string why;
  const PressureText text = parse_lines(files, name, why, parse_pressure);
  return {from_line(text.some, "some", why), from_line(text.full, "full", why)};
}

void read_limits(OpenCgroup& cgroup, sample::Resources& resources) {
  sample::Memory& memory = resources.memory;
  if (cgroup.is_unlimited_by(cgroup.memory)) {
    memory.limit = memory.high = Bytes::unlimited();
    memory.reservation = Bytes{0};
  } else {
    read_memory_limits(cgroup.memory, memory);
  }
  if (cgroup.is_unlimited_by(cgroup.cpu))
    resources.cpu.limit = base::Cores::unlimited();
  else
    read_cpu_limit(cgroup.cpu, resources.cpu);
  if (cgroup.is_unlimited_by(cgroup.pids))
    resources.pids.limit = kNoPidsLimit;
  else
    resources.pids.limit = value(cgroup.pids, "pids.max", parse_pids_limit);
}

void read_all(OpenCgroup& cgroup, sample::Resources& resources) {
  read_limits(cgroup, resources);
  if (cgroup.memory.version() == 1) {
    read_memory_v1(cgroup.memory, resources.memory);
  } else {
    read_memory_v2(cgroup.memory, resources.memory);
  }
  read_cpu(cgroup.cpu, cgroup.cpuacct, resources.cpu);
  resources.pids.current = value(cgroup.pids, "pids.current", parse_number<std::int64_t>);
  resources.pressure.memory = read_pressure(cgroup.pressure, "memory.pressure");
  resources.pressure.cpu = read_pressure(cgroup.pressure, "cpu.pressure");
  resources.pressure.io = read_pressure(cgroup.pressure, "io.pressure");
}

std::size_t descriptors_allowed() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur) : 0;
}

}  // namespace

CgroupReader::CgroupReader(const SmallFiles& files)
    : files_(files), most_open_files_(std::min(kMaxOpenFiles, descriptors_allowed() / 2)) {}

sample::Resources CgroupReader::read(const sample::Cgroup& cgroup) {
  sample::Resources resources;
  with_open(cgroup, [&](OpenCgroup& open) { read_all(open, resources); });
  return resources;
}

sample::Resources CgroupReader::read_limits(const sample::Cgroup& cgroup) {
  sample::Resources resources;
  with_open(cgroup, [&](OpenCgroup& open) { source::read_limits(open, resources); });
  return resources;
}

template <class Work>
void CgroupReader::with_open(const sample::Cgroup& cgroup, Work work) {
  ++reads_;
  const std::string* folder = identifying_folder(cgroup);
  const Key key(folder == nullptr ? std::string() : *folder, cgroup.inode);
  if (const auto known = kept_.find(key); known != kept_.end() && known->second.cgroup == cgroup) {
    known->second.last_read = reads_;
    work(*known->second.files);
    if (known->second.files->gone()) kept_.erase(known);
    return;
  }
  auto open = std::make_unique<OpenCgroup>(cgroup, files_);
  work(*open);
  close_idle();
  const bool worth_keeping = open->open_files() > 0 && !open->gone();
  if (worth_keeping && open_files() + open->open_files() <= most_open_files_) {
    kept_[key] = {cgroup, std::move(open), reads_};
  }
}

// Not read while the others were read four times over: nobody's workload any more.
void CgroupReader::close_idle() {
  const std::uint64_t patience = 4 * (kept_.size() + 1);
  std::erase_if(kept_, [&](const auto& entry) { return entry.second.last_read + patience < reads_; });
}

std::size_t CgroupReader::open_files() const {
  return std::accumulate(kept_.begin(), kept_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& entry) { return sum + entry.second.files->open_files(); });
}

}  // namespace guard::source
