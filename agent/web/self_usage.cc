#include "agent/web/self_usage.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard/source/fs.h"
#include "guard/source/process/parser.h"

namespace agent {
namespace {

std::string small_file(const char* path) {
  guard::source::SmallFileBuffer buffer;
  return std::string(guard::source::SmallFiles::system().read(AT_FDCWD, path, buffer).text);
}

double boot_time_seconds() {
  std::ifstream stat("/proc/stat");
  for (std::string word; stat >> word;) {
    double seconds = 0;
    if (word == "btime" && stat >> seconds) return seconds;
  }
  return 0;
}

double count_open_fds() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error))
    ++count;
  return count > 0 ? count - 1 : 0;  // less the one that looked
}

}  // namespace

std::optional<guard::telemetry::SelfUsage> read_self_usage() {
  const auto stat = guard::source::parse_process_stat(small_file("/proc/self/stat"));
  unsigned long long total_pages = 0;
  unsigned long long resident_pages = 0;
  if (!stat || std::sscanf(small_file("/proc/self/statm").c_str(), "%llu %llu", &total_pages, &resident_pages) != 2)
    return std::nullopt;
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  static const double boot = boot_time_seconds();
  guard::telemetry::SelfUsage self;
  self.cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks_per_second;
  self.start_time_seconds = boot + static_cast<double>(stat->start_ticks) / ticks_per_second;
  self.virtual_bytes = static_cast<double>(total_pages) * page;
  self.resident_bytes = static_cast<double>(resident_pages) * page;
  self.open_fds = count_open_fds();
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) self.max_fds = static_cast<double>(files.rlim_cur);
  return self;
}

}  // namespace agent
