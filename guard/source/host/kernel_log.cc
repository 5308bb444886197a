#include "guard/source/host/kernel_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "guard/source/fs.h"

namespace guard::source {

KernelLog::KernelLog(const std::string& root)
    : fd_(::open(join_path(root, "dev/kmsg").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (fd_ < 0 || ::lseek(fd_, 0, SEEK_END) < 0) why_ = "/dev/kmsg: " + std::generic_category().message(errno);
}

KernelLog::~KernelLog() {
  if (fd_ >= 0) ::close(fd_);
}

std::vector<OomKill> KernelLog::read() {
  std::vector<OomKill> kills;
  if (!why_.empty()) return kills;
  SmallFileBuffer buffer;
  for (int records = 0; records < kMostRecords; ++records) {
    const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
    // EPIPE: records were overwritten before they were read; EINVAL: one that is larger than the buffer. Both are
    // passed over by the next read.
    if (count < 0 && (errno == EPIPE || errno == EINVAL || errno == EINTR)) continue;
    if (count < 0 && errno != EAGAIN) why_ = "/dev/kmsg: " + std::generic_category().message(errno);
    if (count <= 0) break;
    take({buffer.data(), static_cast<std::size_t>(count)}, kills);
  }
  return kills;
}

void KernelLog::take(std::string_view record, std::vector<OomKill>& kills) {
  const auto text = parse_kernel_record(record);
  if (!text) return;
  if (auto choice = parse_oom_choice(*text)) {
    choices_.push_back(std::move(*choice));
    if (choices_.size() > kMostChoices) choices_.pop_front();
    return;
  }
  auto killed = parse_oom_killed(*text);
  if (!killed) return;
  OomKill kill{killed->pid, std::move(killed->process), "", killed->host_wide.value_or(false)};
  const auto choice = std::ranges::find(choices_, kill.pid, &OomChoice::pid);
  if (choice != choices_.end()) {
    kill.cgroup = std::move(choice->cgroup);
    if (!killed->host_wide) kill.host_wide = choice->host_wide;
    choices_.erase(choice);
  }
  kills.push_back(std::move(kill));
}

}  // namespace guard::source
