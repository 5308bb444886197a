#pragma once
// Runs the health probes of the configuration: each at its interval while its workload runs, on the event loop, without
// blocking the guard. A hanging probe is not started a second time.

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/stream_client.h"
#include "guard/collect/probe_commands.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"

namespace guard {

// Use on the guard's thread.
class Probes {
 public:
  // `commands` may be null: command probes then report that they cannot run. All arguments must outlive the probes.
  Probes(const config::Config& config, base::EventLoop& loop, const base::Clock& clock, ProbeCommands* commands);
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  // For a reload: takes over the results of unchanged probes.
  void inherit(const Probes& previous);

  // Call it for each workload at each tick.
  void observe(const sample::Workload& workload);

  [[nodiscard]] bool empty() const { return probes_.empty(); }
  // Results, in the order of the configuration.
  [[nodiscard]] std::vector<sample::Probe> read() const;
  // Status of the probes as a source: not up while any probe cannot run.
  [[nodiscard]] sample::SourceReport report() const;

 private:
  struct ProbeState;
  void plan(ProbeState& probe);
  void ask(ProbeState& probe);

  base::EventLoop& loop_;
  const base::Clock& clock_;
  ProbeCommands* commands_;
  std::unique_ptr<base::StreamClient> client_;  // only when a probe is HTTP
  std::vector<std::unique_ptr<ProbeState>> probes_;
};

}  // namespace guard
