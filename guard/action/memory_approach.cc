#include "guard/action/memory_approach.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace guard::action {
namespace {

constexpr std::int64_t kStep = 16ll << 20;  // so that one write does not hold the worker for long
constexpr std::chrono::milliseconds kPause{100};

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return file ? std::optional(text.str()) : std::nullopt;
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const auto text = read_file(path);
  std::int64_t value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

// 0, or errno.
int write_file(const std::string& path, const std::string& value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error_number = ::write(fd, value.data(), value.size()) < 0 ? errno : 0;
  ::close(fd);
  return error_number;
}

// Page cache and reclaimable slab: what the kernel drops without asking anybody.
std::int64_t reclaimable(const std::string& folder) {
  std::istringstream lines(read_file(folder + "/memory.stat").value_or(""));
  std::int64_t sum = 0;
  std::string name;
  for (std::int64_t value = 0; lines >> name >> value;) {
    if (name == "active_file" || name == "inactive_file" || name == "slab_reclaimable") sum += value;
  }
  return sum;
}

base::Error below_what_is_in_use(base::Bytes cap, base::Bytes in_use) {
  base::Error error{
      base::Code::conflict,
      "memory cap " + base::format_bytes(cap) + " is below the " + base::format_bytes(in_use) +
          " in use, and writing it would kill the workload; raise caps.memory, or set caps.force: true to "
          "apply it anyway"};
  error.is_permanent = true;
  return error;
}

// memory.high makes the kernel take memory back as the workload runs. Put back at the end, whatever came of it.
class GentleLimit {
 public:
  explicit GentleLimit(const std::string& folder) : file_(folder + "/memory.high"), before_(read_file(file_)) {}
  ~GentleLimit() {
    if (is_changed_) static_cast<void>(write_file(file_, *before_));
  }
  GentleLimit(const GentleLimit&) = delete;
  GentleLimit& operator=(const GentleLimit&) = delete;
  void lower_to(std::int64_t bytes) {
    if (!before_) return;  // what cannot be read cannot be put back
    is_changed_ = true;
    static_cast<void>(write_file(file_, std::to_string(bytes)));
  }

 private:
  std::string file_;
  std::optional<std::string> before_;
  bool is_changed_ = false;
};

}  // namespace

base::Status approach_memory_cap(const sample::Cgroup& cgroup, base::Bytes cap, std::chrono::milliseconds deadline) {
  const sample::ControllerFolder& memory = cgroup.memory;
  if (!memory.exists() || memory.version != 2 || cap.is_unlimited()) return {};
  const auto end = std::chrono::steady_clock::now() + deadline;
  GentleLimit gentle(memory.path);
  while (true) {
    const auto current = number_in(memory.path + "/memory.current");
    if (!current) return base::fail(base::Code::not_found, "memory.current of " + memory.path + " cannot be read");
    if (*current <= cap.count) return {};
    if (std::chrono::steady_clock::now() >= end) {
      const std::int64_t in_use = *current - reclaimable(memory.path);
      if (in_use <= cap.count) return {};
      return base::fail(below_what_is_in_use(cap, {in_use}));
    }
    const std::int64_t step = std::min(*current - cap.count, kStep);
    const int refused = write_file(memory.path + "/memory.reclaim", std::to_string(step));
    if (refused == 0) continue;
    if (refused != EAGAIN) gentle.lower_to(std::max(cap.count, *current - step));  // there is no such file
    std::this_thread::sleep_for(kPause);
  }
}

base::Status fits_memory_cap(const sample::Memory& memory, base::Bytes cap) {
  std::optional<base::Bytes> in_use;
  if (memory.anon) {
    in_use = *memory.anon + memory.shmem.value_or({0}) + memory.kernel.value_or({0});
    // What is unknown is assumed to be as large as it can be.
    if (!memory.shmem && memory.usage) in_use = std::max(*in_use, *memory.usage - memory.inactive_file.value_or({0}));
  } else if (memory.usage) {
    in_use = *memory.usage - memory.inactive_file.value_or({0});
  }
  if (!in_use) {
    return base::fail(base::Code::unavailable, "memory cap " + base::format_bytes(cap) +
                                                   " not applied: memory in use is unknown (" + memory.usage.reason() +
                                                   ")");
  }
  if (*in_use > cap) return base::fail(below_what_is_in_use(cap, *in_use));
  return {};
}

}  // namespace guard::action
