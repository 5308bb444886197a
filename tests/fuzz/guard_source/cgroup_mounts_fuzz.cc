// Whatever mountinfo and /proc/PID/cgroup hold: a path that is found lies below its mount.

#include "../fuzz.h"
#include "guard/source/cgroup/mounts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace guard::source;
  const auto text = fuzz::text_of(data, size);
  auto mounts = parse_mountinfo(text);
  const auto memberships = parse_membership(text);
  for (auto& mount : mounts) {
    fuzz::require(mount.version == 1 || mount.version == 2, "a hierarchy is of v1 or v2");
    if (mount.shows.starts_with("/..")) mount.to_own = {"a", "b"};
    for (const auto& membership : memberships) {
      const auto below = path_below_mount(mount, membership.path);
      if (!below) continue;
      fuzz::require(below->empty() || below->front() == '/', "a path below a mount begins with /");
      fuzz::require((*below + "/").find("/../") == std::string::npos, "a path below a mount does not leave it");
    }
  }
  return 0;
}
