#include "guard/collect/oom_watch.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "guard/source/fs.h"

namespace guard {
namespace {

using sample::State;

constexpr int kKilledBySignal9 = 128 + 9;

bool is_at_or_below(std::string_view path, std::string_view top) {
  return top.size() > 1 && path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

}  // namespace

bool is_first_pid_namespace(const std::string& root) {
  constexpr std::string_view kFirst = "pid:[4026531836]";  // PROC_PID_INIT_INO
  std::error_code error;
  return std::filesystem::read_symlink(source::join_path(root, "proc/self/ns/pid"), error) == kFirst;
}

void OomWatch::note(std::vector<source::OomKill> kills, base::WallTime wall) {
  now_ = wall;
  for (source::OomKill& kill : kills) kills_.push_back({std::move(kill), "", wall});
  while (kills_.size() > kMostKills) {
    kills_.pop_front();
    ++first_;
  }
}

bool OomWatch::is_main(const source::OomKill& kill, const Place& place) const {
  // An engine's pids are the machine's, wherever the agent lives.
  return place.pid > 0 && place.pid == kill.pid && (knows_pids_ || !place.container_id.empty());
}

bool OomWatch::is_in(const source::OomKill& kill, const Place& place) const {
  if (!place.container_id.empty()) return kill.cgroup.find(place.container_id) != std::string::npos;
  return is_at_or_below(kill.cgroup, place.cgroup);
}

bool OomWatch::is_late_match(const Kill& kill, const Place& now) const {
  return kill.workload.empty() && now_ - kill.at <= kConsequence && is_in(kill.kill, now);
}

void OomWatch::apply(sample::Workload& workload, const std::string& cgroup) {
  sample::Lifecycle& lifecycle = workload.lifecycle;
  const std::uint64_t end = first_ + kills_.size();
  const auto [entry, is_new] = known_.try_emplace(workload.name);
  Known& known = entry->second;
  if (is_new) known.next = known.since = end;
  const Place now{workload.identity.container_id, cgroup, workload.identity.pid, lifecycle.starts};
  for (std::uint64_t number = std::max(known.since, first_); number < end; ++number) {
    Kill& kill = kills_[number - first_];
    const bool was_compared = number < known.next;
    if (was_compared && !is_late_match(kill, now)) continue;
    const bool hit_last = !was_compared && (is_main(kill.kill, known.last) || is_in(kill.kill, known.last));
    if (!hit_last && !is_main(kill.kill, now) && !is_in(kill.kill, now)) continue;
    ++known.kills;
    kill.workload = workload.name;
    known.ended = hit_last ? known.last.starts : now.starts;
    known.ended_at = kill.at;
    known.is_sure = is_main(kill.kill, known.last) || is_main(kill.kill, now);
  }
  known.next = end;
  lifecycle.oom_kills_logged = known.kills;
  if (lifecycle.state == State::unknown) return;
  // Of what has just ended the place is kept once more: the kernel's log is read before the workloads are.
  const bool is_idle = now.pid == 0 && now.cgroup.empty();
  if (!is_idle || known.was_idle || known.last.container_id != now.container_id) known.last = now;
  known.was_idle = is_idle;
  explain_end(lifecycle, known);
}

void OomWatch::explain_end(sample::Lifecycle& lifecycle, Known& known) const {
  if (!known.ended) return;
  const std::uint64_t next = *known.ended + 1;
  if (lifecycle.starts > next) return known.ended.reset();
  // Engines count a start before the pause, supervisors after it.
  const bool is_over = lifecycle.state == State::stopped || lifecycle.state == State::absent ||
                       lifecycle.state == State::starting || lifecycle.starts == next;
  if (!is_over) return;
  if (!known.is_sure && now_ - known.ended_at > kConsequence) return known.ended.reset();
  known.is_sure = true;
  const bool is_unexplained =
      lifecycle.last_exit == sample::ExitReason::none ||
      (lifecycle.last_exit == sample::ExitReason::signal && lifecycle.last_exit_code == kKilledBySignal9);
  if (!is_unexplained) return;
  lifecycle.last_exit = sample::ExitReason::oom_kill;
  lifecycle.last_exit_code = kKilledBySignal9;
}

void OomWatch::report(sample::Host& host) {
  if (host.oom_kills) {
    if (!at_start_ || *host.oom_kills < *at_start_) at_start_ = *host.oom_kills;
    host.oom_kills_seen = *host.oom_kills - *at_start_;
  }
  const auto first = kills_.size() - std::min(kills_.size(), sample::Host::kMostVictims);
  for (std::size_t i = first; i < kills_.size(); ++i) {
    const Kill& kill = kills_[i];
    host.oom_victims.push_back(
        {kill.kill.pid, kill.kill.process, kill.kill.cgroup, kill.workload, kill.kill.host_wide, kill.at});
  }
}

}  // namespace guard
