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
  std::string open_to_all{};  // the file or a folder on the way that everybody may write; "" for none
};

// A regular file of at most 64 bytes whose first line is a number > 1 that is not this process. `path` is absolute.
// Errors: not_found; permission_denied; corrupt (no pid); too_large; invalid_argument (not a regular file, pid 1, the
// agent itself).
base::Result<PidFile> read_pid_file(const std::string& path);

// Whether all who could have written the pid are root or the owner (real user) of the process that it names, and it is
// a process: a signal to another thread of a process reaches all of it. Errors: permission_denied, with the one who is
// neither; invalid_argument (a thread); not_found (no such process).
base::Status check_pid_file(const PidFile& file, const std::string& root,
                            const SmallFiles& files = SmallFiles::system());

}  // namespace guard::source
