#include "chatcore/process_reading.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace chatcore {
namespace {

namespace fs = std::filesystem;

// No file read here is longer than some hundred bytes, apart from /proc/stat on a machine of many cores.
std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  return {std::istream_iterator<std::string>(stream), {}};
}

// "btime 1700000000" in /proc/stat: when the machine started, in Unix seconds.
std::optional<base::WallTime> read_boot_time(const fs::path& root) {
  std::ifstream file(root / "proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("btime ")) continue;
    if (const auto seconds = parse_integer(std::string_view(line).substr(6))) {
      return base::WallTime(std::chrono::seconds(*seconds));
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_max_files(const fs::path& root) {
  std::ifstream file(root / "proc/self/limits");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Max open files")) continue;
    const auto words = words_of(line);
    return words.size() > 3 ? parse_integer(words[3]) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> count_open_files(const fs::path& root) {
  std::error_code error;
  const fs::directory_iterator entries(root / "proc/self/fd", error);
  if (error) return std::nullopt;
  // The iteration holds one descriptor itself.
  return std::distance(begin(entries), end(entries)) - 1;
}

base::Duration from_ticks(std::int64_t ticks) {
  return base::from_seconds(static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

// The value of "NAME VALUE" in a file of such lines, or of "NAME: VALUE kB" in /proc/self/status.
std::optional<std::int64_t> find_value(const fs::path& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const auto words = words_of(line);
    if (words.size() > 1 && words[0] == name) return parse_integer(words[1]);
  }
  return std::nullopt;
}

// Usage without what the kernel would drop first. It is floored, since the two are not read at one instant.
std::optional<base::Bytes> working_set_of(std::optional<base::Bytes> usage, std::optional<std::int64_t> inactive_file) {
  if (!usage || !inactive_file) return std::nullopt;
  return std::max(*usage - base::Bytes{*inactive_file}, base::Bytes{0});
}

void keep_least(base::Bytes& least, std::optional<std::int64_t> bytes) {
  // v1 writes "no limit" as a number just below 2^63, rounded down to a page.
  if (bytes && *bytes < (std::int64_t{1} << 60) && base::Bytes{*bytes} < least) least = {*bytes};
}

void keep_least(base::Cores& least, std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return;
  const base::Cores cores{static_cast<double>(*quota) / static_cast<double>(*period)};
  if (cores < least) least = cores;
}

// A cgroup's folder and those above it up to the mount, the innermost first.
std::vector<fs::path> with_ancestors(const fs::path& mount, std::string_view cgroup) {
  std::vector<fs::path> folders;
  fs::path relative = fs::path(cgroup).relative_path();
  for (; !relative.empty(); relative = relative.parent_path()) {
    std::error_code error;
    if (fs::exists(mount / relative, error)) folders.push_back(mount / relative);
  }
  folders.push_back(mount);
  return folders;
}

void read_memory_v1(const std::vector<fs::path>& folders, CgroupReading& reading) {
  if (const auto usage = parse_integer(read_file(folders.front() / "memory.usage_in_bytes"))) {
    reading.memory_usage = base::Bytes{*usage};
  }
  for (const auto& folder : folders) {
    keep_least(reading.memory_limit, parse_integer(read_file(folder / "memory.limit_in_bytes")));
  }
  const fs::path statistics = folders.front() / "memory.stat";
  keep_least(reading.memory_limit, find_value(statistics, "hierarchical_memory_limit"));
  reading.working_set = working_set_of(reading.memory_usage, find_value(statistics, "total_inactive_file"));
}

void read_cpu_v1(const std::vector<fs::path>& folders, CgroupReading& reading) {
  for (const auto& folder : folders) {
    keep_least(reading.cpu_limit, parse_integer(read_file(folder / "cpu.cfs_quota_us")),
               parse_integer(read_file(folder / "cpu.cfs_period_us")));
  }
}

void read_v2(const std::vector<fs::path>& folders, CgroupReading& reading) {
  if (const auto usage = parse_integer(read_file(folders.front() / "memory.current"))) {
    reading.memory_usage = base::Bytes{*usage};
  }
  reading.working_set =
      working_set_of(reading.memory_usage, find_value(folders.front() / "memory.stat", "inactive_file"));
  for (const auto& folder : folders) {
    keep_least(reading.memory_limit, parse_integer(read_file(folder / "memory.max")));
    keep_least(reading.memory_limit, parse_integer(read_file(folder / "memory.high")));
    const auto words = words_of(read_file(folder / "cpu.max"));
    if (words.size() == 2) keep_least(reading.cpu_limit, parse_integer(words[0]), parse_integer(words[1]));
  }
}

}  // namespace

ProcessReading read_process(const fs::path& root) {
  ProcessReading reading;
  const std::string stat = read_file(root / "proc/self/stat");
  // The command name in brackets may hold spaces and brackets itself: fields are counted from its last bracket,
  // where the third field of proc(5) follows.
  if (const auto bracket = stat.rfind(')'); bracket != std::string::npos) {
    const auto words = words_of(std::string_view(stat).substr(bracket + 1));
    const auto field = [&](std::size_t number) {
      return number - 3 < words.size() ? parse_integer(words[number - 3]) : std::nullopt;
    };
    const auto user = field(14);
    const auto system = field(15);
    if (user && system) reading.cpu = from_ticks(*user + *system);
    reading.threads = field(20);
    const auto boot = read_boot_time(root);
    if (const auto ticks = field(22); ticks && boot) {
      reading.started = *boot + std::chrono::duration_cast<base::WallTime::duration>(from_ticks(*ticks));
    }
    if (const auto bytes = field(23)) reading.virtual_memory = base::Bytes{*bytes};
    if (const auto pages = field(24)) reading.resident = base::Bytes{*pages * sysconf(_SC_PAGESIZE)};
  }
  reading.open_files = count_open_files(root);
  reading.max_files = read_max_files(root);
  return reading;
}

std::optional<base::Bytes> read_anonymous_memory(const fs::path& root) {
  const auto kibibytes = find_value(root / "proc/self/status", "RssAnon:");
  return kibibytes ? std::optional(base::kibibytes(*kibibytes)) : std::nullopt;
}

CgroupReading read_cgroup(const fs::path& root) {
  CgroupReading reading;
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream membership(root / "proc/self/cgroup");
  // Each line is "hierarchy:controllers:path"; the unified hierarchy has no controllers named.
  for (std::string line; std::getline(membership, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers.find(",memory,") != std::string::npos)
      read_memory_v1(with_ancestors(mounts / "memory", path), reading);
    if (controllers.find(",cpu,") != std::string::npos) read_cpu_v1(with_ancestors(mounts / "cpu", path), reading);
    std::error_code error;
    if (controllers == ",," && fs::exists(mounts / "cgroup.controllers", error)) {
      read_v2(with_ancestors(mounts, path), reading);
    }
  }
  return reading;
}

}  // namespace chatcore
