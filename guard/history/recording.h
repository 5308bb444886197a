#pragma once
// The history being written, on one thread that may wait for the disk: gathers samples into blocks of three resolutions
// and writes them every few seconds, in one transaction. A disk that is full, broken or locked is said once; blocks
// wait in bounded memory until it is well again, and what finds no room is counted. recorder.h keeps all that from the
// guard's thread.

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "guard/history/block.h"
#include "guard/history/limits.h"
#include "guard/history/rollup.h"
#include "guard/history/store.h"

namespace guard::history {

struct RecordingOptions {
  std::string path;
  Limits limits;
  base::Duration write_every = std::chrono::seconds(5);  // what a crash may cost
};

// Read from any thread.
struct RecordingCounters {
  std::atomic<std::int64_t> bytes{0};             // on disk
  std::atomic<std::uint64_t> samples_dropped{0};  // one a workload and tick
  std::atomic<std::uint64_t> writes_done{0};
  std::atomic<std::uint64_t> writes_failed{0};
  std::atomic<std::int64_t> bytes_waiting{0};  // encoded, for the disk to be well again
};

class Recording {
 public:
  Recording(RecordingOptions options, RecordingCounters& counters);
  // Snapshots in the order of their steady times. Writes when it is time to.
  void take(const sample::Snapshot& snapshot);
  // Writes what there is now. False when that failed.
  bool write();

 private:
  struct OpenBlock {
    Resolution resolution = Resolution::raw;
    Block block = {};
    Row row = {};  // without its data
    bool has_changed = false;
  };
  bool open();
  void catch_up(base::WallTime now);
  void summarize(const sample::Snapshot& snapshot, base::WallTime from_minute, base::WallTime from_quarter);
  void append_to(OpenBlock& open_block, const sample::Snapshot& snapshot, const std::vector<Summary>& summaries);
  void close(OpenBlock& open_block);
  void note(const base::Status& result);
  void bound_waiting();

  RecordingOptions options_;
  RecordingCounters& counters_;
  std::optional<Store> store_;
  OpenBlock raw_;
  OpenBlock minute_;
  OpenBlock quarter_;
  Rollup minutes_;
  Rollup quarters_;
  std::deque<Row> waiting_;  // closed, not written yet
  std::optional<base::SteadyTime> written_at_;
  base::WallTime newest_;  // what age is counted to
  bool is_failing_ = false;
};

}  // namespace guard::history
