#pragma once
// What /proc/meminfo, /proc/loadavg, the processor list and the pressure files say, as values. Pure.
// Formats: proc(5), Documentation/accounting/psi.rst.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace guard::source {

struct MemInfo {  // a line that is missing is nullopt
  std::optional<base::Bytes> total;
  std::optional<base::Bytes> available;
  std::optional<base::Bytes> swap_total;
  std::optional<base::Bytes> swap_free;
};
MemInfo parse_meminfo(std::string_view text);

struct LoadAverage {
  double minutes1 = 0;
  double minutes5 = 0;
  double minutes15 = 0;
};
std::optional<LoadAverage> parse_loadavg(std::string_view text);

// "0-3,8" → 5. The form of /sys/devices/system/cpu/online.
std::optional<int> parse_cpu_list(std::string_view text);

// "oom_kill" of /proc/vmstat: processes that the OOM killer ended since the machine started, whatever limit was met.
std::optional<std::uint64_t> parse_vmstat_oom_kills(std::string_view text);

// The total= fields of a pressure file (µs in the file): time in which some, and in which all, tasks stalled. The
// machine-wide cpu file has no "full" line before 5.13.
struct PressureText {
  std::optional<base::Duration> some;
  std::optional<base::Duration> full;
};
PressureText parse_pressure(std::string_view text);

}  // namespace guard::source
