#pragma once
// Size and room of the mounts that are watched. A file system may hang for ever (NFS whose server is gone), and then
// statvfs hangs with it: each mount is asked on a thread of its own, and one that does not answer in time is stuck. It
// is not asked again until that call returns, and its readings are absent.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/timed_call.h"
#include "guard/sample/snapshot.h"

namespace guard::source {

class HostMounts {
 public:
  // How long read() waits, once for each time that a mount gets stuck. A healthy one answers within microseconds.
  static constexpr std::chrono::milliseconds kPatience{20};
  // As statvfs(3): 0, or an errno. Called on the mount's thread.
  using Ask = std::function<int(const std::string& path, struct statvfs& status)>;

  // `mounts` are paths below `root`.
  HostMounts(const std::string& root, std::vector<std::string> mounts, const Ask& ask = system_ask());

  // Fills `disks` and `unread_mounts`. One thread calls it.
  void read(base::SteadyTime now, sample::Host& host);
  [[nodiscard]] const std::vector<std::string>& mounts() const { return mounts_; }

  static Ask system_ask();

 private:
  struct Answer {
    int error_number = 0;
    struct statvfs status {};
  };

  const std::vector<std::string> mounts_;
  std::vector<std::unique_ptr<base::TimedCall<Answer>>> calls_;  // as mounts_
};

}  // namespace guard::source
