#pragma once
// Everything that one configuration brings to life, put together: log watches, engine watch, eyes, executor, journal
// and the guard itself. A reload makes a new one and lets it inherit from the old.

#include <functional>
#include <memory>
#include <string>

#include "agent/notifier.h"
#include "agent/recorded_collector.h"
#include "agent/supervisor/supervisor.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/collect/collector.h"
#include "guard/config/config.h"
#include "guard/guard.h"
#include "guard/history/journal_writer.h"
#include "guard/collect/log_watches.h"
#include "guard/enforce/machine_executor.h"
#include "guard/collect/probe_commands.h"
#include "guard/collect/probes.h"
#include "guard/source/engine_watch.h"
#include "guard/source/systemd_units.h"

namespace agent {

// The engine's watch that the configuration's containers need; null when it has none. `before` is taken over when there
// is one.
std::unique_ptr<guard::source::EngineWatch> watch_engine(const guard::config::Config& config, base::EventLoop& loop,
                                                         const std::function<void()>& wake,
                                                         std::unique_ptr<guard::source::EngineWatch> before);

// The same for the units of systemd.
std::unique_ptr<guard::source::SystemdUnits> watch_units(const guard::config::Config& config, base::EventLoop& loop,
                                                         const std::function<void()>& wake,
                                                         std::unique_ptr<guard::source::SystemdUnits> before);

// All members on the loop's thread. Members are declared in the order in which they depend on each other.
class Watch {
 public:
  // `wake` is called when something happened that is worth an early tick. `previous` is the watch before a reload, or
  // null: its engine watch, what its logs have counted and what its guard remembers are taken over, since a reload is
  // neither a restart nor a silence. It is of no use afterwards.
  // `recorder` null: no history is kept.
  Watch(const guard::config::Config& config, base::EventLoop& loop, const base::Clock& clock, Supervisor& supervisor,
        guard::ProbeCommands& commands, guard::history::Recorder* recorder, std::function<void()> wake,
        Watch* previous = nullptr);

  void on_child_line(const std::string& workload, std::string_view line) { logs_.on_child_line(workload, line); }
  [[nodiscard]] guard::Guard& guard() { return guard_; }

 private:
  const std::string engine_socket_;
  guard::LogWatches logs_;
  guard::Probes probes_;
  std::unique_ptr<guard::source::EngineWatch> engine_;  // only when a workload is a container
  std::unique_ptr<guard::source::SystemdUnits> units_;  // only when a workload is a unit
  guard::MachineCollector collector_;
  RecordedCollector eyes_;
  Notifier notifier_;
  guard::MachineExecutor executor_;
  const std::string journal_path_;
  std::unique_ptr<guard::history::JournalWriter> journal_;  // one over all reloads: its end waits for the disk
  guard::Guard guard_;
};

}  // namespace agent
