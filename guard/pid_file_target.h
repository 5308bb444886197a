#pragma once
// A process that is named by its pid file, as a workload: with its descendants, read from /proc.

#include <string>

#include "guard/sample/snapshot.h"

namespace guard {

// Fills identity, lifecycle and resources. A pid file that is not trusted (guard/source/pid_file.h) makes the workload
// unknown, with the reason.
void read_pid_file_target(const std::string& path, const std::string& root, sample::Workload& workload);

}  // namespace guard
