#pragma once
// Keeps the agent's program in memory. A host that runs out of memory first drops file pages, and with them the code of
// every program: the agent would then wait for its disk at each step, for longer than its watchdog allows, when it is
// needed most. The heap is not locked: without swap it stays anyway, and a locked heap cannot be given back.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace agent {

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// The mappings of files that hold code, in the text of /proc/self/maps.
std::vector<Mapping> executable_mappings(std::string_view maps);

// Locks the code of this process; a page is locked when it is first used (MLOCK_ONFAULT). Not inherited by commands.
// Errors: exhausted (RLIMIT_MEMLOCK is too low), permission_denied; what was locked before stays locked.
base::Status lock_executable_pages();

}  // namespace agent
