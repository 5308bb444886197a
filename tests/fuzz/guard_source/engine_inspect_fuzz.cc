// Whatever an inspection answers: it is refused as corrupt or read as a container whose numbers can be used.

#include "../fuzz.h"
#include "guard/source/docker/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto container = guard::source::parse_container(fuzz::text_of(data, size), {"tier"});
  if (!container) {
    fuzz::require(container.error().code == base::Code::corrupt, "a refusal says corrupt");
    fuzz::require(!container.error().message.empty() && container.error().message.size() < 8192,
                  "a refusal says why, in bounded words");
    return 0;
  }
  fuzz::require(container->id.size() == 64 && !container->name.empty(), "a container has an ID and a name");
  fuzz::require(container->pid >= 0, "a pid is not negative");
  fuzz::require(container->memory_swap.count >= 0, "swap is not negative");
  const auto& caps = container->caps;
  fuzz::require(!caps.memory || caps.memory->count > 0, "a memory limit is above 0");
  fuzz::require(!caps.memory_reservation || caps.memory_reservation->count >= 0, "a reservation is not negative");
  fuzz::require(!caps.pids || *caps.pids > 0, "a limit of pids is above 0");
  fuzz::require(!caps.cpus || caps.cpus->count > 0, "a CPU limit is above 0");
  return 0;
}
