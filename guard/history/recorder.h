#pragma once
// Takes what the guard has seen and lets a thread of its own write it down (recording.h), so that a disk that hangs
// costs history and never a tick. What waits for that thread is bounded; a snapshot that finds no room is dropped and
// counted.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/worker.h"
#include "guard/history/recording.h"
#include "guard/sample/snapshot.h"

namespace guard::history {

class Recorder {
 public:
  explicit Recorder(RecordingOptions options);
  // Writes what there is, as long as the disk takes for it.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The guard's thread: copies the snapshot (about 1 µs a workload) and returns.
  void offer(const sample::Snapshot& snapshot);
  // Any thread.
  [[nodiscard]] const RecordingCounters& counters() const { return counters_; }

 private:
  RecordingCounters counters_;
  Recording recording_;
  std::atomic<std::size_t> samples_waiting_{0};
  bool is_losing_ = false;  // on the guard's thread: dropping has been said
  base::Worker worker_;     // last: ends first
};

}  // namespace guard::history
