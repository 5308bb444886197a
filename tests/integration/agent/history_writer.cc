// Writes a history as fast as it can, for history_test.py to kill: after each write the time of the last sample that
// is now in the database, in nanoseconds, as a line on standard output.
//
//   history_writer FILE

#include <chrono>
#include <cstdio>

#include "guard/history/recording.h"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  if (argc < 2) return 2;
  guard::history::RecordingCounters counters;
  guard::history::Recording recording({.path = argv[1], .limits = {.max_size = base::mebibytes(2)}, .write_every = 3s},
                                      counters);
  guard::sample::Snapshot snapshot;
  snapshot.wall = base::SystemClock().wall_now();
  snapshot.at = base::SystemClock().steady_now();
  snapshot.workloads.resize(30);
  for (std::size_t i = 0; i < snapshot.workloads.size(); ++i) snapshot.workloads[i].name = "w" + std::to_string(i);
  for (std::int64_t tick = 0;; ++tick) {
    for (auto& workload : snapshot.workloads)
      workload.resources.memory.usage =
          base::Bytes{(tick * 7919 + static_cast<std::int64_t>(workload.name.back())) % 99991 * 4096};
    const std::uint64_t written = counters.writes_done;
    recording.take(snapshot);
    if (counters.writes_done > written) {
      std::printf("%lld\n", static_cast<long long>(snapshot.wall.time_since_epoch().count()));
      std::fflush(stdout);
    }
    snapshot.wall += 1s;
    snapshot.at += 1s;
  }
}
