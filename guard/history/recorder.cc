#include "guard/history/recorder.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.h"

namespace guard::history {
namespace {

// A minute of 20 workloads at 1 s: 3 MiB. One snapshot is always taken, however many workloads it has.
constexpr std::size_t kMostWaiting = 1200;
constexpr std::size_t kMostJobs = 256;

// Without what is not kept: the paths of cgroups are most of a snapshot's bytes.
sample::Workload without_paths(const sample::Workload& workload) {
  return {.name = workload.name,
          .configured_as = {},
          .renamed_from = {},
          .only_watched = {},
          .kind = workload.kind,
          .identity = workload.identity,
          .lifecycle = workload.lifecycle,
          .cgroup = {},
          .resources = workload.resources,
          .caps = workload.caps};
}

std::shared_ptr<const sample::Snapshot> copy_of(const sample::Snapshot& snapshot) {
  auto copy = std::make_shared<sample::Snapshot>();
  copy->at = snapshot.at;
  copy->wall = snapshot.wall;
  copy->workloads.reserve(snapshot.workloads.size());
  for (const auto& workload : snapshot.workloads) copy->workloads.push_back(without_paths(workload));
  copy->logs = snapshot.logs;
  copy->probes = snapshot.probes;
  copy->host = snapshot.host;
  copy->sources = snapshot.sources;
  return copy;
}

}  // namespace

Recorder::Recorder(RecordingOptions options)
    : recording_(std::move(options), counters_), worker_("history", kMostJobs) {}

Recorder::~Recorder() {
  std::promise<void> done;
  if (!worker_.submit([&] {
        recording_.write();
        done.set_value();
      }))
    return;  // the disk hangs: what waits is lost
  done.get_future().wait();
}

void Recorder::offer(const sample::Snapshot& snapshot) {
  const std::size_t samples = std::max<std::size_t>(snapshot.workloads.size(), 1);
  const std::size_t waiting = samples_waiting_.fetch_add(samples);
  const auto job = [this, samples, copy = copy_of(snapshot)] {
    recording_.take(*copy);
    samples_waiting_ -= samples;
  };
  if ((waiting == 0 || waiting + samples <= kMostWaiting) && worker_.submit(job)) {
    is_losing_ = is_losing_ && waiting > 0;
    return;
  }
  samples_waiting_ -= samples;
  counters_.samples_dropped += snapshot.workloads.size();
  if (!std::exchange(is_losing_, true))
    base::log_warning("the disk does not keep up: samples are missing from the history", {{"waiting", waiting}});
}

}  // namespace guard::history
