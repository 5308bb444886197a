#pragma once
// All health probes of the configuration: each is asked at its interval while its workload runs, on the loop and never
// on the guard's time. One that hangs costs itself only, and is never asked a second time meanwhile.

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/stream_client.h"
#include "guard/collect/probe_commands.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"

namespace guard {

// All members on the guard's thread.
class Probes {
 public:
  // `commands` may be null: probes that are commands then cannot be asked, and say so. All must outlive the probes.
  Probes(const config::Config& config, base::EventLoop& loop, const base::Clock& clock, ProbeCommands* commands);
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  // Takes over what each probe that is the same as before has found. For a reload.
  void inherit(const Probes& previous);

  // The workload as the tick sees it. Call for each of them at each tick.
  void observe(const sample::Workload& workload);

  [[nodiscard]] bool empty() const { return probes_.empty(); }
  // Totals, in the configuration's order.
  [[nodiscard]] std::vector<sample::Probe> read() const;
  // How the asking itself goes: not up while any probe cannot be asked.
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
