#pragma once
// Reads the files of one cgroup, of either version, and has the parsers translate them into the same fields.

#include <string>

#include "guard/sample/cgroup.h"
#include "guard/sample/resources.h"
#include "guard/source/fs.h"

namespace guard::source {

sample::Resources read_cgroup(const sample::Cgroup& cgroup, const SmallFiles& files);

// The limits alone; every other reading is absent.
sample::Resources read_cgroup_limits(const sample::Cgroup& cgroup, const SmallFiles& files);

// The folder whose inode tells the cgroup from a later one of the same name: memory's, or the first that exists.
// nullptr when there is none. Points into `cgroup`.
const std::string* identifying_folder(const sample::Cgroup& cgroup);

}  // namespace guard::source
