#pragma once
// The machine itself: memory, load, pressure, cores, OOM kills. One sweep a tick.

#include <string>

#include "guard/sample/snapshot.h"
#include "guard/source/fs.h"

namespace guard::source {

// Everything but the disks: those may hang (guard/source/host/mounts.h).
sample::Host read_host(const std::string& root, const SmallFiles& files = SmallFiles::system());

}  // namespace guard::source
