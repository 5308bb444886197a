#pragma once
// The workload that the tests of derive.h look at.


#include <chrono>

#include "guard/signal/derive.h"

namespace guard::signal {

// A running container with one log watch; tests change what they are about and take another look.
class Scene {
 public:
  Scene() {
    snapshot.at = base::SteadyTime(std::chrono::seconds(1000));
    snapshot.host.memory_total = base::mebibytes(4096);
    snapshot.workloads.resize(1);
    auto& web = workload();
    web.name = "web";
    web.identity.key = "container:a";
    web.lifecycle.state = sample::State::running;
    web.lifecycle.starts = 1;
    auto& memory = web.resources.memory;
    memory.usage = base::mebibytes(600);
    memory.inactive_file = base::mebibytes(250);
    memory.anon = base::mebibytes(300);
    memory.limit = base::mebibytes(700);
    web.resources.cpu.used = base::Duration(std::chrono::seconds(50));
    web.resources.cpu.throttled = base::Duration(std::chrono::seconds(1));
    web.resources.cpu.limit = base::Cores{0.8};
    web.resources.pressure.memory.some = base::Duration(std::chrono::seconds(2));
    web.resources.pids.current = 12;
    snapshot.logs.resize(1);
    log().workload = "web";
    log().name = "cleanup";
    log().source_up = true;
    settings.logs = {{"cleanup", std::chrono::seconds(8), std::chrono::seconds(2)}};
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
