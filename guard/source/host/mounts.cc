#include "guard/source/host/mounts.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "guard/source/fs.h"

namespace guard::source {

HostMounts::Ask HostMounts::system_ask() {
  return
      [](const std::string& path, struct statvfs& status) { return ::statvfs(path.c_str(), &status) == 0 ? 0 : errno; };
}

HostMounts::HostMounts(const std::string& root, std::vector<std::string> mounts, const Ask& ask)
    : mounts_(std::move(mounts)) {
  for (const std::string& mount : mounts_) {
    calls_.push_back(std::make_unique<base::TimedCall<Answer>>("mount", [path = join_path(root, mount), ask] {
      Answer answer;
      answer.error_number = ask(path, answer.status);
      return answer;
    }));
  }
}

void HostMounts::read(base::SteadyTime now, sample::Host& host) {
  for (const auto& call : calls_) call->start(now);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const auto answer = calls_[i]->answer(end);
    if (!answer) {
      const auto hanging = std::max(now - calls_[i]->started_at(), base::Duration(kPatience));
      host.unread_mounts.push_back({mounts_[i], "statvfs has not answered for " + base::format_duration(hanging)});
      continue;
    }
    if (answer->error_number != 0) {
      host.unread_mounts.push_back({mounts_[i], "statvfs: " + std::generic_category().message(answer->error_number)});
      continue;
    }
    // f_bavail, not f_bfree: what root keeps back is no room for a service.
    const auto block = static_cast<std::int64_t>(answer->status.f_frsize);
    host.disks.push_back({mounts_[i], base::Bytes{static_cast<std::int64_t>(answer->status.f_blocks) * block},
                          base::Bytes{static_cast<std::int64_t>(answer->status.f_bavail) * block}});
  }
}

}  // namespace guard::source
