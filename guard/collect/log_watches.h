#pragma once
// Watches the logs of each workload for expected lines: finds the source (the engine's log stream, a file, or the
// output of a supervised command), matches lines where they are read, and reports totals. A broken stream (source_up)
// and a missing line are different: the latter is a signal derived from these totals.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/worker.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"
#include "guard/source/docker/container_log.h"
#include "guard/source/log/counter.h"
#include "guard/source/log/file_log_reader.h"

namespace guard {

// Use on the guard's thread. No member waits for a file or the engine.
class LogWatches {
 public:
  // REQUIRES: the configuration has compiled the patterns. A pattern that fails here makes its watch not up, with the
  // reason. `clock` must outlive it and is also used on the reading threads.
  LogWatches(const config::Config& config, base::EventLoop& loop, const base::Clock& clock);
  ~LogWatches();

  // For a reload: takes over the totals of each unchanged watch and the reader of each file and container, which
  // continues at its position, so no line is lost or counted twice. `previous` must not be used afterwards.
  void inherit(LogWatches& previous);

  // Adds an output line of a supervised command.
  void on_child_line(const std::string& workload, std::string_view line);
  // Watches the lines that `config` expects for `workload` too, one of several containers of the configured workload.
  // Does nothing when it is already watched. `renamed_from`: its previous name, "" when new.
  void watch(const std::string& workload, const config::WorkloadConfig& config, const std::string& renamed_from);
  // Drops a workload.
  void forget(const std::string& workload);
  // Sets the container of the workload, and follows its log from its start, or from now for the first container. When
  // `starts` (its number of starts) changes, the log is checked at once.
  void follow_container(const std::string& workload, const std::string& id, std::uint64_t starts);
  // Reads new lines of log files in the background. Call it each tick.
  void poll_files();
  // For tests: waits until that is done.
  [[nodiscard]] bool wait_for_files() const { return reader_->wait_until_read(); }

  // Totals since the start of each watch, in the order of the configuration.
  [[nodiscard]] std::vector<sample::LogWatch> read() const;

 private:
  struct Watch;
  struct Followed;
  void add(const std::string& workload, const config::WorkloadConfig& config);
  void rename(const std::string& from, const std::string& to);
  using FileKey = std::pair<std::string, std::string>;  // workload, path
  [[nodiscard]] source::LogCounters::List counters_of(const std::string& workload, const std::string& path) const;
  void connect();
  void close(std::unique_ptr<source::ContainerLog> log);
  void inherit_files(LogWatches& previous);
  void inherit_outputs(LogWatches& previous);
  [[nodiscard]] std::chrono::milliseconds audit_interval(const std::string& workload) const;
  void describe_source(const Watch& watch, sample::LogWatch& log) const;

  const base::Clock& clock_;
  const source::EngineOptions engine_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::set<std::string, std::less<>> workloads_;  // all followed workloads, also those without an expected line
  std::map<std::string, std::shared_ptr<source::LogCounters>> outputs_;  // by workload: its output
  std::map<FileKey, std::shared_ptr<source::FollowedFile>> files_;
  std::map<std::string, Followed> followed_;  // by workload
  std::shared_ptr<source::FileLogReader> reader_;
  std::shared_ptr<base::Worker> closing_;  // ends the dependents of containers that are gone: each waits for its thread
};

}  // namespace guard
