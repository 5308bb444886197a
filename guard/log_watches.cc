#include "guard/log_watches.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace guard {

struct LogWatches::Watch {
  sample::LogWatch seen;
  sample::Target target;
  std::string pattern;
  std::string path;  // of the file; "" for the workload's own output
  std::optional<source::LogMatcher> matcher;
  std::string refused;                  // why the pattern could not be compiled
  std::optional<source::FileLog> file;  // when the configuration names one
};

struct LogWatches::Followed {
  std::shared_ptr<std::string> workload;  // whose lines they are: it may be renamed
  std::string id;
  std::uint64_t starts = 0;
  bool seen_before = false;
  std::unique_ptr<source::ContainerLog> log;
};

LogWatches::LogWatches(const config::Config& config, base::EventLoop& loop, const base::Clock& clock)
    : loop_(loop), clock_(clock), engine_{.socket = config.engine.socket} {
  for (const config::WorkloadConfig& workload : config.workloads) add(workload.name, workload);
}

void LogWatches::add(const std::string& workload, const config::WorkloadConfig& config) {
  if (!workloads_.insert(workload).second) return;
  for (const config::LogWatchConfig& expected : config.expect_log) {
    auto watch = std::make_unique<Watch>();
    watch->seen.workload = workload;
    watch->seen.name = expected.name;
    watch->seen.watched_since = clock_.steady_now();
    watch->target = config.target;
    watch->pattern = expected.pattern;
    watch->path = expected.file;
    auto matcher = source::LogMatcher::compile(expected.pattern);
    if (matcher)
      watch->matcher = std::move(*matcher);
    else
      watch->refused = matcher.error().message;
    if (!expected.file.empty()) watch->file.emplace(expected.file);
    watches_.push_back(std::move(watch));
  }
}

void LogWatches::watch(const std::string& workload, const config::WorkloadConfig& config,
                       const std::string& renamed_from) {
  if (!renamed_from.empty() && workloads_.erase(renamed_from) > 0) {
    forget(workload);
    workloads_.insert(workload);
    for (const auto& watch : watches_) {
      if (watch->seen.workload == renamed_from) watch->seen.workload = workload;
    }
    auto followed = followed_.extract(renamed_from);
    if (!followed.empty()) {
      *followed.mapped().workload = workload;
      followed.key() = workload;
      followed_.insert(std::move(followed));
    }
  }
  add(workload, config);
}

void LogWatches::forget(const std::string& workload) {
  if (workloads_.erase(workload) == 0) return;
  followed_.erase(workload);
  std::erase_if(watches_, [&](const auto& watch) { return watch->seen.workload == workload; });
}

LogWatches::~LogWatches() = default;

void LogWatches::inherit(const LogWatches& previous) {
  for (const auto& watch : watches_) {
    const auto same = std::ranges::find_if(previous.watches_, [&](const auto& before) {
      return before->seen.workload == watch->seen.workload && before->seen.name == watch->seen.name &&
             before->target == watch->target && before->pattern == watch->pattern && before->path == watch->path;
    });
    if (same != previous.watches_.end()) watch->seen = (*same)->seen;
  }
}

void LogWatches::count(Watch& watch, std::string_view line, base::WallTime written) {
  if (!watch.matcher) return;
  const auto match = watch.matcher->match(line);
  if (!match) return;
  ++watch.seen.matches;
  // A line that was written a while ago (a log read again after a break) is as old as it says, but never from the
  // future.
  const auto age = std::max(clock_.wall_now() - written, base::WallTime::duration::zero());
  watch.seen.last_match = clock_.steady_now() - age;
  watch.seen.last_match_wall = written;
  for (const auto& [name, value] : match->captures) {
    watch.seen.captures[name] = value;
    watch.seen.captured_at[name] = *watch.seen.last_match;
  }
}

void LogWatches::on_line(const std::string& workload, std::string_view line, base::WallTime written) {
  for (const auto& watch : watches_) {
    if (watch->seen.workload == workload && !watch->file) count(*watch, line, written);
  }
}

void LogWatches::on_child_line(const std::string& workload, std::string_view line) {
  on_line(workload, line, clock_.wall_now());
}

std::vector<source::LogMatcher> LogWatches::matchers_of(const std::string& workload) const {
  std::vector<source::LogMatcher> matchers;
  for (const auto& watch : watches_) {
    if (watch->seen.workload == workload && !watch->file && watch->matcher) matchers.push_back(*watch->matcher);
  }
  return matchers;
}

void LogWatches::follow_container(const std::string& workload, const std::string& id, std::uint64_t starts) {
  Followed& followed = followed_[workload];
  if (!followed.workload) followed.workload = std::make_shared<std::string>(workload);
  const bool started = std::exchange(followed.starts, starts) != starts;
  if (followed.id == id) {
    if (started && followed.log) followed.log->wake();
    return;
  }
  // A container that takes another's place is read from its beginning; of the first one the past is history.
  const base::WallTime since = followed.seen_before ? base::WallTime{} : clock_.wall_now();
  followed.log.reset();
  followed.id = id;
  followed.seen_before = true;
  auto matchers = matchers_of(workload);
  if (matchers.empty()) return;  // nothing is expected of this one
  source::ContainerLogOptions options;
  options.engine = engine_;
  options.container_id = id;
  options.since = since;
  options.keep = [matchers = std::move(matchers)](std::string_view line) {
    return std::ranges::any_of(matchers,
                               [&](const source::LogMatcher& matcher) { return matcher.match(line).has_value(); });
  };
  followed.log = std::make_unique<source::ContainerLog>(
      std::move(options), loop_,
      [this, name = followed.workload](std::string_view line, base::WallTime at) { on_line(*name, line, at); });
}

void LogWatches::poll_files() {
  for (const auto& watch : watches_) {
    if (watch->file) watch->file->poll([&](std::string_view line) { count(*watch, line, clock_.wall_now()); });
  }
}

std::vector<sample::LogWatch> LogWatches::read() const {
  std::vector<sample::LogWatch> logs;
  logs.reserve(watches_.size());
  for (const auto& watch : watches_) {
    sample::LogWatch& log = logs.emplace_back(watch->seen);
    if (!watch->matcher) {
      log.why = watch->refused;
    } else if (watch->file) {
      log.source_up = watch->file->up();
      log.why = watch->file->why();
    } else if (watch->target.kind == sample::TargetKind::command) {
      log.source_up = true;  // the agent holds the other end of the pipe
    } else if (const auto followed = followed_.find(log.workload);
               followed != followed_.end() && followed->second.log) {
      log.source_up = followed->second.log->up();
      log.why = followed->second.log->why();
    } else {
      log.why = "no container to read the log of";
    }
  }
  return logs;
}

}  // namespace guard
