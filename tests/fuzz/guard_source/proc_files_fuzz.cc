// Whatever a file of /proc or a pressure file holds: numbers that are read can be used, and pids are ascending.

#include <algorithm>
#include <cmath>

#include "../fuzz.h"
#include "guard/source/host/parser.h"
#include "guard/source/process/parser.h"

namespace {

void check_process(std::string_view text) {
  using namespace guard::source;
  (void)parse_process_stat(text);
  if (const auto memory = parse_process_status(text)) {
    fuzz::require(memory->anon.count >= 0 && memory->file.count >= 0 && memory->shmem.count >= 0,
                  "memory is not negative");
  }
  const auto pids = parse_pids(text);
  fuzz::require(std::ranges::is_sorted(pids) && std::ranges::adjacent_find(pids) == pids.end(), "each pid once");
  fuzz::require(pids.empty() || pids.front() > 0, "a pid is above 0");
}

void check_host(std::string_view text) {
  using namespace guard::source;
  const auto info = parse_meminfo(text);
  for (const auto& size : {info.total, info.available, info.swap_total, info.swap_free})
    fuzz::require(!size || size->count >= 0, "memory is not negative");
  if (const auto load = parse_loadavg(text)) {
    for (const double minutes : {load->minutes1, load->minutes5, load->minutes15})
      fuzz::require(std::isfinite(minutes) && minutes >= 0, "a load is a number, not negative");
  }
  const auto cores = parse_cpu_list(text);
  fuzz::require(!cores || *cores > 0, "there is a CPU at least");
  const auto pressure = parse_pressure(text);
  fuzz::require(!pressure.some || pressure.some->count() >= 0, "a stall is not negative");
  fuzz::require(!pressure.full || pressure.full->count() >= 0, "a full stall is not negative");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_process(fuzz::text_of(data, size));
  check_host(fuzz::text_of(data, size));
  return 0;
}
