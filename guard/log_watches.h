#pragma once
// The lines that each workload is expected to write: finds their source (the engine's log stream, a file, or the
// output of a supervised command), matches them, and counts. "The stream is broken" and "the line is absent" stay
// apart: the first is this class's to say (source_up), the second is a signal made from what it counted.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "guard/config/config.h"
#include "guard/sample/snapshot.h"
#include "guard/source/container_log.h"
#include "guard/source/file_log.h"
#include "guard/source/log_matcher.h"

namespace guard {

// All members on the guard's thread.
class LogWatches {
 public:
  // The patterns have been compiled once by the configuration; one that fails here is never up, and says why.
  LogWatches(const config::Config& config, base::EventLoop& loop, const base::Clock& clock);
  ~LogWatches();

  // Takes over what was counted for each watch that is the same as before. For a reload: a line that came shortly
  // before it must not seem overdue right after.
  void inherit(const LogWatches& previous);

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
  // Reads what log files have gained. Call each tick.
  void poll_files();

  // Totals since the guard began to watch, in the configuration's order.
  [[nodiscard]] std::vector<sample::LogWatch> read() const;

 private:
  struct Watch;
  struct Followed;
  void add(const std::string& workload, const config::WorkloadConfig& config);
  void count(Watch& watch, std::string_view line, base::WallTime written);
  [[nodiscard]] std::vector<source::LogMatcher> matchers_of(const std::string& workload) const;
  void on_line(const std::string& workload, std::string_view line, base::WallTime written);

  base::EventLoop& loop_;
  const base::Clock& clock_;
  const source::EngineOptions engine_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::set<std::string, std::less<>> workloads_;  // that are watched, also those of which no line is expected
  std::map<std::string, Followed> followed_;      // by workload
};

}  // namespace guard
