#pragma once
// What the tests of derive_signals() look at.

#include "guard/signal/derive.h"

namespace guard::signal {

using base::mebibytes;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A running container with one log watch; tests change what they are about and take another look.
class Scene {
 public:
  Scene() {
    snapshot.at = base::SteadyTime(seconds(1000));
    snapshot.host.memory_total = mebibytes(4096);
    snapshot.workloads.resize(1);
    auto& web = workload();
    web.name = "web";
    web.identity.key = "container:a";
    web.lifecycle.state = sample::State::running;
    web.lifecycle.starts = 1;
    auto& memory = web.resources.memory;
    memory.usage = mebibytes(600);
    memory.inactive_file = mebibytes(250);
    memory.anon = mebibytes(300);
    memory.limit = mebibytes(700);
    web.resources.cpu.used = base::Duration(seconds(50));
    web.resources.cpu.throttled = base::Duration(seconds(1));
    web.resources.cpu.limit = base::Cores{0.8};
    web.resources.pressure.memory.some = base::Duration(seconds(2));
    web.resources.pids.current = 12;
    snapshot.logs.resize(1);
    log().workload = "web";
    log().name = "cleanup";
    log().source_up = true;
    settings.logs = {{"cleanup", seconds(8), seconds(2)}};
  }

  sample::Workload& workload() { return snapshot.workloads.front(); }
  sample::LogWatch& log() { return snapshot.logs.front(); }
  WorkloadSignals look() { return derive_signals(snapshot, workload(), settings, history); }
  WorkloadSignals look_after(base::Duration step) {
    snapshot.at += step;
    return look();
  }

  sample::Snapshot snapshot;
  SignalSettings settings;
  WorkloadHistory history;
};

}  // namespace guard::signal
