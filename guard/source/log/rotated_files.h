#pragma once
// Finds files that were a log once and were renamed before anybody had opened them. They are known by their names and
// by the time of their creation, which the file system must record (statx: btime).

#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <time.h>

namespace guard::source {

// Whether a rotation of the log `log` calls an uncompressed file `name` (both without their folders): app.log.1,
// app.log-20260101, app.log.old, app.1.log, app-2026-01-01T00-00-00.log of app.log.
bool is_rotated_name(std::string_view log, std::string_view name);

bool is_earlier(const timespec& a, const timespec& b);
// The time by the clock with which the kernel stamps files.
timespec file_time_now();
// When the file was created. False where the file system does not record it.
bool read_birth(int fd, timespec& born);

struct RotatedFile {
  int fd = -1;  // the caller closes it
  struct stat status {};
  timespec born{};
};
// The files beside the log at `path` with names of a rotation, created from `after` on and, where it is given, not
// later than `before`; oldest first. At most 10,000 entries of the folder are looked at. A folder that changes
// meanwhile is listed again, at most five times.
std::vector<RotatedFile> find_rotated_files(const std::string& path, const timespec& after, const timespec* before);

}  // namespace guard::source
