#include "base/worker.h"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace base {

namespace {

constexpr std::size_t kMaxThreadName = 15;  // the kernel's TASK_COMM_LEN less the final NUL

}  // namespace

Worker::Worker(std::string name, std::size_t capacity) : capacity_(capacity) {
  name.resize(std::min(name.size(), kMaxThreadName));
  thread_ = std::thread([this, name] {
    pthread_setname_np(pthread_self(), name.c_str());
    run();
  });
}

Worker::~Worker() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
  }
  dropped.clear();  // outside the lock, since a job may own anything; and before the wait for the one that runs
  wake_.notify_one();
  thread_.join();
}

bool Worker::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= capacity_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

std::size_t Worker::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it owns goes before the lock is taken again
    lock.lock();
  }
}

}  // namespace base
