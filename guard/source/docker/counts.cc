#include "guard/source/docker/counts.h"

#include <algorithm>
#include <chrono>

namespace guard::source {
namespace {

// The kernel tells containerd of an OOM kill and of the death by two ways: either may come first.
constexpr std::chrono::seconds kOomMayComeLate{2};
// A stretch without inspection in which more starts than this happen is counted, but not sorted into windows.
constexpr std::size_t kMaxUnsorted = 256;
constexpr std::size_t kMaxExpected = 8;  // OOM events of one container

// The engine counts a restart when the run before it has died, and starts after its back-off.
std::uint64_t restarts_done(const Container& container) {
  const bool waits = container.state == ContainerState::restarting && container.restart_count > 0;
  return container.restart_count - (waits ? 1 : 0);
}

}  // namespace

bool EngineCounts::on_event(const EngineEvent& event) {
  if (!is_new(event)) return false;
  Tracked* container = tracked(event.container_id, event.name);
  if (!container) return true;
  container->last_event = std::max(container->last_event, event.at);
  if (event.kind == "start") count_start(*container, event.at);
  if (event.kind == "oom") count_oom(*container, event.at);
  if (event.kind == "die") count_exit(*container, event);
  return true;
}

void EngineCounts::on_inspection(const Container& container, base::WallTime answered_at) {
  if (!container.inspected) return;
  Tracked* known = tracked(container.id, container.name);
  if (!known) return;
  inspect_starts(*known, container, answered_at);
  inspect_oom(*known, container, answered_at);
  inspect_exit(*known, container);
}

void EngineCounts::keep_only(const std::set<std::string>& container_ids, base::WallTime asked_at) {
  std::erase_if(containers_, [&](const auto& entry) {
    return !container_ids.contains(entry.first) && entry.second.last_event < asked_at;
  });
}

std::uint64_t EngineCounts::starts_of(const std::string& container_id) const {
  const auto found = containers_.find(container_id);
  return found == containers_.end() ? 0 : found->second.starts.total;
}

std::uint64_t EngineCounts::oom_kills_of(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? 0 : found->second.oom_kills;
}

std::optional<LastExit> EngineCounts::last_exit_of(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? std::nullopt : found->second.last_exit;
}

bool EngineCounts::is_new(const EngineEvent& event) {
  auto key = std::tuple(event.at, event.container_id, event.kind);
  const bool is_full = recent_.size() >= kMaxRecentEvents;
  if (is_full && key < *recent_.begin()) return false;
  if (!recent_.insert(std::move(key)).second) return false;
  if (is_full) recent_.erase(recent_.begin());
  return true;
}

EngineCounts::Tracked* EngineCounts::tracked(const std::string& id, const std::string& name) {
  auto found = containers_.find(id);
  if (found == containers_.end()) {
    if (containers_.size() >= kMaxContainers) return nullptr;
    found = containers_.emplace(id, Tracked{}).first;
  }
  if (!name.empty()) found->second.name = name;
  return &found->second;
}

EngineCounts::Named& EngineCounts::named(const std::string& name) {
  if (!names_.contains(name) && names_.size() >= kMaxNames) {
    const auto oldest = std::min_element(names_.begin(), names_.end(), [](const auto& left, const auto& right) {
      return left.second.last_use < right.second.last_use;
    });
    names_.erase(oldest);
  }
  Named& entry = names_[name];
  entry.last_use = ++uses_;
  return entry;
}

void EngineCounts::count_start(Tracked& container, base::WallTime at) {
  Starts& starts = container.starts;
  container.oom_kills.died_of_it = false;
  if (at > starts.window_end) {
    if (starts.events_since.size() < kMaxUnsorted) starts.events_since.push_back(at);
    ++starts.total;
  } else if (at > starts.window_begin && ++starts.events > starts.inspected) {
    ++starts.total;
  }
}

void EngineCounts::inspect_starts(Tracked& container, const Container& seen, base::WallTime answered_at) {
  Starts& starts = container.starts;
  if (answered_at <= starts.window_end) return;  // an answer overtaken by a later one
  const std::uint64_t restarts = restarts_done(seen);
  std::uint64_t begun = 0;
  if (starts.window_end == base::WallTime::min()) {
    begun = restarts + (seen.started_at ? 1 : 0);
  } else {
    // Either may stand still while the other moves: a start by hand is no restart.
    begun = std::max<std::uint64_t>(restarts > starts.restarts ? restarts - starts.restarts : 0,
                                    seen.started_at != starts.started_at ? 1 : 0);
  }
  const auto events = std::erase_if(starts.events_since, [&](base::WallTime at) { return at <= answered_at; });
  starts.window_begin = starts.window_end;
  starts.window_end = answered_at;
  starts.inspected = begun;
  starts.events = events;
  if (starts.started_at && starts.started_at != seen.started_at) starts.previous_started_at = starts.started_at;
  starts.started_at = seen.started_at;
  starts.restarts = restarts;
  if (begun > events) starts.total += begun - events;
}

void EngineCounts::count_oom(Tracked& container, base::WallTime at) {
  OomKills& kills = container.oom_kills;
  kills.died_of_it = true;
  kills.last_event = std::max(kills.last_event.value_or(at), at);
  Named& name = named(container.name);
  if (name.last_exit && at >= name.last_exit->at && at - name.last_exit->at < kOomMayComeLate)
    name.last_exit->oom_killed = true;
  const auto expected = std::ranges::find_if(
      kills.expected, [&](const ExpectedEvent& event) { return at >= event.from && at <= event.until; });
  if (expected == kills.expected.end())
    ++name.oom_kills;
  else
    kills.expected.erase(expected);
}

// The engine sets the flag at a kill and at the end of a run, and keeps it while the next one goes on. So the flag of a
// running container is most likely of the run before.
void EngineCounts::inspect_oom(Tracked& container, const Container& seen, base::WallTime answered_at) {
  if (!seen.oom_killed || !seen.started_at || answered_at < container.starts.window_end) return;
  OomKills& kills = container.oom_kills;
  const bool has_ended = seen.finished_at && *seen.finished_at >= *seen.started_at;
  const bool may_be_kept = !has_ended && container.starts.total > 1;
  base::WallTime start = *seen.started_at;
  if (may_be_kept) {
    start = container.starts.previous_started_at.value_or(seen.finished_at ? *seen.finished_at - kOomMayComeLate
                                                                           : base::WallTime::min());
  }
  const bool is_known = (kills.last_event && *kills.last_event >= start) ||
                        (kills.flagged_start && *kills.flagged_start >= start) ||
                        (seen.finished_at && kills.flagged_finish == seen.finished_at);
  if (is_known) return;
  // What was taken for the run before may have been of this one: its event tells.
  const bool awaits_event = std::ranges::any_of(
      kills.expected, [&](const ExpectedEvent& event) { return event.run >= start && answered_at <= event.until; });
  if (awaits_event) return;
  ++named(container.name).oom_kills;
  if (!may_be_kept) kills.flagged_start = seen.started_at;
  if (has_ended || may_be_kept) kills.flagged_finish = seen.finished_at;
  if (kills.expected.size() >= kMaxExpected) kills.expected.erase(kills.expected.begin());
  kills.expected.push_back({may_be_kept ? base::WallTime::min() : start,
                            (has_ended ? *seen.finished_at : answered_at) + kOomMayComeLate, *seen.started_at});
}

void EngineCounts::count_exit(Tracked& container, const EngineEvent& died) {
  named(container.name).last_exit = LastExit{died.exit_code.value_or(0), container.oom_kills.died_of_it, died.at};
}

void EngineCounts::inspect_exit(Tracked& container, const Container& seen) {
  const bool has_ended = seen.finished_at && seen.started_at && *seen.finished_at >= *seen.started_at;
  if (!has_ended) return;  // it runs: the exit code of the run before is gone
  auto& last = named(container.name).last_exit;
  // The event of a death is stamped after the death: what ended later than that is another run.
  if (!last || *seen.finished_at > last->at)
    last = LastExit{seen.exit_code, seen.oom_killed, *seen.finished_at};
  else if (seen.oom_killed && *seen.started_at <= last->at)
    last->oom_killed = true;
}

}  // namespace guard::source
