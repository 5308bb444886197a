#pragma once
// The runtime of one configuration: log watches, engine watch, collector, executor, journal and guard. A reload creates
// a new one that inherits from the old one.

#include <functional>
#include <memory>
#include <string>

#include "agent/notifier.h"
#include "agent/recorded_collector.h"
#include "agent/supervisor/supervisor.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/collect/collector.h"
#include "guard/collect/log_watches.h"
#include "guard/collect/probe_commands.h"
#include "guard/collect/probes.h"
#include "guard/config/config.h"
#include "guard/enforce/machine_executor.h"
#include "guard/guard.h"
#include "guard/history/journal_writer.h"
#include "guard/source/docker/watch.h"
#include "guard/source/systemd/units.h"

namespace agent {

// The engine watch for the configuration's containers; null when it has none. Reuses `before` when given.
std::unique_ptr<guard::source::EngineWatch> watch_engine(const guard::config::Config& config, base::EventLoop& loop,
                                                         const std::function<void()>& wake,
                                                         std::unique_ptr<guard::source::EngineWatch> before);

// The same for systemd units.
std::unique_ptr<guard::source::SystemdUnits> watch_units(const guard::config::Config& config, base::EventLoop& loop,
                                                         const std::function<void()>& wake,
                                                         std::unique_ptr<guard::source::SystemdUnits> before);

// Use on the loop's thread.
class Runtime {
 public:
  // `wake` requests an early tick. `previous` is the runtime before a reload, or null: its engine watch, log totals and
  // guard state are taken over, and it must not be used afterwards. `recorder`: null without a history.
  Runtime(const guard::config::Config& config, base::EventLoop& loop, const base::Clock& clock, Supervisor& supervisor,
          guard::ProbeCommands& commands, guard::history::Recorder* recorder, std::function<void()> wake,
          Runtime* previous = nullptr);

  void on_child_line(const std::string& workload, std::string_view line) { logs_.on_child_line(workload, line); }
  [[nodiscard]] guard::Guard& guard() { return guard_; }

 private:
  const std::string engine_socket_;
  guard::LogWatches logs_;
  guard::Probes probes_;
  std::unique_ptr<guard::source::EngineWatch> engine_;  // only when a workload is a container
  std::unique_ptr<guard::source::SystemdUnits> units_;  // only when a workload is a unit
  guard::MachineCollector collector_;
  RecordedCollector recorded_collector_;
  Notifier notifier_;
  guard::MachineExecutor executor_;
  const std::string journal_path_;
  std::unique_ptr<guard::history::JournalWriter> journal_;  // kept across reloads, since closing it waits for the disk
  guard::Guard guard_;
};

}  // namespace agent
