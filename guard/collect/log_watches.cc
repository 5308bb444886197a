#include "guard/collect/log_watches.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"

namespace guard {

struct LogWatches::Watch {
  std::string workload;
  std::string name;
  sample::Target target;
  std::string pattern;
  std::string path;  // of the file; "" for the workload's own output
  std::optional<base::Duration> due_within;
  base::SteadyTime watched_since;
  std::shared_ptr<source::LogCounter> counter;  // null when the pattern could not be compiled
  std::string refused;                          // why not
};

struct LogWatches::Followed {
  std::string id;
  std::uint64_t starts = 0;
  bool seen_before = false;
  std::unique_ptr<source::ContainerLog> log;
};

LogWatches::LogWatches(const config::Config& config, base::EventLoop&, const base::Clock& clock)
    : clock_(clock),
      engine_{.socket = config.engine.socket},
      reader_(std::make_shared<source::FileLogReader>()),
      closing_(std::make_shared<base::Worker>("lg-log-end", 4096)) {
  for (const config::WorkloadConfig& workload : config.workloads) add(workload.name, workload);
  connect();
}

void LogWatches::add(const std::string& workload, const config::WorkloadConfig& config) {
  workloads_.insert(workload);
  for (const config::LogWatchConfig& expected : config.expect_log) {
    auto watch = std::make_unique<Watch>();
    watch->workload = workload;
    watch->name = expected.name;
    watch->watched_since = clock_.steady_now();
    watch->target = config.target;
    watch->pattern = expected.pattern;
    watch->path = expected.file;
    if (expected.every) watch->due_within = *expected.every + expected.grace;
    auto matcher = source::LogMatcher::compile(expected.pattern);
    if (matcher)
      watch->counter = std::make_shared<source::LogCounter>(std::move(*matcher));
    else
      watch->refused = matcher.error().message;
    if (watch->path.empty()) {
      outputs_.try_emplace(workload, std::make_shared<source::LogCounters>());
    } else if (auto& file = files_[{workload, watch->path}]; !file) {
      file = std::make_shared<source::FollowedFile>(watch->path, std::make_shared<source::LogCounters>());
    }
    watches_.push_back(std::move(watch));
  }
}

void LogWatches::watch(const std::string& workload, const config::WorkloadConfig& config,
                       const std::string& renamed_from) {
  if (!renamed_from.empty() && workloads_.contains(renamed_from)) {
    forget(workload);
    return rename(renamed_from, workload);
  }
  if (workloads_.contains(workload)) return;
  add(workload, config);
  if (!config.expect_log.empty()) connect();
}

void LogWatches::rename(const std::string& from, const std::string& to) {
  workloads_.erase(from);
  workloads_.insert(to);
  for (const auto& watch : watches_) {
    if (watch->workload == from) watch->workload = to;
  }
  if (auto output = outputs_.extract(from); !output.empty()) {
    output.key() = to;
    outputs_.insert(std::move(output));
  }
  if (auto followed = followed_.extract(from); !followed.empty()) {
    followed.key() = to;
    followed_.insert(std::move(followed));
  }
  std::map<FileKey, std::shared_ptr<source::FollowedFile>> files;
  for (auto& [key, file] : files_) files[{key.first == from ? to : key.first, key.second}] = std::move(file);
  files_ = std::move(files);
}

// Not on the loop's thread, which must not wait for another.
void LogWatches::close(std::unique_ptr<source::ContainerLog> log) {
  if (!log) return;
  const std::shared_ptr<source::ContainerLog> shared = std::move(log);
  if (!closing_->submit([shared] {})) base::log_warning("many container logs end at once; the loop waits for one");
}

void LogWatches::forget(const std::string& workload) {
  if (workloads_.erase(workload) == 0) return;
  if (auto followed = followed_.extract(workload); !followed.empty()) close(std::move(followed.mapped().log));
  outputs_.erase(workload);
  std::erase_if(files_, [&](const auto& entry) { return entry.first.first == workload; });
  std::erase_if(watches_, [&](const auto& watch) { return watch->workload == workload; });
}

LogWatches::~LogWatches() = default;

source::LogCounters::List LogWatches::counters_of(const std::string& workload, const std::string& path) const {
  source::LogCounters::List counters;
  for (const auto& watch : watches_) {
    if (watch->workload == workload && watch->path == path && watch->counter) counters.push_back(watch->counter);
  }
  return counters;
}

// Each log gets the counters that are looked for in it now, and the reader all files.
void LogWatches::connect() {
  for (const auto& [workload, counters] : outputs_) counters->set(counters_of(workload, ""));
  for (const auto& [key, file] : files_) {
    file->counters()->set(counters_of(key.first, key.second));
    reader_->add(file);
  }
}

void LogWatches::inherit(LogWatches& previous) {
  for (const auto& watch : watches_) {
    const auto same = std::ranges::find_if(previous.watches_, [&](const auto& before) {
      return before->workload == watch->workload && before->name == watch->name && before->target == watch->target &&
             before->pattern == watch->pattern && before->path == watch->path;
    });
    if (same == previous.watches_.end() || !(*same)->counter) continue;
    watch->counter = (*same)->counter;
    watch->watched_since = (*same)->watched_since;
  }
  inherit_files(previous);
  inherit_outputs(previous);
  connect();
}

void LogWatches::inherit_files(LogWatches& previous) {
  reader_ = previous.reader_;
  for (auto& [key, file] : files_) {
    if (const auto before = previous.files_.find(key); before != previous.files_.end()) file = before->second;
  }
}

void LogWatches::inherit_outputs(LogWatches& previous) {
  const auto target_in = [](const LogWatches& watches, const std::string& workload) {
    const auto found = std::ranges::find(watches.watches_, workload, [](const auto& watch) { return watch->workload; });
    return found == watches.watches_.end() ? std::nullopt : std::optional((*found)->target);
  };
  for (auto& [workload, counters] : outputs_) {
    const auto before = previous.outputs_.find(workload);
    if (before == previous.outputs_.end() || target_in(*this, workload) != target_in(previous, workload)) continue;
    counters = before->second;
    const auto followed = previous.followed_.find(workload);
    if (followed == previous.followed_.end() || engine_.socket != previous.engine_.socket) continue;
    followed_[workload] = std::move(followed->second);
  }
  previous.followed_.clear();
}

void LogWatches::on_child_line(const std::string& workload, std::string_view line) {
  const auto counters = outputs_.find(workload);
  if (counters != outputs_.end()) counters->second->take(line, clock_.steady_now(), clock_.wall_now());
}

// How often the log is read to its end: a line is overdue only if the log was read to its end after the line was due.
// Each read costs the engine about 10 ms of CPU.
std::chrono::milliseconds LogWatches::audit_interval(const std::string& workload) const {
  constexpr std::chrono::milliseconds kLeast{2000};
  std::chrono::milliseconds interval = source::ContainerLogOptions().audit;
  for (const auto& watch : watches_) {
    if (watch->workload != workload || !watch->path.empty() || !watch->due_within) continue;
    interval = std::min(interval, std::chrono::duration_cast<std::chrono::milliseconds>(*watch->due_within / 2));
  }
  return std::max(interval, kLeast);
}

void LogWatches::follow_container(const std::string& workload, const std::string& id, std::uint64_t starts) {
  const auto counters = outputs_.find(workload);
  if (counters == outputs_.end() || counters_of(workload, "").empty()) return;  // nothing is expected of this one
  Followed& followed = followed_[workload];
  const bool started = std::exchange(followed.starts, starts) != starts;
  if (followed.id == id) {
    if (started && followed.log) followed.log->wake();
    return;
  }
  // A container that takes another's place is read from its beginning; of the first one the past is history.
  source::ContainerLogOptions options;
  options.engine = engine_;
  options.container_id = id;
  options.since = followed.seen_before ? base::WallTime{} : clock_.wall_now();
  options.audit = audit_interval(workload);
  followed.id = id;
  followed.seen_before = true;
  close(std::move(followed.log));
  followed.log = std::make_unique<source::ContainerLog>(
      std::move(options), [&clock = clock_, list = counters->second](std::string_view line, base::WallTime written) {
        // A line that was written a while ago (a log read again after a break) is as old as it says, but never from
        // the future.
        const auto age = std::max(clock.wall_now() - written, base::WallTime::duration::zero());
        list->take(line, clock.steady_now() - age, written);
      });
}

void LogWatches::poll_files() { reader_->read(clock_.steady_now(), clock_.wall_now()); }

std::vector<sample::LogWatch> LogWatches::read() const {
  std::vector<sample::LogWatch> logs;
  logs.reserve(watches_.size());
  for (const auto& watch : watches_) {
    sample::LogWatch& log = logs.emplace_back();
    log.workload = watch->workload;
    log.name = watch->name;
    log.watched_since = watch->watched_since;
    if (!watch->counter) {
      log.why = watch->refused;
      continue;
    }
    // What is known of the source first: a line that is counted meanwhile is then counted too early, not too late.
    describe_source(*watch, log);
    auto totals = watch->counter->totals();
    log.matches = totals.matches;
    log.last_match = totals.last_match;
    log.last_match_wall = totals.last_match_wall;
    log.captures = std::move(totals.captures);
    log.captured_at = std::move(totals.captured_at);
  }
  return logs;
}

void LogWatches::describe_source(const Watch& watch, sample::LogWatch& log) const {
  if (const auto file = files_.find({watch.workload, watch.path}); file != files_.end()) {
    const source::FollowedFile::Seen seen = reader_->seen(*file->second);
    log.source_up = seen.up;
    log.why = seen.why;
    log.lag_bytes = seen.lag_bytes;
    log.lag_is_known = true;
    log.is_behind = seen.lag_bytes > 0;
    // Before the first look at the file nothing that was written is known to have been missed.
    log.read_until = seen.read_until.value_or(watch.watched_since);
  } else if (watch.target.kind == sample::TargetKind::command) {
    log.source_up = true;  // the agent holds the other end of the pipe
  } else if (const auto followed = followed_.find(watch.workload);
             followed != followed_.end() && followed->second.log) {
    log.source_up = followed->second.log->up();
    log.why = followed->second.log->why();
    log.is_behind = followed->second.log->is_behind();
    const base::SteadyTime now = clock_.steady_now();
    const auto unread = followed->second.log->since_read();
    log.read_until = unread ? now - *unread : watch.watched_since;
    // The expected line may be among those that were lost.
    if (const auto lost = followed->second.log->since_lost())
      log.watched_since = std::max(log.watched_since, now - *lost);
  } else {
    log.why = "no container to read the log of";
  }
}

}  // namespace guard
