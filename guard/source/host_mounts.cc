#include "guard/source/host_mounts.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/statvfs.h>

#include "guard/source/fs.h"

namespace guard::source {

struct HostMounts::Mount {
  Mount(std::string at, Ask how) : path(std::move(at)), ask(std::move(how)) {}

  const std::string path;
  const Ask ask;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_asked = false;  // a question waits or is under way
  bool is_stopping = false;
  int error_number = 0;  // of the last answer
  struct statvfs status {};
  std::thread thread;

  // The reader's.
  bool is_stuck = false;
  base::SteadyTime asked_at;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_asked || is_stopping; });
      if (is_stopping) return;
      lock.unlock();
      struct statvfs now {};
      const int result = ask(path, now);
      lock.lock();
      status = now;
      error_number = result;
      is_asked = false;
      changed.notify_all();
    }
  }
};

HostMounts::Ask HostMounts::system_ask() {
  return
      [](const std::string& path, struct statvfs& status) { return ::statvfs(path.c_str(), &status) == 0 ? 0 : errno; };
}

HostMounts::HostMounts(std::string root, std::vector<std::string> mounts, Ask ask) : mounts_(std::move(mounts)) {
  for (const std::string& mount : mounts_) {
    auto& shared = threads_.emplace_back(std::make_shared<Mount>(join_path(root, mount), ask));
    shared->thread = std::thread([shared] { shared->run(); });
  }
}

HostMounts::~HostMounts() {
  for (const auto& mount : threads_) {
    std::unique_lock lock(mount->mutex);
    mount->is_stopping = true;
    mount->changed.notify_all();
    const bool hangs = mount->is_asked;
    std::thread thread = std::move(mount->thread);
    lock.unlock();
    if (hangs)
      thread.detach();  // it holds its own share of the mount
    else
      thread.join();
  }
}

void HostMounts::read(base::SteadyTime now, sample::Host& host) {
  for (const auto& mount : threads_) {
    const std::lock_guard lock(mount->mutex);
    if (mount->is_asked) continue;
    mount->is_asked = true;
    mount->is_stuck = false;
    mount->asked_at = now;
    mount->changed.notify_all();
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    Mount& mount = *threads_[i];
    std::unique_lock lock(mount.mutex);
    if (!mount.is_stuck) mount.is_stuck = !mount.changed.wait_until(lock, end, [&] { return !mount.is_asked; });
    if (mount.is_asked) {
      host.unread_mounts.push_back(
          {mounts_[i], "statvfs has not answered for " +
                           base::format_duration(std::max(now - mount.asked_at, base::Duration(kPatience)))});
      continue;
    }
    if (mount.error_number != 0) {
      host.unread_mounts.push_back({mounts_[i], "statvfs: " + std::generic_category().message(mount.error_number)});
      continue;
    }
    // f_bavail, not f_bfree: what root keeps back is no room for a service.
    const auto block = static_cast<std::int64_t>(mount.status.f_frsize);
    host.disks.push_back({mounts_[i], base::Bytes{static_cast<std::int64_t>(mount.status.f_blocks) * block},
                          base::Bytes{static_cast<std::int64_t>(mount.status.f_bavail) * block}});
  }
}

}  // namespace guard::source
