#include "guard/source/host/parser.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "guard/source/fs_text.h"

namespace guard::source {
namespace {

// "16318480 kB"; the kernel's kB are KiB.
std::optional<base::Bytes> parse_kibibytes(std::string_view value) {
  const auto number = parse_number<std::int64_t>(take_until(value, ' '));
  if (!number || *number < 0 || *number > base::Bytes::unlimited().count >> 10) return std::nullopt;
  return base::kibibytes(*number);
}

std::optional<double> parse_decimal(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(number) || number < 0) return std::nullopt;
  return number;
}

}  // namespace

MemInfo parse_meminfo(std::string_view text) {
  MemInfo info;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "MemTotal") info.total = parse_kibibytes(value);
    if (key == "MemAvailable") info.available = parse_kibibytes(value);
    if (key == "SwapTotal") info.swap_total = parse_kibibytes(value);
    if (key == "SwapFree") info.swap_free = parse_kibibytes(value);
  });
  return info;
}

std::optional<LoadAverage> parse_loadavg(std::string_view text) {
  const auto minutes1 = parse_decimal(take_until(text, ' '));
  const auto minutes5 = parse_decimal(take_until(text, ' '));
  const auto minutes15 = parse_decimal(take_until(text, ' '));
  if (!minutes1 || !minutes5 || !minutes15) return std::nullopt;
  return LoadAverage{*minutes1, *minutes5, *minutes15};
}

std::optional<int> parse_cpu_list(std::string_view text) {
  constexpr int kMostCores = 1 << 20;
  std::string_view rest = without_blanks(text);
  int cores = 0;
  while (!rest.empty()) {
    std::string_view range = take_until(rest, ',');
    const auto first = parse_number<int>(take_until(range, '-'));
    const auto last = range.empty() ? first : parse_number<int>(range);
    if (!first || !last || *first < 0 || *last < *first || *last >= kMostCores) return std::nullopt;
    cores += *last - *first + 1;
    if (cores > kMostCores) return std::nullopt;
  }
  return cores > 0 ? std::optional(cores) : std::nullopt;
}

std::optional<std::uint64_t> parse_vmstat_oom_kills(std::string_view text) {
  std::optional<std::uint64_t> kills;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "oom_kill") kills = parse_number<std::uint64_t>(value);
  });
  return kills;
}

PressureText parse_pressure(std::string_view text) {
  PressureText pressure;
  for_each_field(text, [&](std::string_view kind, std::string_view averages) {
    constexpr std::string_view kTotal = "total=";
    const auto at = averages.find(kTotal);
    if (at == std::string_view::npos) return;
    const auto total = parse_time<std::chrono::microseconds>(averages.substr(at + kTotal.size()));
    if (kind == "some") pressure.some = total;
    if (kind == "full") pressure.full = total;
  });
  return pressure;
}

}  // namespace guard::source
