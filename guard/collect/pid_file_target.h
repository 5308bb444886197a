#pragma once
// A process that is named by its pid file, as a workload: with its descendants, read from /proc.

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/timed_call.h"
#include "guard/sample/snapshot.h"
#include "guard/source/process/pid_file.h"

namespace guard {

class PidFileTarget {
 public:
  // Longest time that read() waits for the file. While its file system hangs, later reads do not wait.
  static constexpr std::chrono::milliseconds kPatience{20};

  // `root` is the folder that contains /proc.
  PidFileTarget(std::string path, std::string root);

  // Fills identity, lifecycle and resources. If the pid file is not trusted (guard/source/process/pid_file.h) or its
  // file system hangs, the workload is unknown, with the reason. `now`: start time of the read.
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
