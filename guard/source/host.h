#pragma once
// The machine itself: memory, load, pressure, cores, disks. One sweep a tick.

#include <string>
#include <vector>

#include "guard/sample/snapshot.h"
#include "guard/source/fs.h"

namespace guard::source {

// `mounts` are paths (below `root`) whose file systems' size and room are wanted; one that cannot be read is left out
// of `disks`. A network file system that hangs would hang the caller: call from a worker when one may be among them.
sample::Host read_host(const std::string& root, const std::vector<std::string>& mounts,
                       const SmallFiles& files = SmallFiles::system());

}  // namespace guard::source
