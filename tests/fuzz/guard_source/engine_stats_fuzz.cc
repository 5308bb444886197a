// Whatever the statistics hold: what is present is not negative, and a refusal says why.

#include "../fuzz.h"
#include "guard/source/docker/parser.h"

namespace {

template <class Reading>
void check_bytes(const Reading& reading) {
  if (reading) fuzz::require(reading->count >= 0, "a size is not negative");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto resources = guard::source::parse_stats(fuzz::text_of(data, size));
  if (!resources) {
    fuzz::require(!resources.error().message.empty(), "a refusal says why");
    return 0;
  }
  check_bytes(resources->memory.usage);
  check_bytes(resources->memory.limit);
  check_bytes(resources->memory.anon);
  check_bytes(resources->memory.file);
  check_bytes(resources->memory.inactive_file);
  if (resources->cpu.used) fuzz::require(resources->cpu.used->count() >= 0, "CPU time is not negative");
  if (resources->pids.current) fuzz::require(*resources->pids.current >= 0, "a number of pids is not negative");
  return 0;
}
