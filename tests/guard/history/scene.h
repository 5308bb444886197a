#pragma once
// What an agent might have seen: snapshots of a few workloads with everything in them that the history keeps, and a
// recording of them in a folder of the test's own. Time stands still but for tick().

#include <functional>
#include <string>
#include <vector>

#include "guard/history/reader.h"
#include "guard/history/recording.h"
#include "tests/base/temporary_folder.h"

namespace guard::history {

using namespace std::chrono_literals;
using base::TemporaryFolder;

constexpr base::WallTime kBegin{std::chrono::seconds(1767225600)};  // 2026-01-01T00:00:00Z

inline sample::Workload seen_workload(const std::string& name) {
  sample::Workload workload;
  workload.name = name;
  workload.kind = sample::TargetKind::compose_service;
  workload.identity = {"container:" + name, "0123456789abcdef", "shop/" + name + ":1.2", 4242};
  workload.lifecycle.state = sample::State::running;
  workload.lifecycle.started_at = kBegin - 1h;
  workload.lifecycle.starts = 3;
  workload.lifecycle.last_exit = sample::ExitReason::oom_kill;
  workload.lifecycle.last_exit_code = 137;
  auto& memory = workload.resources.memory;
  memory.usage = base::mebibytes(300);
  memory.anon = base::mebibytes(200);
  memory.file = base::mebibytes(90);
  memory.inactive_file = base::mebibytes(60);
  memory.shmem = base::Bytes{0};
  memory.kernel = base::mebibytes(10);
  memory.limit = base::mebibytes(700);
  memory.high = base::Bytes::unlimited();
  memory.peak = base::mebibytes(310);
  memory.oom_kills = 1;
  workload.resources.cpu = {base::Duration(12'345'678us), base::Cores{0.8}, 1000, 17, base::Duration(345us)};
  workload.resources.pids = {12, 512};
  workload.resources.pressure.memory = {base::Duration(5ms), base::Duration(4ms)};
  workload.resources.pressure.io.some = base::Duration(1ms);
  workload.caps.kernel.memory = base::mebibytes(700);
  workload.caps.kernel.cpus = base::Cores{0.8};
  workload.caps.engine.emplace().memory = base::mebibytes(700);
  workload.caps.engine_memory_swap = base::Bytes::unlimited();
  workload.caps.has_memory_high = true;
  return workload;
}

inline sample::Snapshot seen_snapshot(const std::vector<std::string>& workloads) {
  sample::Snapshot snapshot;
  snapshot.at = base::SteadyTime(1h);
  snapshot.wall = kBegin;
  for (const auto& name : workloads) snapshot.workloads.push_back(seen_workload(name));
  sample::LogWatch log;
  log.workload = workloads.front();
  log.name = "cleanup";
  log.source_up = true;
  log.watched_since = snapshot.at - 10min;
  log.matches = 7;
  log.last_match = snapshot.at - 90s;
  log.last_match_wall = snapshot.wall - 90s;
  log.captures = {{"count", 12}, {"seconds", 0.25}};
  log.captured_at = {{"count", snapshot.at - 90s}, {"seconds", snapshot.at - 2min}};
  snapshot.logs.push_back(log);
  sample::Probe probe;
  probe.workload = workloads.front();
  probe.name = "page";
  probe.why = "answered 500";
  probe.last_answer = snapshot.at - 3s;
  probe.failures_in_row = 2;
  probe.failures = 5;
  probe.took = base::Duration(7ms);
  snapshot.probes.push_back(probe);
  snapshot.host.memory_total = base::gibibytes(8);
  snapshot.host.memory_available = base::gibibytes(3);
  snapshot.host.load1 = 0.42;
  snapshot.host.cores = 2;
  snapshot.host.pressure.cpu.some = base::Duration(77ms);
  snapshot.host.disks.push_back({"/", base::gibibytes(100), base::gibibytes(40)});
  snapshot.sources.push_back({"engine", false, "", base::Duration(0), 3});
  return snapshot;
}

// A recording that snapshots are put into at one a second.
class Scene {
 public:
  explicit Scene(Limits limits = {}, std::vector<std::string> workloads = {"web", "db"})
      : limits_(limits), now(seen_snapshot(workloads)) {
    start();
  }

  // As an agent that is started anew does. What was not written is lost, as with a kill.
  void start() { recording.emplace(RecordingOptions{path(), limits_}, counters); }

  void tick(
      int seconds = 1, const std::function<void(int)>& change = [](int) {}) {
    for (int i = 0; i < seconds; ++i) {
      change(i);
      recording->take(now);
      now.at += 1s;
      now.wall += 1s;
    }
  }

  // Everything that the query gives, copied.
  [[nodiscard]] std::vector<Moment> read(Query query = {}) const {
    std::vector<Moment> moments;
    auto reader = Reader::open(path());
    if (!reader || !reader->seek(std::move(query))) return moments;
    for (auto moment = reader->next(); moment && *moment; moment = reader->next()) moments.push_back(**moment);
    return moments;
  }
  [[nodiscard]] std::string path() const { return folder.at("history.db"); }
  [[nodiscard]] sample::Memory& memory(std::size_t workload = 0) { return now.workloads.at(workload).resources.memory; }

  base::TemporaryFolder folder;
  RecordingCounters counters;

 private:
  Limits limits_;

 public:
  sample::Snapshot now;  // what is seen next
  std::optional<Recording> recording;
};

}  // namespace guard::history
