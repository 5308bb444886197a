#include "agent/program_memory.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/mman.h>

namespace agent {

// "7f31c0a28000-7f31c0bbd000 r-xp 00028000 fe:00 1234  /usr/lib/x86_64-linux-gnu/libc.so.6"
std::vector<Mapping> executable_mappings(std::string_view maps) {
  std::vector<Mapping> found;
  while (!maps.empty()) {
    const std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos || line.substr(blank + 1, 4) != "r-xp") continue;
    if (line.find(" /") == std::string_view::npos) continue;  // the kernel's own ([vdso]), or made at run time
    Mapping mapping;
    const char* end = line.data() + blank;
    const auto begin_read = std::from_chars(line.data(), end, mapping.begin, 16);
    if (begin_read.ec != std::errc{} || begin_read.ptr == end || *begin_read.ptr != '-') continue;
    const auto end_read = std::from_chars(begin_read.ptr + 1, end, mapping.end, 16);
    if (end_read.ec == std::errc{} && end_read.ptr == end && mapping.begin < mapping.end) found.push_back(mapping);
  }
  return found;
}

base::Status lock_executable_pages() {
  std::ifstream file("/proc/self/maps", std::ios::binary);
  const std::string maps{std::istreambuf_iterator<char>(file), {}};
  for (const Mapping& mapping : executable_mappings(maps)) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel reports addresses as numbers.
    const void* begin = reinterpret_cast<const void*>(mapping.begin);
    if (::mlock2(begin, mapping.end - mapping.begin, MLOCK_ONFAULT) == 0) continue;
    if (errno == ENOMEM || errno == EAGAIN)
      return base::fail(base::Code::exhausted, "RLIMIT_MEMLOCK is below the size of the program");
    return base::fail(base::error_from_errno(errno, "lock memory"));
  }
  return {};
}

}  // namespace agent
