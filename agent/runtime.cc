#include "agent/runtime.h"

#include <algorithm>
#include <utility>

#include "agent/history_actions.h"
#include "agent/journal_memory.h"
#include "guard/collect/instances.h"
#include "guard/collect/selection.h"

namespace agent {
namespace {

using EnginePointer = std::unique_ptr<guard::source::EngineWatch>;
using UnitsPointer = std::unique_ptr<guard::source::SystemdUnits>;

}  // namespace

EnginePointer watch_engine(const guard::config::Config& config, base::EventLoop& loop,
                           const std::function<void()>& wake, EnginePointer before) {
  std::vector<guard::sample::Target> targets;
  for (const auto& workload : config.workloads) {
    if (guard::is_container(workload.target.kind)) targets.push_back(workload.target);
  }
  if (targets.empty()) return nullptr;
  guard::source::EngineWatchOptions options;
  options.engine.socket = config.engine.socket;
  options.targets = targets;
  options.wanted = [targets = std::move(targets)](const guard::source::Container& container) {
    return std::ranges::any_of(targets, [&](const auto& target) { return guard::selects(target, container); });
  };
  if (before) {
    before->set_wanted(std::move(options.wanted), std::move(options.targets));
    return before;
  }
  return std::make_unique<guard::source::EngineWatch>(
      std::move(options), loop, [](const guard::source::EngineEvent&) {}, wake);
}

UnitsPointer watch_units(const guard::config::Config& config, base::EventLoop& loop, const std::function<void()>& wake,
                         UnitsPointer before) {
  std::vector<std::string> units;
  for (const auto& workload : config.workloads) {
    if (workload.target.kind == guard::sample::TargetKind::systemd_unit) units.push_back(workload.target.selector);
  }
  if (units.empty()) return nullptr;
  if (before) {
    before->follow(std::move(units), wake);
    return before;
  }
  return std::make_unique<guard::source::SystemdUnits>(guard::source::SystemdUnitsOptions{}, std::move(units), loop,
                                                       wake);
}

Runtime::Runtime(const guard::config::Config& config, base::EventLoop& loop, const base::Clock& clock,
                 Supervisor& supervisor, guard::ProbeCommands& commands, guard::history::Recorder* recorder,
                 std::function<void()> wake, Runtime* previous)
    : engine_socket_(config.engine.socket),
      logs_(config, loop, clock),
      probes_(config, loop, clock, &commands),
      engine_(watch_engine(
          config, loop, wake,
          previous != nullptr && previous->engine_socket_ == engine_socket_ ? std::move(previous->engine_) : nullptr)),
      units_(watch_units(config, loop, wake, previous != nullptr ? std::move(previous->units_) : nullptr)),
      collector_(config, {.root = "/",
                          .engine = engine_.get(),
                          .units = units_.get(),
                          .children = &supervisor,
                          .logs = &logs_,
                          .probes = &probes_}),
      recorded_collector_(collector_, recorder),
      notifier_(config.notify, loop),
      executor_(
          {.root = "/", .engine_socket = config.engine.socket, .children = &supervisor, .notifications = &notifier_},
          loop),
      journal_path_(journal_path(config.agent.state_dir)),
      journal_(previous != nullptr && previous->journal_path_ == journal_path_
                   ? std::move(previous->journal_)
                   : std::make_unique<guard::history::JournalWriter>(journal_path_)),
      guard_(config, {recorded_collector_, executor_, *journal_, clock}) {
  if (previous != nullptr) {
    collector_.inherit(previous->collector_);
    logs_.inherit(previous->logs_);
    probes_.inherit(previous->probes_);
    guard_.inherit(previous->guard_);
  } else {
    for (const guard::PastAction& action : read_journal(journal_path_)) guard_.remember(action);
  }
  guard_.on_action([this](const guard::telemetry::ActionRecord& action) { notifier_.report(action); });
}

}  // namespace agent
