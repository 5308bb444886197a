// The program `chatcore`: chooses the allocator's ways, then hands the command line on.

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include <jemalloc/jemalloc.h>

#include "chatcore/command/commands.h"

// Read by jemalloc when the program is loaded. Measured for this program: freed memory goes back within about a
// second, where the default kept it for ten and, with an arena for each core, in many places.
extern "C" {
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,narenas:2";
}

namespace {

void return_free_memory() {
  // MALLCTL_ARENAS_ALL addresses all arenas at once.
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "arena.%d.purge", static_cast<int>(MALLCTL_ARENAS_ALL));
  mallctl(name.data(), nullptr, nullptr, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return chatcore::command::run_command(arguments, environ, return_free_memory);
}
