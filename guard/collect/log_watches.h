#pragma once
// The lines that each workload is expected to write: finds their source (the engine's log stream, a file, or the
// output of a supervised command), has them matched where they are read, and reads the totals. "The stream is broken"
// and "the line is absent" stay apart: the first is this class's to say (source_up), the second is a signal made from
// what it counted.

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
#include "guard/source/container_log.h"
#include "guard/source/file_log_reader.h"
#include "guard/source/log_counter.h"

namespace guard {

// All members on the guard's thread; none of them waits for a file or the engine.
class LogWatches {
 public:
  // The patterns have been compiled once by the configuration; one that fails here is never up, and says why.
  // `clock` must outlive it; it is also asked on the threads that read.
  LogWatches(const config::Config& config, base::EventLoop& loop, const base::Clock& clock);
  ~LogWatches();

  // For a reload: takes over what was counted for each watch that is the same as before, and for each file and
  // container the reader itself, which goes on where it is: no line is lost, and none is counted twice. `previous` is
  // of no use afterwards.
  void inherit(LogWatches& previous);

  // A line that a supervised command wrote.
  void on_child_line(const std::string& workload, std::string_view line);
  // From now on the lines that `config` expects are those of `workload` too, which may be one of several containers
  // that the configured workload is; nothing when they are already. `renamed_from`: what it was called so far, "" for
  // new.
  void watch(const std::string& workload, const config::WorkloadConfig& config, const std::string& renamed_from);
  // There is no such workload any more.
  void forget(const std::string& workload);
  // Which container is the workload's now; follows its log from when it started, or from now when it is the first.
  // `starts`: how often it has been started; when that changes its log is looked at at once.
  void follow_container(const std::string& workload, const std::string& id, std::uint64_t starts);
  // Has what log files have gained read in the background. Call each tick.
  void poll_files();
  // For tests: until that has been done.
  [[nodiscard]] bool wait_for_files() const { return reader_->wait_until_read(); }

  // Totals since the guard began to watch, in the configuration's order.
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
  std::set<std::string, std::less<>> workloads_;  // that are state, also those of which no line is expected
  std::map<std::string, std::shared_ptr<source::LogCounters>> outputs_;  // by workload: of what it prints
  std::map<FileKey, std::shared_ptr<source::FollowedFile>> files_;
  std::map<std::string, Followed> followed_;  // by workload
  std::shared_ptr<source::FileLogReader> reader_;
  std::shared_ptr<base::Worker> closing_;  // ends the dependents of containers that are gone: each waits for its thread
};

}  // namespace guard
