#pragma once
// Reads the pid that a service wrote to its pid file, and believes it only where nobody else can have put it there: an
// action of root's guard must not be steered to another process by one who may write a file.

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "guard/source/fs.h"

namespace guard::source {

struct PidFile {
  std::int64_t pid = 0;
  std::vector<uid_t> owners;  // of the file, and of every folder and symbolic link on the way to it; each once
  // "the file is world-writable", "the folder NAME is writable by group 33" (one of root's, by another group); else "".
  std::string writable{};
};

// A regular file of at most 64 bytes whose first line is a number > 1 that is not this process. `path` is absolute.
// Errors: not_found; permission_denied; corrupt (no pid); too_large; invalid_argument (not a regular file, pid 1, the
// agent itself).
base::Result<PidFile> read_pid_file(const std::string& path);

// Whether all who could have written the pid are root or the owner (real user) of the process that it names, and that
// the pid is a process's and not one of its threads' (a signal to a thread's id reaches the whole process). Errors:
// permission_denied, with the other user or what others can write; invalid_argument (a thread); not_found (no such
// process).
base::Status check_pid_file(const PidFile& file, const std::string& root,
                            const SmallFiles& files = SmallFiles::system());

}  // namespace guard::source
