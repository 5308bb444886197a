#include "guard/source/cgroup/v2_parser.h"

#include <algorithm>
#include <array>

#include "guard/source/fs_text.h"

namespace guard::source::v2 {

MemoryStat parse_memory_stat(std::string_view text) {
  // "slab" is the sum of its two kinds, which stand on lines of their own and must not be counted again; "sock" is
  // memory of network buffers.
  constexpr std::array<std::string_view, 6> kKernelKinds = {"slab",   "kernel_stack", "pagetables",
                                                            "percpu", "sock",         "vmalloc"};
  MemoryStat stat;
  std::optional<base::Bytes> sum;
  std::optional<base::Bytes> reclaimable;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "anon") stat.anon = parse_byte_count(value);
    if (key == "file") stat.file = parse_byte_count(value);
    if (key == "inactive_file") stat.inactive_file = parse_byte_count(value);
    if (key == "shmem") stat.shmem = parse_byte_count(value);
    if (key == "kernel") stat.kernel = parse_byte_count(value);
    if (key == "slab_reclaimable") reclaimable = parse_byte_count(value);
    if (std::find(kKernelKinds.begin(), kKernelKinds.end(), key) != kKernelKinds.end()) {
      if (const auto part = parse_byte_count(value)) sum = sum.value_or(base::Bytes{0}) + *part;
    }
  });
  if (!stat.kernel) stat.kernel = sum;
  // Caches of names and inodes go when memory is needed, as page cache does.
  if (stat.kernel && reclaimable) stat.kernel = std::max(*stat.kernel - *reclaimable, base::Bytes{0});
  return stat;
}

std::optional<base::Bytes> parse_limit(std::string_view text) {
  if (without_blanks(text) == "max") return base::Bytes::unlimited();
  return parse_byte_count(text);
}

std::optional<std::uint64_t> parse_oom_kills(std::string_view text) {
  std::optional<std::uint64_t> kills;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "oom_kill") kills = parse_number<std::uint64_t>(value);
  });
  return kills;
}

std::optional<base::Cores> parse_cpu_limit(std::string_view text) {
  std::string_view rest = without_blanks(text);
  const std::string_view quota_us = take_until(rest, ' ');
  const auto period = parse_number<std::int64_t>(rest);
  if (!period || *period <= 0) return std::nullopt;
  if (quota_us == "max") return base::Cores::unlimited();
  const auto quota = parse_number<std::int64_t>(quota_us);
  if (!quota || *quota < 0) return std::nullopt;
  return base::Cores{static_cast<double>(*quota) / static_cast<double>(*period)};
}

CpuStat parse_cpu_stat(std::string_view text) {
  CpuStat stat;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "usage_usec") stat.used = parse_time<std::chrono::microseconds>(value);
    if (key == "nr_periods") stat.periods = parse_number<std::uint64_t>(value);
    if (key == "nr_throttled") stat.throttled_periods = parse_number<std::uint64_t>(value);
    if (key == "throttled_usec") stat.throttled = parse_time<std::chrono::microseconds>(value);
  });
  return stat;
}

}  // namespace guard::source::v2
