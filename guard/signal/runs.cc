#include "guard/signal/runs.h"

#include <algorithm>

namespace guard::signal {

namespace {

using sample::State;

// A pause ends no run.
bool is_alive(State state) { return state == State::running || state == State::paused; }

// Restarts among `starts` starts: the first one is none.
std::uint64_t restarts_in(std::uint64_t starts) { return starts > 0 ? starts - 1 : 0; }

std::uint64_t restarts_since(const sample::Workload& workload, bool replaced, const RunHistory& history) {
  const auto starts = workload.lifecycle.starts;
  // Another container is a deployment. Its starts are counted from its creation, so only those after its first count.
  if (replaced && !workload.identity.container_id.empty()) return restarts_in(starts);
  if (starts > history.starts) return restarts_in(starts) - restarts_in(history.starts);
  // The count went back, or stood still while another container took over: it is counted by someone who only knows
  // the new one.
  return replaced || starts < history.starts ? 1 : 0;
}

// Whether a run ended since the last known snapshot.
bool has_ended(const sample::Workload& workload, bool new_run, const RunHistory& history) {
  const bool runs_now = is_alive(workload.lifecycle.state);
  if (history.was_running) return new_run || !runs_now;
  // Not running before. An end that was seen already is not seen again when its successor runs; while none runs,
  // another start means that a run came and went between two snapshots.
  if (history.starts == 0 || !new_run) return false;
  return !runs_now || !history.end_seen;
}

void remember_restarts(std::uint64_t count, base::SteadyTime now, RunHistory& history) {
  history.restarts_total += count;
  for (auto left = std::min<std::uint64_t>(count, RunHistory::kMostRestarts); left > 0; --left)
    history.restarts.push_back(now);
  while (history.restarts.size() > RunHistory::kMostRestarts) history.restarts.pop_front();
}

// What a run has written before it was first seen running is its own. A start before the previous snapshot is of the
// run before, which is still reported, or the wall clock was set since.
base::SteadyTime start_of_run(const sample::Lifecycle& lifecycle, base::SteadyTime now, base::WallTime wall,
                              const RunHistory& history) {
  if (!lifecycle.started_at || *lifecycle.started_at > wall) return now;
  const base::SteadyTime start = now - (wall - *lifecycle.started_at);
  return start > history.last_seen ? start : now;
}

}  // namespace

RunStep observe_run(const sample::Workload& workload, base::SteadyTime now, base::WallTime wall, RunHistory& history) {
  const auto& lifecycle = workload.lifecycle;
  if (lifecycle.state == State::unknown) return {};

  const auto& key = workload.identity.key;
  const bool replaced = !key.empty() && !history.identity.empty() && key != history.identity;
  // A container that is gone has started as often as before; what is counted by identity must not begin at 0 again.
  const auto starts = lifecycle.state == State::absent ? std::max(lifecycle.starts, history.starts) : lifecycle.starts;
  RunStep step;
  step.first_sight = !history.known;
  if (!step.first_sight) {
    step.new_run = replaced || starts != history.starts;
    step.ended = has_ended(workload, step.new_run, history);
    if (step.new_run) remember_restarts(restarts_since(workload, replaced, history), now, history);
  }

  const bool runs_now = is_alive(lifecycle.state);
  history.known = true;
  if (step.new_run) history.first_run = false;
  if (!key.empty()) history.identity = key;
  history.starts = starts;
  history.was_running = runs_now;
  history.end_seen = !runs_now && (history.end_seen || step.ended);
  if (!runs_now)
    history.running_since.reset();
  else if (step.new_run || !history.running_since)
    history.running_since = start_of_run(lifecycle, now, wall, history);
  history.last_seen = now;
  return step;
}

RestartLoop find_restart_loop(const RunHistory& history, const RestartLimit& limit, base::SteadyTime now) {
  const auto recent = std::count_if(history.restarts.begin(), history.restarts.end(),
                                    [&](base::SteadyTime at) { return now - at < limit.within; });
  RestartLoop loop;
  loop.restarts = static_cast<std::uint64_t>(recent);
  loop.looping = limit.max > 0 && loop.restarts > limit.max;
  return loop;
}

namespace {

// By the cgroup's counter and by how runs ended.
std::uint64_t count_seen_kills(const sample::Workload& workload, const RunStep& step, const RunHistory& runs,
                               base::Duration since_last_seen, base::SteadyTime now, OomHistory& history) {
  std::uint64_t kills = 0;
  if (const auto& reading = workload.resources.memory.oom_kills) {
    const auto cgroup = workload.cgroup ? workload.cgroup->inode : 0;
    const bool is_new_cgroup = history.counter && ((cgroup != 0 && history.cgroup != 0 && cgroup != history.cgroup) ||
                                                   *reading < *history.counter);
    // The counter of a run that the guard has seen from its start began at 0; kills of an older run have no known time.
    const auto before = is_new_cgroup ? 0 : history.counter.value_or(runs.first_run ? *reading : 0);
    kills = *reading - before;
    // Kills that an exit told of while the counter could not be read stand in the counter of the same cgroup, too.
    if (!is_new_cgroup) kills -= std::min(kills, history.ends_before_counter);
    history.ends_before_counter = 0;
    history.counter = *reading;
    history.cgroup = cgroup;
    if (kills > 0) history.kill_without_end = now;
  }
  if (step.ended) {
    const auto same_kill = std::max(OomHistory::kSameKill, since_last_seen);
    const bool counted = history.kill_without_end && now - *history.kill_without_end <= same_kill;
    if (workload.lifecycle.last_exit == sample::ExitReason::oom_kill && !counted) {
      ++kills;
      if (!workload.resources.memory.oom_kills) ++history.ends_before_counter;
    }
    history.kill_without_end.reset();
  }
  return kills;
}

std::uint64_t rise_of(std::uint64_t counter, OomHistory::Reported& reported) {
  const std::uint64_t before = std::min(reported.counter.value_or(counter), counter);
  reported.counter = counter;
  return counter - before;
}

}  // namespace

std::uint64_t count_oom_kills(const sample::Workload& workload, const RunStep& step, const RunHistory& runs,
                              base::Duration since_last_seen, base::SteadyTime now, OomHistory& history) {
  const std::uint64_t seen = count_seen_kills(workload, step, runs, since_last_seen, now, history);
  const std::uint64_t logged = rise_of(workload.lifecycle.oom_kills_logged, history.logged);
  const std::uint64_t ends = rise_of(workload.lifecycle.oom_ends, history.ends);
  if (seen + logged + ends == 0) return 0;
  if (now - history.last_rise > std::max(OomHistory::kSameKill, since_last_seen))
    history.seen_recent = history.logged.recent = history.ends.recent = 0;
  history.last_rise = now;
  const std::uint64_t before = std::max({history.seen_recent, history.logged.recent, history.ends.recent});
  history.seen_recent += seen;
  history.logged.recent += logged;
  history.ends.recent += ends;
  const std::uint64_t kills = std::max({history.seen_recent, history.logged.recent, history.ends.recent}) - before;
  history.total += kills;
  return kills;
}

}  // namespace guard::signal
