#pragma once
// Several workers for jobs that may each block for long: a job goes to a worker that is free. Threads are started when
// they are first needed, so a process that never has two such jobs at once has one thread.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/worker.h"

namespace base {

class WorkerPool {
 public:
  // `name` as Worker's; `most` bounds the threads.
  WorkerPool(std::string name, std::size_t most) : name_(std::move(name)), most_(most) {}

  // `done` runs after `job` on the same thread, when its worker is free again: what it causes may submit the next one.
  // False when all workers are busy; the job is then not taken. One thread calls it.
  [[nodiscard]] bool submit(std::function<void()> job, std::function<void()> done);

 private:
  struct Slot {
    explicit Slot(const std::string& name) : worker(name, 2) {}
    std::atomic<bool> is_busy = false;
    Worker worker;  // last: ends before is_busy
  };

  const std::string name_;
  const std::size_t most_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace base
