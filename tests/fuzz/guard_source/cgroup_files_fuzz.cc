// Whatever a file of cgroup v1 or v2 holds: what is read of it is not negative, and what cannot be read is missing.

#include <cmath>

#include "../fuzz.h"
#include "guard/source/cgroup/v1_parser.h"
#include "guard/source/cgroup/v2_parser.h"

namespace {

void check(const std::optional<base::Bytes>& size) {
  fuzz::require(!size || size->count >= 0, "a size is not negative");
}
void check(const std::optional<base::Duration>& time) {
  fuzz::require(!time || time->count() >= 0, "a time is not negative");
}
void check(const std::optional<base::Cores>& cores) {
  fuzz::require(!cores || cores->count >= 0, "a number of cores is not negative");
}

void check_v1(std::string_view text, std::string_view more) {
  namespace v1 = guard::source::v1;
  const auto memory = v1::parse_memory_stat(text);
  for (const auto& size : {memory.anon, memory.file, memory.inactive_file, memory.shmem}) check(size);
  check(v1::parse_limit(text));
  check(v1::parse_cpu_limit(text, more));
  check(v1::parse_cpu_stat(text).throttled);
  check(v1::parse_cpu_usage(text));
  (void)v1::parse_oom_kills(text);
}

void check_v2(std::string_view text) {
  namespace v2 = guard::source::v2;
  const auto memory = v2::parse_memory_stat(text);
  for (const auto& size : {memory.anon, memory.file, memory.inactive_file, memory.shmem, memory.kernel}) check(size);
  check(v2::parse_limit(text));
  check(v2::parse_cpu_limit(text));
  const auto cpu = v2::parse_cpu_stat(text);
  check(cpu.used);
  check(cpu.throttled);
  (void)v2::parse_oom_kills(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto end = text.find('\n');
  check_v1(text, text.substr(end == std::string_view::npos ? 0 : end + 1));
  check_v1(text.substr(0, end), text.substr(end == std::string_view::npos ? 0 : end + 1));
  check_v2(text);
  return 0;
}
