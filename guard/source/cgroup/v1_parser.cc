#include "guard/source/cgroup/v1_parser.h"

#include "guard/source/fs_text.h"

namespace guard::source::v1 {

MemoryStat parse_memory_stat(std::string_view text) {
  MemoryStat own;
  MemoryStat total;
  const auto take = [](MemoryStat& stat, std::string_view key, std::string_view value) {
    if (key == "rss") stat.anon = parse_byte_count(value);
    if (key == "cache") stat.file = parse_byte_count(value);
    if (key == "inactive_file") stat.inactive_file = parse_byte_count(value);
    if (key == "shmem") stat.shmem = parse_byte_count(value);
  };
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    constexpr std::string_view kTotal = "total_";
    if (key.substr(0, kTotal.size()) == kTotal) {
      take(total, key.substr(kTotal.size()), value);
    } else {
      take(own, key, value);
    }
  });
  const bool hierarchical = total.anon || total.file;
  return hierarchical ? total : own;
}

std::optional<base::Bytes> parse_limit(std::string_view text) {
  constexpr std::uint64_t kNoLimitFrom = 1ull << 62;
  const auto number = parse_number<std::uint64_t>(text);
  if (!number) return std::nullopt;
  if (*number >= kNoLimitFrom) return base::Bytes::unlimited();
  return base::Bytes{static_cast<std::int64_t>(*number)};
}

std::optional<std::uint64_t> parse_oom_kills(std::string_view text) {
  std::optional<std::uint64_t> kills;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "oom_kill") kills = parse_number<std::uint64_t>(value);
  });
  return kills;
}

std::optional<base::Cores> parse_cpu_limit(std::string_view quota_us, std::string_view period_us) {
  const auto quota = parse_number<std::int64_t>(quota_us);
  const auto period = parse_number<std::int64_t>(period_us);
  if (!quota || !period || *period <= 0) return std::nullopt;
  if (*quota < 0) return base::Cores::unlimited();
  return base::Cores{static_cast<double>(*quota) / static_cast<double>(*period)};
}

CpuStat parse_cpu_stat(std::string_view text) {
  CpuStat stat;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "nr_periods") stat.periods = parse_number<std::uint64_t>(value);
    if (key == "nr_throttled") stat.throttled_periods = parse_number<std::uint64_t>(value);
    if (key == "throttled_time") stat.throttled = parse_time<std::chrono::nanoseconds>(value);
  });
  return stat;
}

std::optional<base::Duration> parse_cpu_usage(std::string_view text) {
  return parse_time<std::chrono::nanoseconds>(text);
}

}  // namespace guard::source::v1
