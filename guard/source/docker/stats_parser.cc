#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "guard/source/docker/json.h"
#include "guard/source/docker/parser.h"

namespace guard::source {
namespace {

using base::Code;
using base::fail;

// What the engine counts is not negative; a number that is says nothing.
std::optional<std::int64_t> count_at(const Json& from, JsonPath path) {
  const auto number = number_at(from, path);
  return number && *number >= 0 ? number : std::nullopt;
}

sample::Reading<base::Bytes> bytes_at(const Json& stats, JsonPath keys) {
  for (const char* key : keys)
    if (const auto count = count_at(stats, {key})) return base::Bytes{*count};
  return sample::Reading<base::Bytes>::absent(std::string("the engine does not report ") + *keys.begin());
}

// v1 names first, with total_ for the whole subtree; then v2's. The engine reports v1's "cache" and v2's "file" with
// shared memory in it, alike.
sample::Memory memory_of(const Json& answer) {
  sample::Memory memory;
  const Json* statistics = at(answer, {"memory_stats"});
  if (!statistics) return memory;
  memory.usage = bytes_at(*statistics, {"usage"});
  memory.limit = bytes_at(*statistics, {"limit"});
  memory.peak = bytes_at(*statistics, {"max_usage"});
  if (const Json* detail = at(*statistics, {"stats"})) {
    memory.anon = bytes_at(*detail, {"total_rss", "anon", "rss"});
    memory.file = bytes_at(*detail, {"total_cache", "file", "cache"});
    memory.inactive_file = bytes_at(*detail, {"total_inactive_file", "inactive_file"});
    memory.shmem = bytes_at(*detail, {"total_shmem", "shmem"});
    memory.kernel = bytes_at(*detail, {"kernel"});
    const auto bytes = [&](const char* key) { return base::Bytes{count_at(*detail, {key}).value_or(0)}; };
    if (!memory.kernel && count_at(*detail, {"slab"}))
      memory.kernel = bytes("slab") + bytes("kernel_stack") + bytes("pagetables");
  } else {  // Podman 4
    const auto missing = sample::Reading<base::Bytes>::absent("the engine's statistics have usage and limit only");
    for (auto* reading : {&memory.anon, &memory.file, &memory.inactive_file, &memory.shmem, &memory.kernel})
      *reading = missing;
  }
  return memory;
}

sample::Cpu cpu_of(const Json& answer) {
  sample::Cpu cpu;
  if (const auto used = count_at(answer, {"cpu_stats", "cpu_usage", "total_usage"})) cpu.used = base::Duration(*used);
  const Json* throttling = at(answer, {"cpu_stats", "throttling_data"});
  if (!throttling) return cpu;
  if (const auto periods = count_at(*throttling, {"periods"})) cpu.periods = static_cast<std::uint64_t>(*periods);
  if (const auto periods = count_at(*throttling, {"throttled_periods"}))
    cpu.throttled_periods = static_cast<std::uint64_t>(*periods);
  if (const auto time = count_at(*throttling, {"throttled_time"})) cpu.throttled = base::Duration(*time);
  return cpu;
}

sample::Pids pids_of(const Json& answer) {
  sample::Pids pids;
  const auto current = count_at(answer, {"pids_stats", "current"});
  if (!current) return pids;
  pids.current = *current;
  pids.limit = positive_at(answer, {"pids_stats", "limit"}).value_or(std::numeric_limits<std::int64_t>::max());
  return pids;
}

}  // namespace

base::Result<sample::Resources> parse_stats(std::string_view json) {
  const auto reduced = reduce(json, "container statistics", statistics_fields());
  if (!reduced) return fail(reduced.error());
  const auto answer = parse_json(*reduced, "container statistics");
  if (!answer) return fail(answer.error());
  if (!at(*answer, {"memory_stats"}) && !at(*answer, {"cpu_stats"}))
    return fail(Code::corrupt, "container statistics: neither memory_stats nor cpu_stats");
  // A container that does not run is answered with zeros, read in year 1.
  if (text_at(*answer, {"read"}).starts_with("0001-"))
    return fail(Code::unavailable, "container statistics: the container does not run");
  sample::Resources resources;
  resources.memory = memory_of(*answer);
  resources.cpu = cpu_of(*answer);
  resources.pids = pids_of(*answer);
  resources.memory.oom_kills = sample::Reading<std::uint64_t>::absent("the engine's statistics do not count OOM kills");
  const auto no_pressure = sample::Reading<base::Duration>::absent("the engine's statistics do not tell pressure");
  for (sample::PressureTotals* totals : {&resources.pressure.memory, &resources.pressure.cpu, &resources.pressure.io})
    *totals = {no_pressure, no_pressure};
  return resources;
}

}  // namespace guard::source
