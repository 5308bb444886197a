#pragma once
// A process that is named by its pid file, as a workload: with its descendants, read from /proc.

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/timed_call.h"
#include "guard/sample/snapshot.h"
#include "guard/source/pid_file.h"

namespace guard {

class PidFileTarget {
 public:
  // How long read() waits for the file, once for each time that its file system hangs.
  static constexpr std::chrono::milliseconds kPatience{20};

  // `root` is where /proc is.
  PidFileTarget(std::string path, std::string root);

  // Fills identity, lifecycle and resources. A pid file that is not trusted (guard/source/pid_file.h) or whose file
  // system does not answer makes the workload unknown, with the reason.
  void read(base::SteadyTime now, sample::Workload& workload);

 private:
  // A Result is not default-constructible.
  struct Answer {
    base::Result<source::PidFile> file = base::fail(base::Code::unavailable, "not read yet");
  };

  const std::string path_;
  const std::string root_;
  base::TimedCall<Answer> call_;
};

}  // namespace guard
