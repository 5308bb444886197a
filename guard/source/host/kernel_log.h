#pragma once
// Follows the kernel's log (/dev/kmsg) for OOM kills. Reading never waits; what was logged before is passed over.
// Needs CAP_SYSLOG where kernel.dmesg_restrict is set, as on Debian.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "guard/source/host/kernel_log_parser.h"

namespace guard::source {

struct OomKill {
  std::int64_t pid = 0;  // in the machine's first pid namespace
  std::string process;
  std::string cgroup;  // from the hierarchy's root; "" when unknown
  bool host_wide = false;
};

class KernelLog {
 public:
  // The log of the machine below `root`.
  explicit KernelLog(const std::string& root);
  // An open descriptor that gives a record for each read and never blocks; it is closed at the end.
  explicit KernelLog(int fd) : fd_(fd) {}
  ~KernelLog();
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;

  // Why it cannot be read; "" when it can.
  [[nodiscard]] const std::string& why() const { return why_; }
  // The kills since the last call, at most kMostRecords records: more are read the next time.
  std::vector<OomKill> read();

 private:
  static constexpr int kMostRecords = 4096;
  static constexpr std::size_t kMostChoices = 16;

  void take(std::string_view record, std::vector<OomKill>& kills);

  int fd_ = -1;
  std::string why_;
  std::deque<OomChoice> choices_;  // whose kill was not logged yet
};

}  // namespace guard::source
