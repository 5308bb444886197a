#include "guard/source/host/host.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include <fcntl.h>

#include "guard/source/host/parser.h"

namespace guard::source {
namespace {

using sample::Reading;

// Text of a file below the root, with the reason when there is none. Valid until the next read.
class HostFiles {
 public:
  HostFiles(const std::string& root, const SmallFiles& files) : root_(root), files_(files) {}

  std::string_view text(const char* path) {
    const SmallFileText file = files_.read(AT_FDCWD, join_path(root_, path).c_str(), buffer_);
    why_ = file.error_number == 0 ? std::string(path) + ": not in the kernel's form"
                                  : std::string(path) + ": " + std::generic_category().message(file.error_number);
    return file.text;
  }

  template <class Value>
  [[nodiscard]] Reading<Value> reading(const std::optional<Value>& value) const {
    return value ? Reading<Value>(*value) : Reading<Value>::absent(why_);
  }

 private:
  const std::string& root_;
  const SmallFiles& files_;
  SmallFileBuffer buffer_;
  std::string why_;
};

sample::PressureTotals read_pressure(HostFiles& files, const char* path) {
  const PressureText pressure = parse_pressure(files.text(path));
  return {files.reading(pressure.some), files.reading(pressure.full)};
}

void read_memory(HostFiles& files, sample::Host& host) {
  const MemInfo memory = parse_meminfo(files.text("proc/meminfo"));
  host.memory_total = files.reading(memory.total);
  host.memory_available = files.reading(memory.available);
  host.swap_total = files.reading(memory.swap_total);
  host.swap_free = files.reading(memory.swap_free);
}

void read_load(HostFiles& files, sample::Host& host) {
  const auto load = parse_loadavg(files.text("proc/loadavg"));
  const auto part = [&](double LoadAverage::*member) {
    return files.reading(load ? std::optional((*load).*member) : std::nullopt);
  };
  host.load1 = part(&LoadAverage::minutes1);
  host.load5 = part(&LoadAverage::minutes5);
  host.load15 = part(&LoadAverage::minutes15);
}

}  // namespace

sample::Host read_host(const std::string& root, const SmallFiles& files) {
  HostFiles texts(root, files);
  sample::Host host;
  read_memory(texts, host);
  read_load(texts, host);
  host.cores = texts.reading(parse_cpu_list(texts.text("sys/devices/system/cpu/online")));
  host.pressure.memory = read_pressure(texts, "proc/pressure/memory");
  host.pressure.cpu = read_pressure(texts, "proc/pressure/cpu");
  host.pressure.io = read_pressure(texts, "proc/pressure/io");
  host.oom_kills = texts.reading(parse_vmstat_oom_kills(texts.text("proc/vmstat")));
  return host;
}

}  // namespace guard::source
