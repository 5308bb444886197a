#pragma once
// Eyes and hands that a test holds in its own, and a guard between them. Time stands still but for tick().

#include <algorithm>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "guard/guard.h"
#include "tests/base/temporary_folder.h"

namespace guard {

// Sees what the test puts into `workloads` and `logs`.
class FakeCollector final : public Collector {
 public:
  sample::Snapshot collect(base::SteadyTime now, base::WallTime wall) override {
    sample::Snapshot snapshot;
    snapshot.at = now;
    snapshot.wall = wall;
    snapshot.workloads = workloads;
    snapshot.logs = logs;
    snapshot.probes = probes;
    snapshot.host = host;
    return snapshot;
  }
  sample::Snapshot collect_one(const std::string& workload, base::SteadyTime now, base::WallTime wall) override {
    ++rechecks;
    sample::Snapshot snapshot = collect(now, wall);
    std::erase_if(snapshot.workloads, [&](const auto& other) { return other.name != workload; });
    for (auto& seen : snapshot.workloads) at_recheck(seen);
    around_recheck(snapshot);
    return snapshot;
  }

  std::vector<sample::Workload> workloads;
  std::vector<sample::LogWatch> logs;
  std::vector<sample::Probe> probes;
  sample::Host host;
  std::function<void(sample::Workload&)> at_recheck = [](sample::Workload&) {};
  std::function<void(sample::Snapshot&)> around_recheck = [](sample::Snapshot&) {};  // at all but workloads
  int rechecks = 0;
};

// Keeps every decision, and its end until the test gives it.
class FakeExecutor final : public Executor {
 public:
  void execute(const policy::Decision& decision, const sample::Workload&, Done done) override {
    before_acting();
    decisions.push_back(decision);
    unfinished.push_back(std::move(done));
  }
  // Ends the oldest action that has not ended.
  void finish(base::Result<std::string> result = std::string("verified")) {
    Done done = std::move(unfinished.front());
    unfinished.pop_front();
    done(std::move(result));
  }

  std::vector<policy::Decision> decisions;
  std::deque<Done> unfinished;
  std::function<void()> before_acting = [] {};
};

inline sample::Workload running_workload(const std::string& name) {
  sample::Workload workload;
  workload.name = name;
  workload.identity.key = "container:" + name;
  workload.lifecycle.state = sample::State::running;
  workload.lifecycle.starts = 1;
  workload.resources.memory.usage = base::mebibytes(100);
  workload.resources.memory.inactive_file = base::Bytes{0};
  workload.resources.memory.limit = base::mebibytes(1000);
  return workload;
}

// Fires when memory is over 85 % of its limit for ten seconds.
inline policy::Rule memory_rule(std::vector<policy::ActionSpec> actions) {
  policy::Rule rule;
  rule.name = "memory-high";
  rule.trip = {0.85, true};
  rule.held_for = std::chrono::seconds(10);
  rule.actions = std::move(actions);
  return rule;
}

inline config::WorkloadConfig workload_config(const std::string& name, std::vector<policy::Rule> rules = {}) {
  config::WorkloadConfig workload;
  workload.name = name;
  workload.target.selector = name;
  workload.rules = std::move(rules);
  return workload;
}

// One guard over the workloads of a configuration, all of which run.
class Scene {
 public:
  explicit Scene(config::Config config)
      : config_(std::move(config)), journal_(folder_.at("actions.jsonl")), guard_(make(journal_)) {
    for (const auto& workload : config_.workloads) collector.workloads.push_back(running_workload(workload.name));
  }

  // `seconds` ticks, one a second.
  void tick(int seconds = 1) {
    for (int i = 0; i < seconds; ++i) {
      clock.advance(std::chrono::seconds(1));
      guard_->tick(0);
    }
  }
  void use_memory(std::int64_t mebibytes, std::size_t workload = 0) {
    collector.workloads.at(workload).resources.memory.usage = base::mebibytes(mebibytes);
  }
  // As SIGHUP does: another guard, which inherits from the one before.
  void reload(config::Config config) {
    config_ = std::move(config);
    auto next = make(journal_);
    next->inherit(*guard_);
    guard_ = std::move(next);
  }
  // A guard that keeps no journal: nothing waits for the disk.
  void keep_no_journal() {
    other_journal_ = std::make_unique<history::JournalWriter>("");
    guard_ = make(*other_journal_);
  }
  // A guard whose journal has nowhere to go: its folder is a file.
  void break_journal() {
    folder_.write("file", "");
    other_journal_ = std::make_unique<history::JournalWriter>(folder_.at("file/actions.jsonl"));
    guard_ = make(*other_journal_);
  }

  [[nodiscard]] std::vector<std::string> journal() {
    journal_.wait_until_written();
    std::vector<std::string> lines;
    std::ifstream file(folder_.at("actions.jsonl"));
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  [[nodiscard]] Guard& guard() { return *guard_; }
  [[nodiscard]] const telemetry::Report& report() const { return guard_->report(); }
  [[nodiscard]] const telemetry::ActionRecord& last_action() const { return report().recent_actions.back(); }
  // How often `action` of `workload` had `result`, whatever the rule.
  [[nodiscard]] std::uint64_t counted(const std::string& action, const std::string& result) const {
    std::uint64_t total = 0;
    for (const auto& [key, count] : report().actions) {
      if (key.action == action && key.result == result) total += count;
    }
    return total;
  }

  base::ManualClock clock;
  FakeCollector collector;
  FakeExecutor executor;

 private:
  std::unique_ptr<Guard> make(history::JournalWriter& journal) {
    return std::make_unique<Guard>(config_, GuardParts{collector, executor, journal, clock});
  }

  base::TemporaryFolder folder_;
  config::Config config_;
  history::JournalWriter journal_;
  std::unique_ptr<history::JournalWriter> other_journal_;
  std::unique_ptr<Guard> guard_;
};

inline config::Config config_of(std::vector<config::WorkloadConfig> workloads) {
  config::Config config;
  config.workloads = std::move(workloads);
  return config;
}

}  // namespace guard
